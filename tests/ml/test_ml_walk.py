"""Walking forward sees nothing of the fold it scores, and everybody walks through the same folds."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ml.errors import AsofError
from ml.evaluate import roc_auc
from ml.recipe import Recipe, fit, refit
from ml.rows import labels
from ml.split import instants
from ml.train import train
from ml.walk import folds, months, walk, walked, walking

EDGES = np.array(["2013-05-20", "2013-06-05", "2013-06-25"], dtype="datetime64[us]")


@pytest.fixture(scope="module")
def through(table, problem):
    return folds(table[problem.as_of], table[problem.label_known_at], EDGES, problem.validation_days)


def test_training_rows_are_known_before_the_validation_and_both_before_the_fold(table, problem, through):
    as_of, known_at = instants(table[problem.as_of]), instants(table[problem.label_known_at])
    for fold in through:
        assert known_at[fold.train].max() < fold.middle <= as_of[fold.validation].min()
        assert max(known_at[fold.validation].max(), known_at[fold.usable].max()) < fold.start <= as_of[fold.test].min()
        assert as_of[fold.test].max() < fold.end and known_at[fold.test].max() < EDGES[-1]
        assert set(fold.train) | set(fold.validation) <= set(fold.usable)


def test_every_row_of_the_span_whose_label_is_known_is_scored_once(table, problem, through):
    as_of, known_at = instants(table[problem.as_of]), instants(table[problem.label_known_at])
    wanted = np.flatnonzero((as_of >= EDGES[0]) & (as_of < EDGES[-1]) & (known_at < EDGES[-1]))
    np.testing.assert_array_equal(np.concatenate([fold.test for fold in through]), wanted)


def test_labels_of_the_fold_and_later_change_no_score_of_it(table, problem, through):
    label = table["is_disrupted"].to_numpy(zero_copy_only=False).copy()
    late = instants(table[problem.label_known_at]) >= through[0].start
    label[late] = ~label[late]
    place = table.schema.get_field_index("is_disrupted")
    turned = table.set_column(place, "is_disrupted", pa.array(label))
    recipe = Recipe.of(problem)
    before, after = (next(walking(rows, problem, recipe, through)) for rows in (table, turned))
    np.testing.assert_array_equal(before.score, after.score)
    other = list(walking(turned, problem, recipe, through))[1]
    assert not np.array_equal(other.score, list(walking(table, problem, recipe, through))[1].score)


def test_a_window_changes_the_training_and_not_the_rows_that_are_scored(table, problem, through):
    recipe = Recipe.of(problem)
    everything, short = walk(table, problem, recipe, through), walk(table, problem, replace(recipe, window_days=30), through)
    np.testing.assert_array_equal(everything.rows, short.rows)
    assert not np.array_equal(everything.score, short.score)


def test_the_walk_trains_as_training_does(table, problem, trained, now):
    end = np.datetime64(now, "us")
    fold = folds(table[problem.as_of], table[problem.label_known_at], [trained.split.holdout_start, end], problem.validation_days)
    np.testing.assert_array_equal(fold[0].train, trained.split.train)
    score = walk(table, problem, Recipe.of(problem), fold).score
    np.testing.assert_array_equal(score, trained.holdout_score)


def test_the_refitted_walk_is_the_challenger_that_would_have_been_deployed(table, problem):
    start = np.datetime64("2013-06-10", "us")
    fold = folds(table[problem.as_of], table[problem.label_known_at], [start, EDGES[-1]], problem.validation_days)[0]
    recipe = Recipe.of(problem)
    first = fit(table, problem, recipe, fold.train, fold.validation)
    second = refit(first, table, problem, fold.usable)
    np.testing.assert_array_equal(walk(table, problem, recipe, [fold]).score, second.predict(table.take(fold.test)))
    # The production path at the same instant, with the same twin: its holdout is none of our business.
    assert second.rows == train(table, problem, start).challenger.spec["rows"]


@pytest.mark.parametrize("algorithm", ["linear", "rule"])
def test_other_algorithms_walk_the_same_way(table, problem, through, algorithm):
    found = walk(table, problem, replace(Recipe.of(problem), algorithm=algorithm, params={}), through)
    label = labels(table, problem, found.rows)[found.rows]
    assert 0.6 < roc_auc(label, found.score) < 1 and found.score.min() >= 0 and found.score.max() <= 1


def test_what_was_walked_before_time_ran_out_is_kept(table, problem, through):
    steps = walking(table, problem, Recipe.of(problem), through)
    some = walked([next(steps)])
    assert set(some.fold) == {1} and len(some.rows) == len(through[0].test)
    assert some.seconds > 0 and some.memory_mb > 10


def test_folds_begin_with_months(problem):
    edges = months(np.datetime64("2013-05-20"), np.datetime64("2013-07-10"))
    assert edges.astype("datetime64[D]").astype(str).tolist() == ["2013-05-20", "2013-06-01", "2013-07-01", "2013-07-10"]


def test_a_fold_without_rows_is_named(table, problem):
    edges = np.array(["2013-06-25", "2013-08-01", "2013-09-01"], dtype="datetime64[us]")
    with pytest.raises(AsofError, match=r"fold 2, 2013-08-01.*has no validation row"):
        folds(table[problem.as_of], table[problem.label_known_at], edges, 20)
