"""Models as rows: saving them, finding the champion, changing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from flows.steps import ledger, shadows, warehouse
from ml.errors import AsofError
from ml.model import Model

LATEST = "select model_version from ledger.model_versions where problem = ? order by trained_as_of desc, trained_at desc limit 1"


@dataclass(frozen=True)
class Term:
    """A champion's time in office: rows with start <= as_of < end are scored by it; `end` None lasts."""

    model_version: str
    start: datetime
    end: datetime | None


def terms(problem: str) -> list[Term]:
    """Every champion's term, oldest first; a term that was replaced at its very start is left out."""
    changes = warehouse.rows(
        "select model_version, effective_at from ledger.promotions where problem = ? order by effective_at, promoted_at",
        [problem],
    )
    ends = [*(change["effective_at"] for change in changes[1:]), None][: len(changes)]
    spans = [Term(c["model_version"], c["effective_at"], end) for c, end in zip(changes, ends, strict=True)]
    return [span for span in spans if span.end is None or span.start < span.end]


def champion(problem: str) -> str | None:
    """The model version in office, None before the first promotion."""
    found = terms(problem)
    return found[-1].model_version if found else None


def row(problem: str, model_version: str) -> dict:
    """The row of `model_versions`; AsofError naming the versions that exist."""
    found = warehouse.rows(
        "select * from ledger.model_versions where problem = ? and model_version = ?", [problem, model_version]
    )
    if not found:
        there = [
            r["model_version"]
            for r in warehouse.rows(
                "select model_version from ledger.model_versions where problem = ? order by trained_as_of desc limit 5", [problem]
            )
        ]
        known = f"the latest are {', '.join(there)}" if there else "none has been trained yet: run `python -m flows train`"
        raise AsofError(f"{problem} has no model {model_version!r}; {known}")
    return found[0]


def model(problem: str, model_version: str) -> Model:
    """The deployed model of a version; its sha256 is checked before LightGBM sees it."""
    return Model.from_row(row(problem, model_version))


def latest(problem: str) -> str:
    """The version that was trained last; AsofError when there is none."""
    found = warehouse.rows(LATEST, [problem])
    if not found:
        raise AsofError(f"{problem} has no model yet: run `python -m flows train --problem {problem}`")
    return found[0]["model_version"]


def unjudged(problem: str) -> str | None:
    """The version that was trained last, where it was never judged to the end and never in office; None otherwise."""
    found = warehouse.rows(
        f"select model_version from ({LATEST}) as latest "
        "where model_version not in (select challenger from ledger.verdicts where problem = ?) "
        "and model_version not in (select model_version from ledger.promotions where problem = ?)", [problem, problem, problem],
    )  # fmt: skip
    return found[0]["model_version"] if found else None


def promote(problem: str, model_version: str, at: datetime, reason: str, kind: str = "promotion") -> bool:
    """Make a version the champion from `at` on, as a row with its reason; False when it already is."""
    record = promotion(problem, model_version, at, reason, kind)
    if record is None:
        return False
    with warehouse.transaction() as con:
        return write(con, record)


def promotion(problem: str, model_version: str, at: datetime, reason: str, kind: str = "promotion") -> dict | None:
    """The row of `promotions` that makes a version the champion; None when it already is. AsofError when it may not be."""
    if not reason.strip():
        raise AsofError("a promotion needs a reason: say it with --reason")
    row(problem, model_version)
    before = terms(problem)
    if before and before[-1].model_version == model_version:
        return None
    if before and at < before[-1].start:
        raise AsofError(f"{before[-1].model_version} is in office since {before[-1].start}; the past cannot be given away")
    # Numbered, because within one instant of the clock a version may come, go and come again.
    number = warehouse.rows("select count(*) + 1 as n from ledger.promotions where problem = ?", [problem])[0]["n"]
    return {
        "promotion_id": f"{problem}/{model_version}/{at.isoformat()}/{kind}/{number}",
        "problem": problem,
        "model_version": model_version,
        "previous": before[-1].model_version if before else None,
        "effective_at": at,
        "promoted_at": ledger.wall_clock(),
        "kind": kind,
        "reason": reason.strip(),
    }


def write(con: duckdb.DuckDBPyConnection, record: dict) -> bool:
    """Write a row of `promotions` within the caller's transaction; who was in the shadow steps out of it."""
    new = ledger.append(con, "promotions", [record], ["promotion_id"]) == 1
    if new:
        shadows.end(con, record["problem"], record["model_version"], record["effective_at"], "promoted")
    return new


def rollback(problem: str, at: datetime, reason: str) -> str:
    """Give the office back to the champion before; returns its name. AsofError when there was none."""
    changes = warehouse.rows(
        "select model_version, previous from ledger.promotions where problem = ? "
        "order by effective_at desc, promoted_at desc limit 1",
        [problem],
    )
    if not changes or changes[0]["previous"] is None:
        raise AsofError(f"{problem} has no earlier champion to go back to")
    promote(problem, changes[0]["previous"], at, reason, kind="rollback")
    return changes[0]["previous"]
