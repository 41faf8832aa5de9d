"""A model of several members: their mean, written as one text that nothing else has to know of."""

from dataclasses import replace

import numpy as np
import pytest

from ml.models.ensemble import TREE, merged
from ml.models.explain import contributions
from ml.models.lgbm import lightgbm
from ml.models.model import Model
from ml.models.recipe import Recipe, fit, refit
from ml.models.train import Trained, train
from ml.problem.rows import Rows
from ml.problem.split import split
from ml.validation.reproduce import refit as grow_again


def log_odds(score: np.ndarray) -> np.ndarray:
    return np.log(score / (1 - score))


@pytest.fixture(scope="module")
def three(problem):
    return replace(problem, training=replace(problem.training, members=3))


@pytest.fixture(scope="module")
def rows(table, three) -> Rows:
    return Rows.of(table, three)


@pytest.fixture(scope="module")
def together(rows, now) -> Trained:
    return train(rows, now)


def test_an_ensemble_scores_the_mean_log_odds_of_its_members(rows, three, now):
    parts = split(rows.as_of, rows.known_at, now, three.validation_days, three.holdout_days)
    recipe = Recipe.of(three)
    whole = fit(rows, recipe, parts.train, parts.validation)
    alone = [
        fit(rows, replace(recipe, members=1, seed=recipe.seed + 1000 * at), parts.train, parts.validation) for at in range(3)
    ]
    expected = np.mean([log_odds(one.raw(rows, parts.holdout)) for one in alone], axis=0)
    assert log_odds(whole.raw(rows, parts.holdout)) == pytest.approx(expected, abs=1e-12)
    assert whole.learned.rounds == round(np.mean([one.learned.rounds for one in alone]))


def test_a_refit_gives_each_member_the_mean_of_the_rounds(rows, three, now):
    parts = split(rows.as_of, rows.known_at, now, three.validation_days, three.holdout_days)
    first = fit(rows, Recipe.of(three), parts.train, parts.validation)
    second = refit(first, rows, parts.train)
    assert len(TREE.findall(second.learned.text)) == 3 * first.learned.rounds


def test_training_and_serving_score_the_same_to_the_bit(together, rows):
    held = rows.take(together.holdout)
    assert (Model.from_row({**together.challenger.to_row()}).predict(held) == together.challenger.predict(held)).all()
    assert (together.holdout_model.predict(held) == together.holdout_score).all()


def test_the_text_is_what_lightgbm_would_write_of_it(together):
    text = together.challenger.text
    assert lightgbm().Booster(model_str=text).model_to_string(num_iteration=-1).startswith(text)


def test_members_come_out_again_to_the_byte_on_any_number_of_threads(together, rows, now):
    again = train(rows, now, threads=1)
    assert (again.holdout_model.sha256, again.challenger.sha256) == (together.holdout_model.sha256, together.challenger.sha256)
    assert grow_again(rows, together.challenger).same


def test_an_ensemble_trained_under_another_number_of_members_still_comes_out_again(together, table, problem):
    assert grow_again(Rows.of(table, problem), together.challenger).same


def test_the_reasons_of_a_row_add_up_to_its_log_odds_as_for_one_booster(together, table):
    model = together.challenger
    matrix = model.encode(table.slice(0, 300))
    moved = contributions(model, matrix).sum(axis=1)
    rest = log_odds(model.predict_raw(matrix)) - moved
    assert np.ptp(rest) < 1e-9


def test_one_member_is_the_model_that_it_was(trained, table, problem, now):
    one = replace(problem, training=replace(problem.training, members=1))
    assert train(Rows.of(table, one), now).challenger.sha256 == trained.challenger.sha256
    assert one.spec_hash == problem.spec_hash
    assert merged([trained.challenger.text]) == trained.challenger.text
