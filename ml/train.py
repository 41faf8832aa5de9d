"""Training.

A twin that can be judged on rows it has not seen, and the challenger that would go into production.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from ml import calibrate, decide
from ml.encode import encode, levels, numbers
from ml.errors import AsofError
from ml.fit import Progress, fit, params_of, trees
from ml.model import Model
from ml.problem import Problem
from ml.split import Split, days, instants, known, split

# The challenger sees more rows than the twin, so it overfits later: rounds grow with the square root of the
# rows, and by at most a half, because nothing verified them on rows not seen.
GROWTH, GROWTH_LIMIT = 0.5, 1.5


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

    The twin trains on the train part, stops early and is calibrated on the validation part, and scores the
    holdout. The challenger is the same recipe on every known row. Same rows, order, seed: same bytes,
    whatever `threads`. `importances` are shares of the challenger's gain, largest first. AsofError when rows,
    labels or columns do not do.
    """
    started, report = time.perf_counter(), on_progress or (lambda stage, done, total: None)
    spec, now = problem.training, np.datetime64(now, "us")
    as_of, known_at = table[problem.as_of], table[problem.label_known_at]
    parts = split(as_of, known_at, now, problem.validation_days, problem.holdout_days, spec.window_days)
    usable = known(as_of, known_at, now, spec.window_days)
    # With a window, the twin's part may reach further back than the challenger's.
    used = np.unique(np.concatenate([usable, parts.train, parts.validation, parts.holdout]))
    label, weight = labels(table, problem, used), weights(table, problem)

    report("encode", 0, table.num_rows)
    known_levels = levels(table.take(parts.train), problem.categories)
    matrix = encode(table, problem.feature_names, known_levels)
    booster, best = fit(matrix, label, weight, parts.train, problem, spec.rounds, threads, report, "twin", parts.validation)
    twin_text = trees(booster, best)
    twin_raw = booster.predict(matrix[parts.validation], num_iteration=best, num_threads=threads)
    day = days(as_of)
    report("calibrate", 0, len(parts.validation))
    calibrator = calibrate.choose(twin_raw, label[parts.validation], day[parts.validation], weight[parts.validation])
    raw = booster.predict(matrix[parts.holdout], num_iteration=best, num_threads=threads)
    score = calibrate.apply(calibrator, raw)
    # Capacity needs scores like those of production: the holdout's are the latest that no tree has seen.
    limit = decide.threshold(problem.decision, problem.costs, score)

    def model(text: str, categories: dict[str, list[str]], rows: np.ndarray, end: np.datetime64, rounds: int) -> Model:
        made = {
            "now": str(now),
            "feature_hash": problem.feature_hash,
            "spec_hash": problem.spec_hash,
            "threshold": limit,
            "rows": len(rows),
            "label_rate": float(label[rows].mean()),
            "data_sha256": fingerprint(matrix, label, weight, rows),
            "first_as_of": str(instants(as_of)[rows].min()),
            "label_known_before": str(end),
            "rounds": rounds,
            "best_round": best,
            "params": params_of(problem),
            "window_days": spec.window_days,
        }
        return Model(problem.name, text, calibrator, categories, problem.feature_names, made)

    twin = model(twin_text, known_levels, parts.train, parts.holdout_start, best)
    all_levels = levels(table.take(usable), problem.categories)
    matrix = matrix if all_levels == known_levels else encode(table, problem.feature_names, all_levels)
    rounds = max(1, round(best * min(GROWTH_LIMIT, max(1.0, (len(usable) / len(parts.train)) ** GROWTH))))
    booster, _ = fit(matrix, label, weight, usable, problem, rounds, threads, report, "challenger")
    challenger = model(trees(booster, rounds), all_levels, usable, now, rounds)
    gain = booster.feature_importance("gain")
    shares = {problem.feature_names[i]: float(gain[i] / max(gain.sum(), 1e-300)) for i in np.argsort(-gain, kind="stable")}
    return Trained(twin, challenger, parts, parts.holdout, score, best, rounds, shares, time.perf_counter() - started)


def labels(table: pa.Table, problem: Problem, rows: np.ndarray) -> np.ndarray:
    """The label as float64 0/1, one a row of `table`.

    AsofError when one of `rows` has another value or none.
    """
    label = numbers(table, problem.label)
    wrong = rows[~np.isin(label[rows], (0.0, 1.0))]
    if len(wrong):
        entity = table[problem.entity][int(wrong[0])].as_py()
        raise AsofError(
            f"{problem.path}: {len(wrong)} of {len(rows)} known labels in {problem.label} are not 0 or 1, "
            f"the first of {entity!r}; mend it in SQL"
        )
    return label


def weights(table: pa.Table, problem: Problem) -> np.ndarray:
    """The declared weight as float64, one a row, 1 when none is declared.

    AsofError when one is missing or below 0.
    """
    if problem.weight is None:
        return np.ones(table.num_rows)
    weight = numbers(table, problem.weight)
    if not (weight >= 0).all() or not np.isfinite(weight).all():
        raise AsofError(f"{problem.path}: column {problem.weight} holds missing, negative or infinite weights; mend them in SQL")
    return weight


def fingerprint(matrix: np.ndarray, label: np.ndarray, weight: np.ndarray, rows: np.ndarray) -> str:
    """sha256 (hex) of what a fit on `rows` sees, in their order."""
    digest = hashlib.sha256()
    for block in np.array_split(rows, max(1, len(rows) // 50_000)):
        for values in (matrix[block], label[block], weight[block]):
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
