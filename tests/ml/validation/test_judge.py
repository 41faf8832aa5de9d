"""A verdict promotes what is good enough, keeps what is better, and says when it cannot know."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ml.errors import AsofError
from ml.models.decide import threshold
from ml.problem.rows import Rows
from ml.statistics.slices import large_enough
from ml.validation.drift import Drift, Moved
from ml.validation.gates import Evidence, Flags
from ml.validation.gates.data import enough
from ml.validation.gates.slices import holm, no_slice_worse
from ml.validation.judge import INCONCLUSIVE, KEEP, PROMOTE, judge
from ml.validation.measured import Cost, Measured, Newest, Parity, Repeat
from ml.validation.prior import RETRAINED, Gain, Past

JUNE, HOUR = np.datetime64("2013-06-01", "us"), np.timedelta64(1, "h")


def _month(seed=0, days=30, rows=200):
    """A true probability per row, its label, its day, and a noise to spoil scores with."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1, 1.2, days * rows)
    label = (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(float)
    return z, label, np.repeat(np.arange(days), rows), rng.normal(size=len(z))


def judged(label, day, challenger, rule, champion=None, *, problem, flags=None, slices=None, alpha=None, **more):
    """The verdict on arrays; flags are those of the declared decision where none are given."""
    rows = Rows(problem, None, day, day, label, None, day, slices or {}, rule, {})
    scores = [challenger, rule, champion]
    flags = flags or Flags(*(None if one is None else one >= threshold(problem.decision, problem.costs, one) for one in scores))
    return judge(Evidence(rows, challenger, champion, flags, alpha or problem.alpha, **more))


def _p(z):
    return 1 / (1 + np.exp(-z))


def test_a_good_challenger_without_a_champion_is_promoted(problem):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z), _p(z + 1.5 * noise), problem=problem)
    assert found.decision == PROMOTE
    assert [gate.name for gate in found.gates] == ["enough", "beats_rule", "value", "calibrated", "slope"]
    assert all(gate.passed for gate in found.gates) and (found.rows, found.clusters) == (6000, 30)


def test_an_equal_challenger_is_not_worse_and_is_promoted(problem):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z), _p(z + 1.5 * noise), _p(z), problem=problem)
    assert found.decision == PROMOTE and "not worse than the champion by more than 0.01" in found.reason


def test_a_challenger_that_is_clearly_worse_is_kept_out_with_the_figures(problem):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z + 0.8 * noise), _p(z + 3 * noise), _p(z), problem=problem)
    assert found.decision == KEEP
    assert "worse than the champion by more than 0.01: roc_auc -0.0" in found.reason


def test_a_challenger_that_loses_to_the_rule_is_kept_out_even_without_a_champion(problem):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z + 2 * noise), _p(z), problem=problem)
    assert found.decision == KEEP and "worse than the rule" in found.reason


def test_what_was_expected_decides_a_doubtful_case_and_stands_in_the_sentence(problem):
    z, label, day, noise = _month(rows=60)
    doubtful = {
        "label": label,
        "day": day,
        "challenger": _p(z + 1.3 * noise),
        "rule": _p(z + 3 * noise),
        "champion": _p(z + 1.2 * noise[::-1]),
    }
    alone = judged(*doubtful.values(), problem=problem)
    good = [Gain(0.02, 0.004, 28.0)] * 6
    believed = judged(*doubtful.values(), problem=problem, past=Past(RETRAINED, 28, 0.02, tuple(good), tuple(good)))
    feared = judged(*doubtful.values(), problem=problem, past=Past(RETRAINED, 28, 0.02, (Gain(-0.08, 0.004, 28.0),) * 6))
    by = {name: {gate.name: gate for gate in one.gates}["not_worse"] for name, one in
          (("alone", alone), ("believed", believed), ("feared", feared))}  # fmt: skip
    assert by["alone"].passed is None and by["alone"].expected is None
    assert by["believed"].passed is True and by["feared"].passed is False
    assert by["believed"].estimate == by["alone"].estimate, "the rows say the same"
    assert by["believed"].expected > 0 > by["feared"].expected
    assert "was expected (newer data, 6 folds of history)" in by["believed"].reason and "is believed" in by["believed"].reason
    assert by["believed"].probability <= 0.05 < 0.5 <= by["feared"].probability


def test_a_broken_challenger_is_kept_out_however_good_the_past_was(problem):
    z, label, day, noise = _month()
    past = Past(RETRAINED, 28, 0.05, (Gain(0.01, 0.001, 28.0),) * 12)
    found = judged(label, day, _p(z + 4 * noise), _p(z + 6 * noise), _p(z), problem=problem, past=past)
    assert found.decision == KEEP and "worse than the champion" in found.reason


