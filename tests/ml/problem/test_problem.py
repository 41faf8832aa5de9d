"""A declaration becomes a problem, or an error that names the file and the key."""

import re

import pytest
from pydantic import ValidationError

from ml.errors import AsofError
from ml.problem import declaration
from ml.problem.declared.retraining import Retraining
from ml.problem.declared.spec import Decision, Explain

FILE = re.escape("models/problems/late/_late.yml")


def _node(manifest):
    return manifest["nodes"]["model.asof.late__training_set"]


def _declared(manifest):
    return _node(manifest)["config"]["meta"]["problem"]


def test_columns_take_their_places_by_role(manifest):
    problem = declaration.read(manifest, "late")
    assert (problem.entity, problem.as_of, problem.label) == ("flight_id", "as_of", "is_disrupted")
    assert (problem.label_known_at, problem.rule, problem.weight) == ("label_known_at", "rule_score", None)
    assert problem.feature_names == ("recent_delay", "wind", "hour", "is_holiday", "carrier")
    assert problem.categories == ("carrier",)
    assert "is_disrupted" not in problem.scoring_columns and "label_known_at" not in problem.scoring_columns
    assert [c.kind for c in problem.features] == ["number", "number", "number", "boolean", "category"]
    assert problem.features[0].description == "What recent_delay is."


def test_harmless_keys_have_defaults(manifest):
    problem = declaration.read(manifest, "late")
    assert (problem.alpha, problem.cluster) == (0.05, "day")
    assert problem.decision == Decision(None, None) and problem.explain == Explain(reasons=3, rows="flagged")
    assert problem.training.window_days is None and problem.budget.train_seconds is None


def test_meta_outside_of_config_is_read_as_well(manifest):
    node = _node(manifest)
    node["meta"], node["config"] = node["config"]["meta"], {}
    assert declaration.read(manifest, "late").title == "Will it be late?"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("metrics", "roc_auc", r"problem.metrics is unknown \(did you mean metric\?\)"),
        ("metric", "roc-auc", r"problem.metric is 'roc-auc' \(did you mean roc_auc\?\)"),
        ("task", "ranking", "problem.task is 'ranking'; it must be one of binary, regression, multiclass"),
        ("margin", -1, "problem.margin is -1"),
        ("margin", True, "problem.margin must be a number, not True"),
        ("margin", float("nan"), "problem.margin must be a finite number"),
        ("alpha", 0.5, "problem.alpha is 0.5, but must be less than 0.5"),
        ("cluster", "dya", r"problem.cluster is 'dya' \(did you mean day\?\)"),
        ("slices", ["carier"], r"problem.slices names 'carier'.*did you mean carrier\?"),
        ("slices", "carrier", "problem.slices must be a list"),
        ("costs", {"false_positive": 1}, "problem.costs.false_negative is missing"),
        ("costs", {"false_positive": 1, "false_negative": 0}, "problem.costs.false_negative is 0"),
        ("costs", 3, "problem.costs must hold keys and values"),
        ("decision", {"treshold": 0.3}, r"problem.decision.treshold is unknown \(did you mean threshold\?\)"),
        ("decision", {"threshold": 2}, "problem.decision.threshold is 2"),
        ("decision", {"threshold": "auto", "capacity_share": 0.1}, "exclude each other"),
        ("holdout_days", 0, "problem.holdout_days is 0"),
        ("holdout_days", 2.5, "problem.holdout_days must be a whole number"),
        ("title", "", "problem.title must be text"),
        (
            "training",
            {"params": {"num_leafs": 3}},
            r"training.params.num_leafs is unknown \(did you mean num_leaves",
        ),
        ("training", {"params": {"seed": 3}}, "training.params.seed is unknown"),
        ("explain", {"for": "some"}, "problem.explain.for is 'some'"),
        ("budget", {"train_second": 3}, r"did you mean train_seconds\?"),
    ],
)
def test_a_bad_value_is_an_error_that_names_file_and_key(manifest, key, value, said):
    _declared(manifest)[key] = value
    with pytest.raises(AsofError, match=f"{FILE}: .*{said}"):
        declaration.read(manifest, "late")


@pytest.mark.parametrize("key", ["title", "owner", "task", "metric", "margin", "costs", "holdout_days", "validation_days"])
def test_what_decides_something_has_no_default(manifest, key):
    del _declared(manifest)[key]
    with pytest.raises(AsofError, match=f"{FILE}: problem.{key} is missing"):
        declaration.read(manifest, "late")


