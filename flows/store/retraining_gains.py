"""What was measured of earlier challengers: what newer data were worth to a recipe, and how changes of the recipe turned out."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from flows.runtime import warehouse
from ml.validation.prior import Gain


def recipe(spec_hash: str, feature_sql: str | None) -> str:
    """Twelve hexadecimal digits of how rows become a model: the declaration, and the SQL that features are made of."""
    return hashlib.sha256(f"{spec_hash}/{feature_sql or ''}".encode()).hexdigest()[:12]


def recipe_of(row: dict) -> str:
    """The same of a row of `model_versions`."""
    return recipe(json.loads(row["model"])["spec"].get("spec_hash", ""), row.get("feature_sql"))


def starts(problem: str, of: str) -> set[datetime]:
    """Where the folds begin that were measured of a recipe."""
    found = warehouse.rows("select fold_from from ledger.retraining_gains where problem = ? and recipe = ?", [problem, of])
    return {row["fold_from"] for row in found}


def measured(problem: str, of: str, now: datetime) -> tuple[list[Gain], list[Gain]]:
    """What newer data were worth to a recipe, by the folds measured by `now`, oldest first: in the metric, and in cost a row."""
    found = warehouse.rows(
        "select * from ledger.retraining_gains where problem = ? and recipe = ? and measured_as_of <= ? order by fold_from",
        [problem, of, now],
    )
    metric = [Gain(row["difference"], row["standard_error"], row["days"]) for row in found]
    return metric, [Gain(row["saved"], row["saved_standard_error"], row["days"]) for row in found if row["saved"] is not None]


def changes(problem: str, now: datetime) -> tuple[list[Gain], list[Gain]]:
    """How challengers of another recipe were judged before `now`, oldest first: in the metric, and in cost a row."""
    found = warehouse.rows(
        "select gates.gate, gates.estimate, gates.standard_error from ledger.verdicts as v "
        "inner join ledger.verdict_gates as gates using (verdict_id) "
        "where v.problem = ? and v.decided_as_of < ? and v.past = 'changed' and gates.gate in ('not_worse', 'value') "
        "and gates.estimate is not null and gates.standard_error > 0 order by v.decided_as_of, v.rowid",
        [problem, now],
    )
    metric, value = (
        [Gain(row["estimate"], row["standard_error"], 0.0) for row in found if row["gate"] == gate]
        for gate in ("not_worse", "value")
    )
    return metric, value
