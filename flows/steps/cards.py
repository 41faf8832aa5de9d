"""Model cards: everything that the ledger and the rows say about one version, gathered and written beside the published file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flows.steps import clock, problems, registry, settings, warehouse
from flows.steps.step import step
from ml import card, shap
from ml.errors import AsofError
from ml.model import Model
from ml.problem import Problem
from ml.rows import labels
from ml.slices import Slice, by_slice
from ml.split import days

FEW = 8


@dataclass(frozen=True)
class Card:
    """What a card says. `found` is the evidence by kind of rows: holdout, rule (there), live; `decided` likewise."""

    problem: Problem
    row: dict[str, Any]
    model: Model
    now: datetime
    found: dict[str, card.Evidence]
    decided: dict[str, card.Decisions]
    slices: list[Slice]
    shap: shap.Shap
    importances: dict[str, float]
    verdicts: list[dict]
    gates: list[dict]
    promotions: list[dict]
    errors: list[dict]
    shared: list[dict]


@step()
def write(name: str, version: str | None = None) -> list[Path]:
    """Write the card of a version, by default of the champion, below `published/models`; returns its files."""
    from flows.steps.pages import card as page  # matplotlib is slow to import, and most verbs draw nothing

    version = version or registry.champion(name) or registry.latest(name)
    return page.write(folder() / f"{version}.md", gather(problems.get(name), version))


def folder() -> Path:
    """Where cards lie: beside the published file."""
    return settings.published_file().parent / "models"


def gather(problem: Problem, version: str) -> Card:
    """Read what a card says from the warehouse."""
    row = registry.row(problem.name, version)
    model, twin = Model.from_row(row), Model.from_json(row["twin"], f"twin of {version}")
    holdout = problems.training_rows(problem, row["trained_as_of"], since=row["holdout_from"])
    if holdout.num_rows == 0:
        raise AsofError(f"the holdout of {version} is empty: the training set does not hold its rows any more")
    label, cluster = labels(holdout, problem, np.arange(holdout.num_rows)), _clusters(problem, holdout)
    score = twin.predict(holdout, settings.threads())
    sets = {"holdout": (label, score, cluster), "rule": (label, holdout[problem.rule].to_numpy(), cluster)}
    live = _live(problem.name, version)
    if live.num_rows and len(live["label"].unique()) == 2:
        sets["live"] = (live["label"].to_numpy(), live["score"].to_numpy(), days(live["as_of"]))
    who = [problem.name, version]
    return Card(
        problem, row, model, clock.now(),
        {kind: card.evidence(*one) for kind, one in sets.items()},
        {kind: card.decisions(one[0], one[1], model.threshold, problem.costs) for kind, one in sets.items()},
        by_slice({s: holdout[s].to_numpy(zero_copy_only=False) for s in problem.slices}, label, score, cluster, problem.metric),
        shap.explain(model, holdout, threads=settings.threads(), seed=problem.training.seed),
        json.loads(row["importances"]),
        warehouse.rows("select * from ledger.verdicts where problem = ? and challenger = ? order by decided_at", who),
        _gates(who),
        warehouse.rows("select * from ledger.promotions where problem = ? and ? in (model_version, previous) "
                       "order by effective_at, promoted_at", who),
        _errors(who),
        shared_errors(who) if "live" in sets else [],
    )  # fmt: skip


def _clusters(problem: Problem, rows: pa.Table) -> np.ndarray:
    return days(rows[problem.as_of]) if problem.cluster == "day" else rows[problem.cluster].to_numpy()


def _live(name: str, version: str) -> pa.Table:
    return warehouse.table(
        "select as_of, score, cast(label as double) as label from monitoring.mon_scored "
        "where problem = ? and model_version = ? and label is not null order by as_of, entity_id",
        [name, version],
    )


def _gates(who: list[str]) -> list[dict]:
    """The gates of the latest verdict, in the order in which they were asked."""
    return warehouse.rows(
        "select gates.* from ledger.verdict_gates as gates where verdict_id = (select max_by(verdict_id, decided_at) "
        "from ledger.verdicts where problem = ? and challenger = ?) order by gates.rowid",
        who,
    )


def _errors(who: list[str]) -> list[dict]:
    """The worst single errors in production."""
    return warehouse.rows(
        f"select * from monitoring.mon_errors where problem = ? and model_version = ? order by place limit {FEW}", who
    )


def shared_errors(who: list[str]) -> list[dict]:
    """For [problem, version] the slices that err more than the rest beyond chance, the surest first; a feature is named once."""
    found, named = [], set()
    for row in warehouse.rows(
        "select * from monitoring.mon_error_slices where problem = ? and model_version = ? and low > 0 order by low desc", who
    ):
        features = {row["feature_1"], row["feature_2"]} - {None}
        if not features & named:
            found.append(row)
            named |= features
    return found[:FEW]
