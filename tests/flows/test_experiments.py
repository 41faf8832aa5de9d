"""Experiments: a box that ends on time, crashes that are rows, and a declaration that changes by one visible difference."""

from __future__ import annotations

import difflib
import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from pyarrow import ipc

from flows.steps.experimenting import accepting, bench, board, box, export, rewriting, running
from flows.steps.experimenting.box import Came
from ml.errors import AsofError
from ml.experiment import Experiment, Plan, Search
from ml.problem import Problem
from ml.recipe import Recipe
from ml.rows import labels, weights
from ml.split import days
from ml.walk import folds, walking
from tests.conftest import PROBLEM, PROJECT, House
from tests.ml import conftest as small

EDGES = np.array(["2013-05-25", "2013-06-10", "2013-06-25"], dtype="datetime64[us]")
DECLARATION = PROJECT / "models" / "problems" / PROBLEM / f"_{PROBLEM}.yml"
TRIED = Experiment("tried", "It helps.", "size of a tree", {"num_leaves": 15}, "better", 30.0, "", "experiments.yml")


@pytest.fixture
def on(tmp_path: Path) -> bench.Bench:
    """A bench of the small world, without a warehouse."""
    node = {
        "name": "late__training_set",
        "resource_type": "model",
        "patch_path": "asof://models/problems/late/_late.yml",
        "original_file_path": "",
        "meta": {},
        "config": {"meta": {"problem": small.PROBLEM}},
        "columns": {column["name"]: column for column in small.COLUMNS},
    }
    problem, table = Problem.from_manifest({"nodes": {"m": node}}, "late"), small.small_table(3000)
    with ipc.new_file(str(tmp_path / "rows.arrow"), table.schema) as writer:
        writer.write_table(table)
    rows = np.arange(table.num_rows)
    return bench.Bench(
        problem=problem,
        plan=Plan("experiments.yml", date(2013, 5, 25), date(2013, 6, 25), 3, 0.001, False, (TRIED,)),
        node=node,
        table=table,
        edges=EDGES,
        through=folds(table[problem.as_of], table[problem.label_known_at], EDGES, problem.validation_days),
        label=labels(table, problem, rows),
        weight=weights(table, problem),
        cluster=days(table[problem.as_of]),
        fingerprint=bench.fingerprint(table),
        folder=tmp_path,
    )


def test_the_child_finds_what_a_walk_in_this_process_finds(on: bench.Bench) -> None:
    recipe = Recipe.of(on.problem)
    came = box.run(on, recipe, [7, 8], 120)
    assert (came.status, came.error, set(came.scores)) == (box.FINISHED, None, {(7, 1), (7, 2), (8, 1), (8, 2)})
    for seed in (7, 8):
        for scored in walking(on.table, on.problem, replace(recipe, seed=seed), on.through, refitted=False):
            np.testing.assert_array_equal(came.scores[seed, scored.fold.number], scored.score)
    assert 50 < came.memory_mb < 2000


def test_a_box_ends_on_time_whatever_runs_in_it(on: bench.Bench) -> None:
    endless = replace(Recipe.of(on.problem), rounds=10_000_000, early_stopping_rounds=10_000_000)
    began = time.perf_counter()
    came = box.run(on, endless, [7], 1.5)
    assert came.status == box.OUT_OF_TIME and came.scores == {}
    assert time.perf_counter() - began < 10


def test_what_was_done_when_time_ran_out_is_weighed_and_stays_undecided(on: bench.Bench) -> None:
    rng, seeds = np.random.default_rng(0), [7, 8, 9]
    truth = [on.label[fold.test] for fold in on.through]
    base = {(s, n): 0.5 + 0.1 * truth[n - 1] + rng.normal(0, 0.15, len(truth[n - 1])) for s in seeds for n in (1, 2)}
    best = {(s, 1): 0.2 + 0.6 * truth[0] for s in seeds} | {(7, 2): 0.2 + 0.6 * truth[1]}
    clipped = {key: np.clip(score, 0, 1) for key, score in base.items()}
    held = Came(box.FINISHED, 1, scores=clipped)
    part = running._verdict(on, TRIED, Came(box.OUT_OF_TIME, 30, scores=best), held, seeds, [1, 2])
    assert part["decision"] == "undecided" and part["reason"].startswith("out of time after 4 of 6 folds in 30 seconds")
    assert part["estimate"] > 0 and part["rows"] == len(truth[0]) + len(truth[1])
    whole = best | {(s, 2): 0.2 + 0.6 * truth[1] for s in seeds}
    done = running._verdict(on, TRIED, Came(box.FINISHED, 30, scores=whole), held, seeds, [1, 2])
    assert done["decision"] == "accepted" and len(json.loads(done["by_fold"])) == 2
    none = running._verdict(on, TRIED, Came(box.OUT_OF_TIME, 30), held, seeds, [1, 2])
    assert none["decision"] == "undecided" and "not one of 2 folds" in none["reason"] and none["metrics"] is None


