"""The recommendation follows from its criteria: whatever the evidence, and each of them decides what it says it decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.statistics.interval import Interval
from ml.statistics.slices import MIN_CLUSTERS, MIN_OF_CLASS
from ml.studies.feasibility.recommend import CRITERIA, ML, NOT_YET, RULE, Evidence, periods_to_show, recommend


def about(estimate: float, reach: float = 0.01) -> Interval:
    return Interval(estimate, estimate - reach, estimate + reach, reach / 2, 1000, 100)


GOOD = Evidence(
    metric="roc_auc", positives=900, negatives=4000, clusters=100, folds=6, better=about(0.08), won=6, late=about(0.07),
    late_days=30, gain=about(6000, 2000), extra_cost=840, currency="USD", train_seconds=20, train_limit=60, memory_mb=900,
    memory_limit=2000, batch_seconds=3, batch_limit=120, ml_hours=14, capacity_hours=24,
)  # fmt: skip
number = st.floats(-1, 1)
intervals = st.none() | st.builds(about, number, st.floats(0, 0.5))
amounts = st.none() | st.floats(0, 100)
evidences = st.builds(
    Evidence,
    metric=st.just("roc_auc"),
    positives=st.integers(0, 500),
    negatives=st.integers(0, 500),
    clusters=st.integers(0, 60),
    folds=st.integers(0, 8),
    better=intervals,
    won=st.none() | st.integers(0, 8),
    late=intervals,
    late_days=amounts,
    gain=intervals,
    extra_cost=st.none() | st.floats(-1, 1),
    train_seconds=amounts,
    train_limit=amounts,
    memory_mb=amounts,
    memory_limit=amounts,
    batch_seconds=amounts,
    batch_limit=amounts,
    ml_hours=amounts,
    capacity_hours=amounts,
)


def test_when_everything_holds_it_is_a_model():
    answer = recommend(GOOD)
    assert answer.answer == ML and not answer.open and all(one.holds for one in answer.criteria)


@pytest.mark.parametrize(
    ("change", "expected", "decided_by"),
    [
        ({"positives": 0}, NOT_YET, "enough labels"),
        ({"negatives": MIN_OF_CLASS - 1}, NOT_YET, "enough labels"),
        ({"clusters": MIN_CLUSTERS - 1}, NOT_YET, "enough labels"),
        ({"folds": 2, "won": 2}, NOT_YET, "enough history"),
        ({"better": about(0.001)}, RULE, "better than the rule"),
        ({"better": about(-0.05)}, RULE, "better than the rule"),
        ({"won": 3}, RULE, "ahead most of the time"),
        ({"extra_cost": 4001}, RULE, "worth its cost"),
        ({"extra_cost": 7000}, RULE, "worth its cost"),
        ({"train_seconds": 61}, NOT_YET, "training fits"),
        ({"memory_mb": 2001}, NOT_YET, "memory fits"),
        ({"batch_seconds": 121}, NOT_YET, "a batch is in time"),
        ({"late": about(0.005)}, NOT_YET, "survives a missed retraining"),
        ({"ml_hours": 25}, NOT_YET, "upkeep is there"),
    ],
)
def test_one_criterion_that_fails_decides_and_is_named(change, expected, decided_by):
    answer = recommend(replace(GOOD, **change))
    assert answer.answer == expected
    assert [one.name for one in answer.criteria if one.holds is False] == [decided_by]
    assert len(answer.because) == 1 and answer.because[0].startswith(decided_by)


def test_want_of_labels_comes_before_the_rule_and_the_rule_before_what_can_be_mended():
    assert recommend(replace(GOOD, positives=3, better=about(0), ml_hours=99)).answer == NOT_YET
    assert recommend(replace(GOOD, better=about(0), ml_hours=99)).answer == RULE


@pytest.mark.parametrize("unknown", ["gain", "extra_cost", "train_limit", "memory_limit", "batch_limit", "capacity_hours"])
def test_what_is_not_declared_decides_nothing_and_is_listed(unknown):
    answer = recommend(replace(GOOD, **{unknown: None}))
    assert answer.answer == ML and len(answer.open) == 1
    assert "not declared" in answer.open[0].limit or "not measured" in answer.open[0].measured


@given(evidences)
def test_it_is_a_model_exactly_where_no_criterion_fails(evidence):
    answer = recommend(evidence)
    failed = [one for one in answer.criteria if one.holds is False]
    assert (answer.answer == ML) == (not failed)
    assert answer.answer in {ML, *(one.otherwise for one in failed)}
    assert len(answer.criteria) == len(CRITERIA) and all(one.reason and one.limit and one.measured for one in answer.criteria)


@given(evidences)
def test_without_labels_it_is_never_decided(evidence):
    assert recommend(replace(evidence, positives=0)).answer == NOT_YET
    assert recommend(replace(evidence, clusters=0)).answer == NOT_YET


@given(evidences, st.floats(-1, 0), st.floats(0, 0.5))
def test_a_model_that_is_not_shown_to_be_better_is_never_recommended(evidence, low, width):
    unsure = Interval(low + width, low, low + 2 * width, width, 1000, 100)
    assert recommend(replace(evidence, better=unsure)).answer != ML
    assert recommend(replace(evidence, better=unsure, positives=100, negatives=100, clusters=40, folds=6)).answer == RULE


@given(evidences, st.floats(0, 0.5))
def test_a_better_model_never_turns_the_answer_away_from_ml(evidence, more):
    if recommend(evidence).answer == ML and evidence.better:
        raised = evidence.better._replace(**{end: getattr(evidence.better, end) + more for end in ("estimate", "low", "high")})
        assert recommend(replace(evidence, better=raised)).answer == ML


@given(evidences, st.floats(0, 10))
def test_a_dearer_model_never_turns_the_answer_to_ml(evidence, more):
    if recommend(evidence).answer != ML and evidence.extra_cost is not None:
        assert recommend(replace(evidence, extra_cost=evidence.extra_cost + more)).answer != ML


@pytest.mark.parametrize(
    ("better", "periods", "wanted"),
    [
        ((0.020, -0.001, 0.041), 3, 4),
        ((0.01, -0.01, 0.03), 5, 20),
        ((0.02, 0.001, 0.04), 3, None),
        ((-0.01, -0.03, 0.01), 3, None),
        ((0.01, -float("inf"), float("inf")), 3, None),
    ],
)
def test_a_lead_that_is_not_shown_says_how_many_periods_would_show_it(better: tuple, periods: int, wanted: int | None) -> None:
    assert periods_to_show(Interval(*better, se=0.01, rows=100, clusters=10), periods) == wanted
