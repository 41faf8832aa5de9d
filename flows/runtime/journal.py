"""A journal beside the warehouse: which commits its ledger must hold.

DuckDB opens a file whose write-ahead log is torn, empty or missing without a word, at an older state. So what was committed and
matters (a batch, a run, a promotion, a purge) is noted once more in `warehouse.duckdb.journal`, one JSON object a line, and
whoever opens the warehouse compares the newest notes with the ledger. A note that is missing loses a check, never a
commit; a last line that is torn is no note.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import duckdb

from flows.runtime import private_files
from ml.errors import AsofError

# Where the ledger holds what a note of each kind speaks of.
LEDGER = {
    "batch": ("batches", "batch_id"), "run": ("runs", "run_id"), "promotion": ("promotions", "promotion_id"),
    "purge": ("purges", "purge_id"),
}  # fmt: skip
ACCEPTED = "loss accepted"
FIELDS = {"at", "kind", "id", "what", "clock"}
# What a look at the warehouse reads: about eighty notes. What is lost is lost from the end.
TAIL = 16 * 2**10
NEWEST = 2000
# Beyond the first the journal is cut to the second: what it is good for is at its end.
LARGEST, KEPT = 2**20, 2**18
# A landing of many files waits for the disk five times a second, and at its end.
SYNC_SECONDS = 0.2

Note = dict[str, Any]
_synced_at = 0.0
_paths: WeakKeyDictionary[duckdb.DuckDBPyConnection, str | None] = WeakKeyDictionary()


def beside(warehouse: Path) -> Path:
    """The journal of a warehouse file."""
    return warehouse.with_name(f"{warehouse.name}.journal")


def note(con: duckdb.DuckDBPyConnection, kind: str, name: str, what: str, clock: datetime | None, soon: bool = False) -> None:
    """Note what has just been committed: a kind of `LEDGER`, its key there, and words for people.

    It is on the disk on return; with `soon`, by the next note without. In-memory databases have no journal.
    """
    if path := _path(con):
        entry = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "kind": kind, "id": name, "what": what}
        _append(beside(Path(path)), {**entry, "clock": clock.isoformat() if clock else None}, soon)


def _path(con: duckdb.DuckDBPyConnection) -> str | None:
    """The file of the database that a connection works on; asked once of each, as a landing may have thousands of files."""
    if con not in _paths:
        asked = "select path from duckdb_databases() where database_name = current_database()"
        _paths[con] = con.execute(asked).fetchall()[0][0]
    return _paths[con]


def _append(journal: Path, entry: Note, soon: bool) -> None:
    global _synced_at
    # The commit stands, and a full disk is told by the next one.
    with suppress(OSError), open(journal, "ab+", opener=private_files.opener) as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        else:
            torn = False
        file.write(b"\n" * torn + json.dumps(entry).encode() + b"\n")
        file.flush()
        if not soon or time.monotonic() - _synced_at > SYNC_SECONDS:
            os.fsync(file.fileno())
            _synced_at = time.monotonic()


def verify(warehouse: Path, con: duckdb.DuckDBPyConnection) -> None:
    """AsofError when the ledger lacks what the newest notes speak of; it says what, since when, and how to go on."""
    if lost := missing(con, _notes(beside(warehouse), TAIL)):
        lost = missing(con, _notes(beside(warehouse)))
        raise AsofError(
            f"{warehouse} lacks what was committed since {lost[0]['at']}: {told(lost)}; its write-ahead log is damaged or gone, "
            f"an older copy was put in its place, or rows were deleted by hand. Nothing was changed. Restore the last good copy "
            f"of {warehouse.name} with its .wal, or accept the loss with `python -m flows recover`, which lands lost files again"
        )
    _cut(beside(warehouse))


def missing(con: duckdb.DuckDBPyConnection, notes: Iterable[Note]) -> list[Note]:
    """The notes, in order, whose row the ledger does not have."""
    notes = list(notes)
    lost = []
    for kind, (table, key) in LEDGER.items():
        asked = {one["id"]: one for one in notes if one["kind"] == kind}
        if not asked:
            continue
        try:
            # The newest rows first: there they are, and the whole of a large ledger need not be searched.
            newest = f"select {key} from ledger.{table} where rowid > (select max(rowid) from ledger.{table}) - {NEWEST}"
            there = {name for (name,) in con.execute(newest).fetchall()}
            if rest := [name for name in asked if name not in there]:
                further = f"select {key} from ledger.{table} where {key} in (select unnest(?))"
                there |= {name for (name,) in con.execute(further, [rest]).fetchall()}
        except duckdb.CatalogException:
            there = set()
        lost += [one for name, one in asked.items() if name not in there]
    return sorted(lost, key=lambda one: one["at"])


def told(lost: list[Note]) -> str:
    """What is lost, in words, with the first few names of each kind."""
    parts = []
    for kind in LEDGER:
        names = [one["what"] for one in lost if one["kind"] == kind]
        if names:
            few = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            plural = {"batch": "batches"}.get(kind, f"{kind}s") if len(names) > 1 else kind
            parts.append(f"{len(names)} {plural} ({few})")
    return "; ".join(parts)


def lost(warehouse: Path, con: duckdb.DuckDBPyConnection) -> list[Note]:
    """Everything that the whole journal speaks of and the ledger does not have."""
    return missing(con, _notes(beside(warehouse)))


def accept(warehouse: Path, lost: list[Note]) -> None:
    """From here on the ledger need not hold what is lost."""
    entry = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "kind": ACCEPTED, "id": None, "what": told(lost), "clock": None}
    _append(beside(warehouse), entry, soon=False)


def _notes(journal: Path, tail: int | None = None) -> list[Note]:
    """The notes since the last accepted loss, in order; of the last `tail` bytes, if it is given."""
    try:
        with journal.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - tail) if tail else 0)
            lines = file.read().splitlines()
    except FileNotFoundError:
        return []  # an older warehouse, or a copy: the next commit begins one
    except OSError as error:
        raise AsofError(f"{journal} cannot be read ({error.strerror}): correct its permissions, or move it away") from error
    notes: list[Note] = []
    for entry in filter(None, map(_note, lines)):
        if entry["kind"] == ACCEPTED:
            notes.clear()
        notes.append(entry)
    return notes


def _note(line: bytes) -> Note | None:
    """The note of a line; None where it is torn."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and entry.keys() >= FIELDS else None


def _cut(journal: Path) -> None:
    with suppress(OSError):
        if journal.stat().st_size > LARGEST:
            kept = journal.read_bytes()[-KEPT:]
            unfinished = journal.with_name(f"{journal.name}.part")
            with unfinished.open("wb") as file:
                file.write(kept[kept.index(b"\n") + 1 :])
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(journal)
