"""A recipe decides everything, and what it leaves undone is put right."""

from dataclasses import replace

import numpy as np
import pytest

from ml.errors import AsofError
from ml.models import calibrate
from ml.models.recipe import Recipe, fit, refit
from ml.problem.declared.training import CALIBRATIONS
from ml.problem.rows import Rows
from ml.problem.split import known
from ml.statistics.evaluate import roc_auc


@pytest.fixture(scope="module")
def parts(trained):
    return trained.split.train, trained.split.validation


def test_the_declared_recipe_is_what_training_follows(rows, problem, trained, parts):
    before = known(rows.as_of, rows.known_at, trained.split.holdout_start)
    fitted = refit(fit(rows, Recipe.of(problem), *parts), rows, before)
    assert fitted.data_sha256 == trained.holdout_model.spec["data_sha256"]
    assert fitted.calibrator == trained.holdout_model.calibrator
    holdout = rows.take(trained.holdout)
    np.testing.assert_array_equal(fitted.predict(holdout), trained.holdout_model.predict(holdout))


def test_predicting_by_row_numbers_equals_predicting_those_rows_taken(rows, problem, parts, trained):
    fitted = fit(rows, Recipe.of(problem), *parts)
    np.testing.assert_array_equal(fitted.predict(rows, trained.holdout), fitted.predict(rows.take(trained.holdout)))


def test_fewer_negatives_leave_the_probabilities_right(rows, problem, parts, trained):
    recipe = replace(Recipe.of(problem), sampling=0.3, calibration="none")
    fitted = fit(rows, recipe, *parts)
    rate = rows.label[trained.holdout].mean()
    raw, score = fitted.raw(rows, trained.holdout), fitted.predict(rows, trained.holdout)
    assert raw.mean() > rate + 0.1, "the trees believe what they saw"
    assert abs(score.mean() - rate) < 0.05, "the calibrator knows better"
    odds = lambda p: p / (1 - p)  # noqa: E731
    np.testing.assert_allclose(odds(score), 0.3 * odds(raw), rtol=1e-9)


def test_every_calibration_that_may_be_declared_can_be_fitted_and_no_other():
    assert set(CALIBRATIONS) == {"auto", *calibrate.FITS}


@pytest.mark.parametrize("kind", ["none", "platt", "isotonic"])
def test_a_named_calibration_is_used_whether_it_helps_or_not(rows, problem, parts, kind):
    assert fit(rows, replace(Recipe.of(problem), calibration=kind), *parts).calibrator["kind"] == kind


@pytest.mark.parametrize("kind", ["none", "platt", "isotonic"])
def test_a_shifted_calibrator_equals_the_calibrator_on_shifted_scores(kind):
    rng = np.random.default_rng(1)
    raw = rng.beta(2, 5, 4000)
    found = calibrate.FITS[kind](raw, (rng.random(4000) < raw**1.3).astype(float))
    moved = 1 / (1 + np.exp(-(np.log(raw / (1 - raw)) - 0.7)))
    np.testing.assert_allclose(calibrate.apply(calibrate.shifted(found, -0.7), raw), calibrate.apply(found, moved), rtol=1e-9)


def test_the_rule_keeps_its_order_and_a_rule_that_is_no_probability_becomes_one(rows, table, problem, parts, trained):
    recipe = replace(Recipe.of(problem), algorithm="rule", calibration="none")
    rule = table["rule_score"].to_numpy()
    np.testing.assert_allclose(fit(rows, recipe, *parts).predict(rows), np.clip(rule, 1e-6, 1 - 1e-6))
    place = table.schema.get_field_index("rule_score")
    points = Rows.of(table.set_column(place, "rule_score", [np.round(rule * 100) - 20]), problem)
    score = fit(points, recipe, *parts).predict(points)
    truth = rows.label
    assert roc_auc(truth[trained.holdout], score[trained.holdout]) == pytest.approx(
        roc_auc(truth[trained.holdout], np.round(rule * 100)[trained.holdout])
    )
    assert abs(score[parts[0]].mean() - truth[parts[0]].mean()) < 0.01


def test_the_linear_model_equals_scikit_learn_on_columns_made_by_hand(rows, table, problem, parts):
    from sklearn.linear_model import LogisticRegression

    recipe = replace(
        Recipe.of(problem), algorithm="linear", params={"C": 0.5}, features=("recent_delay", "hour"), calibration="none"
    )
    train = parts[0]
    delay, hour = table["recent_delay"].to_numpy(), table["hour"].to_numpy().astype(float)
    middle, missing = np.nanmedian(delay[train]), np.isnan(delay)
    columns = np.column_stack([np.where(missing, middle, delay), hour, missing])
    columns = (columns - columns[train].mean(axis=0)) / columns[train].std(axis=0)
    model = LogisticRegression(C=0.5, max_iter=200).fit(columns[train], rows.label[train])
    np.testing.assert_allclose(fit(rows, recipe, *parts).predict(rows), model.predict_proba(columns)[:, 1], atol=1e-4)


def test_learning_another_label_is_calibrated_to_the_declared_one(rows, problem, parts, trained):
    rng = np.random.default_rng(0)
    truth = rows.label
    rarer = truth * (rng.random(len(truth)) < 0.3)
    fitted = fit(rows, replace(Recipe.of(problem), calibration="platt"), *parts, learn=rarer)
    score = fitted.predict(rows, parts[1])
    assert fitted.raw(rows, parts[1]).mean() < 0.6 * truth[parts[1]].mean()
    assert score.mean() == pytest.approx(truth[parts[1]].mean(), abs=1e-3)


def test_one_class_is_refused_by_every_algorithm(rows, problem, parts):
    for algorithm in ("lightgbm", "linear", "rule"):
        recipe = replace(Recipe.of(problem), algorithm=algorithm, params={})
        with pytest.raises(AsofError, match="nothing to learn"):
            fit(rows, recipe, *parts, learn=np.zeros(len(rows)))
