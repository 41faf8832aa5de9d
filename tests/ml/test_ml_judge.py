"""A verdict promotes what is good enough, keeps what is better, and says when it cannot know."""

from dataclasses import replace

import numpy as np
import pytest

from ml.errors import AsofError
from ml.judge import INCONCLUSIVE, KEEP, PROMOTE, judge


def _month(seed=0, days=30, rows=200):
    """A true probability per row, its label, its day, and a noise to spoil scores with."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1, 1.2, days * rows)
    label = (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(float)
    return z, label, np.repeat(np.arange(days), rows), rng.normal(size=len(z))


def _p(z):
    return 1 / (1 + np.exp(-z))


def test_a_good_challenger_without_a_champion_is_promoted(problem):
    z, label, day, noise = _month()
    found = judge(label, day, _p(z), _p(z + 1.5 * noise), problem=problem)
    assert found.decision == PROMOTE
    assert [gate.name for gate in found.gates] == ["enough", "beats_rule", "value", "calibrated", "slope"]
    assert all(gate.passed for gate in found.gates) and (found.rows, found.clusters) == (6000, 30)


def test_an_equal_challenger_is_not_worse_and_is_promoted(problem):
    z, label, day, noise = _month()
    found = judge(label, day, _p(z), _p(z + 1.5 * noise), _p(z), problem=problem)
    assert found.decision == PROMOTE and "not worse than the champion by more than 0.01" in found.reason


def test_a_challenger_that_is_clearly_worse_is_kept_out_with_the_figures(problem):
    z, label, day, noise = _month()
    found = judge(label, day, _p(z + 0.8 * noise), _p(z + 3 * noise), _p(z), problem=problem)
    assert found.decision == KEEP
    assert "worse than the champion by more than 0.01: roc_auc -0.0" in found.reason


def test_a_challenger_that_loses_to_the_rule_is_kept_out_even_without_a_champion(problem):
    z, label, day, noise = _month()
    found = judge(label, day, _p(z + 2 * noise), _p(z), problem=problem)
    assert found.decision == KEEP and "worse than the rule" in found.reason


def test_a_doubtful_case_is_inconclusive_and_says_how_many_days_would_decide(problem):
    z, label, day, noise = _month(days=15, rows=60)
    found = judge(label, day, _p(z + 0.25 * noise), _p(z + 3 * noise), _p(z), problem=problem)
    assert found.decision == INCONCLUSIVE
    assert "perhaps worse than the champion" in found.reason and "more days (360 rows) like these would decide for it" in found.reason


def test_a_few_days_decide_nothing_however_bad_they_look(problem):
    z, label, day, noise = _month(days=5)
    found = judge(label, day, _p(z + 3 * noise), _p(z), problem=problem)
    assert found.decision == INCONCLUSIVE
    assert found.gates[0].passed is None and "needed are 10 days and 50 rows of each class" in found.gates[0].reason


def test_scores_that_are_no_probabilities_are_kept_out(problem):
    z, label, day, noise = _month()
    found = judge(label, day, _p(z + 3), _p(z + 2 * noise), problem=problem)
    assert found.decision == KEEP and "calibration error" in found.reason


def test_a_rate_that_drifted_away_from_both_models_does_not_block(problem):
    z, label, day, noise = _month()
    found = judge(label, day, _p(z + 1.0), _p(z + 2 * noise), _p(z + 1.2), problem=problem)
    assert found.decision == PROMOTE


def test_losses_are_judged_with_the_same_sign(problem):
    z, label, day, noise = _month()
    loss = replace(problem, metric="log_loss")
    found = judge(label, day, _p(z), np.full(len(z), label.mean()), _p(z + 0.8 * noise), problem=loss)
    assert found.decision == PROMOTE and found.gates[1].estimate > 0
    with pytest.raises(AsofError, match="must be a probability"):
        judge(label, day, _p(z), z, problem=loss)


def test_a_verdict_is_the_same_each_time(problem):
    z, label, day, noise = _month(days=12, rows=50)
    first, second = (judge(label, day, _p(z), _p(z + noise), problem=problem) for _ in range(2))
    assert (first.decision, first.reason) == (second.decision, second.reason)


def test_a_worse_challenger_is_promoted_at_most_as_often_as_alpha_allows(problem):
    """Worse by just over the margin: P(promote) must be at most alpha = .05."""
    promoted = 0
    # On a million rows, this noise costs .0117 of AUC, against a margin of .01.
    for seed in range(100):
        z, label, day, noise = _month(seed + 500, days=20, rows=60)
        found = judge(label, day, _p(z + 0.46 * noise), _p(z + 3 * noise), _p(z), problem=problem)
        promoted += found.decision == PROMOTE
    # 100 trials at 5 %: three standard errors above the mean is 11.5.
    assert promoted <= 11


def test_arrays_of_other_lengths_or_with_gaps_are_refused(problem):
    z, label, day, _ = _month(days=12, rows=20)
    with pytest.raises(AsofError, match="rows; pass the same rows"):
        judge(label, day, _p(z)[:-1], _p(z), problem=problem)
    with pytest.raises(AsofError, match="mend missing scores"):
        judge(label, day, _p(z), np.where(z > 0, np.nan, z), problem=problem)
    with pytest.raises(AsofError, match="pass one a row"):
        judge(label, day[:-1], _p(z), _p(z), problem=problem)
