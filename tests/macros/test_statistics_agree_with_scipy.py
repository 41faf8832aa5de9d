"""Every statistic, as dbt compiles it, against SciPy and scikit-learn, on ties, nulls and few days."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from ml.statistics import evaluate, influence
from ml.statistics.bootstrap import interval
from tests.macros.scored import asked, forty_days, labelled

SQL = dict[str, str]
Con = duckdb.DuckDBPyConnection

scored = st.lists(
    st.tuples(st.booleans(), st.one_of(st.sampled_from([0.2, 0.5, 0.8]), st.floats(0.001, 0.999)), st.integers(0, 4)),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60)
@given(told=scored)
def test_quality_is_what_scikit_learn_says(sql: SQL, con: Con, told: list) -> None:
    label, score = np.array([t[0] for t in told]), np.array([t[1] for t in told])
    one = asked(con, sql["quality_exact"], labelled=labelled(label, score))[0]
    assert (one["rows_labelled"], one["positives"]) == (len(label), label.sum())
    assert one["log_loss"] == pytest.approx(metrics.log_loss(label, score, labels=[False, True]), abs=1e-9)
    assert one["brier"] == pytest.approx(np.mean((score - label) ** 2), abs=1e-9)
    assert one["ece"] == pytest.approx(evaluate.ece(label, score), abs=1e-9)
    if label.any() and not label.all():
        assert one["roc_auc"] == pytest.approx(metrics.roc_auc_score(label, score), abs=1e-9)
        assert one["pr_auc"] == pytest.approx(metrics.average_precision_score(label, score), abs=1e-9)
    else:
        assert one["roc_auc"] is None


@pytest.fixture(scope="module")
def days() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return forty_days()


@pytest.mark.parametrize("name", ["quality_exact", "quality_with_intervals", "quality_influence"])
def test_rows_in_any_order_come_to_the_same_bits(sql: SQL, con: Con, days, name: str) -> None:
    found = []
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(days[0]))
        rows_there = asked(con, sql[name], labelled=labelled(*(part[order] for part in days)))
        found.append(sorted(map(repr, rows_there)))
    assert found[1:] == found[:-1]


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "log_loss", "brier"])
def test_intervals_by_day_are_those_of_a_bootstrap_by_day(sql: SQL, con: Con, days, metric: str) -> None:
    label, score, day = days
    one = asked(con, sql["quality_with_intervals"], labelled=labelled(label, score, day))[0]
    drawn = interval(metric, label, score, day, alpha=0.05, seed=1)
    assert one["clusters"] == 40
    assert one[metric] == pytest.approx(drawn.estimate, abs=1e-9)
    assert (one[f"{metric}_high"] - one[f"{metric}_low"]) == pytest.approx(drawn.high - drawn.low, rel=0.12)


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "log_loss", "brier"])
def test_the_report_shows_the_interval_that_the_card_shows(sql: SQL, con: Con, days, metric: str) -> None:
    """SQL for the report and Python for the card compute one interval; only the quantile of SQL is an approximation."""
    label, score, day = days
    one = asked(con, sql["quality_with_intervals"], labelled=labelled(label, score, day))[0]
    card = influence.interval(metric, label, score, day)
    assert (one[metric], one[f"{metric}_low"], one[f"{metric}_high"]) == pytest.approx(card[:3], rel=1e-3)


def shared(columns: dict, overlap: int | None) -> tuple[dict, dict]:
    """Tables of one problem, of which so many days in a row share outcomes; None where nothing is said of it."""
    there = {
        "problem": pa.array(["p"] * (overlap is not None)),
        "overlap": pa.array([overlap] * (overlap is not None), pa.int32()),
    }
    return {"problem": ["p"] * len(columns["day"]), **columns}, there


@pytest.mark.parametrize("overlap", [2, 3, 7])
def test_where_labels_share_outcomes_intervals_of_sql_are_those_of_the_card(sql: SQL, con: Con, days, overlap: int) -> None:
    label, score, day = days
    told, there = shared({"label": label, "score": score, "day": day}, overlap)
    one = asked(con, sql["quality_of_overlapping_days"], labelled_days=told, label_overlap=there)[0]
    for metric in ("roc_auc", "pr_auc", "log_loss", "brier"):
        card = influence.interval(metric, label, score, day, overlap=overlap)
        if card.freedom < 3:
            assert one[f"{metric}_low"] is None is one[f"{metric}_high"], "a variance from two stretches says nothing"
        else:
            assert (one[metric], one[f"{metric}_low"], one[f"{metric}_high"]) == pytest.approx(card[:3], rel=2e-3)


@pytest.mark.parametrize("overlap", [None, 1])
def test_where_labels_share_nothing_no_bit_of_an_interval_changes(sql: SQL, con: Con, days, overlap: int | None) -> None:
    label, score, day = days
    told, there = shared({"label": label, "score": score, "day": day}, overlap)
    one = asked(con, sql["quality_of_overlapping_days"], labelled_days=told, label_overlap=there)[0]
    plain = asked(con, sql["quality_with_intervals"], labelled=labelled(label, score, day))[0]
    assert {**one, "problem": None} == {"problem": None, **{key: value for key, value in plain.items() if key != "case_id"}}


@pytest.mark.parametrize("overlap", [None, 1, 2, 3])
def test_intervals_of_numbers_and_classes_are_those_of_the_card_where_labels_share_outcomes(
    sql: SQL, con: Con, overlap: int | None
) -> None:
    truth, said, day = predicted_numbers(5)
    within = np.abs(truth - said) < 6
    pinball = np.full(len(truth), 0.75)
    columns = {"day": day, "number": said, "outcome": truth, "share": pinball, "within_80": within, "within_95": within}
    told, there = shared(columns, overlap)
    found = {one["metric"]: one for one in asked(con, sql["quality_of_overlapping_numbers"], numbers=told, label_overlap=there)}
    for metric, ours in {"mae": "mae", "rmse": "rmse", "r2": "r2", "pinball_75": "pinball"}.items():
        card, one = influence.interval(metric, truth, said, day, overlap=overlap or 1), found[ours]
        assert (one["value"], one["low"], one["high"]) == pytest.approx(card[:3], rel=2e-3)
    random = np.random.default_rng(6)
    day, score = random.integers(0, 20, 600), random.dirichlet([3, 2, 1], 600)
    truth = (random.random(600)[:, None] > score.cumsum(axis=1)[:, :2]).sum(axis=1).astype(float)
    columns = {
        "day": np.repeat(day, 3), "class": ["a", "b", "c"] * 600, "score": score.ravel(),
        "is_true": (truth[:, None] == np.arange(3)).ravel(),
        "is_predicted": (score.argmax(axis=1)[:, None] == np.arange(3)).ravel(),
    }  # fmt: skip
    told, there = shared(columns, overlap)
    found = {one["metric"]: one for one in asked(con, sql["quality_of_overlapping_classes"], classes=told, label_overlap=there)}
    assert set(found) == {"log_loss", "accuracy", "macro_roc_auc"}
    for metric, one in found.items():
        card = influence.interval(metric, truth, score, day, overlap=overlap or 1)
        assert (one["value"], one["low"], one["high"]) == pytest.approx(card[:3], rel=2e-3)


@settings(max_examples=25)
@given(told=scored)
def test_the_influence_of_a_day_is_the_derivative_by_its_weight(sql: SQL, con: Con, told: list) -> None:
    label, score, day = (np.array([t[i] for t in told]) for i in range(3))
    found = {r["day"]: r for r in asked(con, sql["quality_influence"], labelled=labelled(label, score, day))}
    step = 1e-6
    for metric in ("roc_auc", "pr_auc", "log_loss", "brier"):
        for one in np.unique(day):
            up, down = (evaluate.measure(metric, label, score, np.where(day == one, 1 + s, 1.0)) for s in (step, -step))
            if not np.isnan(up) and found[one][metric] is not None:
                assert found[one][metric] == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_fewer_than_four_days_have_no_interval(sql: SQL, con: Con, days) -> None:
    label, score, day = days
    few = day < 3
    one = asked(con, sql["quality_with_intervals"], labelled=labelled(label[few], score[few], day[few]))[0]
    assert one["roc_auc"] > 0.5 and one["roc_auc_low"] is None and one["roc_auc_high"] is None


def test_the_student_quantile_is_close_to_scipy(sql: SQL, con: Con) -> None:
    for one in asked(con, sql["student"]):
        if one["degrees"] < 3:
            assert one["quantile"] is None
        else:
            exact = stats.t.ppf(0.975, one["degrees"])
            assert one["quantile"] == pytest.approx(exact, abs=0.003 if one["degrees"] > 3 else 0.03)


def predicted_numbers(seed: int, rows: int = 900) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True numbers, predictions and days whose rows err together."""
    random = np.random.default_rng(seed)
    day = random.integers(0, 20, rows)
    truth = random.normal(50, 10, rows)
    return truth, truth + random.normal(0, 3, 20)[day] + random.normal(0, 5, rows), day


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_quality_of_numbers_has_the_values_and_intervals_of_the_card(sql: SQL, con: Con, seed: int) -> None:
    truth, said, day = predicted_numbers(seed)
    within = np.abs(truth - said) < 6
    columns = {
        "case_id": [1] * len(truth), "day": day, "number": said, "outcome": truth, "share": np.full(len(truth), 0.75),
        "within_80": within, "within_95": pa.array([None] * len(truth), pa.bool_()),
    }  # fmt: skip
    found = {one["metric"]: one for one in asked(con, sql["quality_of_numbers"], numbers=columns)}
    assert set(found) == {"mae", "rmse", "r2", "pinball", "coverage_80"}
    for metric, ours in {"mae": "mae", "rmse": "rmse", "r2": "r2", "pinball_75": "pinball"}.items():
        card, one = influence.interval(metric, truth, said, day), found[ours]
        assert (one["value"], one["low"], one["high"]) == pytest.approx(card[:3], rel=1e-3)
        assert one["value"] == pytest.approx(card.estimate, rel=1e-12)
    held = influence.mean_by(within, day)
    assert (found["coverage_80"]["value"], found["coverage_80"]["low"]) == pytest.approx(held[:2], rel=1e-3)
    assert found["mae"]["rows_labelled"] == 900 and found["mae"]["clusters"] == 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_quality_of_classes_has_the_values_and_intervals_of_the_card(sql: SQL, con: Con, seed: int) -> None:
    random, names = np.random.default_rng(seed), ["a", "b", "c"]
    day, score = random.integers(0, 20, 600), random.dirichlet([3, 2, 1], 600)
    truth = (random.random(600)[:, None] > score.cumsum(axis=1)[:, :2]).sum(axis=1).astype(float)
    columns = {
        "case_id": [1] * 1800, "day": np.repeat(day, 3), "class": names * 600, "score": score.ravel(),
        "is_true": (truth[:, None] == np.arange(3)).ravel(),
        "is_predicted": (score.argmax(axis=1)[:, None] == np.arange(3)).ravel(),
    }  # fmt: skip
    found = {one["metric"]: one for one in asked(con, sql["quality_of_classes"], classes=columns)}
    assert set(found) == {"log_loss", "accuracy", "macro_roc_auc"}
    for metric, one in found.items():
        card = influence.interval(metric, truth, score, day)
        assert (one["value"], one["low"], one["high"]) == pytest.approx(card[:3], rel=1e-3)
        assert one["rows_labelled"] == 600 and one["clusters"] == 20


