"""Whatever is wrong with the machine, the files or the settings: one true line on standard error, exit 1, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import children
from tests.children import House
from tests.conftest import PROJECT

pytestmark = pytest.mark.slow


def run(arguments: list[str], house: House, **options) -> subprocess.CompletedProcess[str]:
    """A real process, as people start it; `environment` is added to its own."""
    environment = {**os.environ, **house.environment, **options.pop("environment", {})}
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments], cwd=PROJECT, env=environment, capture_output="stdout" not in options,
        text=True, timeout=120, **options,
    )  # fmt: skip


def test_a_locale_without_letters_is_no_traceback(copied: House) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "160"}
    shown = run(["status"], copied, environment=plain)
    assert shown.returncode == 0, shown.stderr
    assert "champion" in shown.stdout and shown.stdout.isascii()


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_output_that_cannot_be_written_is_an_error(copied: House, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        shown = run(["status"], copied, stdout=full, stderr=subprocess.PIPE, environment={"PYTHONUNBUFFERED": unbuffered})
    assert shown.returncode == 1
    assert shown.stderr.strip().count("\n") == 0 and "No space left on device" in shown.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_output_that_nobody_reads_is_an_error(copied: House, unbuffered: str) -> None:
    read, write = os.pipe()
    os.close(read)
    shown = run(["status"], copied, stdout=write, stderr=subprocess.PIPE, environment={"PYTHONUNBUFFERED": unbuffered})
    os.close(write)
    assert shown.returncode == 1
    assert shown.stderr.count("\n") == 1 and "Traceback" not in shown.stderr


@pytest.mark.parametrize("verb", [("monitor",), ("replay", "--until", "2013-03-08")], ids=" ".join)
@pytest.mark.parametrize(("number", "told"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_a_signal_to_stop_ends_with_its_number_and_one_line_and_the_next_run_works(
    copied: House, verb: tuple[str, ...], number: signal.Signals, told: str
) -> None:
    child = children.start(copied, *verb)
    log = copied.folder / "logs"
    while not _is_held(copied):
        assert child.process.is_alive(), list(log.rglob("err"))
        time.sleep(0.02)
    time.sleep(0.5)
    os.kill(child.process.pid, number)
    ended = child.wait(60)
    assert ended.code == 128 + number, ended.err
    lines = [line for line in ended.err.splitlines() if line.startswith("✗")]
    assert len(lines) == 1 and f"stopped by {told}: " in lines[0] and "Traceback" not in ended.err, ended.err
    assert children.run(copied, "status").code == 0


def _is_held(house: House) -> bool:
    ask = "import sys, duckdb\nduckdb.connect(sys.argv[1], read_only=True)"
    return subprocess.run([sys.executable, "-c", ask, str(house.warehouse)], capture_output=True).returncode != 0
