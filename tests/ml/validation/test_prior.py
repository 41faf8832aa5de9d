"""What is expected of a challenger, what is believed after its holdout, and how often that errs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.statistics.interval import around
from ml.validation.prior import Gain, believe, changed, retrained

MARGIN, ALPHA, BROKEN, SE, FREEDOM = 0.005, 0.05, 0.05, 0.0045, 14.0
NORMAL = 1e9  # Student's t on so many degrees of freedom
# What newer data were worth to a recipe, in folds that differ as those of a season do.
FOLDS = [Gain(0.004, 0.003, 28.0), Gain(0.001, 0.003, 28.0), Gain(0.006, 0.003, 28.0), Gain(0.003, 0.003, 28.0)]
gains = st.lists(st.builds(Gain, st.floats(-0.02, 0.02), st.floats(0.0005, 0.02), st.sampled_from([7.0, 28.0, 56.0])), max_size=8)


def holdout(estimate: float, se: float = SE, freedom: float = FREEDOM):
    return around(estimate, se, 1000, 28, 2 * ALPHA, freedom)


def worse(prior, estimate: float, se: float = SE, freedom: float = FREEDOM) -> float:
    return believe(prior, holdout(estimate, se, freedom), MARGIN).worse


@pytest.mark.slow
@given(gains=gains, days=st.floats(0, 100), broken=st.floats(0, 0.5))
@settings(max_examples=40, deadline=None)
def test_an_expectation_is_a_distribution_of_which_the_declared_share_is_broken(gains, days, broken) -> None:
    prior = retrained(gains, days, MARGIN, broken)
    at = np.sinh(np.linspace(-16, 16, 40_001)) * 1e-6
    sound, bad = (np.trapezoid(part, at) for part in prior.density(at))
    assert sound == pytest.approx(1 - broken, abs=1e-3) and bad == pytest.approx(broken, abs=2e-3)
    assert bad == 0 or prior.density(np.array([0.001]))[1][0] == 0


@given(
    gains=gains, days=st.floats(0, 100), estimate=st.floats(-0.05, 0.05), se=st.floats(0.001, 0.02), scale=st.floats(0.01, 1e4)
)
@settings(max_examples=40, deadline=None)
def test_the_unit_of_a_metric_changes_nothing(gains, days, estimate, se, scale) -> None:
    one = believe(retrained(gains, days, MARGIN, BROKEN), holdout(estimate, se), MARGIN)
    other_gains = [Gain(gain.difference * scale, gain.se * scale, gain.days) for gain in gains]
    prior = retrained(other_gains, days, MARGIN * scale, BROKEN)
    other = believe(prior, holdout(estimate * scale, se * scale), MARGIN * scale)
    assert other.worse == pytest.approx(one.worse, abs=1e-3)
    assert other.believed.estimate / scale == pytest.approx(one.believed.estimate, abs=1e-5)


@given(gains=gains, days=st.floats(0, 60), se=st.floats(0.001, 0.02))
@settings(max_examples=30, deadline=None)
def test_the_worse_a_holdout_looks_the_likelier_a_challenger_is_worse_where_errors_are_normal(gains, days, se) -> None:
    """Whatever was expected: of normal errors the likelihood ratio is monotone."""
    prior = retrained(gains, days, MARGIN, BROKEN)
    found = [worse(prior, estimate, se, NORMAL) for estimate in np.linspace(0.02, -0.2, 23)]
    assert (np.diff(found) >= -1e-12).all() and found[-1] > found[0], found


@given(gains=gains, days=st.floats(0, 60), se=st.floats(0.001, 0.02), freedom=st.floats(3, 60), distance=st.floats(0.01, 100))
@settings(max_examples=60, deadline=None)
def test_of_two_holdouts_equally_far_from_the_margin_the_one_below_it_says_worse(gains, days, se, freedom, distance) -> None:
    """Of any errors that are symmetric and mostly small. More is not true of Student's t: it disbelieves what lies far off."""
    prior = retrained(gains, days, MARGIN, BROKEN)
    below, above = (worse(prior, -MARGIN + side * distance * se, se, freedom) for side in (-1, 1))
    assert below > above
    assert worse(prior, -0.2, se, freedom) > 0.5
    assert worse(prior, -MARGIN - 100 * se, se, freedom) > 0.95


