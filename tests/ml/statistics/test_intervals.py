"""Intervals of verdicts agree with independent implementations, and the gate errs no more often than it says."""

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import LogisticRegression

from ml.problem.rows import Rows
from ml.statistics import clustered, influence, jackknife, recalibrate, student
from ml.statistics.bootstrap import interval
from ml.statistics.evaluate import METRICS
from ml.statistics.interval import Interval, figures
from ml.statistics.profile import edges
from ml.studies import simulate
from ml.validation.alpha_spending import Spent, available
from ml.validation.drift import drift
from ml.validation.gates.gate import above


def test_quantiles_of_student_are_those_of_printed_tables():
    # 97.5 %, to three decimals, as every textbook has them
    found = [round(student.quantile(0.975, freedom), 3) for freedom in (1, 4, 9, 27, 120)]
    assert found == [12.706, 2.776, 2.262, 2.052, 1.980]


@given(st.floats(-8, 8), st.floats(1, 200))
def test_a_tail_and_a_quantile_of_student_undo_each_other(t, freedom):
    assert student.tail(t, freedom) + student.tail(-t, freedom) == pytest.approx(1)
    if 1e-6 < abs(t) < 4:  # beyond, 1 - tail has no digits left
        assert student.quantile(1 - student.tail(t, freedom), freedom) == pytest.approx(t, rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 9), st.sampled_from(sorted(clustered.PIECES)))
def test_pieces_of_clusters_give_the_value_of_the_weighted_rows(seed, clusters, metric):
    rng = np.random.default_rng(seed)
    label = np.r_[0.0, 1.0, rng.integers(0, 2, 80)]
    score, code = rng.integers(1, 20, 82) / 20, np.r_[np.arange(clusters), rng.integers(0, clusters, 82 - clusters)]
    weight, times = rng.random(82) + 0.1, rng.integers(0, 3, (5, clusters)).astype(float)
    parts = clustered.pieces(metric, label, score, code, clusters, weight)
    rows = METRICS[metric].statistic(label, score, times[:, code] * weight)
    np.testing.assert_allclose(parts.values(times), rows, rtol=1e-9, atol=1e-12)
    chosen = rng.integers(0, clusters, 4)  # a cluster that is taken twice counts twice
    counts = np.bincount(chosen, minlength=clusters)[None, :]
    np.testing.assert_allclose(
        parts.take(chosen).values(np.ones((1, 4))), METRICS[metric].statistic(label, score, counts[:, code] * weight), rtol=1e-9
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 9))
def test_areas_without_each_cluster_are_those_of_the_rows_that_are_left(seed, clusters):
    rng = np.random.default_rng(seed)
    label = np.r_[np.tile([0.0, 1.0], clusters), rng.integers(0, 2, 60)]
    score, code = rng.integers(1, 20, len(label)) / 20, np.r_[np.repeat(np.arange(clusters), 2), rng.integers(0, clusters, 60)]
    weight = rng.random(len(label)) + 0.1
    times = jackknife.leaving_out(clusters)
    rows = METRICS["roc_auc"].statistic(label, score, times[:, code] * weight)
    np.testing.assert_allclose(clustered.areas_without(label, score, code, clusters, weight), rows, rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(sorted(influence.MOVES)))
def test_an_influence_is_the_derivative_of_the_metric_by_the_weight_of_a_cluster(seed, metric):
    rng = np.random.default_rng(seed)
    label, score, code = np.r_[0.0, 1.0, rng.integers(0, 2, 80)], rng.integers(1, 20, 82) / 20, rng.integers(0, 5, 82)
    weight = rng.random(82) + 0.1
    estimate, moved = influence.MOVES[metric](label, score, code, 5, weight)
    step = 1e-6
    times = np.vstack([np.ones(5), np.ones((5, 5)) + step * np.eye(5)])
    values = METRICS[metric].statistic(label, score, times[:, code] * weight)
    assert estimate == pytest.approx(values[0], rel=1e-12)
    np.testing.assert_allclose(moved, (values[1:] - values[0]) / step, atol=1e-5)


