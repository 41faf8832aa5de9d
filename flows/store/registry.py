"""Models as rows: saving them, finding the champion, changing it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import duckdb

from flows.runtime import journal, prefect_events, warehouse
from flows.store import ledger, shadows
from ml.errors import AsofError, Refused
from ml.models.model import Model
from ml.statistics import profile

# A version without rounds is the rule, which nobody trained.
LATEST = (
    "select model_version from ledger.model_versions where problem = ? and rounds > 0 "
    "order by trained_as_of desc, rowid desc limit 1"
)


@dataclass(frozen=True)
class ChampionPeriod:
    """A version's time as champion: rows with start <= as_of < end are scored by it; `end` None lasts."""

    model_version: str
    start: datetime
    end: datetime | None


def champion_periods(problem: str) -> list[ChampionPeriod]:
    """Every champion's period, oldest first; a period that was replaced at its very start is left out."""
    changes = warehouse.rows(
        "select model_version, effective_at from ledger.promotions where problem = ? order by effective_at, rowid",
        [problem],
    )
    ends = [*(change["effective_at"] for change in changes[1:]), None][: len(changes)]
    spans = [ChampionPeriod(c["model_version"], c["effective_at"], end) for c, end in zip(changes, ends, strict=True)]
    return [span for span in spans if span.end is None or span.start < span.end]


def champion(problem: str) -> str | None:
    """The version that is champion, None before the first promotion."""
    found = champion_periods(problem)
    return found[-1].model_version if found else None


def champion_before(problem: str, at: datetime) -> str | None:
    """The version that was champion until or beyond an instant, from before it on; None where there was none."""
    found = [span for span in champion_periods(problem) if span.start < at]
    return found[-1].model_version if found else None


def rival(problem: str) -> str | None:
    """The champion that a challenger has to beat; None where there is none, or the rule, which it has to beat anyway."""
    now = champion(problem)
    return None if now is None or row(problem, now)["rounds"] == 0 else now


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
        raise Refused(f"{problem} has no model {model_version!r}; {known}")
    return found[0]


def learned_from(problem: str, model_version: str) -> str | None:
    """The SQL of the features that a version learned from, as `ml.problem.sql_digest` has it; None where none was kept."""
    return row(problem, model_version).get("feature_sql")


def model(problem: str, model_version: str) -> Model:
    """The deployed model of a version; its sha256 is checked before LightGBM sees it."""
    return Model.from_row(row(problem, model_version))


def holdout_model(row: dict) -> Model:
    """The model of a row of `model_versions` that was fitted without the holdout."""
    return Model.from_json(row["holdout_model"], f"the holdout model of {row['model_version']}")


def cells(row: dict) -> profile.Profile:
    """The cells that a row of `model_versions` counts its features by; AsofError when they are damaged."""
    where = _where(row)
    found = ledger.parsed(row, "edges", where)
    if (written := row.get("edges_sha256")) and digest(row["edges"]) != written:
        raise ledger.damaged(where, "edges", f"their sha256 is not {written[:12]}…")
    for name, one in found.items():
        if not profile.is_valid(one):
            raise ledger.damaged(where, "edges", f"the cells of {name} are {str(one)[:60]}")
    return found


