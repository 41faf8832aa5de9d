"""How much memory this process takes while something runs."""

from __future__ import annotations

import os
import threading
from pathlib import Path

# LightGBM and DuckDB hold what they take for longer than this; looking costs about ten microseconds.
EVERY_SECONDS = 0.05
_STATM = Path("/proc/self/statm")


class Watch:
    """Looks at the resident memory from its making until `stop`; the greatest value seen is the peak.

    The kernel's own high-water mark is that of the whole life of the process: after one training every later run would have it.
    """

    def __init__(self) -> None:
        self._peak, self._stopped = resident_mb(), threading.Event()
        if self._peak is not None:
            threading.Thread(target=self._look, name="memory", daemon=True).start()

    def _look(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self.peak_mb()

    def peak_mb(self) -> float | None:
        """The greatest so far, in MB of 2^20 bytes; None where /proc is missing."""
        now = resident_mb()
        if now is not None:
            self._peak = max(self._peak or 0.0, now)
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