def test_an_interval_of_influences_is_about_as_wide_as_the_bootstrap_and_infinite_for_one_cluster():
    rng = np.random.default_rng(3)
    day = np.repeat(np.arange(40), 100)
    score = 1 / (1 + np.exp(-rng.normal(size=4000) - rng.normal(0, 0.5, 40)[day]))
    label = (rng.random(4000) < score).astype(float)
    for metric in influence.MOVES:
        one, other = influence.interval(metric, label, score, day), interval(metric, label, score, day)
        assert one.estimate == pytest.approx(other.estimate) and one.se == pytest.approx(other.se, rel=0.15)
        assert one.low < one.estimate < one.high
        alone = influence.interval(metric, label, score, np.zeros(4000))
        assert alone.se == np.inf and (alone.low, alone.high) == METRICS[metric][2:]


def delong(label, a, b):
    """Standard error of the difference of two areas, from midranks (DeLong et al. 1988; Sun and Xu 2014)."""
    positive = label == 1
    m, n = positive.sum(), (~positive).sum()
    v10, v01 = [], []
    for score in (a, b):
        order = np.r_[score[positive], score[~positive]]
        everywhere = stats.rankdata(order)
        v10.append((everywhere[:m] - stats.rankdata(order[:m])) / n)
        v01.append(1 - (everywhere[m:] - stats.rankdata(order[m:])) / m)
    s10, s01 = np.cov(v10), np.cov(v01)
    contrast = np.array([1, -1])
    return float(np.sqrt(contrast @ (s10 / m + s01 / n) @ contrast))


def _rows(seed, rows):
    rng = np.random.default_rng(seed)
    z = rng.normal(-1, 1.2, rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(float)
    return label, z + 0.5 * rng.normal(size=rows), np.round(z + 0.8 * rng.normal(size=rows), 1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_a_row_a_cluster_both_errors_are_those_of_delong(seed):
    label, a, b = _rows(seed, 380)
    row = np.arange(len(label))
    theirs = delong(label, a, b)
    assert jackknife.difference("roc_auc", label, a, b, row).se == pytest.approx(theirs, rel=0.03)
    assert influence.difference("roc_auc", label, [a], [b], row).se == pytest.approx(theirs, rel=0.03)


def test_the_error_of_a_mean_by_cluster_is_the_formula():
    rng = np.random.default_rng(3)
    value, cluster = rng.normal(size=600) + np.repeat(rng.normal(size=30), 20), np.repeat(np.arange(30), 20)
    found = jackknife.mean(value, cluster)
    by_cluster = value.reshape(30, 20).mean(axis=1)
    assert found.se == pytest.approx(by_cluster.std(ddof=1) / np.sqrt(30))
    assert 5 < found.freedom < 29


def test_days_that_follow_each_other_alike_widen_the_interval_and_days_that_do_not_leave_it():
    rng = np.random.default_rng(4)
    wave, day = np.sin(np.arange(40) / 3), np.datetime64("2013-01-01") + np.arange(40)
    slow, shuffled = jackknife.mean(wave, day), jackknife.mean(wave, np.arange(40))
    assert slow.se > 1.3 * shuffled.se
    alternating = np.resize([1.0, -1.0], 40) + 0.1 * rng.normal(size=40)
    assert jackknife.mean(alternating, day).se == pytest.approx(jackknife.mean(alternating, np.arange(40)).se)


def test_many_clusters_are_left_out_in_groups():
    label, a, b = _rows(5, 3000)
    found = jackknife.difference("log_loss", label, *(1 / (1 + np.exp(-x)) for x in (a, b)), np.arange(3000))
    assert (found.clusters, found.rows) == (3000, 3000)
    loss = METRICS["log_loss"]
    rows = [-np.where(label == 1, np.log(p), np.log1p(-p)) for p in (1 / (1 + np.exp(-a)), 1 / (1 + np.exp(-b)))]
    assert found.estimate == pytest.approx(loss.sign * (rows[0].mean() - rows[1].mean()))
    assert found.se == pytest.approx((rows[0] - rows[1]).std() / np.sqrt(3000), rel=0.15)


def test_the_same_model_twice_differs_by_nothing_for_certain():
    label, a, _ = _rows(6, 200)
    found = jackknife.difference("roc_auc", label, a, a, np.resize(np.arange(12), 200))
    assert (found.low, found.high, found.p_above(-0.01), found.p_above(0.0)) == (0, 0, 0.0, 1.0)


def test_slope_and_shift_are_those_of_a_logistic_regression():
    label, a, _ = _rows(7, 4000)
    score = 1 / (1 + np.exp(-(0.5 * a + 0.3)))
    logit = np.log(score / (1 - score))
    theirs = LogisticRegression(C=1e12, tol=1e-10, max_iter=1000).fit(logit[:, None], label)
    day = np.resize(np.arange(40), 4000)
    assert recalibrate.slope(label, score, day).estimate == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    by = recalibrate.shift(label, score, day).estimate
    assert (1 / (1 + np.exp(-(logit + by)))).mean() == pytest.approx(label.mean(), rel=1e-8)


def test_the_interval_of_the_slope_covers_the_truth_as_often_as_it_says():
    hits = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(30), 60)
        z = rng.normal(-1, 1, 1800) + rng.normal(0, 0.5, 30)[day]
        label = (rng.random(1800) < 1 / (1 + np.exp(-z))).astype(float)
        found = recalibrate.slope(label, 1 / (1 + np.exp(-2 * z)), day, alpha=0.1)
        hits += found.low <= 0.5 <= found.high
    # 150 intervals of level 90 %: 135 expected, standard error 3.7.
    assert 124 <= hits <= 146


@pytest.mark.slow
def test_a_challenger_worse_by_the_margin_gets_in_at_most_as_often_as_alpha_says():
    """Days that differ in base rate and in how well a model does; peers' rule beside it. 1,500 holdouts of each kind."""
    worse = simulate.differing(simulate.synthetic(400, 60), -0.01)
    truth = worse.auc(worse.challenger) - worse.auc(worse.champion)
    assert truth == pytest.approx(-0.01, abs=2e-5)
    found = simulate.rates(worse, days=28, margin=0.01, trials=1500)
    # 1,500 trials at 5 %: three standard errors above it is 6.7 %.
    assert found.gate < 0.067
    assert 0.35 < found.within_margin < 0.65, "half of them get in by point estimate"
    assert found.rows_alone > 2 * 0.05, "rows are not independent"
    runs = simulate.rates(worse, days=28, margin=0.01, trials=500, block=7, seed=1)
    assert runs.gate < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)


