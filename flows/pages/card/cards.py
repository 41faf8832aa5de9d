"""Model cards: everything that the ledger and the rows say about one version, gathered and written beside the published file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flows.pages.card.facts import Card
from flows.runtime import settings, warehouse
from flows.runtime.step import step
from flows.store import clock, problems, registry
from ml.errors import AsofError
from ml.models import shap
from ml.models.model import Model
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import days
from ml.statistics.slices import by_slice
from ml.validation import card

FEW = 8


@step()
def write(name: str, version: str | None = None) -> list[Path]:
    """Write the card of a version, by default of the champion, below `published/models`; returns its files."""
    from flows.pages.card import page as page  # matplotlib is slow to import, and most verbs draw nothing

    version = version or registry.champion(name) or registry.latest(name)
    return page.write(folder() / f"{version}.md", gather(problems.get(name), version))


def folder() -> Path:
    """Where cards lie: beside the published file."""
    return settings.published_file().parent / "models"


def gather(problem: Problem, version: str) -> Card:
    """Read what a card says from the warehouse."""
    row = registry.row(problem.name, version)
    if row["rounds"] == 0:
        raise AsofError(f"{version} is the rule, served while no model has won: it has no card, its SQL says all of it")
    model, holdout_model = Model.from_row(row), registry.holdout_model(row)
    holdout = Rows.of(problems.training_rows(problem, row["trained_as_of"], since=row["holdout_from"]), problem)
    if len(holdout) == 0:
        raise AsofError(f"the holdout of {version} is empty: the training set does not hold its rows any more")
    score = holdout_model.predict(holdout, settings.threads())
    sets = {
        "holdout": (holdout.label, score, holdout.cluster, holdout_model.calibrator),
        "rule": (holdout.label, holdout.rule, holdout.cluster, None),
    }
    if (live := LIVE[problem.task](problem, version)) is not None and len(np.unique(live[0])) > 1:
        sets["live"] = (*live, model.calibrator)
    who = [problem.name, version]
    verdicts = warehouse.rows("select * from ledger.verdicts where problem = ? and challenger = ? order by decided_at", who)
    return Card(
        problem, row, model, clock.now(),
        {kind: card.found(problem, *one, holdout.overlap) for kind, one in sets.items()},
        {kind: card.paid(problem, one[0], one[1], model.threshold) for kind, one in sets.items()},
        by_slice(holdout.slices, holdout.label, score, holdout.cluster, problem.metric, holdout.overlap),
        shap.explain(model, holdout, threads=settings.threads(), seed=problem.training.seed),
        registry.importances(row),
        verdicts,
        _gates(who),
        warehouse.rows("select * from ledger.promotions where problem = ? and ? in (model_version, previous) "
                       "order by effective_at, rowid", who),
        registry.champion_before(problem.name, verdicts[-1]["decided_as_of"]) if verdicts else None,
        _errors(who),
        shared_errors(who) if "live" in sets else [],
    )  # fmt: skip


Scored = tuple[np.ndarray, np.ndarray, np.ndarray]


def _live(problem: Problem, version: str, label: str = "cast(label as double)", score: str = "score") -> Scored | None:
    """Truths, scores and days of what a version scored whose outcome is known; None without any."""
    found = warehouse.table(
        f"select as_of, {score} as score, {label} as label from monitoring.mon_scored "
        "where problem = ? and model_version = ? and label is not null order by as_of, entity_id",
        [problem.name, version],
    )
    return (found["label"].to_numpy(), found["score"].to_numpy(), days(found["as_of"])) if found.num_rows else None


def _live_numbers(problem: Problem, version: str) -> Scored | None:
    return _live(problem, version, "outcome", "number")


def _live_classes(problem: Problem, version: str) -> Scored | None:
    places = ", ".join(f"'{name}'" for name in problem.classes)
    found = warehouse.table(
        f"select as_of, score, is_true, list_position([{places}], class) as place from monitoring.mon_class_scores "
        "where problem = ? and model_version = ? and is_true is not null order by as_of, entity_id, place",
        [problem.name, version],
    )
    if not found.num_rows:
        return None
    shape = (-1, len(problem.classes))
    score, is_true = (np.asarray(found[name].to_numpy(), dtype=np.float64).reshape(shape) for name in ("score", "is_true"))
    return is_true.argmax(axis=1).astype(np.float64), score, days(found["as_of"])[:: len(problem.classes)]


LIVE = {"binary": _live, "regression": _live_numbers, "multiclass": _live_classes}


def _gates(who: list[str]) -> list[dict]:
    """The gates of the latest verdict, in the order in which they were asked."""
    return warehouse.rows(
        "select gates.* from ledger.verdict_gates as gates where verdict_id = (select max_by(verdict_id, decided_at) "
        "from ledger.verdicts where problem = ? and challenger = ?) order by gates.rowid",
        who,
    )


def _errors(who: list[str]) -> list[dict]:
    """The worst single errors in production, with the reasons of their scores in words where they have any."""
    return warehouse.rows(
        f"select errors.*, explained.reasons from monitoring.mon_errors as errors "
        f"left join monitoring.mon_explained as explained using (problem, model_version, entity_id, as_of) "
        f"where problem = ? and model_version = ? order by place limit {FEW}",
        who,
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