@pytest.mark.parametrize("role", ["entity", "as_of", "label", "label_known_at", "rule"])
def test_each_role_is_needed_exactly_once(manifest, role):
    columns = _node(manifest)["columns"]
    taken = next(c for c in columns.values() if c["meta"].get("role") == role)
    columns["twin"] = {**taken, "name": "twin"}
    with pytest.raises(AsofError, match=f"{FILE}: columns {taken['name']}, twin all have meta.role {role}"):
        declaration.read(manifest, "late")
    del columns["twin"], columns[taken["name"]]
    with pytest.raises(AsofError, match=f"{FILE}: no column has meta.role {role}"):
        declaration.read(manifest, "late")


@pytest.mark.parametrize("name", ['x"; drop table y; --', "Wind", "1st", "a b", "wind\n", ""])
def test_a_hostile_identifier_is_refused_for_columns_and_problems(manifest, name):
    with pytest.raises(AsofError, match="is not a name"):
        declaration.read(manifest, name)
    _node(manifest)["columns"]["wind"]["name"] = name
    with pytest.raises(AsofError, match=f"{FILE}: column .* is not a name"):
        declaration.read(manifest, "late")


@pytest.mark.parametrize(
    ("data_type", "said"),
    [
        ("date", "is date, but its role feature needs a number"),
        ("interval", "is interval"),
        ("varchar[]", "is varchar"),
        (None, "no data_type"),
    ],
)
def test_a_type_that_is_no_feature_is_refused(manifest, data_type, said):
    _node(manifest)["columns"]["wind"]["data_type"] = data_type
    with pytest.raises(AsofError, match=f"{FILE}: column wind {said}|{FILE}: column wind has {said}"):
        declaration.read(manifest, "late")


def test_a_time_role_must_be_a_timestamp(manifest):
    _node(manifest)["columns"]["as_of"]["data_type"] = "varchar"
    with pytest.raises(AsofError, match="column as_of is varchar, but its role as_of needs a time"):
        declaration.read(manifest, "late")


def test_a_misspelt_role_or_problem_gets_a_suggestion(manifest):
    with pytest.raises(AsofError, match=r"no dbt model lat__training_set \(did you mean late\?\)"):
        declaration.read(manifest, "lat")
    _node(manifest)["columns"]["wind"]["config"]["meta"]["role"] = "wieght"
    with pytest.raises(AsofError, match=r"column wind: role 'wieght' is unknown \(did you mean weight\?\)"):
        declaration.read(manifest, "late")


@pytest.mark.parametrize(("name", "drift"), [("wind", "no"), ("wind", 0), ("as_of", False)])
def test_whether_drift_says_anything_is_true_or_false_and_belongs_to_a_feature(manifest, name, drift):
    _node(manifest)["columns"][name]["config"]["meta"]["drift"] = drift
    with pytest.raises(AsofError, match=f"column {name}: drift is .*; it must be true or false, and belongs to a feature"):
        declaration.read(manifest, "late")


def test_what_the_calendar_moves_is_declared_and_changes_no_hash(manifest):
    first = declaration.read(manifest, "late")
    _node(manifest)["columns"]["wind"]["config"]["meta"] = {"drift": False}
    second = declaration.read(manifest, "late")
    assert [column.name for column in second.columns if not column.drift] == ["wind"]
    assert second.spec_hash == first.spec_hash and second.feature_hash == first.feature_hash


def test_prose_changes_no_hash_but_a_margin_does(manifest):
    first = declaration.read(manifest, "late")
    _declared(manifest)["title"] = "Will it be punctual?"
    _node(manifest)["columns"]["wind"]["description"] = "In metres per second."
    assert declaration.read(manifest, "late").spec_hash == first.spec_hash
    _declared(manifest)["margin"] = 0.02
    second = declaration.read(manifest, "late")
    assert second.spec_hash != first.spec_hash and second.feature_hash == first.feature_hash
    _node(manifest)["columns"]["wind"]["data_type"] = "varchar"
    assert declaration.read(manifest, "late").feature_hash != first.feature_hash


@pytest.mark.parametrize("cadence", ["yearly", "every 360 days", "every 1 days", "every 3650 days"])
def test_a_cadence_may_be_any_number_of_days(cadence: str) -> None:
    assert Retraining(cadence).cadence == cadence


@pytest.mark.parametrize("cadence", ["every 0 days", "every 3660 days", "every day", "every 10 days or so", "yearlly", 10])
def test_a_cadence_that_is_none_is_refused(cadence: object) -> None:
    with pytest.raises(ValidationError, match="weekly"):
        Retraining(cadence)