@pytest.mark.slow
def test_a_better_challenger_gets_in_more_often_the_more_days_there_are():
    better = simulate.differing(simulate.synthetic(400, 60, seed=1), 0.01)
    shares = [simulate.rates(better, days=days, margin=0.01, trials=200).gate for days in (14, 28, 56)]
    assert shares[0] < shares[1] < shares[2] and shares[2] > 0.5


def test_challengers_that_share_a_holdout_do_not_add_up_their_errors():
    population = simulate.synthetic(200, 40)
    worse = [simulate.differing(population, -0.01, seed) for seed in range(5)]
    found = simulate.promoted_in_a_chain(worse, days=28, margin=0.01, alpha=0.05, trials=400)
    assert found["spending"][-1] <= 0.10 + 3 * np.sqrt(0.1 * 0.9 / 400)
    assert found["spending"][-1] <= found["whole"][-1] < found["point"][-1]


START = datetime(2013, 1, 1)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), min_size=1, max_size=40), st.floats(0.001, 0.2))
def test_verdicts_that_share_a_row_never_spend_more_than_twice_alpha(spans, alpha):
    spent = []
    for first, length in spans:
        start, end = START + timedelta(days=first), START + timedelta(days=first + length)
        spent.append(Spent(start, end, available(alpha, spent, start, end)))
    for day in range(361):
        at = START + timedelta(days=day)
        assert sum(one.alpha for one in spent if one.start <= at < one.end) <= 2 * alpha + 1e-12
    assert all(one.alpha > 0 for one in spent[:20])


