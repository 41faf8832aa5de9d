"""Thousands of spoilt declarations: each is the problem that it says, or an AsofError that names file and key."""

from __future__ import annotations

import copy
import json

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ml.errors import AsofError
from ml.models.fit import boost
from ml.problem import declaration
from ml.problem.declared.columns import RESERVED, TAKEN
from ml.problem.declared.faults import DeclarationError
from ml.problem.declared.spec import Declared
from ml.problem.declared.training import PARAMS
from tests.ml.conftest import COLUMNS, PROBLEM

FULL = {
    **PROBLEM,
    "alpha": 0.05, "cluster": "origin", "decision": {"capacity_share": 0.1},
    "retraining": {"cadence": "monthly", "triggers": ["drift", "new_labels"], "windows": 4, "beyond": 2, "new_labels": 500},
    "budget": {"train_seconds": 60, "train_memory_mb": 500, "score_seconds": 3},
    "training": {**PROBLEM["training"], "window_days": 300, "sampling": 0.5, "members": 2, "calibration": "platt"},
    "explain": {"reasons": 2, "for": "all"},
    "feedback": {"conflict": "trusted_first", "trusted": ["bo", "al"], "use_in_training": "all"},
    "validation": {"value_margin": 0.03},
    "framing": {"plan": [{"phase": "a", "deliverable": "b", "days": 2, "done_when": "c"}], "prices": {"cpu_hour": 0.1},
                "assumptions": ["x", "y"], "label": {"kind": "direct"}},
}  # fmt: skip
REQUIRED = ("title", "owner", "task", "metric", "margin", "costs", "holdout_days", "validation_days")
HOSTILE = [
    None, True, False, 0, 1, -1, 2, 5, 1.5, -0.5, 1e308, 1e-320, float("nan"), float("inf"), -float("inf"), 10**400, 10**5000,
    -(10**400), 2**63, "", " ", "auto", "1", "0.5", "1e3", "true", "null", "7 boosting=dart linear_tree=true", "roc_auc", "day",
    "a\nb", "ü", "x'; drop table y; --", [], [None], [[]], ["bo", "bo"], ["origin", "origin"], {}, {"x": 1}, {1: 2}, {None: 0},
    "x" * 10_000,
]  # fmt: skip
values = st.sampled_from(HOSTILE) | st.floats() | st.integers() | st.text(max_size=5)


def manifest(declared, columns=COLUMNS):
    node = {
        "name": "late__training_set",
        "config": {"meta": {"problem": declared}},
        "patch_path": "asof://models/problems/late/_late.yml",
        "columns": {str(column["name"]): column for column in columns},
    }
    return {"nodes": {"m": node}}


def places(value, way=()):
    """The way to every key and entry."""
    found = [way] if way else []
    if isinstance(value, dict):
        found += [one for key, inner in value.items() for one in places(inner, (*way, key))]
    if isinstance(value, list):
        found += [one for at, inner in enumerate(value) for one in places(inner, (*way, at))]
    return found


PLACES = places(FULL)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(
    at=st.sampled_from(PLACES), more=st.lists(st.tuples(st.sampled_from(PLACES), values), max_size=2),
    how=st.sampled_from(["set", "drop", "rename", "add"]), value=values,
    name=st.text(max_size=8) | st.sampled_from(["seed", "for", "rows"]),
)  # fmt: skip
def test_a_spoilt_declaration_is_what_it_says_or_an_error_that_names_file_and_key(at, more, how, value, name):
    declared = copy.deepcopy(FULL)
    spoil(declared, at, how, value, name)
    for way, other in more:
        spoil(declared, way, "set", other, name)
    try:
        problem = declaration.read(manifest(declared), "late")
    except AsofError as refused:
        said = str(refused)
        assert said.startswith("models/problems/late/_late.yml: ") and "\n" not in said.replace("a\nb", "")
        assert all(one.key[:3] == ("config", "meta", "problem") for one in refused.faults)
        assert all(len(one.said) < 1000 for one in refused.faults)
        return
    assert means(problem) == normal(declared)
    assert problem.spec_hash


def spoil(declared, way, how, value, name):
    inner = declared
    for part in way[:-1]:
        try:
            inner = inner[part]
        except (KeyError, IndexError, TypeError):
            return
    last = way[-1]
    if isinstance(inner, list):
        inner.append(value) if how == "add" or isinstance(last, str) else inner.__setitem__(slice(last, last + 1), [value])
    elif isinstance(inner, dict) and how == "drop":
        inner.pop(last, None)
    elif isinstance(inner, dict) and how == "rename":
        inner[name] = inner.pop(last, value)
    elif isinstance(inner, dict):
        inner[name if how == "add" else last] = value


def means(problem):
    """What a problem was taken to be, at each key that a declaration has."""
    return {key: plain(getattr(problem, key)) for key in Declared.__dataclass_fields__}


def normal(declared):
    """What a declaration says, in as many words: nothing is cast, what is left out has its default."""
    least = means(declaration.read(manifest({key: FULL[key] for key in REQUIRED}), "late"))
    return {key: filled(declared.get(key, least[key]), least[key]) for key in least}


