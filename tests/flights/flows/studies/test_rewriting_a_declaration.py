"""What an experiment found is written into the declaration: one line, and nothing else changes."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

import pytest
import yaml

from flows.studies.experiments import accepting, rewriting
from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.problem import declaration
from ml.problem.problem import Problem
from tests.conftest import PROJECT
from tests.flights.conftest import PROBLEM

pytestmark = pytest.mark.slow
DECLARATION = PROJECT / "models" / "problems" / PROBLEM / f"_{PROBLEM}.yml"


@pytest.fixture(scope="module")
def declared() -> Problem:
    return _read(DECLARATION.read_text())


def _read(text: str) -> Problem:
    node = next(one for one in yaml.safe_load(text)["models"] if one["name"] == f"{PROBLEM}__training_set")
    entry = {"name": node["name"], "config": node["config"], "columns": {column["name"]: column for column in node["columns"]}}
    return declaration.read({"nodes": {"m": entry}}, PROBLEM)


def _changed(declared: Problem, **changes) -> tuple[Recipe, list[str]]:
    """The recipe that the rewritten declaration declares, and the lines that differ."""
    text, before = DECLARATION.read_text(), Recipe.of(declared)
    after = replace(before, **changes)
    new = rewriting.rewritten(text, declared, before, after, "x.yml")
    assert Recipe.of(_read(new)) == after
    lines = difflib.unified_diff(text.splitlines(), new.splitlines(), lineterm="", n=0)
    return after, [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_a_changed_value_is_one_line_out_and_one_line_in(declared: Problem) -> None:
    leaves = declared.training.params["num_leaves"] + 1
    _, lines = _changed(declared, params={**declared.training.params, "num_leaves": leaves})
    assert lines == [f"-              num_leaves: {leaves - 1}", f"+              num_leaves: {leaves}"]
    _, lines = _changed(declared, rounds=declared.training.rounds + 1)
    assert len(lines) == 2


@pytest.mark.parametrize("change", [{"window_days": 91}, {"calibration": "isotonic"}, {"sampling": 0.25}])
def test_what_is_not_declared_yet_is_one_line_more(declared: Problem, change: dict) -> None:
    _, lines = _changed(declared, **change)
    [(key, value)] = change.items()
    assert lines[-1] == f"+            {key}: {value}" and len(lines) <= 2


def test_a_feature_goes_out_and_a_candidate_comes_in_on_its_own_line(declared: Problem) -> None:
    names = declared.feature_names
    _, lines = _changed(declared, features=tuple(name for name in names if name != "gust"))
    assert len(lines) == 2 and "role: candidate" in lines[1] and lines[1].replace(rewriting.CANDIDATE, "")[1:] == lines[0][1:]
    one = declared.candidates[0].name
    wider = tuple(column.name for column in declared.columns if column.name in {*names, one})
    _, lines = _changed(declared, features=wider)
    assert len(lines) == 2 and "role: candidate" in lines[0] and lines[0].replace(rewriting.CANDIDATE, "")[1:] == lines[1][1:]


def test_a_declaration_that_cannot_be_changed_in_place_is_refused(declared: Problem) -> None:
    text, before = DECLARATION.read_text(), Recipe.of(declared)
    folded = re.sub(r"(- name: gust\n(?: +(?!config).*\n)+?)( +)config: \{meta: ", r"\1\2config:\n\2  {meta: ", text)
    assert folded != text
    with pytest.raises(AsofError, match=r"column gust .*does not stand on one line"):
        rewriting.rewritten(folded, declared, before, replace(before, features=tuple(set(before.features) - {"gust"})), "x.yml")
    with pytest.raises(AsofError, match="cannot be changed cleanly"):
        accepting._verify(text, declared, replace(before, rounds=before.rounds + 1))