def test_rows_that_nobody_looked_at_have_the_whole_alpha_and_used_ones_half_of_what_is_left():
    month = [START + timedelta(days=28 * k) for k in range(4)]
    spent = [Spent(month[0], month[1], 0.05)]
    assert available(0.05, spent, month[1], month[2]) == 0.05
    assert available(0.05, spent, month[0], month[1]) == 0.025
    spent.append(Spent(month[0], month[1], 0.025))
    assert available(0.05, spent, START + timedelta(days=27), month[2]) == pytest.approx(0.0125)


def _without(table, problem, change):
    test = np.arange(table.num_rows) >= table.num_rows * 3 // 4
    columns = {name: table[name] for name in table.column_names}
    for name, spoil in change.items():
        values = columns[name].to_pylist()
        columns[name] = pa.array([spoil(v) if late else v for v, late in zip(values, test, strict=True)])
    rows = Rows.of(pa.table(columns), problem)
    return {one.feature: one for one in drift(edges(rows), rows, test, {}).moved}


def test_a_test_set_like_the_rows_before_is_not_broken(table, problem):
    assert not any(one.broken for one in _without(table, problem, {}).values())


@pytest.mark.parametrize(
    ("feature", "spoil", "said"),
    [
        ("recent_delay", lambda v: None, "is missing in 100%"),
        ("recent_delay", lambda v: None if v is None else 60 * v, "from the rows before"),
        ("recent_delay", lambda v: 0.0, "stuck"),
        ("carrier", lambda v: "B6", "stuck"),
        ("hour", lambda v: (v + 5) % 24, "from the rows before"),
        ("is_disrupted", lambda v: False, ""),
    ],
)
def test_a_broken_column_is_found(table, problem, feature, spoil, said):
    moved = _without(table, problem, {feature: spoil})
    hit = moved["label" if feature == "is_disrupted" else feature]
    if feature == "hour":  # a rotation of an even day moves nothing
        assert not hit.broken
    else:
        assert hit.broken and said in hit.said
    assert [one.feature for one in moved.values() if one.broken] == ([hit.feature] if hit.broken else [])


def test_files_that_did_not_arrive_break_a_test_set(rows):
    late = np.arange(len(rows)) >= len(rows) * 3 // 4
    keep = ~late | (np.arange(len(rows)) % 3 == 0)
    thin = rows.take(keep)
    found = drift(edges(thin), thin, late[keep], {})
    assert [one.feature for one in found.moved if one.decisive] == ["rows"]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from(["roc_auc", "pr_auc", "brier"]), st.floats(-0.5, 0.5))
def test_what_is_shown_of_a_difference_can_be_and_no_decision_changes_by_it(seed, clusters, metric, bound):
    rng = np.random.default_rng(seed)
    label = np.r_[0.0, 1.0, rng.integers(0, 2, 20)]
    a, b = rng.random((2, 22)) ** rng.choice([0.1, 1, 10])
    cluster = np.resize(np.arange(clusters), 22)
    for found in (
        jackknife.difference(metric, label, a, b, cluster, alpha=0.02),
        influence.difference(metric, label, [a], [b], cluster, alpha=0.02),
    ):
        estimate, low, high = found.shown
        if not np.isnan(estimate):
            assert -1 <= low <= estimate <= high <= 1
            assert above(found, bound) == above(found._replace(low=low, high=high), bound)
        assert found.says_nothing == (not (found.low > -1 or found.high < 1)) == ("too few rows to say" in figures(found))


def test_an_interval_is_shown_in_words_where_it_says_nothing():
    found = Interval(0.3605, -1.7457, 2.4667, 0.5, 144, 3, least=-1.0, most=1.0)
    assert figures(found) == "+0.3605 (too few rows to say: it may be anything from -1 to +1)"
    assert figures(found._replace(low=-0.2)) == "+0.3605 (-0.2000 to +1.0000)"
    assert figures(Interval(0.36, -np.inf, np.inf, np.inf, 9, 1)) == "+0.3600 (too few rows to say)"
    assert figures((0.36, -1.7, 2.5)) == "+0.3600 (-1.7000 to +2.5000)", "three numbers know of no limits"
    money = found.times(100)
    assert (money.shown, money.says_nothing) == ((36.05, -100, 100), True)