def filled(said, default):
    if isinstance(said, dict) and isinstance(default, dict):
        said = {("rows" if key == "for" else key): value for key, value in said.items()}
        return {**default, **{key: filled(value, default.get(key)) for key, value in said.items()}}
    return None if said == "auto" and default is None else plain(said)


def plain(value):
    if hasattr(value, "__dataclass_fields__"):
        return {key: plain(getattr(value, key)) for key in value.__dataclass_fields__}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value.strip() if isinstance(value, str) else value


def test_a_full_declaration_is_read_as_it_stands():
    assert means(declaration.read(manifest(FULL), "late")) == normal(FULL)


def test_every_fault_of_a_declaration_is_told_at_once():
    columns = [{**column, "data_type": "date"} if column["name"] == "hour" else column for column in COLUMNS]
    declared = {**PROBLEM, "margin": "0.01", "metrics": 1, "slices": ["orgin"]}
    with pytest.raises(DeclarationError) as caught:
        declaration.read(manifest(declared, columns), "late")
    told = [one.said for one in caught.value.faults]
    assert any(one.startswith("column hour is date") for one in told)
    assert any(one.startswith("problem.margin must be a number, not '0.01'") for one in told)
    assert any("problem.metrics is unknown (did you mean metric?)" in one for one in told)


@pytest.mark.parametrize("key", PARAMS)
@pytest.mark.parametrize(
    "value", ["7 boosting=dart linear_tree=true", "0.5", None, [3], {"a": 1}, float("nan"), 1e300, 10**400, -7]
)
def test_no_parameter_of_lightgbm_takes_what_is_no_number_in_its_range(key, value):
    declared = {**PROBLEM, "training": {"params": {key: value}}}
    with pytest.raises(DeclarationError, match=f"_late.yml: problem.training.params.{key} "):
        declaration.read(manifest(declared), "late")


@pytest.mark.parametrize(
    "key", ["forcedsplits_filename", "boosting", "linear_tree", "num_leaves ", "Num_Leaves", "objective", "input_model"]
)
def test_a_parameter_that_is_not_on_the_list_is_refused_with_the_nearest_that_is(key):
    with pytest.raises(DeclarationError, match=f"problem.training.params.{key} is unknown"):
        declaration.read(manifest({**PROBLEM, "training": {"params": {key: 7}}}), "late")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_parameter_that_is_accepted_trains_as_it_says(data):
    import numpy as np

    rng, schema = np.random.default_rng(0), TypeAdapter(Declared).json_schema()["$defs"]["Params"]["properties"]
    params = {}
    for key in data.draw(st.sets(st.sampled_from(PARAMS), max_size=4)):
        kind = schema[key]
        if kind["type"] == "boolean":
            params[key] = data.draw(st.booleans())
            continue
        low, high = kind.get("minimum", kind.get("exclusiveMinimum")), min(kind["maximum"], 1e6)
        number = st.integers(low, int(high)) if kind["type"] == "integer" else st.floats(max(low, 1e-9), high)
        params[key] = data.draw(number)
    problem = declaration.read(manifest({**PROBLEM, "training": {"params": params}}), "late")
    matrix, label = rng.normal(size=(60, 2)), np.arange(60) % 2
    settings_of = problem.training.params
    try:
        booster, _ = boost(matrix, label, np.ones(60), ["a", "b"], [], settings_of, 1, "roc_auc", 2, 2, 1, lambda done: None)
    except AsofError as refused:
        assert "LightGBM refuses training.params" in str(refused)
        return
    trained = booster.params
    assert {key: trained[key] for key in params} == params
    assert "linear_tree" not in trained and trained.get("boosting", "gbdt") == "gbdt"


def test_words_of_sql_are_those_that_duckdb_reads_as_no_column():
    con = duckdb.connect()  # one of its own: other tests have closed or set the common one
    words = {word for (word,) in con.sql("select keyword_name from duckdb_keywords()").fetchall()}

    def is_a_column(word):
        try:
            con.sql(f"select t.{word} from (select 1 as {word}) as t join (select 1 as {word}) as u using ({word})")
        except duckdb.Error:
            return False
        return True

    assert {word for word in words if not is_a_column(word)} == RESERVED


@pytest.mark.parametrize(
    "name", [*sorted(TAKEN), "group", "end", "order", "5", 'a"b', "größe", "Wind", "a b", "", "at", "x" * 64]
)
@pytest.mark.parametrize("role", ["feature", "entity"])
def test_a_column_of_a_name_that_sql_or_a_prediction_has_itself_is_refused(name, role):
    place = next(at for at, column in enumerate(COLUMNS) if column["config"]["meta"].get("role", "feature") == role)
    columns = [column if column["name"] != name else {**column, "name": "moved"} for column in copy.deepcopy(COLUMNS)]
    columns[place]["name"] = name
    with pytest.raises(DeclarationError, match=r"_late.yml: column ") as caught:
        declaration.read(manifest(PROBLEM, columns), "late")
    assert name[:60] in str(caught.value) or json.dumps(name)[1:-1] in str(caught.value)
