"""Scoring as a stream: batches in, batches out, memory of one batch."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from ml.errors import AsofError
from ml.models import tasks
from ml.models.calibrate import apply
from ml.models.explain import reasons
from ml.models.model import Model
from ml.problem import truth
from ml.problem.problem import Problem

# Explaining costs several times what scoring does, and nobody reads a million reasons.
EXPLAIN_LIMIT = 100_000


def score_batches(
    model: Model,
    problem: Problem,
    batches: Iterable[pa.RecordBatch],
    *,
    threads: int = 2,
    explain_limit: int = EXPLAIN_LIMIT,
) -> Iterator[pa.RecordBatch]:
    """One batch out per non-empty batch in, rows in the same order:

    `entity`, `as_of` as they came; `score` calibrated and `raw_score` uncalibrated; `flagged`
    where score >= the model's threshold; `reasons` text on the rows that the problem's `explain.for` names,
    else null; then `rule_score` and the columns of the task (`Task.columns`). After `explain_limit` explained rows no more are
    explained. AsofError when the features are not the model's.
    """
    model.check(problem)
    task = tasks.of(problem)
    left = 0 if problem.explain.rows == "none" or model.is_rule else explain_limit
    for batch in batches:
        if batch.num_rows == 0:
            continue
        matrix = model.encode(batch)
        raw = model.predict_raw(matrix, threads)
        score, rule = apply(model.calibrator, raw), truth.rule(batch, problem)
        flagged, of_class = task.flagged(problem, score, model.threshold), task.explained_class(problem, score)
        shown = task.headline(problem, score)
        wanted = task.explains(problem, flagged) if problem.explain.rows == "flagged" else np.arange(len(score))
        wanted = wanted[np.argsort(-shown[wanted], kind="stable")[:left]]  # the highest scores first, if not all
        left -= len(wanted)
        texts = reasons(
            model, matrix, batch, np.sort(wanted), flagged, problem.explain.reasons, threads, task=task, of_class=of_class
        )
        more = task.answers(problem, model.calibrator, score, rule)
        yield pa.RecordBatch.from_arrays(
            [
                batch.column(problem.entity),
                batch.column(problem.as_of),
                pa.array(shown),
                pa.array(raw if of_class is None else raw[np.arange(len(raw)), of_class]),
                pa.array(flagged),
                pa.array(texts, pa.string()),
                pa.array(task.of_rule(problem, score, rule)),
                *(pa.array(more[name], from_pandas=True) for name in task.columns(problem)),
            ],
            names=["entity", "as_of", "score", "raw_score", "flagged", "reasons", "rule_score", *task.columns(problem)],
        )


def audit_scores(
    scores: np.ndarray | pa.Array | pa.ChunkedArray, span: tuple[float, float] | None = (0, 1), may_be_equal: bool = False
) -> None:
    """AsofError when scores must not reach a reader: none, missing, outside their `span` (None: infinite), or all the same.

    A single row, or a handful, may honestly agree; from `CONSTANT_ROWS` equal scores on a model is broken, if it has learned.
    """
    if isinstance(scores, pa.Array | pa.ChunkedArray):
        scores = (
            scores.cast(pa.float64()).to_numpy(zero_copy_only=False)
            if isinstance(scores, pa.Array)
            else scores.cast(pa.float64()).to_numpy()
        )
    scores = np.asarray(scores, dtype=np.float64)
    keep = "; the previous predictions stay"
    if len(scores) == 0:
        raise AsofError(f"no row was scored{keep}")
    missing = int(np.isnan(scores).sum())
    if missing:
        raise AsofError(f"{missing} of {len(scores)} scores are missing{keep}")
    low, high = span or (-np.finfo(np.float64).max, np.finfo(np.float64).max)
    if scores.min() < low or scores.max() > high:
        raise AsofError(f"scores lie between {scores.min():.4g} and {scores.max():.4g}, outside {low:g} to {high:g}{keep}")
    if not may_be_equal and len(scores) >= CONSTANT_ROWS and scores.min() == scores.max():
        raise AsofError(f"all {len(scores)} scores are {scores[0]:.4g}: the model or its features are broken{keep}")


# Twenty equal flights at one hour do occur when features are coarse; fifty do not.
CONSTANT_ROWS = 50