def test_a_crash_is_an_outcome_with_its_last_words(on: bench.Bench) -> None:
    came = box.run(on, replace(Recipe.of(on.problem), params={"num_leaves": 1}), [7], 60)
    assert came.status == box.CRASHED and "num_leaves" in came.error and "exit code 1" in came.error
    row = running._verdict(on, TRIED, came, Came(box.FINISHED, 1), [7, 8, 9], [1, 2])
    assert row["decision"] == "undecided" and row["reason"].startswith("crashed: ")


def test_a_search_records_its_trials_and_begins_with_what_is_declared(on: bench.Bench) -> None:
    came = box.run(on, Recipe.of(on.problem), [7], 120, search=Search(3, {"num_leaves": (3, 15, True)}))
    assert came.status == box.FINISHED, came.error
    assert [trial["number"] for trial in came.trials] == [0, 1, 2]
    assert came.trials[0]["params"] == {"num_leaves": 7}
    best = max(came.trials, key=lambda trial: trial["value"])
    assert came.found["num_leaves"] == best["params"]["num_leaves"]


@pytest.fixture(scope="module")
def declared() -> Problem:
    return _read(DECLARATION.read_text())


def _read(text: str) -> Problem:
    node = next(one for one in yaml.safe_load(text)["models"] if one["name"] == f"{PROBLEM}__training_set")
    entry = {"name": node["name"], "config": node["config"], "columns": {column["name"]: column for column in node["columns"]}}
    return Problem.from_manifest({"nodes": {"m": entry}}, PROBLEM)


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
    folded = text.replace("{name: gust, data_type: double, ", "{name: gust,\n         data_type: double, ")
    with pytest.raises(AsofError, match=r"column gust .*does not stand on one line"):
        rewriting.rewritten(folded, declared, before, replace(before, features=tuple(set(before.features) - {"gust"})), "x.yml")
    with pytest.raises(AsofError, match="cannot be changed cleanly"):
        accepting._verify(text, declared, replace(before, rounds=before.rounds + 1))


def test_no_export_without_the_variable_and_a_clear_word_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(export.VARIABLE, raising=False)
    export.check()
    assert export.export({}) is None
    monkeypatch.setenv(export.VARIABLE, "sqlite:///x.db")
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(AsofError, match=r"pip install '\.\[mlflow\]'"):
        export.check()


def test_the_fingerprint_of_rows_is_that_of_their_values_not_of_what_lies_beneath_a_null() -> None:
    known, validity = pa.array([1.0, 2.0]).buffers()[1], pa.array([True, False]).buffers()[1]
    other = pa.array([1.0, 99.0]).buffers()[1]
    null = [pa.Array.from_buffers(pa.float64(), 2, [validity, values]) for values in (known, other)]
    assert null[0].to_pylist() == null[1].to_pylist() == [1.0, None]
    first, second = (bench.fingerprint(pa.table({"x": column, "s": ["a", None]})) for column in null)
    assert first == second
    assert bench.fingerprint(pa.table({"x": pa.array([1.0, 2.0]), "s": ["a", None]})) != first
    assert bench.fingerprint(pa.table({"x": null[0], "s": [None, "a"]})) != first


def test_an_experiment_leaves_a_row_and_a_crash_too(inside: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from flows.experiment import experiment
    from flows.steps import problems, warehouse

    crash = replace(TRIED, name="crash", change={"num_leaves": 1})
    rule = replace(TRIED, name="rule", dimension="algorithm", change={"algorithm": "rule"})
    plan = Plan("experiments.yml", date(2013, 2, 22), date(2013, 3, 1), 3, 0.001, False, (crash, rule))
    monkeypatch.setattr(bench, "plan", lambda problem: plan)
    running.prepare()
    rows = experiment.fn(PROBLEM, ["crash", "rule"])
    assert [row["status"] for row in rows] == ["crashed", "finished"]
    kept = warehouse.rows("select * from marts.experiments order by started_at")
    assert [row["name"] for row in kept] == ["baseline", "crash", "rule"]
    assert "num_leaves" in kept[1]["error"] and kept[2]["decision"] in ("accepted", "rejected", "undecided")
    assert kept[0]["roc_auc"] > 0.5 and len({row["data_fingerprint"] for row in kept}) == 1
    again = experiment.fn(PROBLEM, ["rule"])[0]
    assert again["estimate"] == rows[1]["estimate"], "the baseline was kept, and the same rows give the same figures"
    assert [row["n"] for row in warehouse.rows("select count(*) as n from ledger.experiments where dimension = 'baseline'")] == [
        1
    ], warehouse.rows("select recipe_hash, data_fingerprint, started_at from ledger.experiments where dimension = 'baseline'")
    with pytest.raises(AsofError, match="crash is undecided"):
        accepting._row(problems.get(PROBLEM), "crash")
    written = board.write(PROBLEM, tmp_path / "page.md")
    assert "crash" in written[0].read_text() and (tmp_path / "page.html").exists()
    board.table(PROBLEM)