def test_days_that_would_let_a_challenger_in_by_belief_are_told(problem):
    z, label, day, noise = _month(rows=60)
    past = Past(RETRAINED, 28, 0.02)
    found = judged(label, day, _p(z + 1.2 * noise), _p(z + 3 * noise), _p(z + 1.2 * noise[::-1]), problem=problem, past=past)
    gate = {one.name: one for one in found.gates}["not_worse"]
    assert gate.passed is None
    assert gate.more is None or f"about {gate.more} more days" in gate.reason


def test_a_doubtful_case_is_inconclusive_and_says_how_many_days_would_decide(problem):
    z, label, day, noise = _month(days=15, rows=60)
    found = judged(label, day, _p(z + 0.25 * noise), _p(z + 3 * noise), _p(z), problem=problem)
    assert found.decision == INCONCLUSIVE
    gate = {one.name: one for one in found.gates}["not_worse"]
    assert gate.threshold == -problem.margin and gate.low < gate.threshold, "the estimate is compared with it as it stands"
    assert (
        "perhaps worse than the champion" in found.reason
        and "more days (360 rows) like these would decide for it" in found.reason
    )


def test_the_days_that_would_decide_are_told_by_the_calendar_where_questions_come_more_rarely(problem):
    z, label, day, noise = _month(days=15, rows=60)
    found = judged(label, 7 * day, _p(z + 0.25 * noise), _p(z + 3 * noise), _p(z), problem=problem)
    assert "more days (360 rows) like these would decide for it, in 42 days: it asks every 7" in found.reason
    assert "a later challenger is judged on as many with holdout_days 62 instead of 20" in found.reason


def test_a_few_days_decide_nothing_however_bad_they_look(problem):
    z, label, day, noise = _month(days=5)
    found = judged(label, day, _p(z + 3 * noise), _p(z), problem=problem)
    assert found.decision == INCONCLUSIVE
    assert found.gates[0].passed is None and "needed are 10 days and 50 rows of each class" in found.gates[0].reason
    worse = {gate.name: gate for gate in found.gates}["beats_rule"]
    assert worse.high < 0 and worse.passed is None and "it does not count" in worse.reason, "nobody is alerted by five days"


def test_scores_that_are_no_probabilities_are_kept_out(problem):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z + 3), _p(z + 2 * noise), problem=problem)
    assert found.decision == KEEP and "calibration error" in found.reason


def test_a_rate_that_drifted_away_from_both_models_does_not_block(problem):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z + 1.0), _p(z + 2 * noise), _p(z + 1.2), problem=problem)
    assert found.decision == PROMOTE


def test_losses_are_judged_with_the_same_sign(problem):
    z, label, day, noise = _month()
    loss = replace(problem, metric="log_loss")
    found = judged(label, day, _p(z), np.full(len(z), label.mean()), _p(z + 0.8 * noise), problem=loss)
    assert found.decision == PROMOTE and found.gates[1].estimate > 0
    with pytest.raises(AsofError, match="must be a probability"):
        judged(label, day, _p(z), z, problem=loss)


def test_a_verdict_is_the_same_each_time(problem):
    z, label, day, noise = _month(days=12, rows=50)
    first, second = (judged(label, day, _p(z), _p(z + noise), problem=problem) for _ in range(2))
    assert (first.decision, first.reason) == (second.decision, second.reason)


def test_a_worse_challenger_is_promoted_at_most_as_often_as_alpha_allows(problem):
    """Worse by just over the margin: P(promote) must be at most alpha = .05."""
    promoted = 0
    # On a million rows, this noise costs .0117 of AUC, against a margin of .01.
    for seed in range(100):
        z, label, day, noise = _month(seed + 500, days=20, rows=60)
        found = judged(label, day, _p(z + 0.46 * noise), _p(z + 3 * noise), _p(z), problem=problem)
        promoted += found.decision == PROMOTE
    # 100 trials at 5 %: three standard errors above the mean is 11.5.
    assert promoted <= 11


def test_arrays_of_other_lengths_or_with_gaps_are_refused(problem):
    z, label, day, _ = _month(days=12, rows=20)
    with pytest.raises(AsofError, match="rows; pass the same rows"):
        judged(label, day, _p(z)[:-1], _p(z), problem=problem)
    with pytest.raises(AsofError, match="mend missing scores"):
        judged(label, day, _p(z), np.where(z > 0, np.nan, z), problem=problem)


def test_a_challenger_that_costs_too_much_to_run_is_kept_out_however_good_it_is(problem):
    z, label, day, noise = _month()
    cost = Cost(rows=10_000, seconds=30.0, cpu_seconds=29.0, load_seconds=1.0, memory_mb=300, model_mb=1)
    found = judged(label, day, _p(z), _p(z + 1.5 * noise), problem=problem, measured=Measured(cost))
    assert found.decision == KEEP and "allowed 10 s" in found.reason
    busy = judged(label, day, _p(z), _p(z + 1.5 * noise), problem=problem, measured=Measured(cost._replace(cpu_seconds=2.0)))
    assert busy.decision == INCONCLUSIVE and "busy" in busy.reason


