"""Measures of feasibility against plain Python, and a whole trial on worlds whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.models import tasks
from ml.problem import declaration
from ml.problem.declared.framing import Framing, Needs, Prices, Upkeep
from ml.problem.declared.retraining import Retraining
from ml.problem.declared.spec import Costs, Decision
from ml.problem.rows import Rows
from ml.statistics import influence
from ml.statistics.evaluate import measure, roc_auc
from ml.studies.feasibility import bill, trial, worth
from ml.studies.feasibility.findings import Findings, find
from ml.studies.feasibility.recommend import ML, RULE, Evidence, recommend
from ml.studies.walk_forward import folds
from tests.ml import of_tasks
from tests.ml.conftest import COLUMNS, NOW, PROBLEM

pytestmark = pytest.mark.slow

DAY = np.timedelta64(1, "D")
EFFORT = trial.Effort(folds=3, curve=1)


def test_a_clustered_mean_is_the_ratio_and_its_error_that_of_a_bootstrap_over_clusters():
    rng = np.random.default_rng(1)
    rows = rng.integers(20, 200, 60)
    total = rng.binomial(rows, rng.beta(2, 6, 60))
    found = influence.mean(total, rows)
    drawn = rng.integers(0, 60, (20_000, 60))
    assert found.estimate == pytest.approx(total.sum() / rows.sum())
    assert found.se == pytest.approx((total[drawn].sum(axis=1) / rows[drawn].sum(axis=1)).std(), rel=0.06)
    assert found.low < found.estimate < found.high
    assert influence.mean_by(np.repeat(total / rows, rows), np.repeat(np.arange(60), rows))[:4] == pytest.approx(found[:4])


def test_one_cluster_says_nothing_about_the_error():
    found = influence.share(np.array([3]), np.array([10]))
    assert (found.estimate, found.low, found.high) == (0.3, 0.0, 1.0)


scores = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=40)


@settings(max_examples=60, deadline=None)
@given(scores, st.floats(0.2, 5), st.floats(0.2, 5))
def test_the_best_threshold_is_the_one_that_trying_all_would_find(problem_rows, false_positive, false_negative):
    label, score = (np.array(values) for values in zip(*problem_rows, strict=True))
    one = _with(costs=Costs(false_positive, false_negative))
    score = score / 8

    def paid(limit: float) -> float:
        pairs = zip(label, score, strict=True)
        return sum(false_positive if s >= limit and not y else false_negative if s < limit and y else 0 for y, s in pairs)

    blind = min(paid(-1), paid(2))
    best = worth.best_threshold(one, label, score)
    assert paid(best) == pytest.approx(min(paid(limit) for limit in [*score, 2]))
    assert worth.savings(one, label, score >= best).sum() == pytest.approx(blind - paid(best))
    grid, saved = worth.curve(one, label, score)
    assert saved == pytest.approx([(blind - paid(limit)) / len(label) for limit in grid])


def test_a_capacity_flags_its_share_of_each_period():
    rng = np.random.default_rng(2)
    score, part = rng.random(400), np.repeat([1, 2], 200)
    score[part == 2] /= 10
    found = worth.worth(_with(decision=Decision(None, 0.1)), rng.random(400) < 0.3, score, np.arange(400) % 20, part)
    assert (found.how, found.flagged) == ("declared", pytest.approx(0.1, abs=0.01))


def test_folds_are_the_last_months_or_equal_weeks_and_none_where_history_is_short():
    def edges(days: int, validation: int = 20, most: int = 6) -> np.ndarray:
        as_of = np.datetime64("2013-01-01T12:00", "us") + np.arange(days) * DAY
        return trial.edges(as_of, as_of + DAY, as_of[-1] + 2 * DAY, validation, most)

    months = edges(330)
    assert list(months[:-1].astype("datetime64[D]").astype(str)) == [f"2013-{m:02}-01" for m in (6, 7, 8, 9, 10, 11)]
    weeks = edges(70)
    assert len(weeks) >= trial.FEWEST_FOLDS + 1
    assert weeks[0] >= np.datetime64("2013-01-02") + 40 * DAY
    assert (np.diff(weeks) >= 7 * DAY).all() and (np.diff(weeks[:-1]) == np.diff(weeks)[0]).all()
    assert len(edges(55)) == 0 and len(edges(10)) == 0


@pytest.mark.parametrize(
    ("first", "every", "number", "horizon", "validation"),
    [
        ("2005-01-06", "365 days", 15, "300 days", 400),  # once a year
        ("2015-01-06", "30 days", 60, "14 days", 60),
        ("2024-01-01", "7 days", 60, "14 days", 56),  # on Mondays, two weeks ahead
        ("2026-01-05", "1 hours", 60 * 24, "1 hours", 7),  # sixty days of hours
        ("2026-01-05", "1 days", 90, "14 days", 20),  # labels that take most of the validation part
    ],
)
def test_folds_are_in_the_steps_of_the_problem_and_each_has_rows_to_learn_stop_and_test_on(
    first, every, number, horizon, validation
):
    step, ahead = (np.timedelta64(int(text.split()[0]), text.split()[1][0].replace("d", "D")) for text in (every, horizon))
    as_of = np.datetime64(first, "us") + np.arange(number) * step
    now = as_of[-1] + ahead + DAY
    found = trial.edges(as_of, as_of + ahead, now, validation, 6)
    assert len(found) > trial.FEWEST_FOLDS
    assert len(folds(as_of, as_of + ahead, found, validation, now)) == len(found) - 1  # or it would say which part is empty
    assert (np.diff(found[:-1]) > 0.9 * max(step, 7 * DAY)).all(), "the last one may be cut short"


def _world(truth, rows: int = 9000, seed: int = 3) -> pa.Table:
    """150 days in which a label is true with probability `truth(rule, x)`; x is the column wind."""
    rng = np.random.default_rng(seed)
    minutes = np.sort(rng.integers(0, 150 * 1440, rows))
    as_of = np.datetime64("2013-02-01", "us") + minutes * np.timedelta64(60_000_000, "us")
    rule, x, hour = rng.uniform(0.05, 0.6, rows), rng.normal(0, 1, rows), minutes // 60 % 24
    return pa.table({
        "flight_id": [f"f{i}" for i in range(rows)], "as_of": pa.array(as_of), "is_disrupted": rng.random(rows) < truth(rule, x),
        "label_known_at": pa.array(as_of + np.timedelta64(3, "h")), "rule_score": rule,
        "origin": rng.choice(["EWR", "JFK"], rows), "recent_delay": pa.array(rule * 100), "wind": x, "hour": hour,
        "is_holiday": rng.random(rows) < 0.1, "carrier": rng.choice(["AA", "B6"], rows).tolist(),
    })  # fmt: skip


def _findings(table: pa.Table, problem) -> tuple[trial.Trial, Findings]:
    found = trial.attempt(Rows.of(table, problem), datetime(2013, 7, 1), EFFORT, threads=1)
    return found, find(found, problem)


def _evidence(found: Findings) -> Evidence:
    return Evidence("roc_auc", 2000, 7000, 150, len(found.periods), better=found.better, won=found.won, late=found.late)


def test_where_the_rule_knows_all_there_is_to_know_the_rule_is_recommended(problem):
    _, found = _findings(_world(lambda rule, x: rule), problem)
    assert abs(found.better.estimate) < 0.03
    answer = recommend(_evidence(found))
    assert answer.answer == RULE and answer.because[0].startswith("better than the rule")


def test_where_features_know_more_the_model_is_recommended_and_the_numbers_are_those_of_its_scores(problem):
    table = _world(lambda rule, x: 1 / (1 + np.exp(-(4 * rule - 2.5 + 1.5 * np.abs(x) * (x > 0)))))
    tried, found = _findings(table, problem)
    label = np.concatenate([np.asarray(table["is_disrupted"])[fold.test] for fold in tried.folds])
    assert (tried.label == label).all() and not any(np.isnan(score).any() for score in tried.scores.values())
    assert tried.scores["rule"] == pytest.approx(
        np.concatenate([np.asarray(table["rule_score"])[fold.test] for fold in tried.folds])
    )
    for name, score in tried.scores.items():
        assert found.pooled[name].estimate == pytest.approx(roc_auc(label, score))
    assert found.better.estimate == pytest.approx(found.pooled["model"].estimate - found.pooled["rule"].estimate)
    assert found.gain.estimate == pytest.approx(found.worth["model"].interval.estimate - found.worth["rule"].interval.estimate)
    old = ~np.isnan(tried.aged[1])
    assert (old == (tried.fold > 1)).all(), "the first period has no earlier model"
    assert found.stale[1].estimate == pytest.approx(
        roc_auc(label[old], tried.scores["model"][old]) - roc_auc(label[old], tried.aged[1][old])
    )
    assert [one.days for one in found.learning] == sorted(one.days for one in found.learning)
    assert found.learning[-1].doubled is None and all(one.doubled for one in found.learning[:-1])
    assert recommend(_evidence(found)).answer == ML


def test_a_history_too_short_to_walk_through_gives_no_trial(problem):
    short = _world(lambda rule, x: rule, 2000).slice(0, 400)
    assert trial.attempt(Rows.of(short, problem), datetime(2013, 7, 1), EFFORT, threads=1) is None


def test_a_bill_adds_up_and_a_price_that_is_missing_is_not_made_up():
    framing = Framing(
        needs=Needs(batches_per_month=100), prices=Prices("EUR", 1.0, 3.6, 50.0), upkeep=Upkeep(rule_hours=1, ml_hours=5)
    )
    used = bill.Usage(fit_seconds=10, start_seconds=2, row_seconds=0.001, feature_seconds=0.002, rows_per_month=1000)
    found = bill.bill(_with(framing=framing, retraining=Retraining(cadence="weekly")), used)
    second = 3.6 / 3600
    expected = {
        "people_rule": 50.0, "people_model": 250.0, "retraining": 3 * 10 * 209 / 48 * second, "scoring": (100 * 2 + 1) * second,
        "features": 2 * second, "per_million": 3000 * second,
    }  # fmt: skip
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)
    assert found.extra == pytest.approx(200 + expected["retraining"] + expected["scoring"] + expected["features"])
    unpriced = bill.bill(_with(framing=replace(framing, prices=Prices(human_hour=50.0))), used)
    assert unpriced.extra is None and unpriced.scoring is None and unpriced.people_model == 250.0


def _with(**changes):
    node = {
        "name": "late__training_set", "config": {"meta": {"problem": PROBLEM}}, "patch_path": "asof://_late.yml",
        "columns": {column["name"]: column for column in COLUMNS},
    }  # fmt: skip
    return replace(declaration.read({"nodes": {"m": node}}, "late"), **changes)


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_a_trial_of_numbers_or_classes_has_their_metric_beside_the_rule_and_what_predictions_save(task):
    problem = of_tasks.declared(task)
    found = trial.attempt(Rows.of(of_tasks.table(task), problem), NOW, EFFORT, threads=1)
    says = find(found, problem)
    for name, score in found.scores.items():
        assert says.pooled[name].estimate == pytest.approx(measure(problem.metric, found.label, score))
        assert says.others[name][problem.metric] == pytest.approx(says.pooled[name].estimate)
    assert says.better.low > 0 and says.won == len(says.periods) and says.curves == {}
    assert (
        says.gain.estimate == pytest.approx((says.worth["model"].saved - says.worth["rule"].saved).mean()) and says.gain.low > 0
    )
    shown = found.label if task == "regression" else found.label != 0
    first = found.fold == 1
    assert says.periods[0].rate.estimate == pytest.approx(shown[first].mean())
    task_of = tasks.of(problem)
    paid = task_of.cost(problem, found.label, task_of.decide(problem, found.scores["model"], None))
    same = [np.full(len(found.label), at) for at in (range(3) if problem.classes else np.unique(found.label))]
    best = min(task_of.cost(problem, found.label, one).mean() for one in same)
    assert says.worth["model"].interval.estimate == pytest.approx(best - paid.mean())
    evidence = Evidence(problem.metric, 900, 900, 120, len(says.periods), better=says.better, won=says.won, late=says.late)
    assert recommend(evidence).answer == ML


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_without_declared_costs_nothing_is_said_of_what_predictions_save(task):
    problem = of_tasks.declared(task, costs=None)
    says = find(trial.attempt(Rows.of(of_tasks.table(task, 4000), problem), NOW, EFFORT, threads=1), problem)
    assert (says.worth, says.gain, says.lead) == ({}, None, None) and says.better.low > 0
