"""What newer data are worth, fold by fold: only what could be known, each fold once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.validation import retraining_gains
from ml.validation.retraining_gains import ORIGIN, due, measure


def test_folds_lie_on_a_grid_whose_places_do_not_depend_on_when_somebody_looks(rows) -> None:
    last = rows.as_of.max()
    first, later = (due(rows, last + np.timedelta64(days, "D")) for days in (1, 3))
    length = np.timedelta64(rows.problem.holdout_days, "D").astype("timedelta64[us]")
    assert first and {one.start for one in first} <= {one.start for one in later}
    assert all((one.start - ORIGIN) % length == np.timedelta64(0, "us") and one.end - one.start == length for one in later)


def test_what_is_measured_is_not_due_again_and_no_fold_is_whose_labels_are_not_in(rows) -> None:
    now = rows.as_of.max()
    folds = due(rows, now)
    assert len(folds) <= retraining_gains.MOST and all(one.end <= now for one in folds)
    assert due(rows, now, {one.start for one in folds}) == []
    late = replace(rows, known_at=rows.as_of + np.timedelta64(rows.problem.holdout_days, "D"))
    assert max(one.end for one in due(late, now)) < max(one.end for one in folds)
    never = replace(rows, known_at=np.full(len(rows), np.datetime64("NaT", "us")))
    assert due(never, now) == []


def test_a_fold_does_not_change_by_what_comes_to_be_known_after_it(rows) -> None:
    now = rows.as_of.max()
    fold = due(rows, now)[-1:]
    before = next(iter(measure(rows, fold, now)))
    end = fold[0].end + np.timedelta64(1, "D")
    again = next(iter(measure(rows.take(rows.as_of < end), fold, now)))
    assert again.metric == before.metric and before.metric.se > 0 and before.metric.rows > 100
    future = replace(rows, label=np.where(rows.as_of >= fold[0].end, 1 - rows.label, rows.label))
    assert next(iter(measure(future, fold, now))).metric == before.metric


def test_the_newer_model_is_better_by_what_only_the_newest_data_tell(rows) -> None:
    """From the last fold but one on the label is another: who has not seen that is worse."""
    now = rows.as_of.max()
    fold = due(rows, now)[-1]
    turned = fold.start - (fold.end - fold.start)
    other = replace(rows, label=np.where(rows.as_of >= turned, 1 - rows.label, rows.label))
    found = next(iter(measure(other, [fold], now)))
    assert found.metric.estimate > 3 * found.metric.se > 0