@pytest.mark.parametrize("name", ["quality_of_numbers", "quality_of_classes"])
def test_predictions_of_few_days_have_no_interval(sql: SQL, con: Con, name: str) -> None:
    truth, said, day = predicted_numbers(4, 60)
    common = {"case_id": [1] * 60, "day": day % 3}
    none = pa.array([None] * 60, pa.bool_())
    numbers = {**common, "number": said, "outcome": truth, "share": np.full(60, 0.5), "within_80": none, "within_95": none}
    classes = {**common, "class": ["a", "b"] * 30, "score": np.tile([0.6, 0.4], 30), "is_true": np.tile([True, False], 30),
               "is_predicted": np.tile([True, False], 30)}  # fmt: skip
    found = asked(con, sql[name], **({"numbers": numbers} if name == "quality_of_numbers" else {"classes": classes}))
    assert found and all(one["low"] is None and one["high"] is None for one in found)


@pytest.mark.parametrize("name", ["quality_of_numbers", "quality_of_classes"])
def test_quality_has_the_same_bits_in_whatever_order_the_rows_come(sql: SQL, con: Con, name: str) -> None:
    truth, said, day = predicted_numbers(5)
    rows = len(truth)
    if name == "quality_of_numbers":
        within = {"within_80": np.abs(truth - said) < 6, "within_95": np.abs(truth - said) < 9}
        table, columns = "numbers", {"number": said / 3, "outcome": truth / 3, "share": np.full(rows, 0.75), **within}
    else:
        score = (day + 1) / 21 / (1 + np.arange(rows) % 7)
        true = {"is_true": truth > said, "is_predicted": np.arange(rows) % 2 == 0}
        table, columns = "classes", {"class": np.array(["a", "b", "c"])[np.arange(rows) % 3], "score": score, **true}
    columns |= {"case_id": np.ones(rows, dtype=int), "day": day}
    found = set()
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(rows)
        asked_now = asked(con, sql[name], **{table: {column: values[order] for column, values in columns.items()}})
        found.add(str(sorted(asked_now, key=lambda one: one["metric"])))
    assert len(found) == 1