@given(gains=gains, estimate=st.floats(-0.02, 0.02))
@settings(max_examples=30, deadline=None)
def test_many_days_are_believed_whatever_was_expected(gains, estimate) -> None:
    sharp = believe(retrained(gains, 28, MARGIN, BROKEN), holdout(estimate, 1e-5, 1000.0), MARGIN)
    assert sharp.believed.estimate == pytest.approx(estimate, abs=1e-4)


def test_few_folds_are_a_wide_expectation_and_more_of_them_a_narrower_one() -> None:
    widths = []
    for count in (0, 1, 2, 4, 12):
        expected = believe(retrained((FOLDS * 3)[:count], 28, MARGIN, BROKEN), holdout(0.0), MARGIN).expected
        widths.append(expected.high - expected.low)
    assert widths == sorted(widths, reverse=True) and widths[-1] < widths[0] / 4


def test_a_model_that_is_newer_by_a_quarter_is_expected_to_gain_a_quarter_and_never_more_than_was_measured() -> None:
    def mean(days: float) -> float:
        return believe(retrained(FOLDS, days, MARGIN, BROKEN), holdout(0.0), MARGIN).expected.estimate

    assert mean(7) == pytest.approx(mean(28) / 4, rel=0.01) and mean(365) == mean(28) and abs(mean(0)) < 1e-6


def test_another_recipe_is_expected_to_be_equal_and_as_wide_as_past_changes_were() -> None:
    calm = changed([Gain(0.0005 * sign, 0.001, 0.0) for sign in (1, -1, 1, -1, 1, -1)], MARGIN, BROKEN)
    wild = changed([Gain(0.03 * sign, 0.001, 0.0) for sign in (1, -1, 1, -1, 1, -1)], MARGIN, BROKEN)
    none = changed([], MARGIN, BROKEN)
    ranges = [believe(one, holdout(0.0), MARGIN).expected for one in (calm, none, wild)]
    assert all(abs(one.estimate) < 1e-6 for one in ranges)
    widths = [one.high - one.low for one in ranges]
    assert widths[0] < widths[1] < widths[2]


@pytest.mark.slow
def test_of_challengers_that_come_as_expected_at_most_alpha_of_those_let_in_are_worse_by_the_margin() -> None:
    rng = np.random.default_rng(1)
    prior = retrained(FOLDS, 28, MARGIN, BROKEN)
    truth = prior.draw(rng, 3000)
    told = truth + SE * rng.standard_t(FREEDOM, len(truth))
    said = np.array([worse(prior, one) for one in told])
    let_in = said <= ALPHA
    assert (truth[let_in] < -MARGIN).mean() <= ALPHA
    # and the probability means what it says
    for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 0.9), (0.9, 1.0)):
        part = (said > low) & (said <= high)
        if part.sum() > 30:
            error = 3 * np.sqrt(0.25 / part.sum())
            assert abs((truth[part] < -MARGIN).mean() - said[part].mean()) < error


def test_an_equal_challenger_gets_in_and_one_that_loses_a_hundredth_does_not_though_better_was_expected() -> None:
    rng = np.random.default_rng(2)
    prior = retrained(FOLDS, 28, MARGIN, BROKEN)
    line = np.linspace(-0.03, 0.02, 201)
    said = np.array([worse(prior, one) for one in line])

    def let_in(difference: float) -> float:
        told = difference + SE * rng.normal(size=20_000)
        return float((np.interp(told, line, said) <= ALPHA).mean())

    assert let_in(0.0) >= 0.75
    assert let_in(-0.01) <= 0.10
    assert let_in(-0.03) <= 0.001


def test_nothing_measured_and_nothing_told_leaves_what_was_expected() -> None:
    prior = retrained(FOLDS, 28, MARGIN, BROKEN)
    silent = believe(prior, around(0.0, np.inf, 10, 1, 2 * ALPHA), MARGIN)
    assert silent.broken == pytest.approx(BROKEN, abs=2e-3)
    same = believe(prior, around(0.0, 0.0, 10, 20, 2 * ALPHA), MARGIN)
    assert same.worse == 0 and same.believed.estimate == 0
