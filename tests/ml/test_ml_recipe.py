"""A recipe decides everything, and what it leaves undone is put right."""

from dataclasses import replace

import numpy as np
import pytest

from ml import calibrate
from ml.errors import AsofError
from ml.evaluate import roc_auc
from ml.recipe import Recipe, fit, refit
from ml.rows import labels
from ml.split import known


@pytest.fixture(scope="module")
def parts(trained):
    return trained.split.train, trained.split.validation


def test_the_declared_recipe_is_what_training_follows(table, problem, trained, parts):
    before = known(table["as_of"], table["label_known_at"], trained.split.holdout_start)
    fitted = refit(fit(table, problem, Recipe.of(problem), *parts), table, problem, before)
    assert fitted.data_sha256 == trained.twin.spec["data_sha256"]
    assert fitted.calibrator == trained.twin.calibrator
    holdout = table.take(trained.holdout)
    np.testing.assert_array_equal(fitted.predict(holdout), trained.twin.predict(holdout))


def test_predicting_by_row_numbers_equals_predicting_a_table_of_those_rows(table, problem, parts, trained):
    fitted = fit(table, problem, Recipe.of(problem), *parts)
    np.testing.assert_array_equal(fitted.predict(table, trained.holdout), fitted.predict(table.take(trained.holdout)))


def test_fewer_negatives_leave_the_probabilities_right(table, problem, parts, trained):
    recipe = replace(Recipe.of(problem), sampling=0.3, calibration="none")
    fitted = fit(table, problem, recipe, *parts)
    rate = labels(table, problem, trained.holdout)[trained.holdout].mean()
    raw, score = fitted.raw(table, trained.holdout), fitted.predict(table, trained.holdout)
    assert raw.mean() > rate + 0.1, "the trees believe what they saw"
    assert abs(score.mean() - rate) < 0.05, "the calibrator knows better"
    odds = lambda p: p / (1 - p)  # noqa: E731
    np.testing.assert_allclose(odds(score), 0.3 * odds(raw), rtol=1e-9)


@pytest.mark.parametrize("kind", ["none", "platt", "isotonic"])
def test_a_named_calibration_is_used_whether_it_helps_or_not(table, problem, parts, kind):
    assert fit(table, problem, replace(Recipe.of(problem), calibration=kind), *parts).calibrator["kind"] == kind


@pytest.mark.parametrize("kind", ["none", "platt", "isotonic"])
def test_a_shifted_calibrator_equals_the_calibrator_on_shifted_scores(kind):
    rng = np.random.default_rng(1)
    raw = rng.beta(2, 5, 4000)
    found = calibrate.FITS[kind](raw, (rng.random(4000) < raw**1.3).astype(float))
    moved = 1 / (1 + np.exp(-(np.log(raw / (1 - raw)) - 0.7)))
    np.testing.assert_allclose(calibrate.apply(calibrate.shifted(found, -0.7), raw), calibrate.apply(found, moved), rtol=1e-9)


def test_the_rule_keeps_its_order_and_a_rule_that_is_no_probability_becomes_one(table, problem, parts, trained):
    recipe = replace(Recipe.of(problem), algorithm="rule", calibration="none")
    rule = table["rule_score"].to_numpy()
    np.testing.assert_allclose(fit(table, problem, recipe, *parts).predict(table), np.clip(rule, 1e-6, 1 - 1e-6))
    place = table.schema.get_field_index("rule_score")
    points = table.set_column(place, "rule_score", [np.round(rule * 100) - 20])
    score = fit(points, problem, recipe, *parts).predict(points)
    truth = labels(table, problem, trained.holdout)
    assert roc_auc(truth[trained.holdout], score[trained.holdout]) == pytest.approx(
        roc_auc(truth[trained.holdout], np.round(rule * 100)[trained.holdout])
    )
    assert abs(score[parts[0]].mean() - truth[parts[0]].mean()) < 0.01


def test_the_linear_model_equals_scikit_learn_on_columns_made_by_hand(table, problem, parts):
    from sklearn.linear_model import LogisticRegression

    recipe = replace(
        Recipe.of(problem), algorithm="linear", params={"C": 0.5}, features=("recent_delay", "hour"), calibration="none"
    )
    train = parts[0]
    delay, hour = table["recent_delay"].to_numpy(), table["hour"].to_numpy().astype(float)
    middle, missing = np.nanmedian(delay[train].astype(np.float32)), np.isnan(delay)
    columns = np.column_stack([np.where(missing, middle, delay), hour, missing])
    columns = (columns - columns[train].mean(axis=0)) / columns[train].std(axis=0)
    model = LogisticRegression(C=0.5, max_iter=200).fit(columns[train], labels(table, problem, train)[train])
    np.testing.assert_allclose(fit(table, problem, recipe, *parts).predict(table), model.predict_proba(columns)[:, 1], atol=1e-4)


def test_learning_another_label_is_calibrated_to_the_declared_one(table, problem, parts, trained):
    rng = np.random.default_rng(0)
    truth = labels(table, problem, np.concatenate(parts))
    rarer = truth * (rng.random(len(truth)) < 0.3)
    fitted = fit(table, problem, replace(Recipe.of(problem), calibration="platt"), *parts, learn=rarer)
    score = fitted.predict(table, parts[1])
    assert fitted.raw(table, parts[1]).mean() < 0.6 * truth[parts[1]].mean()
    assert score.mean() == pytest.approx(truth[parts[1]].mean(), abs=1e-3)


def test_one_class_is_refused_by_every_algorithm(table, problem, parts):
    for algorithm in ("lightgbm", "linear", "rule"):
        recipe = replace(Recipe.of(problem), algorithm=algorithm, params={})
        with pytest.raises(AsofError, match="nothing to learn"):
            fit(table, problem, recipe, *parts, learn=np.zeros(table.num_rows))
