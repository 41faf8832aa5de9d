"""Training: a holdout model, which can be judged on rows it has not seen, and the challenger that would go into production."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from ml.errors import AsofError
from ml.models import tasks
from ml.models.fit import params_of
from ml.models.learn import FEW_ROUNDS, Progress
from ml.models.model import Model
from ml.models.recipe import Fitted, Recipe, fit, refit
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import Split, known, split_of


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    `holdout` are row numbers; `holdout_score` are the calibrated scores of the holdout model there, `newest` the `as_of` of the
    newest row that it learned from.
    """

    holdout_model: Model
    challenger: Model
    split: Split
    holdout: np.ndarray
    holdout_score: np.ndarray
    best_round: int
    rounds: int
    importances: dict[str, float]
    seconds: float
    newest: np.datetime64

    @property
    def doubt(self) -> str:
        """Why a model of so few rounds should be looked at, and what to do; empty where there are enough."""
        if self.best_round >= FEW_ROUNDS:
            return ""
        return (
            f"more than {self.best_round} rounds are no better on the {len(self.split.validation)} rows of the validation part: "
            "the features say little, or the rows are too few to tell; look at the features, or declare more validation_days or "
            "a smaller training.params.learning_rate"
        )


def train(
    rows: Rows,
    now: datetime | np.datetime64,
    *,
    threads: int = 2,
    on_progress: Progress | None = None,
) -> Trained:
    """Train on the rows whose truth is known before `now`; the caller orders them by a total order.

    A first fit trains on the train part, stops early and is calibrated on the validation part. The holdout model is the same
    recipe on every row known before the holdout, which it scores: the challenger that would have been deployed then.
    The challenger is the same recipe on every known row. Same rows, order, seed: same bytes, whatever `threads`.
    `importances` are shares of the challenger's gain, largest first. AsofError when rows, labels or columns do not do.
    """
    started, problem, now = time.perf_counter(), rows.problem, np.datetime64(now, "us")
    spec, on_progress = problem.training, on_progress or (lambda stage, done, total: None)
    parts = split_of(problem, rows.as_of, rows.known_at, now)
    usable = known(rows.as_of, rows.known_at, now, spec.window_days)
    # With a window, the part of the holdout model may reach further back than the challenger's.
    before = known(rows.as_of, rows.known_at, parts.holdout_start, spec.window_days)
    recipe = Recipe.of(problem)
    task = tasks.of(problem)
    params = params_of(recipe.params, recipe.seed, task.objective(problem))

    on_progress("encode", 0, len(rows))
    first = fit(rows, recipe, parts.train, parts.validation, threads=threads, on_progress=on_progress)
    held_out = refit(first, rows, before, threads=threads, on_progress=on_progress, stage="holdout model")
    score = held_out.predict(rows, parts.holdout)
    # Capacity needs scores like those of production: the holdout's are the latest that no tree has seen.
    limit = task.limit(problem, score)

    def model(fitted: Fitted, chosen: np.ndarray, end: np.datetime64) -> Model:
        rounds = fitted.learned.rounds
        made = {
            "now": str(now),
            "feature_hash": problem.feature_hash,
            "spec_hash": problem.spec_hash,
            "threshold": limit,
            "rows": len(chosen),
            **task.about(rows.label[chosen], problem),
            "data_sha256": fitted.data_sha256,
            "first_as_of": str(rows.as_of[chosen].min()),
            "label_known_before": str(end),
            "rounds": rounds,
            "best_round": first.learned.rounds,
            "params": params,
            **({"stopped_on": first.learned.stopped_on} if first.learned.stopped_on else {}),
            "window_days": spec.window_days,
            **({"members": recipe.members} if recipe.members > 1 else {}),
            **of_task(problem),
        }
        return Model(problem.name, fitted.learned.text, fitted.calibrator, fitted.categories, fitted.columns, made)

    holdout_model = model(held_out, before, parts.holdout_start)
    second = refit(first, rows, usable, threads=threads, on_progress=on_progress)
    second = replace(second, calibrator=_renewed(first, held_out, rows, parts, score))
    challenger = model(second, usable, now)
    gain = second.learned.booster.feature_importance("gain")
    if not gain.any():
        raise AsofError(
            f"{problem.path}: no tree found anything to split the {len(usable)} rows of {problem.name} by; declare a smaller "
            f"training.params.min_data_in_leaf (now {params['min_data_in_leaf']}), or wait for more labels"
        )
    shares = {problem.feature_names[i]: float(gain[i] / gain.sum()) for i in np.argsort(-gain, kind="stable")}
    return Trained(
        holdout_model, challenger, parts, parts.holdout, score, first.learned.rounds, second.learned.rounds, shares,
        time.perf_counter() - started, rows.as_of[before].max(),
    )  # fmt: skip


def of_task(problem: Problem) -> dict[str, Any]:
    """What a model says of its task; nothing where it answers yes or no."""
    task = tasks.of(problem)
    return {} if task.name == "binary" else {"task": task.name, "metric": problem.metric, "classes": list(problem.classes)}


def _renewed(first: Fitted, held_out: Fitted, rows: Rows, parts: Split, score: np.ndarray) -> Mapping[str, Any]:
    """The challenger's calibrator: with what validation part and holdout have shown, of which no tree had seen a row."""
    task, kind = tasks.of(rows.problem), first.recipe.calibration
    if task.span is not None:
        return first.calibrator
    seen = np.concatenate([first.predict(rows, parts.validation), score])
    unseen = np.concatenate([parts.validation, parts.holdout])
    counts = np.ones(len(unseen), dtype=bool) if rows.weight is None else rows.weight[unseen] > 0
    return task.renewed(first.calibrator, kind, seen[counts], rows.label[unseen][counts])
