"""Curves are scikit-learn's, intervals are SciPy's where rows are independent, SHAP values add up to the score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from ml.models.shap import explain
from ml.problem.declared.spec import Costs
from ml.statistics import curves
from ml.statistics.reliability import clustered_rate, reliability, wilson
from ml.statistics.slices import by_slice, large_enough
from ml.validation import card

SCORES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


def arrays(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([float(label) for label, _ in rows]), np.array([score / 6 for _, score in rows])


def made(rows: int = 3000, days: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calibrated scores of days that differ: labels, scores, days."""
    rng = np.random.default_rng(seed)
    day = rng.integers(0, days, rows)
    score = 1 / (1 + np.exp(-(rng.normal(-1, 1, rows) + rng.normal(0, 0.5, days)[day])))
    return (rng.random(rows) < score).astype(float), score, day


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_curves_are_those_of_scikit_learn_ties_included(rows) -> None:
    label, score = arrays(rows)
    fpr, tpr, threshold = roc_curve(label, score, drop_intermediate=False)
    found = curves.roc(label, score)
    for mine, theirs in zip(found, (fpr, tpr, threshold), strict=True):
        np.testing.assert_allclose(mine, theirs)
    precision, recall, threshold = precision_recall_curve(label, score)
    found = curves.precision_recall(label, score)
    kept = len(threshold)
    np.testing.assert_allclose(found.x[::-1], recall[:kept])
    np.testing.assert_allclose(found.y[::-1], precision[:kept])


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_gains_say_how_many_positives_the_highest_scores_hold(rows) -> None:
    label, score = arrays(rows)
    for share, found, threshold in zip(*curves.gains(label, score), strict=True):
        flagged = score >= threshold
        assert share == pytest.approx(flagged.mean()) and found == pytest.approx(label[flagged].sum() / label.sum())


def test_a_thinned_curve_keeps_its_ends_and_its_area() -> None:
    label, score, _ = made()
    whole = curves.roc(label, score)
    thin = curves.thinned(whole, 100)
    assert len(thin.x) <= 100 and (thin.x[0], thin.y[-1]) == (0, 1)
    assert np.trapezoid(thin.y, thin.x) == pytest.approx(roc_auc_score(label, score), abs=0.002)


@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_is_that_of_scipy(hits: int, more: int) -> None:
    rows = hits + more
    theirs = binomtest(hits, rows).proportion_ci(0.95, "wilson")
    assert wilson(hits / rows, rows, norm.ppf(0.975)) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.1, 13))
@example(0, 7, 2.2)
@example(7, 0, 2.2)
def test_wilson_holds_the_rate_to_the_last_digit(hits: int, others: int, reach: float) -> None:
    assume(hits + others)
    low, high = wilson(hits / (hits + others), hits + others, reach)
    assert 0 <= low <= hits / (hits + others) <= high <= 1


def test_reliability_bins_are_those_of_scikit_learn() -> None:
    label, score, day = made()
    rate, mean = calibration_curve(label, score, n_bins=15, strategy="quantile")
    found = reliability(label, score, day)
    np.testing.assert_allclose([one.rate for one in found], rate, atol=0.01)
    np.testing.assert_allclose([one.score for one in found], mean, atol=0.01)
    assert sum(one.rows for one in found) == len(label)
    assert all(one.low <= one.rate <= one.high for one in found)


def test_intervals_of_a_rate_cover_it_though_days_hang_together() -> None:
    rng, covered, naive = np.random.default_rng(1), 0, 0
    for _ in range(300):
        day = np.repeat(np.arange(28), 40)
        label = (rng.random(len(day)) < rng.beta(2, 6, 28)[day]).astype(float)
        _, low, high = clustered_rate(label, day)
        covered += low <= 0.25 <= high
        low, high = wilson(label.mean(), len(label), 1.96)
        naive += low <= 0.25 <= high
    assert covered / 300 > 0.91, covered
    assert naive / 300 < 0.7, "what would be shown if days were overlooked"


def test_decisions_are_counted_and_priced_row_by_row() -> None:
    label, score, _ = made(500)
    found = card.decisions(label, score, 0.3, Costs(1, 3))
    (rest, alarms), (missed, hits) = confusion_matrix(label, score >= 0.3)
    assert (found.hits, found.false_alarms, found.missed, found.rest) == (hits, alarms, missed, rest)
    assert found.cost == pytest.approx((alarms + 3 * missed) / 500)
    assert (found.cost_of_none, found.cost_of_all) == pytest.approx((3 * label.mean(), 1 - label.mean()))
    assert np.isnan(card.decisions(label, score, 2.0, Costs(1, 3)).precision)


def test_the_histogram_counts_every_row_once() -> None:
    label, score, day = made(400)
    found = card.evidence(label, score, day)
    negatives, positives = found.histogram
    assert (negatives.sum(), positives.sum()) == ((label == 0).sum(), label.sum())
    assert found.metrics["roc_auc"].estimate == pytest.approx(roc_auc_score(label, score))


def test_a_slice_is_measured_on_its_own_rows_and_small_ones_are_only_counted() -> None:
    label, score, day = made()
    values = np.array(["many"] * (3000 - 50) + ["few"] * 40 + ["missing"] * 10)
    found = by_slice({"kind": values}, label, score, day, "roc_auc")
    assert [(one.value, one.rows) for one in found] == [("many", 2950), ("few", 40), ("missing", 10)]
    many = values == "many"
    assert found[0].quality.estimate == pytest.approx(roc_auc_score(label[many], score[many]))
    assert found[1].quality is None and not large_enough(label[values == "few"], day[values == "few"])
    assert found[1].rate == pytest.approx(label[values == "few"].mean())


def test_shap_values_add_up_to_the_log_odds_of_each_sampled_row(trained, rows) -> None:
    model = trained.challenger
    found = explain(model, rows, sample=40, seed=3, threads=1)
    raw = model.predict_raw(found.matrix, 1)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, np.log(raw / (1 - raw)), rtol=1e-6, atol=1e-6)
    again = explain(model, rows, sample=40, seed=3, threads=1)
    np.testing.assert_array_equal(again.values, found.values)
    assert found.weight[found.strongest(1)[0]] == found.weight.max()
    assert len(explain(model, rows.take(np.arange(5)), threads=1).values) == 5
