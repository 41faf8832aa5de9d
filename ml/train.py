"""Training.

A twin that can be judged on rows it has not seen, and the challenger that would go into production.
"""

import time
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from ml import decide
from ml.fit import params_of
from ml.learn import Progress
from ml.model import Model
from ml.problem import Problem
from ml.recipe import Fitted, Recipe, fit, refit
from ml.rows import labels
from ml.split import Split, instants, known, split


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    `holdout` are row numbers of the table; `holdout_score` the twin's calibrated scores there.
    """

    twin: Model
    challenger: Model
    split: Split
    holdout: np.ndarray
    holdout_score: np.ndarray
    best_round: int
    rounds: int
    importances: dict[str, float]
    seconds: float


def train(
    table: pa.Table,
    problem: Problem,
    now: datetime | np.datetime64,
    *,
    threads: int = 2,
    on_progress: Progress | None = None,
) -> Trained:
    """Train on the rows of `table` whose truth is known before `now`; the caller orders the rows by a total
    order.

    A first fit trains on the train part, stops early and is calibrated on the validation part. The twin is the same
    recipe on every row known before the holdout, which it scores: the challenger that would have been deployed then.
    The challenger is the same recipe on every known row. Same rows, order, seed: same bytes, whatever `threads`.
    `importances` are shares of the challenger's gain, largest first. AsofError when rows, labels or columns do not do.
    """
    started, spec, now = time.perf_counter(), problem.training, np.datetime64(now, "us")
    report = on_progress or (lambda stage, done, total: None)
    as_of, known_at = table[problem.as_of], table[problem.label_known_at]
    parts = split(as_of, known_at, now, problem.validation_days, problem.holdout_days, spec.window_days)
    usable = known(as_of, known_at, now, spec.window_days)
    # With a window, the twin's part may reach further back than the challenger's.
    before = known(as_of, known_at, parts.holdout_start, spec.window_days)
    used = np.unique(np.concatenate([usable, before, parts.train, parts.validation, parts.holdout]))
    label, recipe = labels(table, problem, used), Recipe.of(problem)

    report("encode", 0, table.num_rows)
    first = fit(table, problem, recipe, parts.train, parts.validation, threads=threads, report=report)
    refitted = refit(first, table, problem, before, threads=threads, report=report, stage="twin, whole")
    score = refitted.predict(table, parts.holdout)
    # Capacity needs scores like those of production: the holdout's are the latest that no tree has seen.
    limit = decide.threshold(problem.decision, problem.costs, score)

    def model(fitted: Fitted, rows: np.ndarray, end: np.datetime64) -> Model:
        rounds = fitted.learned.rounds
        made = {
            "now": str(now),
            "feature_hash": problem.feature_hash,
            "spec_hash": problem.spec_hash,
            "threshold": limit,
            "rows": len(rows),
            "label_rate": float(label[rows].mean()),
            "data_sha256": fitted.data_sha256,
            "first_as_of": str(instants(as_of)[rows].min()),
            "label_known_before": str(end),
            "rounds": rounds,
            "best_round": first.learned.rounds,
            "params": params_of(recipe.params, recipe.seed),
            "window_days": spec.window_days,
            **({"members": recipe.members} if recipe.members > 1 else {}),
        }
        return Model(problem.name, fitted.learned.text, fitted.calibrator, fitted.categories, fitted.columns, made)

    twin = model(refitted, before, parts.holdout_start)
    second = refit(first, table, problem, usable, threads=threads, report=report)
    challenger = model(second, usable, now)
    gain = second.learned.booster.feature_importance("gain")
    shares = {problem.feature_names[i]: float(gain[i] / max(gain.sum(), 1e-300)) for i in np.argsort(-gain, kind="stable")}
    return Trained(
        twin, challenger, parts, parts.holdout, score, first.learned.rounds, second.learned.rounds, shares,
        time.perf_counter() - started,
    )  # fmt: skip
