"""Who scores in the shadow: declared by a row, ended by a row, and by promotion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from flows.runtime import warehouse
from flows.store import ledger
from ml.errors import AsofError
from ml.statistics.interval import figures

START, STOP = "start", "stop"
# Why a version scores in the shadow: somebody said so, its verdict was INCONCLUSIVE, or the champion after it is watched.
BY_HAND, UNDECIDED, WATCH = "by hand", "undecided", "watch"


@dataclass(frozen=True)
class Shadow:
    """A version that scores beside the champion: rows with start <= as_of < end; `end` None lasts."""

    model_version: str
    start: datetime
    end: datetime | None
    purpose: str = BY_HAND


def spans(problem: str) -> list[Shadow]:
    """Every time in the shadow, oldest first."""
    found: list[Shadow] = []
    open_: dict[str, Shadow] = {}
    for row in warehouse.rows(
        "select model_version, kind, effective_at, purpose from ledger.shadows where problem = ? order by number", [problem]
    ):
        if row["kind"] == START:
            begun = Shadow(row["model_version"], row["effective_at"], None, row["purpose"] or BY_HAND)
            # Begun once more is another purpose, not another time.
            open_[begun.model_version] = replace(open_.get(begun.model_version, begun), purpose=begun.purpose)
        else:
            found.append(replace(open_.pop(row["model_version"]), end=row["effective_at"]))
    found += open_.values()
    return sorted(found, key=lambda one: (one.start, one.model_version))


def active(problem: str) -> list[Shadow]:
    """Those that score now."""
    return [one for one in spans(problem) if one.end is None]


def scoring(problem: str, now: datetime) -> list[Shadow]:
    """Those of them that have rows to score as of an instant: who begins then has none yet."""
    return [one for one in active(problem) if one.start < now]


def evidence(problem: str) -> list[dict]:
    """Every look at versions that score in the shadow still, oldest first."""
    names = {one.model_version: one.start for one in active(problem)}
    rows = warehouse.rows("select * from ledger.shadow_evidence where problem = ? order by settled_until, rowid", [problem])
    return [row for row in rows if row["model_version"] in names and row["looked_as_of"] >= names[row["model_version"]]]


def said(look: dict) -> str:
    """The difference to the champion at a look, with the ends of its sequence: `+0.0012 (-0.0031 to +0.0055)`."""
    return figures((look["estimate"], look["low"], look["high"]))


def begin(problem: str, model_version: str, at: datetime, reason: str = "", purpose: str = BY_HAND) -> bool:
    """Let a version score in the shadow from `at` on; False when it already does.

    Where it does so by a verdict or as a watch, a person's word makes it theirs, which is True:
    it does not end by itself any more.
    Done again for the same instant by a run that was cut off, nothing changes.
    """
    mine = [one for one in spans(problem) if one.model_version == model_version]
    if purpose == BY_HAND:
        there = any(one.end is None and one.purpose == BY_HAND for one in mine)
    else:
        there = any(one.end is None or one.start == at for one in mine)
    if there:
        return False
    with warehouse.transaction() as con:
        _write(con, problem, model_version, START, at, reason or "declared", purpose)
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


def _write(
    con: duckdb.DuckDBPyConnection, problem: str, version: str, kind: str, at: datetime, reason: str, purpose: str | None = None
) -> None:
    number = con.execute("select count(*) + 1 from ledger.shadows").fetchall()[0][0]
    record = {
        "number": number,
        "problem": problem,
        "model_version": version,
        "kind": kind,
        "effective_at": at,
        "written_at": ledger.wall_clock(),
        "reason": reason,
        "purpose": purpose,
    }
    ledger.append(con, "shadows", [record], ["number"])
