"""The inbox of remarks: rows that tools and the verb insert become an immutable file; what no file may hold is quarantined."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from datetime import datetime
from pathlib import Path

import duckdb

from checks.landing import LandingSource
from flows.runtime import warehouse
from flows.store import ledger
from ml.errors import AsofError

INBOX = "landing.feedback__inbox"
# A page of text. Readers of CSV give up at 131,072 characters a field (Python) or 2 MB a line (DuckDB).
LONGEST = 10_000
_ALLOWED = "\t\n\r"
# Years of four digits: Python has no other.
_USUAL = re.compile(r"\d{4}-\d\d-\d\d")


def create(con: duckdb.DuckDBPyConnection, remarks: LandingSource) -> None:
    """Make the inbox where there is none."""
    columns = ", ".join(f'"{one.name}" {one.data_type}{" not null" if one.required else ""}' for one in remarks.columns)
    con.execute(f"create table if not exists {INBOX} ({columns})")


def empty(con: duckdb.DuckDBPyConnection, remarks: LandingSource, folder: Path, now: datetime) -> list[str]:
    """Move the remarks that were known before `now` into a file of `folder`; returns a line for each that is quarantined instead.

    The file has its name and is on the disk before the rows go. Killed in between, they are written again, as the same file.
    A remark that is quarantined leaves the inbox in the transaction that writes it to `ledger.quarantine`, with all its text.
    """
    known = f'try_cast("{remarks.known_at}" as timestamp)'
    due = f"from {INBOX} where {known} < timestamp '{now}' or {known} is null or {known} = 'infinity'"
    con.execute("begin")
    try:
        good, bad = [], []
        for values in con.execute(f"select {texts(remarks)} {due} order by all").fetchall():
            said = dict(zip((one.name for one in remarks.columns), values, strict=True))
            fault = unfit(said, remarks)
            bad.append((said, *fault)) if fault else good.append(said)
        if good:
            _write(good, remarks, folder)
        ledger.insert(con, "quarantine", [_quarantined(remarks, *one) for one in bad])
        con.execute(f"delete {due}")
        con.execute("commit")
    except BaseException:
        warehouse.undo(con)
        raise
    return [
        f"{INBOX}: the remark of {str(said['author'])[:80]!r} on {str(said['entity_id'])[:80]!r} is quarantined: {column} "
        f"{reason[:200]}; it stands in ledger.quarantine, say it again"
        for said, column, reason in bad
    ]


def texts(remarks: LandingSource) -> str:
    """SQL of the columns as they are written: instants to the microsecond, in UTC; what is no usual instant in DuckDB's words."""
    return ", ".join(
        _instant(one.name) if one.data_type == "timestamp" else f'cast("{one.name}" as varchar) as "{one.name}"'
        for one in remarks.columns
    )


def _instant(name: str) -> str:
    at = f'try_cast("{name}" as timestamp)'
    usual = f"isfinite({at}) and year({at}) between 1 and 9999"
    return f'case when {usual} then strftime({at}, \'%Y-%m-%dT%H:%M:%S.%f\') else cast("{name}" as varchar) end as "{name}"'


def unfit(said: dict, remarks: LandingSource) -> tuple[str, str] | None:
    """The column of a remark that no file may hold and why, None where it may be written; what it means is checked later."""
    for column in remarks.columns:
        text = said[column.name]
        if text is None or not isinstance(text, str):
            continue
        if len(text) > LONGEST:
            return column.name, f"has {len(text):,} characters, the most are {LONGEST:,}"
        odd = next((one for one in text if unicodedata.category(one) in ("Cc", "Cs") and one not in _ALLOWED), None)
        if odd is not None:
            return column.name, f"holds the control character {odd.encode('unicode_escape').decode()}"
        if column.data_type == "timestamp" and not _USUAL.match(text):
            return column.name, f"is {text}, which is no instant"
        if column.required and not text.strip():
            return column.name, "is empty"
    return None


def _quarantined(remarks: LandingSource, said: dict, column: str, reason: str) -> dict:
    raw = json.dumps(said)
    return {
        "batch_id": hashlib.sha256(raw.encode()).hexdigest(), "source": remarks.name, "file": INBOX, "line": None,
        "column_name": column, "reason": reason, "raw": raw, "landed_at": ledger.wall_clock(),
    }  # fmt: skip


def _write(said: list[dict], remarks: LandingSource, folder: Path) -> None:
    names = [one.name for one in remarks.columns]
    quoted = {one.name for one in remarks.columns if one.data_type == "varchar"}
    lines = [",".join(names), *(",".join(_field(one[name], name in quoted) for name in names) for one in said)]
    data = ("\n".join(lines) + "\n").encode()
    unfinished = folder / f".inbox.{os.getpid()}.part"
    with unfinished.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(folder / f"inbox_{hashlib.sha256(data).hexdigest()[:16]}.csv")


def _field(text: str | None, quoted: bool) -> str:
    """A field of CSV; nothing at all is null, and text is always quoted."""
    if not text:
        return ""
    return '"' + text.replace('"', '""') + '"' if quoted or any(one in text for one in ',"\r\n') else text


def refuse_other_shape(con: duckdb.DuckDBPyConnection, remarks: LandingSource) -> None:
    """AsofError where the inbox, which tools may have made, lacks a column."""
    there = [name for name, *_ in con.execute(f"describe {INBOX}").fetchall()]
    if missing := [one.name for one in remarks.columns if one.name not in there]:
        raise AsofError(f"{INBOX} lacks column {', '.join(missing)}; rename the table, and its remarks go into a new one")
