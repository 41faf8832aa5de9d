"""Whether landed files are still those that landed: each is known by its sha256.

At each look a file is read when its size or its time is another one, or when it was found changed before. All others are read in
turn, a part at each look, so that the cost of a look is bounded and a bit that flipped is found in the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from flows.steps.data.landing.landed import PURGED, File, changed
from flows.store import ledger
from ml.errors import AsofError

# Seven looks read all of a small folder: with a look a day, within the week. Of a large one, what takes about half a second.
LOOKS, BYTES_A_LOOK = 7, 256 * 2**20
ORDER = "select coalesce(max(number), 0) from ledger.file_checks"


@dataclass(frozen=True)
class Known:
    """What the ledger knows of a landed file: how it landed, how it was when last looked at, and which bytes it has to have.

    Those are the bytes that landed, or since a purge those that it left.
    """

    file: File
    landing_number: int
    bytes: int
    modified_ns: int
    is_as_landed: bool
    sha256: str


def verify_landed(con: duckdb.DuckDBPyConnection, folder: Path, now: datetime | None = None) -> int:
    """Read every landed file that still exists; returns how many are as they were, AsofError names the others."""
    there = [one for one in _known(con) if (folder / one.file.file).exists()]
    others = _look(con, folder, now, there)
    if others:
        raise AsofError("; ".join(others))
    return len(there)


def look_at_files(con: duckdb.DuckDBPyConnection, folder: Path, now: datetime, part: int) -> list[str]:
    """Read the landed files that may have changed, and a part of all others; returns a line for each that has.

    A file that is not there any more is no fault: what landed is in the warehouse.
    """
    known = _known(con)
    parts = max(LOOKS, -(-sum(one.bytes for one in known) // BYTES_A_LOOK))
    return _look(con, folder, now, [one for one in known if _is_due(folder, one, part, parts)])


def _is_due(folder: Path, one: Known, part: int, parts: int) -> bool:
    try:
        stat = (folder / one.file.file).stat()
    except OSError:
        return False
    seen = (stat.st_size, stat.st_mtime_ns) == (one.bytes, one.modified_ns)
    return not seen or not one.is_as_landed or one.landing_number % parts == part % parts


def _look(con: duckdb.DuckDBPyConnection, folder: Path, now: datetime | None, files: list[Known]) -> list[str]:
    lines, records = [], []
    for one in files:
        path = folder / one.file.file
        stat = path.stat()
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        as_landed = digest == one.sha256
        if not as_landed:
            found = File(digest, one.file.source, one.file.file, stat.st_size, stat.st_mtime_ns)
            lines.append(f"{one.file.file} {changed(con, found, one.sha256)}")
        if (as_landed, stat.st_size, stat.st_mtime_ns) != (one.is_as_landed, one.bytes, one.modified_ns):
            records.append(
                {
                    "batch_id": one.file.batch_id, "source": one.file.source, "file": one.file.file, "as_of": now,
                    "bytes": stat.st_size, "modified_ns": stat.st_mtime_ns, "sha256": digest, "is_as_landed": as_landed,
                }
            )  # fmt: skip
    first = con.execute(ORDER).fetchall()[0][0] if records else 0
    ledger.insert(con, "file_checks", [{"number": first + n, **one} for n, one in enumerate(records, 1)])
    return lines


def _known(con: duckdb.DuckDBPyConnection) -> list[Known]:
    rows = con.execute(
        "with checked as (select * from ledger.file_checks qualify row_number() over (partition by batch_id, source "
        "order by number desc) = 1), "
        f"purged as ({PURGED}) select batch_id, source, batches.file, batches.bytes, batches.modified_ns, landing_number, "
        "coalesce(checked.bytes, batches.bytes), coalesce(checked.modified_ns, batches.modified_ns), "
        "coalesce(is_as_landed, true), coalesce(purged.sha256, batch_id) from ledger.batches "
        "left join checked using (batch_id, source) left join purged using (batch_id, source) order by landing_number"
    ).fetchall()
    return [Known(File(*row[:5]), *row[5:]) for row in rows]
