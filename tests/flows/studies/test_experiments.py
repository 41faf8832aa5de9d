"""Experiments: a box that ends on time, crashes that are rows, and a declaration that changes by one visible difference."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc

from flows.studies.experiments import export, running, time_box
from flows.studies.experiments import folds as study
from flows.studies.experiments.time_box import Outcome
from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.problem import declaration
from ml.problem.rows import Rows
from ml.studies.experiment import Experiment, Plan, Search
from ml.studies.walk_forward import fold_by_fold, folds
from tests.ml import conftest as small

pytestmark = pytest.mark.slow
EDGES = np.array(["2013-05-25", "2013-06-10", "2013-06-25"], dtype="datetime64[us]")
TRIED = Experiment("tried", "It helps.", "size of a tree", {"num_leaves": 15}, "better", 30.0, "", "experiments.yml")


@pytest.fixture
def on(tmp_path: Path) -> study.StudyData:
    """Study data of the small world, without a warehouse."""
    node = {
        "name": "late__training_set",
        "resource_type": "model",
        "patch_path": "asof://models/problems/late/_late.yml",
        "original_file_path": "",
        "meta": {},
        "config": {"meta": {"problem": small.PROBLEM}},
        "columns": {column["name"]: column for column in small.COLUMNS},
    }
    problem, table = declaration.read({"nodes": {"m": node}}, "late"), small.small_table(3000)
    with ipc.new_file(str(tmp_path / "rows.arrow"), table.schema) as writer:
        writer.write_table(table)
    rows = Rows.of(table, problem)
    return study.StudyData(
        problem=problem,
        plan=Plan("experiments.yml", date(2013, 5, 25), date(2013, 6, 25), 3, 0.001, False, (TRIED,)),
        node=node,
        rows=rows,
        edges=EDGES,
        through=folds(rows.as_of, rows.known_at, EDGES, problem.validation_days),
        fingerprint=study.fingerprint(table),
        folder=tmp_path,
    )


def test_the_child_finds_what_a_walk_in_this_process_finds(on: study.StudyData) -> None:
    recipe = Recipe.of(on.problem)
    outcome = time_box.run(on, recipe, [7, 8], 120)
    assert (outcome.status, outcome.error, set(outcome.scores)) == (time_box.FINISHED, None, {(7, 1), (7, 2), (8, 1), (8, 2)})
    for seed in (7, 8):
        for scored in fold_by_fold(on.rows, replace(recipe, seed=seed), on.through, refitted=False):
            np.testing.assert_array_equal(outcome.scores[seed, scored.fold.number], scored.score)
    assert 50 < outcome.memory_mb < 2000


def test_a_box_ends_on_time_whatever_runs_in_it(on: study.StudyData) -> None:
    endless = replace(Recipe.of(on.problem), rounds=10_000_000, early_stopping_rounds=10_000_000)
    began = time.perf_counter()
    outcome = time_box.run(on, endless, [7], 1.5)
    assert outcome.status == time_box.OUT_OF_TIME and outcome.scores == {}
    assert time.perf_counter() - began < 10


def test_what_was_done_when_time_ran_out_is_compared_and_stays_undecided(on: study.StudyData) -> None:
    rng, seeds = np.random.default_rng(0), [7, 8, 9]
    truth = [on.rows.label[fold.test] for fold in on.through]
    base = {(s, n): 0.5 + 0.1 * truth[n - 1] + rng.normal(0, 0.15, len(truth[n - 1])) for s in seeds for n in (1, 2)}
    best = {(s, 1): 0.2 + 0.6 * truth[0] for s in seeds} | {(7, 2): 0.2 + 0.6 * truth[1]}
    clipped = {key: np.clip(score, 0, 1) for key, score in base.items()}
    held = Outcome(time_box.FINISHED, 1, scores=clipped)
    part = running._verdict(on, TRIED, Outcome(time_box.OUT_OF_TIME, 30, scores=best), held, seeds, [1, 2])
    assert part["decision"] == "undecided" and part["reason"].startswith("out of time after 4 of 6 folds in 30 seconds")
    assert part["estimate"] > 0 and part["rows"] == len(truth[0]) + len(truth[1])
    whole = best | {(s, 2): 0.2 + 0.6 * truth[1] for s in seeds}
    done = running._verdict(on, TRIED, Outcome(time_box.FINISHED, 30, scores=whole), held, seeds, [1, 2])
    assert done["decision"] == "accepted" and len(json.loads(done["by_fold"])) == 2
    none = running._verdict(on, TRIED, Outcome(time_box.OUT_OF_TIME, 30), held, seeds, [1, 2])
    assert none["decision"] == "undecided" and "not one of 2 folds" in none["reason"] and none["metrics"] is None


def test_a_crash_is_an_outcome_with_its_last_words(on: study.StudyData) -> None:
    outcome = time_box.run(on, replace(Recipe.of(on.problem), params={"num_leaves": 1}), [7], 60)
    assert outcome.status == time_box.CRASHED and outcome.error.startswith("LightGBM refuses training.params")
    row = running._verdict(on, TRIED, outcome, Outcome(time_box.FINISHED, 1), [7, 8, 9], [1, 2])
    assert row["decision"] == "undecided" and row["reason"].startswith("crashed: ")


def test_a_search_records_its_trials_and_begins_with_what_is_declared(on: study.StudyData) -> None:
    outcome = time_box.run(on, Recipe.of(on.problem), [7], 120, search=Search(3, {"num_leaves": (3, 15, True)}))
    assert outcome.status == time_box.FINISHED, outcome.error
    assert [trial["number"] for trial in outcome.trials] == [0, 1, 2]
    assert outcome.trials[0]["params"] == {"num_leaves": 7}
    best = max(outcome.trials, key=lambda trial: trial["value"])
    assert outcome.found["num_leaves"] == best["params"]["num_leaves"]


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
    first, second = (study.fingerprint(pa.table({"x": column, "s": ["a", None]})) for column in null)
    assert first == second
    assert study.fingerprint(pa.table({"x": pa.array([1.0, 2.0]), "s": ["a", None]})) != first
    assert study.fingerprint(pa.table({"x": null[0], "s": [None, "a"]})) != first