@pytest.mark.parametrize(
    ("measured", "decision", "said"),
    [
        (Measured(parity=Parity(100, 0, 1e-4, "f7")), KEEP, "first on f7"),
        (Measured(parity=Parity(100, 3, 0.0, "")), KEEP, "3 rows of the training set are not in the scoring set"),
        (Measured(repeat=Repeat(False, "the first 5 of 60 trees")), KEEP, "left to chance"),
        (Measured(repeat=Repeat(None, "", "the rows it was trained on")), INCONCLUSIVE, "train anew"),
        (Measured(newest=Newest(JUNE, JUNE + HOUR)), KEEP, "2013-06-01 00:00 and 2013-06-01 01:00; land what is missing"),
        (Measured(newest=Newest(JUNE, JUNE)), PROMOTE, "better than the rule"),
        (
            Measured(parity=Parity(100, 0, 0.0, ""), repeat=Repeat(True, "the first 5 of 60 trees")),
            PROMOTE,
            "better than the rule",
        ),
    ],
)
def test_what_cannot_be_served_or_made_again_does_not_get_in(problem, measured, decision, said):
    z, label, day, noise = _month()
    found = judged(label, day, _p(z), _p(z + 1.5 * noise), problem=problem, measured=measured)
    assert found.decision == decision and said in found.reason


def test_on_a_broken_test_set_nothing_is_decided_however_clear_it_looks(problem):
    z, label, day, noise = _month()
    broken = Drift((Moved("wind", 0.9, 0.1, 0.4, "wind is missing in 100% of the rows"),), 4)
    for score in (_p(z), _p(z + 3 * noise)):
        found = judged(label, day, score, _p(z + 1.5 * noise), problem=problem, drift=broken)
        assert found.decision == INCONCLUSIVE and "wind is missing" in found.reason and "better" not in found.reason
    unimportant = Drift((Moved("wind", 0.9, 0.1, 0.01, "wind is missing in 100% of the rows"),), 4)
    assert judged(label, day, _p(z), _p(z + 1.5 * noise), problem=problem, drift=unimportant).decision == PROMOTE


def test_a_slice_that_is_clearly_worse_keeps_a_better_model_out(problem):
    z, label, day, noise = _month(rows=400)
    group = np.resize(["a", "b", "c", "d"], len(z))
    score = np.where(group == "d", z + 2 * noise, z)
    slices = {"group": group, "all": np.full(len(z), "one")}
    found = judged(label, day, _p(score), _p(z + 4 * noise), _p(z + 1.5 * noise), problem=problem, slices=slices)
    assert found.decision == KEEP and found.reason.startswith("group=d of 5 slices")
    by = {gate.name: gate for gate in found.gates}
    assert not by["slice group=d"].passed and by["slice group=a"].passed and by["not_worse"].passed


def test_small_slices_are_put_together_and_do_not_block_where_they_are_still_too_small(problem):
    z, label, day, noise = _month()
    few = np.where(np.arange(len(z)) < 40, "tiny", "rest")
    many = np.array([f"v{i}" for i in np.resize(np.arange(300), len(z))])
    found = judged(label, day, _p(z), _p(z + 2 * noise), _p(z), problem=problem, slices={"few": few, "many": many})
    names = [gate.name for gate in found.gates if gate.about == "detail"]
    assert any(name.startswith("slice many=others (v0, v1") for name in names)
    tiny = next(gate for gate in found.gates if gate.name == "slice few=others (tiny)")
    assert tiny.passed and "too few to compare" in tiny.reason and found.decision == PROMOTE


def test_equal_slices_block_an_equal_challenger_hardly_ever(problem):
    """Twenty slices, each of equal models: without a correction two of three such challengers would be blocked at .05 each."""
    blocked = 0
    for seed in range(40):
        z, label, day, _ = _month(seed + 50, days=12, rows=500)
        rng = np.random.default_rng(seed)
        a, b = (_p(z + 0.8 * rng.normal(size=len(z))) for _ in range(2))
        rows = Rows(problem, None, day, day, label, None, day, {"s": np.resize(np.arange(20), len(z))}, b, {})
        evidence = Evidence(rows, a, None, Flags(a > 0.25, a > 0.25, None), 0.05)
        summary = next(iter(no_slice_worse(evidence)))
        blocked += not summary.passed
    # 40 trials at 5 %: three standard errors above the mean is 6.1.
    assert blocked <= 6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_rejects_what_stepping_down_by_hand_rejects(p_values):
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        for rank, place in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
            if p_values[place] * (len(p_values) - rank) >= alpha:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(holm(p_values)) if p < alpha} == rejected


