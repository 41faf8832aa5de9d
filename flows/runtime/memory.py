"""How much memory this process takes while something runs."""

from __future__ import annotations

import os
import re
import resource
import sys
import threading
from pathlib import Path

# LightGBM and DuckDB hold what they take for longer than this; looking costs about ten microseconds.
EVERY_SECONDS = 0.05
_STATM, _STATUS, _CLEAR = Path("/proc/self/statm"), Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Watch:
    """The resident memory from its making until `stop`: what was held at the beginning, and the greatest value since.

    The kernel keeps the greatest value since the process began, so that every run after a training would have that of the
    training; it is set back at the beginning. Where that is forbidden, or another run sets it back meanwhile, looking now and
    then has to do.
    """

    def __init__(self) -> None:
        self._exact, self._stopped = _set_back(), threading.Event()
        self.before_mb = self._peak = resident_mb()
        if self._peak is not None:
            threading.Thread(target=self._look, name="memory", daemon=True).start()

    def _look(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self._peak = max(self._peak, resident_mb() or 0.0)

    def peak_mb(self) -> float | None:
        """The greatest so far, in MB of 2^20 bytes; None where /proc is missing."""
        now = resident_mb()
        if now is not None:
            self._peak = max(self._peak or 0.0, now, _mark_mb() if self._exact else 0.0)
        return self._peak

    def stop(self) -> None:
        """Look no longer."""
        self._stopped.set()


def resident_mb() -> float | None:
    """Resident memory of this process in MB of 2^20 bytes; None where /proc is missing."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return None


def most_mb() -> float:
    """The most memory that this process has held since it began, in MB of 2^20 bytes.

    Where /proc is missing that may include what its parent held when it started this process.
    """
    if mark := _mark_mb():
        return mark
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def _set_back() -> bool:
    """Set the kernel's high-water mark back to what is resident now; whether that was possible."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def _mark_mb() -> float:
    """The kernel's high-water mark, 0 where /proc is missing."""
    found = _STATUS.exists() and re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) / 2**10 if found else 0.0
