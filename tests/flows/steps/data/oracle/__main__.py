"""`python -m tests.flows.steps.data.oracle 500`: so many sources with their generated files, and a table of what was compared.

A Ctrl-C ends it early, with the table of what was compared by then.
"""

import signal
import sys
import tempfile
from pathlib import Path

import duckdb

from checks.landing_column import TYPES
from tests.flows.steps.data.landed import LEDGER
from tests.flows.steps.data.oracle.compare import FILES, Counts, compare


def main(sources: int, first: int = 0) -> int:
    """Compare, print, and return the number of mismatches."""
    counts, compared = Counts(), 0
    stopped: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        while compared < sources and not stopped:
            compare(con, Path(folder), range(first + compared, first + compared + 1), counts)
            compared += 1
    print(f"{compared} sources")
    print("| format | files | refused | rows landed | lines quarantined | " + " | ".join(TYPES) + " |")
    print("|---|" + "---:|" * (4 + len(TYPES)))
    for one in FILES:
        typed = [f"{counts.values[one, kind]:,} + {counts.bad_values[one, kind]:,}" for kind in TYPES]
        numbers = [f"{which[one]:,}" for which in (counts.files, counts.refused, counts.rows, counts.quarantined)]
        print(f"| {one} | {' | '.join([*numbers, *typed])} |")
    print(f"values are landed + quarantined; {len(counts.mismatches)} mismatches")
    print("\n".join(counts.mismatches[:20]))
    return len(counts.mismatches)


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:])) else 0)
