"""Child processes: every way in which one may end is told, and what it had said by then is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.runtime import child, memory
from ml.errors import AsofError

JOBS = """
import os, signal, sys, time
from flows.runtime.child import answer
from ml.errors import AsofError

def work(job, say):
    print("chatter of a library")
    say({"n": 1, "said": job["say"], "here": os.getcwd()})
    if job["how"] == "refuses":
        raise AsofError("the rows are not there")
    if job["how"] == "fails":
        raise ValueError("a number is odd")
    if job["how"] == "dies":
        sys.__stdout__.write('{"n": 2, "sa')
        sys.__stdout__.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if job["how"] == "sleeps":
        time.sleep(60)
    say({"n": 2})

answer(work)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "jobs_of_a_test.py").write_text(JOBS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "jobs_of_a_test"


def test_lines_come_back_one_by_one_and_nothing_else_gets_between(module: str) -> None:
    heard: list[int] = []
    ended = child.run(module, {"how": "well", "say": "größe\n"}, on_line=lambda line: heard.append(line["n"]))
    assert (ended.status, ended.error, heard) == (child.FINISHED, None, [1, 2])
    assert ended.lines[0]["said"] == "größe\n" and ended.seconds > 0
    assert ended.line("the job") == {"n": 2}


@pytest.mark.parametrize(
    ("how", "seconds", "status", "error"),
    [
        ("refuses", None, child.CRASHED, "the rows are not there"),
        ("fails", None, child.CRASHED, "ValueError: a number is odd (exit code 1)"),
        ("dies", None, child.CRASHED, "chatter of a library (signal 9)"),
        ("sleeps", 3.0, child.OUT_OF_TIME, "it was not done within 3 s"),
    ],
)
def test_a_child_that_does_not_finish_is_an_outcome(
    module: str, how: str, seconds: float | None, status: str, error: str
) -> None:
    ended = child.run(module, {"how": how, "say": ""}, seconds=seconds)
    assert (ended.status, ended.error, [line["n"] for line in ended.lines]) == (status, error, [1])
    with pytest.raises(AsofError, match=r"^the job of a test: "):
        ended.line("the job of a test")


def test_a_child_that_cannot_begin_is_told_by_its_last_line() -> None:
    ended = child.run("no_such_module_here", {"much": "x" * 1_000_000})
    assert ended.status == child.CRASHED and "no_such_module_here" in ended.error


def test_the_most_memory_of_a_process_is_at_least_what_it_holds() -> None:
    assert memory.most_mb() >= memory.resident_mb() * 0.99
