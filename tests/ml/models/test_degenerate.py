"""Tables that hold next to nothing: training and judging say so in a sentence, or go on; nothing else ever comes out."""

import warnings
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.errors import AsofError
from ml.models.train import train
from ml.problem.declared.columns import Column
from ml.problem.rows import Rows
from ml.validation.gates import Evidence, Flags
from ml.validation.judge import INCONCLUSIVE, judge

DAYS, PER_DAY = 12, 6
ROWS = DAYS * PER_DAY


@pytest.fixture
def weighted(problem):
    """The problem with a weight, four days to judge on, four to stop on, and trees that split a handful of rows."""
    weight = Column("importance", "double", "weight", "", "number")
    training = replace(problem.training, rounds=5, params={"min_data_in_leaf": 2, "num_leaves": 3})
    columns = tuple(column for column in problem.columns if column.name != "is_holiday")
    return replace(problem, columns=(*columns, weight), holdout_days=4, validation_days=4, training=training)


def world(now, label, weight, delay, wind, hour, carrier):
    """Six rows a day for twelve days, known after an hour."""
    as_of = np.datetime64(now, "us") - np.timedelta64(DAYS, "D") + np.arange(ROWS) * np.timedelta64(24 // PER_DAY, "h")
    return pa.table(
        {
            "flight_id": pa.array(np.arange(ROWS) // 2),  # a key that is a number, and comes again
            "as_of": as_of,
            "is_disrupted": pa.array(label, pa.float64()),
            "label_known_at": as_of + np.timedelta64(1, "h"),
            "rule_score": np.linspace(0, 1, ROWS),
            "origin": pa.array(["EWR", None] * (ROWS // 2)),
            "recent_delay": pa.array(delay, pa.float64()),
            "wind": pa.array(wind, pa.float64()),
            "hour": pa.array(hour, pa.int64()),
            "carrier": pa.array(carrier, pa.string()),
            "importance": pa.array(weight, pa.float64()),
        }
    )


RANDOM = np.random.default_rng(0).normal(size=ROWS)
PARTS = np.repeat(["train", "validation", "holdout"], ROWS // 3)
numbers = st.sampled_from(
    [np.zeros(ROWS), [None] * ROWS, RANDOM, np.where(RANDOM > 2, 1.0, 0), 1.7e9 + np.arange(ROWS), -0.0 * RANDOM]
)
wholes = st.sampled_from(
    [np.full(ROWS, 7), [None] * ROWS, np.arange(ROWS), 20_130_701 + np.arange(ROWS), 2**52 - np.arange(ROWS)]
)
texts = st.sampled_from([["AA"] * ROWS, [None] * ROWS, ["AA", "B6"] * (ROWS // 2), [f"c{n}" for n in range(ROWS)], [""] * ROWS])
classes = st.sampled_from([0.0, 1.0, RANDOM > 0, np.arange(ROWS) == 3, np.arange(ROWS) % 2])
masses = st.sampled_from([0.0, 1.0, 1e-300, 1e300, 1e-12, 1e12, np.arange(ROWS) % 2, np.arange(ROWS) == 5, np.abs(RANDOM)])


def judged(rows, score):
    """The verdict on a score beside the rule; every row is flagged."""
    return judge(Evidence(rows, score, None, Flags(score >= 0, score >= 0, None), rows.problem.alpha))


def by_part(values):
    return np.select([PARTS == "train", PARTS == "validation", PARTS == "holdout"], values).astype(float)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    label=st.tuples(classes, classes, classes).map(by_part),
    weight=st.tuples(masses, masses, masses).map(by_part),
    delay=numbers, wind=numbers, hour=wholes, carrier=texts,
    metric=st.sampled_from(["roc_auc", "pr_auc", "log_loss"]), calibration=st.sampled_from(["auto", "platt", "isotonic", "none"]),
    capacity=st.sampled_from([None, 0.3]),
)  # fmt: skip
def test_a_table_that_says_nothing_is_a_sentence(
    weighted, now, label, weight, delay, wind, hour, carrier, metric, calibration, capacity
):
    problem = replace(weighted, metric=metric, training=replace(weighted.training, calibration=calibration))
    if capacity:
        problem = replace(problem, decision=replace(problem.decision, capacity_share=capacity))
    table = world(now, label, weight, delay, wind, hour, carrier)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            rows = Rows.of(table, problem)
            trained = train(rows, now, threads=1)
        except AsofError as refused:
            assert "\n" not in str(refused) and len(str(refused)) > 40
            return
        held = rows.take(trained.holdout)
        score = trained.holdout_model.predict(held, 1)
        assert np.isfinite(score).all()
        verdict = judged(held, score)
        assert verdict.decision == INCONCLUSIVE, "four days decide nothing"
        assert "nan" not in verdict.reason


def plain(now, **changed):
    columns = {
        "label": (np.arange(ROWS) % 2).astype(float), "weight": np.ones(ROWS), "delay": RANDOM, "wind": RANDOM,
        "hour": np.arange(ROWS), "carrier": ["AA"] * ROWS,
    }  # fmt: skip
    return world(now, **{**columns, **changed})


@pytest.mark.parametrize(
    ("part", "said"), [("train", "weights of all 24 rows of the train part"), ("validation", "of the validation part")]
)
def test_weights_of_zero_are_refused_by_part(weighted, now, part, said):
    with pytest.raises(AsofError, match=said):
        train(Rows.of(plain(now, weight=np.where(part == PARTS, 0.0, 1.0)), weighted), now)


def test_weights_of_zero_in_the_holdout_are_an_inconclusive_verdict_with_the_reason(weighted, now):
    rows = Rows.of(plain(now, weight=np.where(PARTS == "holdout", 0.0, 1.0)), weighted)
    trained = train(rows, now)
    verdict = judged(rows.take(trained.holdout), trained.holdout_score)
    assert verdict.decision == INCONCLUSIVE
    assert "0 rows on 0 days" in verdict.reason and "only rows with a weight above 0 count" in verdict.reason


def test_rows_of_weight_zero_decide_nothing(problem, weighted):
    rng = np.random.default_rng(1)
    label, day = (rng.random(3000) < 0.4).astype(float), np.repeat(np.arange(30), 100)
    score, rule = np.clip(0.2 + 0.4 * label + 0.2 * rng.random(3000), 0, 1), rng.random(3000)

    def rows(label, day, rule, weight):
        return Rows(weighted, pa.chunked_array([day]), day, day, label, weight, day, {}, rule, {})

    counted = judged(rows(label, day, rule, np.ones(3000)), score)
    both = (np.r_[label, 1 - label], np.r_[day, day + 100], np.r_[rule, rule], np.r_[np.ones(3000), np.zeros(3000)])
    spoilt = judged(rows(*both), np.r_[score, score])
    assert (spoilt.decision, spoilt.reason, spoilt.rows) == (counted.decision, counted.reason, 3000)


def test_features_that_never_vary_are_refused_by_name(weighted, now):
    same = {"delay": [None] * ROWS, "wind": np.full(ROWS, 3.0), "hour": np.full(ROWS, 7), "carrier": ["AA"] * ROWS}
    with pytest.raises(AsofError, match=r"no feature of late has more than one value .*recent_delay, wind, hour, carrier"):
        train(Rows.of(plain(now, **same), weighted), now)


def test_leaves_that_are_too_large_for_the_rows_are_named(weighted, now):
    training = replace(weighted.training, params={"min_data_in_leaf": 1000})
    with pytest.raises(AsofError, match=r"_late.yml: no tree found anything .*min_data_in_leaf \(now 1000\)"):
        train(Rows.of(plain(now), replace(weighted, training=training)), now)
