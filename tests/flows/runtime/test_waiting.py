"""One process writes at a time: who comes second waits for a declared time, says so, and names who is in the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from flows.runtime import warehouse
from ml.errors import AsofError
from tests.children import House

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.readline(); con.close()"


@pytest.fixture
def held(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], subprocess.Popen]]:
    """Lets another process have the warehouse until a line is written to it."""
    monkeypatch.setattr(warehouse, "SHORT_SECONDS", 0.2)
    monkeypatch.setattr(warehouse, "LOCK_SECONDS", 0.05)
    held: list[subprocess.Popen] = []

    def hold() -> subprocess.Popen:
        command = [sys.executable, "-c", HOLD, str(house.warehouse)]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        held.append(other)
        assert other.stdout.readline() == "open\n"
        return other

    yield hold
    for other in held:
        other.communicate()


def release(other: subprocess.Popen) -> None:
    other.stdin.write("\n")
    other.stdin.flush()


def test_who_comes_second_waits_and_says_for_whom(held, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    other, pauses = held(), []

    def pause(seconds: float, sleep: Callable = warehouse.time.sleep) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            release(other)
        sleep(seconds)

    monkeypatch.setattr(warehouse.time, "sleep", pause)
    assert warehouse.rows("select 1 as one") == [{"one": 1}]
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("another process has the warehouse: waiting for it, up to 300 seconds") == 1 and f"PID {other.pid}" in said


def test_a_short_query_of_another_is_waited_out_in_silence(held, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(warehouse, "SHORT_SECONDS", 60)
    monkeypatch.setenv("ASOF_WAIT_SECONDS", "0")
    release(held())
    assert warehouse.rows("select 1 as one") == [{"one": 1}]
    assert capsys.readouterr().err == ""


def test_after_the_declared_time_it_ends_with_who_is_in_the_way(held, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("ASOF_WAIT_SECONDS", "0.5")
    other = held()
    with pytest.raises(AsofError, match=rf"already in use by another process, .*ASOF_WAIT_SECONDS.*PID {other.pid}"):
        warehouse.rows("select 1")
    assert "waiting for it, up to 0.5 seconds" in capsys.readouterr().err
