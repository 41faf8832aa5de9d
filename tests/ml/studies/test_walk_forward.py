"""Walking forward sees nothing of the fold it scores, and everybody walks through the same folds."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ml.errors import AsofError
from ml.models.recipe import Recipe, fit, refit
from ml.models.train import train
from ml.problem.rows import Rows
from ml.statistics.evaluate import roc_auc
from ml.studies.walk_forward import fold_by_fold, folds, joined, months, walk_forward

EDGES = np.array(["2013-05-20", "2013-06-05", "2013-06-25"], dtype="datetime64[us]")


@pytest.fixture(scope="module")
def through(rows, problem):
    return folds(rows.as_of, rows.known_at, EDGES, problem.validation_days)


def test_training_rows_are_known_before_the_validation_and_both_before_the_fold(rows, problem, through):
    as_of, known_at = rows.as_of, rows.known_at
    for fold in through:
        assert known_at[fold.train].max() < fold.middle <= as_of[fold.validation].min()
        assert max(known_at[fold.validation].max(), known_at[fold.usable].max()) < fold.start <= as_of[fold.test].min()
        assert as_of[fold.test].max() < fold.end and known_at[fold.test].max() < EDGES[-1]
        assert set(fold.train) | set(fold.validation) <= set(fold.usable)


def test_every_row_of_the_span_whose_label_is_known_is_scored_once(rows, problem, through):
    as_of, known_at = rows.as_of, rows.known_at
    wanted = np.flatnonzero((as_of >= EDGES[0]) & (as_of < EDGES[-1]) & (known_at < EDGES[-1]))
    np.testing.assert_array_equal(np.concatenate([fold.test for fold in through]), wanted)


@pytest.mark.slow
def test_labels_of_the_fold_and_later_change_no_score_of_it(table, rows, problem, through):
    label = table["is_disrupted"].to_numpy(zero_copy_only=False).copy()
    late = rows.known_at >= through[0].start
    label[late] = ~label[late]
    place = table.schema.get_field_index("is_disrupted")
    turned = Rows.of(table.set_column(place, "is_disrupted", pa.array(label)), problem)
    recipe = Recipe.of(problem)
    before, after = (next(fold_by_fold(one, recipe, through)) for one in (rows, turned))
    np.testing.assert_array_equal(before.score, after.score)
    other = list(fold_by_fold(turned, recipe, through))[1]
    assert not np.array_equal(other.score, list(fold_by_fold(rows, recipe, through))[1].score)


@pytest.mark.slow
def test_a_window_changes_the_training_and_not_the_rows_that_are_scored(rows, problem, through):
    recipe = Recipe.of(problem)
    everything, short = walk_forward(rows, recipe, through), walk_forward(rows, replace(recipe, window_days=30), through)
    np.testing.assert_array_equal(everything.rows, short.rows)
    assert not np.array_equal(everything.score, short.score)


def test_the_walk_trains_as_training_does(rows, problem, trained, now):
    end = np.datetime64(now, "us")
    fold = folds(rows.as_of, rows.known_at, [trained.split.holdout_start, end], problem.validation_days)
    np.testing.assert_array_equal(fold[0].train, trained.split.train)
    score = walk_forward(rows, Recipe.of(problem), fold).score
    np.testing.assert_array_equal(score, trained.holdout_score)


@pytest.mark.slow
def test_the_refitted_walk_is_the_challenger_that_would_have_been_deployed(rows, problem):
    start = np.datetime64("2013-06-10", "us")
    fold = folds(rows.as_of, rows.known_at, [start, EDGES[-1]], problem.validation_days)[0]
    recipe = Recipe.of(problem)
    first = fit(rows, recipe, fold.train, fold.validation)
    second = refit(first, rows, fold.usable)
    np.testing.assert_array_equal(walk_forward(rows, recipe, [fold]).score, second.predict(rows.take(fold.test)))
    # The production path at the same instant, with the same holdout model: its holdout is none of our business.
    assert second.rows == train(rows, start).challenger.spec["rows"]


@pytest.mark.parametrize("algorithm", ["linear", "rule"])
def test_other_algorithms_walk_the_same_way(rows, problem, through, algorithm):
    found = walk_forward(rows, replace(Recipe.of(problem), algorithm=algorithm, params={}), through)
    label = rows.label[found.rows]
    assert 0.6 < roc_auc(label, found.score) < 1 and found.score.min() >= 0 and found.score.max() <= 1


def test_what_was_walked_before_time_ran_out_is_kept(rows, problem, through):
    steps = fold_by_fold(rows, Recipe.of(problem), through)
    some = joined([next(steps)])
    assert set(some.fold) == {1} and len(some.rows) == len(through[0].test)
    assert some.seconds > 0


def test_folds_begin_with_months(problem):
    edges = months(np.datetime64("2013-05-20"), np.datetime64("2013-07-10"))
    assert edges.astype("datetime64[D]").astype(str).tolist() == ["2013-05-20", "2013-06-01", "2013-07-01", "2013-07-10"]


def test_months_in_which_nothing_was_asked_are_no_folds_of_their_own():
    asked = np.array(["2013-01-07", "2013-04-08", "2013-07-08"], "datetime64[us]")
    edges = months(np.datetime64("2013-01-01"), np.datetime64("2013-09-10"), asked)
    assert edges.astype("datetime64[D]").astype(str).tolist() == ["2013-01-01", "2013-04-01", "2013-07-01", "2013-09-10"]
    assert (np.histogram(asked.astype(np.int64), edges.astype(np.int64))[0] == 1).all()


def test_a_fold_without_rows_is_named(rows, problem):
    edges = np.array(["2013-06-25", "2013-08-01", "2013-09-01"], dtype="datetime64[us]")
    with pytest.raises(AsofError, match=r"fold 2, 2013-08-01.*has no validation row"):
        folds(rows.as_of, rows.known_at, edges, 20)
