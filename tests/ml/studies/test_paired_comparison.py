"""The decision against a simulated truth: how often it errs is known beforehand."""

import numpy as np
import pytest

from ml.statistics.evaluate import log_loss, roc_auc
from ml.studies.experiment import BETTER, NOT_WORSE
from ml.studies.paired_comparison import ACCEPTED, REJECTED, UNDECIDED, compare, table

DAYS, ROWS, SEEDS = 40, 40, 3


def world(rng: np.random.Generator, gain: float, seed_noise: float = 0.05):
    """Labels, days, and scores of two recipes with three seeds each; `gain` is how much more signal the second sees."""
    day = np.repeat(np.arange(DAYS), ROWS)
    signal = rng.normal(size=DAYS * ROWS) + rng.normal(0, 0.8, DAYS)[day]
    label = (rng.random(len(day)) < 1 / (1 + np.exp(1 - signal))).astype(float)
    shared = rng.normal(size=len(day))

    def scores(strength: float):
        own = rng.normal(0, 0.15, len(day)) + rng.normal(0, 0.1, DAYS)[day]
        return [1 / (1 + np.exp(-(strength * signal + shared + own + rng.normal(0, seed_noise, len(day))))) for _ in range(SEEDS)]

    return label, day, scores(1.0), scores(1.0 + gain)


def decisions(gain: float, wanted: str, times: int = 120, tolerance: float = 0.0, swap: bool = False):
    rng, found = np.random.default_rng(5), []
    for _ in range(times):
        label, day, base, candidate = world(rng, gain)
        if swap:
            base, candidate = candidate, base
        found.append(compare("roc_auc", label, base, candidate, day, wanted=wanted, tolerance=tolerance).decision)
    return {name: found.count(name) / times for name in (ACCEPTED, REJECTED, UNDECIDED)}


def test_a_recipe_that_is_no_better_is_seldom_accepted():
    # One bound of a two-sided interval of .05 errs in .025 of the cases: at most 8 of 120 with probability .99.
    assert decisions(0.0, BETTER)[ACCEPTED] <= 8 / 120


def test_a_recipe_that_is_much_better_is_accepted_and_one_that_is_much_worse_rejected():
    assert decisions(0.4, BETTER, 40)[ACCEPTED] > 0.9
    assert decisions(0.4, BETTER, 40, swap=True)[REJECTED] > 0.9


def test_not_worse_is_seldom_granted_to_what_is_worse_by_more_than_the_tolerance():
    assert decisions(0.4, NOT_WORSE, 40, tolerance=0.001, swap=True)[ACCEPTED] == 0
    assert decisions(0.0, NOT_WORSE, 40, tolerance=0.05)[ACCEPTED] == 1


def test_a_gain_below_the_noise_of_seeds_is_not_accepted():
    rng = np.random.default_rng(0)
    label, day, base, candidate = world(rng, 0.4)
    calm = compare("roc_auc", label, base, candidate, day)
    ruffled = [score if at else 1 - score for at, score in enumerate(base)]
    noisy = compare("roc_auc", label, ruffled, candidate, day)
    assert calm.decision == ACCEPTED and noisy.decision != ACCEPTED
    assert noisy.noise > noisy.estimate > calm.estimate


def test_the_same_scores_differ_by_nothing():
    label, day, base, _ = world(np.random.default_rng(1), 0.0)
    same = compare("roc_auc", label, base, base, day)
    assert same.estimate == 0 and same.decision != ACCEPTED


@pytest.mark.parametrize(("metric", "plain", "sign"), [("roc_auc", roc_auc, 1), ("log_loss", log_loss, -1)])
def test_the_estimate_is_the_difference_of_the_means_over_seeds_and_positive_is_better(metric, plain, sign):
    label, day, base, candidate = world(np.random.default_rng(2), 0.3)
    wanted = sign * (np.mean([plain(label, s) for s in candidate]) - np.mean([plain(label, s) for s in base]))
    assert compare(metric, label, base, candidate, day).estimate == pytest.approx(wanted)


def test_tables_hold_a_group_only_where_its_figures_mean_something():
    label = np.tile([0.0, 1.0], 300)
    groups = np.array(["a"] * 400 + ["small"] * 100 + ["one class"] * 100)
    label[430:] = 1
    scores, day = [np.linspace(0.1, 0.9, 600)] * 2, np.tile(np.arange(12), 50)
    found = table(label, scores, groups, ("roc_auc",), cluster=day)
    assert set(found) == {"a"} and found["a"]["rows"] == 400
    assert set(table(label, scores, groups, ("roc_auc",))) == {"a", "small"}, "without clusters every group of two classes"