def test_decisions_that_cost_more_than_the_champions_keep_a_challenger_out(problem):
    z, label, day, noise = _month()
    good = Flags(_p(z) >= 0.25, _p(z) >= 0.25, _p(z) >= 0.25)
    args = (label, day, _p(z), _p(z + 2 * noise), _p(z))
    assert judged(*args, problem=problem, flags=good).decision == PROMOTE
    found = judged(*args, problem=problem, flags=good._replace(challenger=np.zeros(len(z), bool)))
    assert found.decision == KEEP and "decisions costlier than those of the champion" in found.reason


def test_a_smaller_alpha_asks_for_more(problem):
    z, label, day, noise = _month(days=15, rows=60)
    args = (label, day, _p(z + 0.2 * noise), _p(z + 3 * noise), _p(z))
    wide, narrow = (judged(*args, problem=problem, alpha=alpha) for alpha in (0.4, 0.001))
    gate = [next(gate for gate in one.gates if gate.name == "not_worse") for one in (wide, narrow)]
    assert gate[0].low > gate[1].low and gate[0].p_value == gate[1].p_value
    assert (wide.alpha, narrow.alpha) == (0.4, 0.001)


def test_a_gate_holds_exactly_where_its_p_value_is_below_alpha(problem):
    for seed in range(30):
        z, label, day, noise = _month(seed, days=12, rows=60)
        found = judged(label, day, _p(z + 0.3 * noise), _p(z + 0.5 * noise), _p(z), problem=problem)
        for gate in found.gates:
            if gate.name in ("beats_rule", "not_worse", "value"):
                assert (gate.passed is True) == (gate.p_value < problem.alpha)


def held_in(window: int, instants: np.ndarray, each: int, positives: np.ndarray, wait: float) -> np.ndarray:
    """The instants (days, newest last) in a holdout of so many days whose labels are known, and the labels of their rows."""
    inside = instants[(instants > instants[-1] + 1 - window) & (instants + wait < instants[-1] + 1)]
    label = np.zeros((len(inside), each))
    for at, day in enumerate(inside):
        label[at, : positives[np.searchsorted(instants, day)]] = 1
    return np.repeat(inside, each), label.ravel()


@settings(max_examples=60)
@given(
    st.sampled_from([1, 7, 14]), st.integers(20, 80), st.integers(0, 5), st.integers(1, 30), st.floats(0, 20)
)  # fmt: skip
def test_a_window_that_is_too_small_is_told_with_the_holdout_days_that_open_the_gate(
    problem, step, each, few, steps, wait
) -> None:
    instants = np.arange(0, 12_000, step)
    positives = np.full(len(instants), few)
    window = int(wait) + 1 + steps * step
    small = replace(problem, holdout_days=window)
    day, label = held_in(window, instants, each, positives, wait)
    assume(len(day))
    (gate,) = enough(Evidence(Rows(small, None, day, day, label, None, day, {}, label, {}), label, None, None, 0.05))
    if gate.passed:
        return
    if told := re.search(r"a window of holdout_days (\d+) holds no more; at this rate they need holdout_days (\d+)", gate.reason):
        assert int(told[1]) == window < int(told[2])
        more, label = held_in(int(told[2]), instants, each, positives, wait)
        assert large_enough(label, more)
    else:
        assert "days alone will not bring them soon" in gate.reason and few == 0


def test_rows_that_come_by_waiting_are_no_window(problem):
    z, label, day, noise = _month(days=15, rows=60)
    found = judged(label, day, _p(z + 0.25 * noise), _p(z + 3 * noise), _p(z), problem=problem, live=True)
    assert "like these would decide for it" in found.reason and "holdout_days" not in found.reason
    found = judged(label, day, _p(z + 0.25 * noise), _p(z + 3 * noise), _p(z), problem=problem)
    assert (
        "like these would decide for it; a later challenger is judged on as many with holdout_days 26 instead of 20"
        in found.reason
    )


def test_on_a_few_days_no_verdict_shows_a_difference_that_cannot_be(problem):
    z, label, day, noise = _month(days=3, rows=20)
    found = judged(label, day, _p(z), _p(z + 9 * noise), _p(z + 3 * noise), problem=problem)
    for gate in found.gates:
        if gate.name in ("beats_rule", "not_worse"):
            assert -1 <= gate.low <= gate.estimate <= gate.high <= 1, gate
            numbers = [float(one) for one in re.findall(r"[+-]\d\.\d{4}", gate.reason)]
            assert numbers and max(map(abs, numbers)) <= 1, gate.reason
