"""Two at once: whoever holds the warehouse is waited for, for a declared time, then named."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests import children
from tests.children import House
from tests.flights.faults import state

HOLD = """
import sys, time, duckdb
con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("held", flush=True)
time.sleep(float(sys.argv[3]))
"""


def hold(house: House, who: str, seconds: float) -> subprocess.Popen:
    """Another process that has the warehouse open."""
    command = [sys.executable, "-c", HOLD, str(house.warehouse), who, str(seconds)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    return holder


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_a_warehouse_that_another_process_holds_is_an_error_that_names_it(copied: House, who: str) -> None:
    holder = hold(copied, who, 60)
    try:
        began = time.monotonic()
        line = state.refusal(children.run(copied, "score", ASOF_WAIT_SECONDS="5"))
        assert f"PID {holder.pid}" in line
        assert "already in use" in line and str(copied.warehouse) in line
        assert time.monotonic() - began < 30, "it waits, but not for ever"
    finally:
        holder.kill()
        holder.wait()
    assert children.run(copied, "score").code == 0


def test_a_short_look_at_the_warehouse_is_waited_out(copied: House) -> None:
    holder = hold(copied, "reader", 1.5)
    done = children.run(copied, "score")
    assert done.code == 0, done.err
    assert holder.wait(timeout=10) == 0


def test_a_second_run_beside_a_first_exits_or_waits_and_the_first_completes(copied: House, tmp_path) -> None:
    state.forget_the_last_day(copied)
    first = children.start(copied, "monitor")
    while not state_of_lock(copied):
        assert first.process.is_alive()
        time.sleep(0.02)
    line = state.refusal(children.run(copied, "score", ASOF_WAIT_SECONDS="0"))
    assert f"PID {first.process.pid}" in line
    second = children.start(copied, "score")
    done = first.wait()
    assert done.code == 0, done.err
    assert second.wait().code == 0


def state_of_lock(house: House) -> bool:
    """Whether some process has the warehouse open for writing."""
    ask = "import sys, duckdb\nduckdb.connect(sys.argv[1], read_only=True)"
    return subprocess.run([sys.executable, "-c", ask, str(house.warehouse)], capture_output=True).returncode != 0
