"""Metrics of numbers and of classes: the values of scikit-learn, and intervals that know which rows err together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from ml.errors import AsofError
from ml.statistics import bootstrap, clustered, influence, jackknife
from ml.statistics.evaluate import CLASSES, NUMBERS, arrays, measure, metric_of, rarer
from ml.statistics.slices import large_enough

EVERY = [*(("numbers", name) for name in NUMBERS), *(("classes", name) for name in CLASSES)]


def rows(kind: str, seed: int, size: int = 82):
    """Labels, scores and weights of a kind, with ties and every class."""
    rng = np.random.default_rng(seed)
    weight = rng.random(size) + 0.1
    if kind == "numbers":
        label = np.round(rng.normal(100, 5, size), 1)
        return label, np.round(label + rng.normal(0, 3, size), 1), weight
    score = rng.integers(1, 9, (size, 3)).astype(float)
    return np.r_[0.0, 1.0, 2.0, rng.integers(0, 3, size - 3)], score / score.sum(axis=1, keepdims=True), weight


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_metrics_of_numbers_are_those_of_scikit_learn(seed):
    label, score, weight = rows("numbers", seed)
    ours = {name: measure(name, label, score, weight) for name in NUMBERS}
    assert ours["mae"] == pytest.approx(theirs.mean_absolute_error(label, score, sample_weight=weight))
    assert ours["rmse"] == pytest.approx(theirs.root_mean_squared_error(label, score, sample_weight=weight))
    assert ours["r2"] == pytest.approx(theirs.r2_score(label, score, sample_weight=weight))
    for name in NUMBERS:
        if name.startswith("pinball"):
            share = int(name.removeprefix("pinball_")) / 100
            assert ours[name] == pytest.approx(theirs.mean_pinball_loss(label, score, sample_weight=weight, alpha=share))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_metrics_of_classes_are_those_of_scikit_learn(seed):
    label, score, weight = rows("classes", seed)
    ours = {name: measure(name, label, score, weight) for name in CLASSES}
    assert ours["log_loss"] == pytest.approx(theirs.log_loss(label, score, sample_weight=weight))
    said = score.argmax(axis=1)
    assert ours["accuracy"] == pytest.approx(theirs.accuracy_score(label, said, sample_weight=weight))
    each = [theirs.roc_auc_score(label == code, score[:, code], sample_weight=weight) for code in range(3)]
    assert ours["macro_roc_auc"] == pytest.approx(np.mean(each))
    assert measure("macro_roc_auc", label, score) == pytest.approx(theirs.roc_auc_score(label, score, multi_class="ovr"))
    gaps = [measure("ece", (label == code).astype(float), score[:, code], weight) for code in range(3)]
    assert ours["ece"] == pytest.approx(np.mean(gaps))
    assert ours["brier"] == pytest.approx(np.average(((np.eye(3)[label.astype(int)] - score) ** 2).sum(axis=1), weights=weight))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 9), st.sampled_from(EVERY))
def test_pieces_of_clusters_give_the_value_of_the_weighted_rows(seed, clusters, which):
    (kind, metric), rng = which, np.random.default_rng(seed)
    label, score, weight = rows(kind, seed)
    code, times = np.r_[np.arange(clusters), rng.integers(0, clusters, 82 - clusters)], rng.integers(0, 3, (5, clusters)) + 0.5
    statistic = metric_of(metric, score).statistic
    parts = clustered.pieces(metric, label, score, code, clusters, weight)
    np.testing.assert_allclose(parts.values(times), statistic(label, score, times[:, code] * weight), rtol=1e-7, atol=1e-12)
    chosen = rng.permutation(clusters)
    np.testing.assert_allclose(
        parts.take(chosen).values(np.ones((1, clusters))), statistic(label, score, weight[None]), rtol=1e-7
    )


SMOOTH = [one for one in EVERY if one[1] != "ece"]  # a sum of absolute values has no derivative where one is 0


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(SMOOTH))
def test_an_influence_is_the_derivative_of_the_metric_by_the_weight_of_a_cluster(seed, which):
    kind, metric = which
    label, score, weight = rows(kind, seed)
    code, step = np.random.default_rng(seed).integers(0, 5, 82), 1e-6
    moves = {"numbers": influence.OF_NUMBERS, "classes": influence.OF_CLASSES}[kind][metric]
    estimate, moved = moves(label, score, code, 5, weight)
    times = np.vstack([np.ones(5), np.ones((5, 5)) + step * np.eye(5)])
    values = metric_of(metric, score).statistic(label, score, times[:, code] * weight)
    assert estimate == pytest.approx(values[0], rel=1e-9)
    np.testing.assert_allclose(moved, (values[1:] - values[0]) / step, atol=2e-5)


@pytest.mark.parametrize(("kind", "metric"), SMOOTH)  # the bins of a calibration error are those of all rows
def test_leaving_out_a_day_at_a_time_is_the_metric_without_its_rows(kind, metric):
    label, score, weight = rows(kind, 5, 300)
    day = np.datetime64("2026-01-01") + np.arange(300) // 30
    other = score + 0.3 if kind == "numbers" else np.full_like(score, 1 / 3)
    found = jackknife.difference(metric, label, score, other, day, weight=weight)
    sign = metric_of(metric, score).sign
    without = [
        sign * (measure(metric, label[kept], score[kept], weight[kept]) - measure(metric, label[kept], other[kept], weight[kept]))
        for kept in [np.ones(300, bool), *(day != one for one in np.unique(day))]
    ]
    again = jackknife.spread(np.array(without), 300, 10, 0.05, ordered=True)
    assert (found.estimate, found.se) == (pytest.approx(again.estimate, rel=1e-7), pytest.approx(again.se, rel=1e-6))


@pytest.mark.parametrize(
    ("kind", "metric"), [("numbers", "mae"), ("numbers", "rmse"), ("numbers", "r2"), ("classes", "log_loss")]
)
def test_intervals_by_day_hold_the_truth_where_the_rows_of_a_day_err_together(kind, metric):
    rng, held, truths = np.random.default_rng(11), [], []

    def draw(days: int):
        day = np.repeat(np.arange(days), 30)
        common = rng.normal(0, 1, days)[day]  # its square is skewed: where it is all of the error, 40 days hold 90 % only
        if kind == "numbers":
            label = rng.normal(50, 5, len(day))
            return label, label + common / 2 + rng.normal(0, 1, len(day)), day
        score = rng.dirichlet([3, 2, 1], len(day))
        tilted = score * np.exp(np.column_stack([np.zeros(len(day)), 0.4 * common, np.zeros(len(day))]))
        tilted /= tilted.sum(axis=1, keepdims=True)
        return (rng.random(len(day))[:, None] > tilted.cumsum(axis=1)[:, :2]).sum(axis=1).astype(float), score, day

    label, score, _ = draw(20_000)
    truths = measure(metric, label, score)
    for _ in range(400):
        found = influence.interval(metric, *draw(40))
        held.append(found.low <= truths <= found.high)
    assert 0.91 <= np.mean(held) <= 0.99


def test_an_interval_of_influences_is_about_as_wide_as_the_bootstrap():
    for kind, metric in SMOOTH:
        label, score, _ = rows(kind, 3, 4000)
        day = np.arange(4000) // 100
        one, other = influence.interval(metric, label, score, day), bootstrap.interval(metric, label, score, day)
        assert one.estimate == pytest.approx(other.estimate) and one.se == pytest.approx(other.se, rel=0.2), metric


def test_a_class_that_no_row_has_is_left_out_of_the_mean_of_areas():
    label, score, _ = rows("classes", 1)
    there = label < 2
    pair = score[there]
    both = [theirs.roc_auc_score(label[there] == code, pair[:, code]) for code in (0, 1)]
    assert measure("macro_roc_auc", label[there], pair) == pytest.approx(np.mean(both))


def test_what_is_no_label_of_such_scores_is_refused():
    third = np.full((1, 3), 1 / 3)
    for label, score, metric in ((3.0, third, "log_loss"), (np.inf, np.ones(1), "mae"), (2.0, np.ones(1), "roc_auc")):
        with pytest.raises(AsofError, match="labels"):
            arrays(np.array([label]), score, metric=metric)


def test_rows_are_enough_by_what_is_rarer_of_classes_and_by_all_of_numbers():
    label, day = np.r_[np.zeros(100), np.ones(30), np.full(30, 2.0)], np.arange(160) // 10
    assert rarer("log_loss", label) == 60 and large_enough(label, day, "log_loss")
    assert rarer("log_loss", label[:140]) == 40 and not large_enough(label[:140], day[:140], "log_loss")
    assert rarer("mae", label) == 160 and large_enough(np.full(60, 2.5), np.arange(60) // 6, "mae")
