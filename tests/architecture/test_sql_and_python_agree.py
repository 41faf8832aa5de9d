"""Where SQL repeats a decision that Python or a deployment took, both give the same answer."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import duckdb
import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from flows.runtime import lineage, salt
from flows.steps.serving import served
from ml.models.tasks import TASKS
from ml.problem.declared.feedback import Feedback
from ml.problem.declared.retraining import Retraining
from ml.problem.declared.spec import Declared
from ml.problem.declared.validation import Validation
from ml.statistics import profile
from tests.architecture.house import House

PROJECT = Path(__file__).parents[2]
MON_PROFILES = PROJECT / "models" / "monitoring" / "drift" / "mon_profiles.sql"
LABELS = pa.table({"label": [0.0, 1.0]})
EXPECTED_RUNS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["expected_runs"]


def _returned(path: str, macro: str, *arguments: Any, **known: Any) -> Any:
    """What a macro returns, or the text that it makes, without dbt; `known` are the macros that it calls."""
    found: list[Any] = []
    dispatched = SimpleNamespace(dispatch=lambda name: getattr(module, f"default__{name}"))
    template = Environment(extensions=["jinja2.ext.do"]).from_string((PROJECT / "macros" / path).read_text())
    template.globals |= {"return": lambda value: found.append(value) or "", "adapter": dispatched, **known}
    module = template.module
    getattr(module, macro)(*arguments)
    return found[0].strip() if isinstance(found[0], str) else found[0]


def test_the_monitor_counts_labels_in_the_cells_that_training_gave_them() -> None:
    """mon_profiles writes cells of the label as `n + cast(label as integer)`; the profile of training has to have the same."""
    offset = int(re.search(r"(\d+) \+ cast\(label as integer\) as cell", MON_PROFILES.read_text()).group(1))
    without_features = SimpleNamespace(problem=SimpleNamespace(feature_names=(), classes=()))
    cells = profile.counts(profile.edges(without_features), LABELS)
    assert [cell for _, cell, _ in cells] == [offset, offset + 1]


@pytest.mark.parametrize("task", TASKS)
def test_predictions_of_a_task_have_the_same_columns_in_sql_and_in_python(task: str) -> None:
    problem = SimpleNamespace(task=task, classes=["late", "lost"] if task == "multiclass" else [])
    found = _returned("tasks/columns_of_task.sql", "columns_of_task", "p", declared_problem=lambda name: problem)
    assert found == list(TASKS[task].columns(problem))


@pytest.mark.parametrize(
    ("section", "declared"), [("retraining", Retraining()), ("validation", Validation()), ("feedback", Feedback())]
)
def test_a_section_that_is_left_out_is_the_same_in_sql_and_in_python(section: str, declared: object) -> None:
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(declared).items()}
    assert _returned("declaration/declaration_defaults.sql", "declaration_defaults")[section] == values


def test_every_key_that_sql_has_a_default_for_has_one_in_python() -> None:
    defaults = _returned("declaration/declaration_defaults.sql", "declaration_defaults")
    assert defaults["slices"] == list(Declared.slices)
    assert {"slices", "retraining", "validation", "feedback"} == set(defaults) <= set(get_type_hints(Declared))


def test_no_model_or_macro_has_a_default_of_its_own_for_what_is_declared(house: House) -> None:
    readers = [each for each in [*house.models.values(), *house.macros.values()] if "declared_problem(" in each.sql]
    own = {each.name for each in readers if re.search(r"(declared|policy|costs|feedback|\))\.get\(", each.sql)}
    assert len(readers) > 5 and own <= {"declared_problem"}, "declaration_defaults is the one home of defaults"


def test_what_a_declaration_says_the_calendar_moves_is_left_out_of_its_own_problem_alone() -> None:
    declared = {
        "p": [{"name": "weekday", "drift": False}, {"name": "wind", "drift": True}],
        "q": [{"name": "weekday", "drift": True}],
    }
    template = Environment().from_string((PROJECT / "macros" / "monitoring" / "has_drift.sql").read_text())
    template.globals |= {"var": lambda name: list(declared), "declared_problem": lambda name: {"columns": declared[name]}}
    rows = "(values ('p', 'weekday'), ('p', 'wind'), ('q', 'weekday'), ('p', 'score')) as t(problem, feature)"
    found = duckdb.sql(f"select problem, feature from {rows} where {template.module.has_drift()}").fetchall()
    assert found == [("p", "wind"), ("q", "weekday"), ("p", "score")]


@pytest.mark.parametrize("features", [("a",), ("a", "b", "plan_carrier")])
def test_the_fingerprint_of_a_row_is_the_same_sql_when_it_is_served_and_when_it_is_compared(features: tuple[str, ...]) -> None:
    assert _returned("dialect/row_fingerprint.sql", "row_fingerprint", features) == served.fingerprint(features)
    assert _returned("dialect/row_json.sql", "row_json", features) == served.everything(features)


def _minutes(cron: str) -> int | None:
    """How often a cron comes, in minutes; None for one that comes once a day or more rarely."""
    minute, hour, *rest = cron.split()
    if rest != ["*", "*", "*"] or not minute.isdigit():
        return None
    return 60 * int(hour.removeprefix("*/")) if hour.startswith("*/") else 60 if hour == "*" else None


# The phases that leave a run each time that a flow of several comes; a training is not always due.
PHASES = {"cycle": ("data", "serving", "monitoring")}


def test_a_phase_is_missed_after_three_turns_of_its_schedule() -> None:
    """`expected_runs` of dbt_project.yml says after how many hours; the crons of prefect.yaml say how often a phase comes."""
    often: dict[str, int] = {}
    for deployed in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]:
        flow = deployed["entrypoint"].rpartition(":")[2]
        minutes = [every for schedule in deployed["schedules"] if (every := _minutes(schedule["cron"]))]
        for phase in PHASES.get(flow, (flow,)) if minutes else ():
            often[phase] = min([*minutes, often.get(phase, 10**6)])
    assert {phase: 3 * minutes / 60 for phase, minutes in often.items()} == EXPECTED_RUNS


def test_the_salted_hash_is_the_same_in_sql_and_python() -> None:
    assert _returned("privacy/hashed.sql", "hashed", "lower(mail)") == salt.hashed("lower(mail)")


OWN = ("asof", "feedback")
ASKED, _ = lineage.tips("asked")


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, dict]:
    """A graph of models over sources, those of the project itself among them; each model reads some that come before it."""
    sources = {f"source.{one}": {"source_name": one, "name": "rows"} for one in ("shop", "till", *OWN)}
    nodes: dict[str, dict] = {}
    for name in ("a", "b", "c", "d", ASKED):
        parents = draw(st.lists(st.sampled_from([*sources, *nodes]), unique=True))
        nodes[f"model.{name}"] = {"unique_id": f"model.{name}", "name": name, "depends_on": {"nodes": parents}}
    return {"nodes": nodes, "sources": sources}


@given(graphs())
def test_what_a_model_lands_from_is_the_same_in_sql_and_in_python(graph: dict[str, dict]) -> None:
    landed = {one for one in lineage.sources(graph, "asked") if one.split(".")[0] not in OWN}
    assert _returned("project/sources_of.sql", "sources_of", ASKED, graph=graph, execute=True) == sorted(landed)
