"""Metrics are those of scikit-learn; intervals cover what they claim."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from ml.errors import AsofError
from ml.statistics import bootstrap, student
from ml.statistics.evaluate import brier, ece, log_loss, pr_auc, roc_auc
from ml.statistics.influence import difference, interval


@st.composite
def scored(draw):
    """Labels of both classes, scores with many ties, weights."""
    rows = draw(st.integers(2, 120))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    label = np.r_[0.0, 1.0, rng.integers(0, 2, rows - 2)]
    return label, rng.integers(0, draw(st.integers(1, 30)), rows) / 30, rng.random(rows) + 0.01


@settings(deadline=None)
@given(scored())
def test_metrics_agree_with_scikit_learn_to_twelve_digits_ties_and_weights_included(case):
    label, score, weight = case
    for w in (None, weight):
        assert roc_auc(label, score, w) == pytest.approx(metrics.roc_auc_score(label, score, sample_weight=w), abs=1e-12)
        theirs = metrics.average_precision_score(label, score, sample_weight=w)
        assert pr_auc(label, score, w) == pytest.approx(theirs, abs=1e-12)
        theirs = metrics.log_loss(label, score, sample_weight=w, labels=[0, 1])
        assert log_loss(label, score, w) == pytest.approx(theirs, rel=1e-12)
        assert brier(label, score, w) == pytest.approx(metrics.brier_score_loss(label, score, sample_weight=w), abs=1e-12)


def test_calibration_error_is_the_gap_of_each_bin():
    score = np.repeat([0.2, 0.8], 500)
    label = np.r_[np.ones(200), np.zeros(300), np.ones(350), np.zeros(150)]
    assert ece(label, score) == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)
    assert ece(np.array([0.0, 1.0]), np.array([0.5, 0.5])) == 0


def test_one_class_has_no_auc():
    assert np.isnan(roc_auc(np.zeros(3), np.array([0.1, 0.2, 0.3])))


@pytest.mark.parametrize(("label", "score"), [([], []), ([0, 1], [0.1]), ([0, 2], [0.1, 0.2]), ([0, 1], [0.1, np.nan])])
def test_rows_that_cannot_be_measured_are_refused(label, score):
    with pytest.raises(AsofError):
        roc_auc(np.array(label), np.array(score))


@pytest.mark.parametrize("freedom", [9, 20, 27, 100])
@pytest.mark.parametrize("p", [0.9, 0.95, 0.975, 0.995])
def test_quantiles_of_student_agree_with_scipy(p, freedom):
    assert student.quantile(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=2e-3)


def _days(rng, clusters, rows, wobble):
    """Rows on days that share an error, so that rows are not independent."""
    day = np.repeat(np.arange(clusters), rows)
    z = rng.normal(size=clusters * rows)
    label = (rng.random(len(z)) < 1 / (1 + np.exp(-(z - 1 + rng.normal(0, wobble, clusters)[day])))).astype(float)
    return day, label, 1 / (1 + np.exp(-(z - 1)))


def test_the_interval_covers_the_truth_as_often_as_it_claims_where_independent_rows_would_not():
    truth = roc_auc(*_days(np.random.default_rng(0), 4000, 60, 1.0)[1:])
    hits, width = 0, []
    for seed in range(120):
        day, label, score = _days(np.random.default_rng(1000 + seed), 25, 60, 1.0)
        found = interval("roc_auc", label, score, day, alpha=0.1)
        hits += found.low <= truth <= found.high
        width.append(found.high - found.low)
    # 120 intervals of level 90 %: 108 expected, standard error 3.3.
    assert 98 <= hits <= 118


def test_the_error_of_a_mean_agrees_with_the_formula_for_clusters():
    day, label, score = _days(np.random.default_rng(5), 30, 50, 1.0)
    found = interval("brier", label, score, day)
    total = ((score - label) ** 2).reshape(30, 50).mean(axis=1)
    assert found.se == pytest.approx(total.std(ddof=1) / np.sqrt(30), rel=0.05)
    assert (found.rows, found.clusters) == (1500, 30)


def test_a_pair_is_compared_more_sharply_than_its_two_intervals():
    day, label, score = _days(np.random.default_rng(6), 30, 50, 1.0)
    worse = np.clip(score + np.random.default_rng(7).normal(0, 0.02, len(score)), 0, 1)
    pair, alone = (
        difference("roc_auc", label, [score], [worse], day),
        interval("roc_auc", label, score, day),
    )
    assert pair.se < alone.se / 3
    assert pair.estimate == pytest.approx(roc_auc(label, score) - roc_auc(label, worse))


def test_a_difference_in_loss_is_positive_when_the_first_is_better():
    day, label, score = _days(np.random.default_rng(8), 20, 50, 0.0)
    assert difference("log_loss", label, [score], [np.full(len(score), 0.5)], day).low > 0


def test_weights_count_like_repeated_rows():
    day, label, score = _days(np.random.default_rng(9), 12, 20, 0.5)
    twice = [np.repeat(values, 2) for values in (label, score, day)]
    for metric in ("roc_auc", "pr_auc", "log_loss", "brier"):
        for kind in (interval, bootstrap.interval):
            ours = kind(metric, label, score, day, weight=np.full(len(label), 2.0))
            assert ours[:4] == pytest.approx(kind(metric, *twice)[:4], abs=1e-9)


def test_one_cluster_says_nothing():
    found = interval("roc_auc", np.array([0, 1, 1]), np.array([0.1, 0.4, 0.3]), np.zeros(3))
    assert found.se == np.inf and (found.low, found.high) == (0, 1)


def test_the_same_seed_gives_the_same_interval():
    day, label, score = _days(np.random.default_rng(10), 20, 20, 0.5)
    assert bootstrap.interval("pr_auc", label, score, day, seed=4) == bootstrap.interval("pr_auc", label, score, day, seed=4)


def test_four_hundred_resamples_of_a_month_take_seconds_of_cpu_at_most():
    day, label, score = _days(np.random.default_rng(11), 30, 1000, 0.5)
    started = time.process_time()
    bootstrap.interval("roc_auc", label, score, day, resamples=400)
    # Measured .9 s of cpu; ten times that would make a replay of a year slow.
    assert time.process_time() - started < 9
