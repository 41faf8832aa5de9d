"""`make chaos` on the flights: `python -m tests.flights.faults.chaos --on flights --kills 80`."""

from __future__ import annotations

import sys

from tests.faults import chaos

chaos.LIVES["flights"] = ("2013-03-02", "2013-03-12", "America/New_York")

if __name__ == "__main__":
    sys.exit(chaos.main())
