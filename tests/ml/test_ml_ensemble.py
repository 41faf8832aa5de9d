"""A model of several members: their mean, written as one text that nothing else has to know of."""

from dataclasses import replace

import numpy as np
import pytest

from ml.ensemble import TREE, merged
from ml.explain import contributions
from ml.lgbm import lightgbm
from ml.model import Model
from ml.recipe import Recipe, fit, refit
from ml.reproduce import refit as grow_again
from ml.split import split
from ml.train import Trained, train


def log_odds(score: np.ndarray) -> np.ndarray:
    return np.log(score / (1 - score))


@pytest.fixture(scope="module")
def three(problem):
    return replace(problem, training=problem.training._replace(members=3))


@pytest.fixture(scope="module")
def together(table, three, now) -> Trained:
    return train(table, three, now)


def test_an_ensemble_scores_the_mean_log_odds_of_its_members(table, three, now):
    parts = split(table[three.as_of], table[three.label_known_at], now, three.validation_days, three.holdout_days)
    recipe = Recipe.of(three)
    whole = fit(table, three, recipe, parts.train, parts.validation)
    alone = [
        fit(table, three, replace(recipe, members=1, seed=recipe.seed + 1000 * at), parts.train, parts.validation)
        for at in range(3)
    ]
    expected = np.mean([log_odds(one.raw(table, parts.holdout)) for one in alone], axis=0)
    assert log_odds(whole.raw(table, parts.holdout)) == pytest.approx(expected, abs=1e-12)
    assert whole.learned.rounds == round(np.mean([one.learned.rounds for one in alone]))


def test_a_refit_gives_each_member_the_mean_of_the_rounds(table, three, now):
    parts = split(table[three.as_of], table[three.label_known_at], now, three.validation_days, three.holdout_days)
    first = fit(table, three, Recipe.of(three), parts.train, parts.validation)
    second = refit(first, table, three, parts.train)
    assert len(TREE.findall(second.learned.text)) == 3 * first.learned.rounds


def test_training_and_serving_score_the_same_to_the_bit(together, table):
    rows = table.take(together.holdout)
    assert (Model.from_row({**together.challenger.to_row()}).predict(rows) == together.challenger.predict(rows)).all()
    assert (together.twin.predict(rows) == together.holdout_score).all()


def test_the_text_is_what_lightgbm_would_write_of_it(together):
    text = together.challenger.text
    assert lightgbm().Booster(model_str=text).model_to_string(num_iteration=-1).startswith(text)


def test_members_come_out_again_to_the_byte_on_any_number_of_threads(together, table, three, now):
    again = train(table, three, now, threads=1)
    assert (again.twin.sha256, again.challenger.sha256) == (together.twin.sha256, together.challenger.sha256)
    assert grow_again(table, three, together.challenger).same


def test_an_ensemble_trained_under_another_number_of_members_still_comes_out_again(together, table, problem):
    assert grow_again(table, problem, together.challenger).same


def test_the_reasons_of_a_row_add_up_to_its_log_odds_as_for_one_booster(together, table):
    model = together.challenger
    matrix = model.encode(table.slice(0, 300))
    moved = contributions(model, matrix).sum(axis=1)
    rest = log_odds(model.predict_raw(matrix)) - moved
    assert np.ptp(rest) < 1e-9


def test_one_member_is_the_model_that_it_was(trained, table, problem, now):
    one = replace(problem, training=problem.training._replace(members=1))
    assert train(table, one, now).challenger.sha256 == trained.challenger.sha256
    assert one.spec_hash == problem.spec_hash
    assert merged([trained.challenger.text]) == trained.challenger.text
