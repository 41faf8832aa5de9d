"""The rule as a model, for as long as no other has won: it has no trees, scores as the rule says, and explains nothing."""

from __future__ import annotations

import time
from datetime import datetime

import numpy as np

from ml.errors import AsofError
from ml.models import tasks
from ml.models.model import RULE, Model
from ml.models.train import Trained
from ml.problem.encode import fingerprint
from ml.problem.rows import Rows
from ml.problem.split import known, split_of


class NoProbability(AsofError):
    """A rule whose numbers say nothing of what to expect."""


def of_rule(rows: Rows, now: datetime | np.datetime64) -> Trained:
    """The rule as what is served as of `now`, with the threshold that it needs; nothing is learned.

    NoProbability where it is none although one is wanted.
    """
    started, problem, now = time.perf_counter(), rows.problem, np.datetime64(now, "us")
    parts = split_of(problem, rows.as_of, rows.known_at, now)
    usable = known(rows.as_of, rows.known_at, now, problem.training.window_days)
    task, matrix = tasks.of(problem), rows.matrix(problem.rules, {})
    if problem.task == "binary" and not ((matrix > 0) & (matrix < 1)).all():
        raise NoProbability(
            f"the rule {problem.rule} of {problem.name} is no probability between 0 and 1, so it cannot be served; mend it in SQL"
        )
    score = matrix[parts.holdout] if problem.classes else matrix[parts.holdout, 0]

    # A number has its intervals from what the rule was off by on the latest rows.
    calibrator = task.renewed(task.uncalibrated(problem), problem.training.calibration, score, rows.label[parts.holdout])

    def model(chosen: np.ndarray, end: np.datetime64) -> Model:
        made = {
            "now": str(now), "algorithm": RULE, "feature_hash": problem.feature_hash, "spec_hash": problem.spec_hash,
            "threshold": task.limit(problem, score), "rows": len(chosen), **task.about(rows.label[chosen], problem),
            "data_sha256": fingerprint(matrix[chosen], rows.label[chosen], np.ones(len(chosen))),
            "first_as_of": str(rows.as_of[chosen].min()), "label_known_before": str(end),
            "rounds": 0, "best_round": 0, "params": {}, "window_days": problem.training.window_days,
            **({} if task.name == "binary" else {"task": task.name, "metric": problem.metric, "classes": list(problem.classes)}),
        }  # fmt: skip
        return Model(problem.name, RULE, calibrator, {}, tuple(problem.rules), made)

    before = known(rows.as_of, rows.known_at, parts.holdout_start, problem.training.window_days)
    held_out, served = model(before, parts.holdout_start), model(usable, now)
    newest = rows.as_of[before].max()
    return Trained(held_out, served, parts, parts.holdout, score, 0, 0, {}, time.perf_counter() - started, newest)
