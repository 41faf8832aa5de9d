"""Calibration never turns the ranking round, and is kept only where it helps on days it has not seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ml.models.calibrate import NONE, apply, choose, isotonic, pav, platt
from ml.statistics.evaluate import CLIP, log_loss


def _sample(rows=4000, seed=0, slope=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(-1, 1.5, rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(-(slope * z + shift)))).astype(float)
    return 1 / (1 + np.exp(-z)), label, np.arange(rows) * 40 // rows


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 4)), min_size=1, max_size=80))
def test_pool_adjacent_violators_agrees_with_scikit_learn(pairs):
    y, weight = map(np.array, zip(*pairs, strict=True))
    theirs = IsotonicRegression().fit_transform(np.arange(len(y)), y, sample_weight=weight)
    np.testing.assert_allclose(pav(y, weight)[0], theirs, atol=1e-9)


def test_platt_agrees_with_scikit_learn():
    raw, label, _ = _sample(slope=0.6, shift=0.4)
    weight = np.random.default_rng(1).random(len(raw))
    logit = np.log(raw / (1 - raw))[:, None]
    theirs = LogisticRegression(C=1e12, tol=1e-12, max_iter=1000).fit(logit, label, sample_weight=weight)
    ours = platt(raw, label, weight)
    assert ours["slope"] == pytest.approx(theirs.coef_[0, 0], abs=1e-5)
    assert ours["intercept"] == pytest.approx(theirs.intercept_[0], abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(0.2, 3), st.floats(-3, 3), st.sampled_from([platt, isotonic]))
def test_a_calibrator_is_monotone_and_stays_inside_the_unit_interval(seed, slope, shift, fit):
    raw, label, _ = _sample(400, seed, slope, shift)
    calibrated = apply(fit(raw, label), np.linspace(0, 1, 2001))
    assert (np.diff(calibrated) >= 0).all()
    assert calibrated.min() >= CLIP and calibrated.max() <= 1 - CLIP


def test_ranking_is_kept_strictly_beyond_the_outer_knots():
    raw, label, _ = _sample()
    high = np.linspace(raw.max(), 0.9999, 50)
    assert (np.diff(apply(isotonic(raw, label), high)) > 0).all()


def test_a_score_that_is_right_already_stays_as_it_is():
    kept = [choose(*_sample(seed=seed))["kind"] == "none" for seed in range(10)]
    # A gain of one standard error comes by chance now and then; most often nothing is kept.
    assert sum(kept) >= 7


def test_an_overconfident_score_is_corrected_and_its_loss_falls():
    raw, label, day = _sample(slope=0.5, shift=0.5)
    chosen = choose(raw, label, day)
    fresh_raw, fresh_label, _ = _sample(seed=99, slope=0.5, shift=0.5)
    assert chosen["kind"] in ("platt", "isotonic") and chosen["gain"] > chosen["gain_se"]
    assert log_loss(fresh_label, apply(chosen, fresh_raw)) < log_loss(fresh_label, fresh_raw) - 0.02


def test_a_bend_that_no_logistic_curve_follows_takes_isotonic():
    rng = np.random.default_rng(3)
    raw = rng.uniform(0.01, 0.99, 20000)
    label = (rng.random(20000) < np.where(raw < 0.5, 0.1, np.where(raw < 0.7, 0.5, 0.55))).astype(float)
    assert choose(raw, label, np.arange(20000) // 500)["kind"] == "isotonic"


def test_too_few_days_or_a_turned_ranking_give_no_calibrator():
    raw, label, _ = _sample(100)
    assert choose(raw, label, np.arange(100) // 20) == NONE
    assert platt(raw, 1 - (raw > 0.3).astype(float)) == NONE


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown"):
        apply({"kind": "spline"}, np.array([0.5]))
