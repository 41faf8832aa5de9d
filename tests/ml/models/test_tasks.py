"""Regression and multiclass live the life of a model: declared, trained, calibrated, scored, explained and judged."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from ml.errors import AsofError
from ml.models import calibrate, conformal, decide, tasks
from ml.models.explain import contributions
from ml.models.model import Model
from ml.models.recipe import Recipe, fit
from ml.models.score import score_batches
from ml.models.train import Trained, train
from ml.problem import declaration
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.statistics import profile
from ml.statistics.evaluate import measure
from ml.validation.drift import drift
from ml.validation.gates import Evidence, Flags, Within
from ml.validation.judge import judge
from ml.validation.reproduce import refit, retrain
from tests.ml import of_tasks
from tests.ml.conftest import NOW

TASKS = ("regression", "multiclass")
# Of the small declaration of a number, before one could declare between which ends its labels lie.
HASH_BEFORE_RANGES = "a42bcd0ebeea5554229712b6d9c9d518d623ba56194c5db29e34755617f74a6d"


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def lived() -> dict[str, tuple[Rows, Trained]]:
    found = {}
    for name in TASKS:
        rows = Rows.of(of_tasks.table(name), of_tasks.declared(name))
        found[name] = rows, train(rows, NOW)
    return found


def scored(model: Model, problem: Problem, table: pa.Table) -> pa.Table:
    return pa.Table.from_batches(score_batches(model, problem, table.select(list(problem.scoring_columns)).to_batches(1000)))


def verdict(rows: Rows, trained: Trained, champion: np.ndarray | None = None, alpha: float = 0.05):
    part, how = rows.take(trained.holdout), tasks.of(rows.problem)
    decided = [None if one is None else how.decide(rows.problem, one, how.limit(rows.problem, one))
               for one in (trained.holdout_score, part.rule, champion)]  # fmt: skip
    ends = conformal.ranges(trained.holdout_model.calibrator, trained.holdout_score) if how.span is None else {}
    within = Within({level: conformal.inside(part.label, one) for level, one in ends.items()}, {})
    return judge(Evidence(part, trained.holdout_score, champion, Flags(*decided), alpha, ranges=within if ends else None))


def test_a_model_of_each_task_is_better_than_its_rule_and_is_promoted(lived, task):
    rows, trained = lived[task]
    part = rows.take(trained.holdout)
    ours, rules = (measure(rows.problem.metric, part.label, score) for score in (trained.holdout_score, part.rule))
    assert ours < 0.95 * rules
    found = verdict(rows, trained)
    assert found.decision == "PROMOTE", found.reason
    asked = [gate.name for gate in found.gates]
    assert {"enough", "beats_rule", "slices", "value"} <= set(asked)
    assert ("calibrated" in asked, "covers_80" in asked, "slope" in asked) == (task == "multiclass", task == "regression", False)


def test_a_champion_that_is_better_is_kept_and_one_that_is_the_same_leaves_open_whether_the_challenger_is(lived, task):
    rows, trained = lived[task]
    truth = rows.take(trained.holdout).label
    better = truth + 1.0 if task == "regression" else 0.7 * trained.holdout_score + 0.3 * np.eye(3)[truth.astype(int)]
    assert verdict(rows, trained, better).decision == "KEEP"
    same = verdict(rows, trained, trained.holdout_score.copy())
    gate = next(gate for gate in same.gates if gate.name == "not_worse")
    assert gate.passed and gate.estimate == 0


def test_the_same_rows_make_the_same_model_to_the_byte_and_it_travels_as_a_row(lived, task):
    rows, trained = lived[task]
    again = train(rows, NOW, threads=1)
    assert again.challenger.sha256 == trained.challenger.sha256
    assert refit(rows, trained.challenger).same and retrain(rows, trained.holdout_model, trained.challenger).same
    back = Model.from_row(trained.challenger.to_row())
    np.testing.assert_array_equal(back.predict(rows), trained.challenger.predict(rows))


def test_predictions_hold_the_columns_of_their_task(lived, task):
    rows, trained = lived[task]
    problem, table = rows.problem, of_tasks.table(task).slice(0, 500)
    found = scored(trained.challenger, problem, table)
    score = trained.challenger.predict(table)
    assert found.column_names[:7] == ["entity", "as_of", "score", "raw_score", "flagged", "reasons", "rule_score"]
    assert tuple(found.column_names[7:]) == tuple(tasks.of(problem).columns(problem))
    assert found["reasons"].null_count == (0 if task == "regression" else found["flagged"].to_pylist().count(False))
    if task == "regression":
        np.testing.assert_array_equal(found["score"], score)
        low, high = np.asarray(found["low_80"]), np.asarray(found["high_80"])
        assert (np.asarray(found["low_95"]) <= low).all() and (low < high).all() and (high <= np.asarray(found["high_95"])).all()
        np.testing.assert_array_equal(found["rule_score"], table["rule_score"])
        return
    each = np.column_stack([found[f"score_{name}"] for name in problem.classes])
    np.testing.assert_array_equal(each, score)
    np.testing.assert_allclose(each.sum(axis=1), 1, rtol=1e-12)
    said = np.asarray([problem.classes.index(one) for one in found["predicted"].to_pylist()])
    np.testing.assert_array_equal(said, (each * [1, 2, 10]).argmax(axis=1))
    np.testing.assert_array_equal(found["score"], each[np.arange(500), said])
    np.testing.assert_array_equal(found["flagged"], said != 0)
    np.testing.assert_allclose(
        found["rule_score"], np.column_stack([found[f"rule_{n}"] for n in problem.classes])[range(500), said]
    )


@pytest.mark.parametrize("metric", ["mae", "rmse", "pinball_90"])
def test_what_features_added_to_a_number_adds_up_to_it(metric):
    problem = of_tasks.declared("regression", metric=metric)
    rows = Rows.of(of_tasks.table("regression", 3000), problem)
    model = train(rows, NOW).challenger
    matrix = rows.matrix(model.features, model.categories)[:200]
    rest = model.predict_raw(matrix) - contributions(model, matrix).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-3)  # LightGBM writes the nodes above leaves with six digits


def test_what_features_added_to_a_class_adds_up_to_its_log_odds(lived):
    rows, trained = lived["multiclass"]
    model = trained.challenger
    matrix = rows.matrix(model.features, model.categories)[:200]
    raw = model.booster.predict(matrix, raw_score=True)
    for code in range(3):
        rest = raw[:, code] - contributions(model, matrix, of_class=np.full(200, code)).sum(axis=1)
        np.testing.assert_allclose(rest, rest[0], atol=1e-4)


def test_an_ensemble_of_each_task_is_the_mean_of_its_members(task):
    problem = of_tasks.declared(task, training={"rounds": 12, "members": 3, "params": {"min_data_in_leaf": 20, "num_leaves": 5}})
    rows = Rows.of(of_tasks.table(task, 3000), problem)
    recipe, every = Recipe.of(problem), np.arange(2000)
    made = fit(rows, recipe, every, np.arange(2000, 3000)).learned
    assert made.members == 3
    matrix = rows.matrix(recipe.features, {"carrier": rows.columns["carrier"].take(every).present()})[:50]
    again = made.predict(matrix)
    assert np.isfinite(again).all() and again.shape == ((50,) if task == "regression" else (50, 3))
    if task == "multiclass":
        np.testing.assert_allclose(again.sum(axis=1), 1, rtol=1e-9)


@pytest.mark.parametrize("algorithm", ["linear", "rule"])
def test_other_algorithms_learn_each_task_as_well(task, algorithm):
    problem = of_tasks.declared(task)
    rows = Rows.of(of_tasks.table(task, 3000), problem)
    from dataclasses import replace

    made = fit(rows, replace(Recipe.of(problem), algorithm=algorithm, params={}), np.arange(2000), np.arange(2000, 3000))
    score = made.predict(rows, np.arange(2000, 3000))
    known, usual = rows.label[2000:], rows.label[:2000]
    blind = np.full(1000, np.median(usual)) if task == "regression" else np.tile(np.bincount(usual.astype(int)) / 2000, (1000, 1))
    if algorithm == "rule":
        assert score.shape == rows.rule[2000:].shape
    else:
        assert measure(problem.metric, known, score) < measure(problem.metric, known, blind)


def test_intervals_hold_the_truth_as_often_as_they_claim_wherever_the_spread_differs():
    rng = np.random.default_rng(3)
    held = {80: [], 95: []}
    for _ in range(60):
        score = rng.gamma(2, 10, 3000)
        label = score + rng.normal(0, 1 + 0.4 * score)
        made = conformal.fit(score[:2000], label[:2000])
        for level, ends in conformal.ranges(made, score[2000:]).items():
            within = conformal.inside(label[2000:], ends)
            large = score[2000:] > 30
            held[level].append([within.mean(), within[large].mean(), within[~large].mean()])
    for level, shares in held.items():
        assert (np.abs(np.mean(shares, axis=0) - level / 100) < [0.01, 0.04, 0.02]).all()


@given(st.integers(0, 10**6), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_of_exchangeable_errors_an_interval_misses_no_more_than_it_may(seed, rows):
    rng = np.random.default_rng(seed)
    made = conformal.fit(np.zeros(rows), rng.normal(size=rows))
    found = conformal.ranges(made, np.zeros(1))
    assert set(found) == {80, 95} and all(low <= high for low, high in found.values())
    errors = np.sort(rng.normal(size=rows))
    low, high = conformal.fit(np.zeros(rows), errors)["reach"]["80"]
    at = [int(np.searchsorted(errors, low[0])) + 1, int(np.searchsorted(errors, high[0])) + 1]
    if rows >= 9:  # below, the farthest has to do
        assert at[0] / (rows + 1) <= 0.1 + 1e-9 and 1 - at[1] / (rows + 1) <= 0.1 + 1e-9


def test_classes_that_claim_too_much_are_put_right_each_by_itself():
    rng = np.random.default_rng(5)
    truth = rng.dirichlet([1, 1, 1], 6000)
    label = (rng.random(6000)[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1).astype(float)
    claimed = truth**2 / (truth**2).sum(axis=1, keepdims=True)
    made = calibrate.one_vs_rest("auto", claimed[:4000], label[:4000], np.arange(4000) // 100)
    right = calibrate.apply(made, claimed[4000:])
    np.testing.assert_allclose(right.sum(axis=1), 1, rtol=1e-12)
    before, after, best = (measure("log_loss", label[4000:], one) for one in (claimed[4000:], right, truth[4000:]))
    assert after - best < 0.25 * (before - best)


def test_what_a_number_costs_is_least_at_the_quantile_that_its_costs_ask_for():
    problem, how = of_tasks.declared("regression"), tasks.TASKS["regression"]
    label = np.random.default_rng(1).normal(size=4000)
    said = np.linspace(-1, 2, 61)
    paid = [how.cost(problem, label, np.full(4000, one)).mean() for one in said]
    assert abs(said[int(np.argmin(paid))] - np.quantile(label, 3 / 4)) <= 0.1


def test_the_class_that_is_predicted_costs_least_in_expectation():
    problem, how = of_tasks.declared("multiclass"), tasks.TASKS["multiclass"]
    chance = np.random.default_rng(2).dirichlet([4, 1, 0.3], 500)
    expected = np.stack(
        [
            sum(chance[:, truth] * how.cost(problem, np.full(500, truth), np.full(500, said)) for truth in range(3))
            for said in range(3)
        ]
    )
    np.testing.assert_array_equal(how.decide(problem, chance, None), expected.argmin(axis=0))
    assert how.cost(of_tasks.declared("multiclass", costs=None), np.zeros(3), np.zeros(3)) is None


def test_a_binary_decision_and_its_cost_are_those_they_were(problem):
    score, label = np.array([0.1, 0.25, 0.9]), np.array([1.0, 0.0, 1.0])
    how = tasks.of(problem)
    limit = how.limit(problem, score)
    assert limit == decide.threshold(problem.decision, problem.costs) == 0.25
    np.testing.assert_array_equal(how.cost(problem, label, how.decide(problem, score, limit)), [3, 1, 0])


def test_a_profile_counts_numbers_and_classes_as_they_are(lived, task):
    rows, trained = lived[task]
    how = tasks.of(rows.problem)
    shown = how.headline(rows.problem, trained.holdout_score)
    cells = profile.edges(rows, 20, shown if how.span is None else None)
    counts = profile.tallies(cells, rows)["label"]
    assert counts.sum() == len(rows) and counts[:2].sum() == 0
    if task == "multiclass":
        np.testing.assert_array_equal(counts[2:], np.bincount(rows.label.astype(int)))
    assert profile.tally(
        cells["score"], [(c, n) for _, c, n in profile.counts({"score": cells["score"]}, {"score": shown})]
    ).sum() == len(shown)
    moved = drift(cells, rows, np.isin(np.arange(len(rows)), trained.holdout), {})
    assert {"label", "rule", "rows"} <= {one.feature for one in moved.moved} and not any(one.broken for one in moved.moved)


@pytest.mark.parametrize(
    ("task", "keys", "said"),
    [
        ("regression", {"metric": "roc_auc"}, "problem.metric is 'roc_auc'"),
        ("regression", {"costs": {"false_positive": 1, "false_negative": 2}}, "problem.costs.under is missing"),
        ("regression", {"training": {"sampling": 0.5}}, "problem.training.sampling is 0.5"),
        ("regression", {"feedback": {"use_in_training": "all"}}, "problem.feedback.use_in_training is 'all'"),
        ("multiclass", {"classes": ["on_time", "late"]}, "problem.costs must name each of the classes once: on_time, late"),
        ("multiclass", {"classes": ["on_time", "late", "gone"], "costs": None}, "needs one a class, .* rule_late, rule_gone"),
        ("multiclass", {"classes": ["on_time", "On Time"], "costs": None}, "classes.1. is 'On Time', but must be of lower-case"),
        ("multiclass", {"decision": {"threshold": 0.5}}, "problem.decision.threshold is unknown"),
    ],
)  # fmt: skip
def test_a_key_that_another_task_has_is_an_error_that_names_it(task, keys, said):
    with pytest.raises(AsofError, match=f"models/problems/late/_late.yml: .*{said}"):
        of_tasks.declared(task, **keys)


def test_a_label_or_a_rule_that_is_none_of_its_task_is_an_error_that_says_where():
    table = of_tasks.table("multiclass", 200)
    place = table.column_names.index("outcome")
    strange = table.set_column(place, "outcome", pa.array(["lost", *table["outcome"].to_pylist()[1:]]))
    with pytest.raises(
        AsofError, match=r"1 of 200 known labels in outcome are not one of problem.classes \(on_time, late, cancelled\), .*'f0'"
    ):
        Rows.of(strange, of_tasks.declared("multiclass"))
    place = table.column_names.index("rule_late")
    with pytest.raises(
        AsofError, match=r"rule_on_time, rule_late, rule_cancelled add up to .* in the row of 'f0', not to 1 in 200 of 200"
    ):
        Rows.of(table.set_column(place, "rule_late", pa.array(np.ones(200))), of_tasks.declared("multiclass"))


def test_a_model_of_another_task_or_of_other_classes_is_refused(lived):
    _, trained = lived["multiclass"]
    manifest = of_tasks.manifest("multiclass", classes=["late", "on_time", "cancelled"])
    with pytest.raises(AsofError, match="answers another question"):
        trained.challenger.check(declaration.read(manifest, "late"))


def test_a_linear_model_of_classes_gives_nothing_to_one_that_it_has_not_seen():
    from ml.models.linear import _each_class

    found = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 2, 2, 0])
    every = _each_class(found.predict_proba([[0.5]]), found.classes_, 3)
    assert every[0, 1] == 0 and every.sum() == pytest.approx(1)


def test_a_rule_that_is_served_has_the_intervals_of_its_own_errors():
    from ml.models.of_rule import of_rule

    rows = Rows.of(of_tasks.table("regression"), of_tasks.declared("regression"))
    made = of_rule(rows, NOW)
    part = rows.take(made.holdout)
    held = {level: conformal.inside(part.label, ends).mean()
            for level, ends in conformal.ranges(made.challenger.calibrator, part.rule).items()}  # fmt: skip
    assert held == {80: pytest.approx(0.8, abs=0.02), 95: pytest.approx(0.95, abs=0.02)}


@given(
    st.integers(0, 10**6),
    st.one_of(st.none(), st.floats(-5, 5)),
    st.one_of(st.none(), st.floats(6, 40)),
    st.sampled_from([(), ("edges",)]),
)
@settings(max_examples=100, deadline=None)
def test_neither_numbers_nor_their_intervals_leave_the_declared_range_and_hold_as_much_truth_as_before(seed, low, high, none):
    rng, said = np.random.default_rng(seed), {"at_least": low, "at_most": high}
    said = {name: end for name, end in said.items() if end is not None}
    problem = of_tasks.declared("regression", **({"label_range": said} if said else {}))
    how, (least, most) = tasks.of(problem), (-np.inf if low is None else low, np.inf if high is None else high)
    label = np.clip(rng.normal(3, 8, 900), least, most)
    raw = label + rng.normal(0, 6, 900)
    made = how.uncalibrated(problem)
    if not none:
        made = how.calibrate(problem, "auto", raw[:500], label[:500], np.arange(500), np.ones(500), 1.0)
    made = json.loads(json.dumps(made))  # as a version keeps it
    score, free = calibrate.apply(made, raw), {name: made[name] for name in ("kind", "edges", "reach")}
    inner = (raw >= least) & (raw <= most)
    assert score.min() >= least and score.max() <= most and (score[inner] == raw[inner]).all()
    ends = how.answers(problem, made, score, raw)
    for level, (lower, upper) in conformal.ranges(free, score).items():
        cut = (ends[f"low_{level}"], ends[f"high_{level}"])
        assert all(least <= one.min() and one.max() <= most for one in cut) and (cut[0] <= cut[1]).all()
        assert (conformal.inside(label, cut) == conformal.inside(label, (lower, upper))).all()


def test_of_a_count_nothing_that_is_said_lies_below_zero_whoever_says_it():
    from ml.models.of_rule import of_rule

    table = of_tasks.table("regression")
    count = pc.round(pc.max_element_wise(pc.divide(table["outcome"], 10), 0.0))
    table = table.set_column(table.column_names.index("outcome"), "outcome", count)
    lower = pc.subtract(pc.divide(table["rule_score"], 10), 2.0)  # a rule that was fitted by a line
    table = table.set_column(table.column_names.index("rule_score"), "rule_score", lower)
    named = {}
    for declared in ({}, {"label_range": {"at_least": 0}}):
        problem = of_tasks.declared("regression", metric="rmse", **declared)
        rows = Rows.of(table, problem)
        for who, model in (("model", train(rows, NOW).challenger), ("rule", of_rule(rows, NOW).challenger)):
            found = scored(Model.from_row(model.to_row()), problem, table)
            named[who, bool(declared)] = [
                min(found[name].to_pylist()) for name in ("score", "rule_score", "low_80", "high_80", "low_95", "high_95")
            ]
    assert all(named["model", False][at] < 0 for at in (1, 2, 4)) and named["rule", False][0] < 0, "else this shows nothing"
    assert all(one >= 0 for who in ("model", "rule") for one in named[who, True])


def test_a_label_outside_of_the_declared_range_is_refused_with_its_row_and_what_to_do():
    table = of_tasks.table("regression", 200)
    least = float(np.nanmin(table["outcome"].to_numpy()))
    with pytest.raises(AsofError, match=r"known labels in outcome are not at least 3 \(label_range\), the first of 'f\d+'; mend"):
        Rows.of(table, of_tasks.declared("regression", label_range={"at_least": 3}))
    assert len(Rows.of(table, of_tasks.declared("regression", label_range={"at_least": least})))


@pytest.mark.parametrize(
    ("task", "said", "told"),
    [
        ("regression", {"at_least": 5, "at_most": 5}, "label_range.at_least must be below at_most"),
        ("regression", {"at_least": "0"}, "label_range.at_least must be a number, not '0'"),
        ("regression", {"atleast": 0}, "label_range.atleast is unknown"),
        ("multiclass", {"at_least": 0}, "label_range"),
    ],
)
def test_a_range_that_no_number_lies_in_or_of_what_is_no_number_is_refused_by_its_key(task, said, told):
    with pytest.raises(AsofError, match=told):
        of_tasks.declared(task, label_range=said)


def test_a_declared_range_makes_another_model_and_none_leaves_every_hash_as_it_was():
    plain, same = of_tasks.declared("regression"), of_tasks.declared("regression", label_range={})
    bounded = of_tasks.declared("regression", label_range={"at_least": 0})
    assert plain.spec_hash == same.spec_hash == HASH_BEFORE_RANGES != bounded.spec_hash
    assert bounded.label_range.declared == {"at_least": 0.0}
