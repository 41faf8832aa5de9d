"""Real kills: a child is watched from outside, by the files that it writes, and killed with SIGKILL when they say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.children import SECONDS, Child, House

Holds = Callable[[], bool]
# Of the write-ahead log: a commit of rows, not of a table's name.
ROWS = 4096


def kill_when(child: Child, holds: Holds, seconds: float = SECONDS) -> bool:
    """Kill a child as soon as a condition holds; returns whether it was still running. The child's end stands in `child`."""
    deadline = time.monotonic() + seconds
    while child.process.exitcode is None:
        if holds():
            child.process.kill()
            break
        assert time.monotonic() < deadline, f"nothing to kill it for within {seconds} s"
        time.sleep(0.0002)
    return child.wait().killed


def at_once() -> bool:
    """It has just started."""
    return True


def committed(house: House, times: int, rows: int = ROWS) -> Holds:
    """Its write-ahead log has grown so many times, by at least so many bytes."""
    log, seen = house.warehouse.with_name(f"{house.warehouse.name}.wal"), [0, 0]

    def holds() -> bool:
        size = log.stat().st_size if log.exists() else 0
        seen[0] += size - seen[1] >= rows
        seen[1] = size
        return seen[0] >= times

    return holds


def settled(house: House, times: int, seconds: float = 0.02) -> Holds:
    """So many commits are whole: a large one is written in several pieces, and after the last the log stands still."""
    log, begun = house.warehouse.with_name(f"{house.warehouse.name}.wal"), committed(house, times)
    seen: list[float] = [-1, 0]

    def holds() -> bool:
        if not begun():
            return False
        size = log.stat().st_size if log.exists() else 0
        if size != seen[0]:
            seen[:] = size, time.monotonic()
        return time.monotonic() - seen[1] >= seconds

    return holds


def writing_the_published_file(house: House) -> Holds:
    """The file that will be published is there, under the name that nobody reads."""
    return lambda: any(house.published.parent.glob(f".{house.published.name}.*.new"))


def published_again(house: House) -> Holds:
    """Another file has the name that people read."""
    before = _inode(house.published)
    return lambda: _inode(house.published) != before


def after(seconds: float) -> Holds:
    """So many seconds have passed."""
    began = time.monotonic()
    return lambda: time.monotonic() - began >= seconds


def _inode(path: Path) -> int:
    return path.stat().st_ino
