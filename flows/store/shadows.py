"""Who scores in the shadow: declared by a row, ended by a row, and by promotion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from flows.runtime import warehouse
from flows.store import ledger
from ml.errors import AsofError

START, STOP = "start", "stop"


@dataclass(frozen=True)
class Shadow:
    """A version that scores beside the champion: rows with start <= as_of < end; `end` None lasts."""

    model_version: str
    start: datetime
    end: datetime | None


def spans(problem: str) -> list[Shadow]:
    """Every time in the shadow, oldest first."""
    found: list[Shadow] = []
    open_: dict[str, datetime] = {}
    for row in warehouse.rows(
        "select model_version, kind, effective_at from ledger.shadows where problem = ? order by number", [problem]
    ):
        if row["kind"] == START:
            open_[row["model_version"]] = row["effective_at"]
        else:
            found.append(Shadow(row["model_version"], open_.pop(row["model_version"]), row["effective_at"]))
    found += [Shadow(version, start, None) for version, start in open_.items()]
    return sorted(found, key=lambda one: (one.start, one.model_version))


def active(problem: str) -> list[Shadow]:
    """Those that score now."""
    return [one for one in spans(problem) if one.end is None]


def begin(problem: str, model_version: str, at: datetime, reason: str = "") -> bool:
    """Let a version score in the shadow from `at` on; False when it already does."""
    if any(one.model_version == model_version for one in active(problem)):
        return False
    with warehouse.transaction() as con:
        _write(con, problem, model_version, START, at, reason or "declared")
    return True


def stop(problem: str, model_version: str, at: datetime, reason: str = "") -> None:
    """End it by hand; AsofError naming those that are in the shadow when this one is not."""
    with warehouse.transaction() as con:
        if not end(con, problem, model_version, at, reason or "stopped"):
            there = ", ".join(one.model_version for one in active(problem)) or "no version"
            raise AsofError(f"{model_version} does not score in the shadow; {there} does")


def end(con: duckdb.DuckDBPyConnection, problem: str, model_version: str, at: datetime, reason: str) -> bool:
    """End a version's time in the shadow within the caller's transaction; False when it was in none."""
    last = con.execute(
        "select kind from ledger.shadows where problem = ? and model_version = ? order by number desc limit 1",
        [problem, model_version],
    ).fetchall()
    if last != [(START,)]:
        return False
    _write(con, problem, model_version, STOP, at, reason)
    return True


def _write(con: duckdb.DuckDBPyConnection, problem: str, version: str, kind: str, at: datetime, reason: str) -> None:
    number = con.execute("select count(*) + 1 from ledger.shadows").fetchall()[0][0]
    record = {
        "number": number,
        "problem": problem,
        "model_version": version,
        "kind": kind,
        "effective_at": at,
        "written_at": ledger.wall_clock(),
        "reason": reason,
    }
    ledger.append(con, "shadows", [record], ["number"])