def digest(text: str) -> str:
    """The sha256 of a column of a row of `model_versions`, as hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def importances(row: dict) -> dict[str, float]:
    """The importance of each feature in a row of `model_versions`; AsofError when they are damaged."""
    found = ledger.parsed(row, "importances", _where(row))
    for name, one in found.items():
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise ledger.damaged(_where(row), "importances", f"that of {name} is {str(one)[:60]}")
    return found


def _where(row: dict) -> str:
    return f"ledger.model_versions, model {row.get('model_version')!r}"


def latest(problem: str) -> str:
    """The version that was trained last; AsofError when there is none."""
    found = warehouse.rows(LATEST, [problem])
    if not found:
        raise AsofError(f"{problem} has no model yet: run `python -m flows train --problem {problem}`")
    return found[0]["model_version"]


def before(problem: str, model_version: str, at: datetime) -> dict | None:
    """The row of the version trained before one of `at`, the rule included, as `mon_holdout` has it; None: there is none."""
    found = warehouse.rows(
        "select * from ledger.model_versions where problem = ? and model_version <> ? and trained_as_of <= ? "
        "order by trained_as_of desc, trained_at desc limit 1",
        [problem, model_version, at],
    )
    return found[0] if found else None


def trained(problem: str, at: datetime) -> str | None:
    """The version that was trained as of an instant and waits for a judgement or has one; None where there is none.

    One that a person promoted without a judgement has left that way.
    """
    found = warehouse.rows(
        "select model_version from ledger.model_versions where problem = $problem and trained_as_of = $at and (model_version in "
        "(select challenger from ledger.verdicts where problem = $problem) or model_version not in "
        "(select model_version from ledger.promotions where problem = $problem)) order by rowid desc limit 1",
        {"problem": problem, "at": at},
    )
    return found[0]["model_version"] if found else None


def decision(problem: str, version: str) -> str | None:
    """The latest verdict on a version; None where it was never judged."""
    found = warehouse.rows(
        "select decision from ledger.verdicts where problem = ? and challenger = ? "
        "order by decided_as_of desc, rowid desc limit 1",
        [problem, version],
    )
    return found[0]["decision"] if found else None


def unjudged(problem: str) -> str | None:
    """The version that was trained last, where it was never judged to the end and never champion; None otherwise."""
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
        new = write(con, record)
    with warehouse.cursor() as con:
        journal.note(con, "promotion", record["promotion_id"], f"{kind} of {model_version}", at)
    if new:
        emit(record)
    return new


def emit(record: dict) -> None:
    """Tell Prefect of a promotion that is committed, by its row of `promotions`."""
    facts = {name: record[name] for name in ("model_version", "previous", "effective_at", "kind", "reason")}
    prefect_events.emit(prefect_events.MODEL_PROMOTED, "problem", record["problem"], **facts)


def promotion(problem: str, model_version: str, at: datetime, reason: str, kind: str = "promotion") -> dict | None:
    """The row of `promotions` that makes a version the champion; None when it already is. AsofError when it may not be."""
    if not reason.strip():
        raise AsofError("a promotion needs a reason: say it with --reason")
    row(problem, model_version)
    before = champion_periods(problem)
    if before and before[-1].model_version == model_version:
        return None
    if before and at < before[-1].start:
        raise AsofError(f"{before[-1].model_version} is champion since {before[-1].start}; the past cannot be given away")
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


def promoted(problem: str, model_version: str, at: datetime) -> dict | None:
    """The row of `promotions` by which a version became champion as of an instant, no rollback; None where it did not."""
    found = warehouse.rows(
        "select * from ledger.promotions where problem = ? and model_version = ? and effective_at = ? "
        "and kind = 'promotion' order by rowid desc limit 1",
        [problem, model_version, at],
    )
    return found[0] if found else None


def write(con: duckdb.DuckDBPyConnection, record: dict) -> bool:
    """Write a row of `promotions` within the caller's transaction; who was in the shadow steps out of it."""
    new = ledger.append(con, "promotions", [record], ["promotion_id"]) == 1
    if new:
        shadows.end(con, record["problem"], record["model_version"], record["effective_at"], "promoted")
    return new


def rollback(problem: str, at: datetime, reason: str) -> str:
    """Make the champion before champion again; returns its name. AsofError when there was none."""
    changes = warehouse.rows(
        "select model_version, previous from ledger.promotions where problem = ? order by effective_at desc, rowid desc limit 1",
        [problem],
    )
    if not changes or changes[0]["previous"] is None:
        raise AsofError(f"{problem} has no earlier champion to go back to")
    promote(problem, changes[0]["previous"], at, reason, kind="rollback")
    return changes[0]["previous"]
