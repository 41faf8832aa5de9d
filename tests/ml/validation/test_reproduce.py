"""A model is what its rows make of it, and where it is not, that is noticed."""

from dataclasses import replace

import pyarrow as pa
import pytest

from ml.problem.rows import Rows
from ml.validation.reproduce import CHANGED_ROWS, refit, retrain


def test_the_first_trees_come_out_again_to_the_byte(rows, problem, trained):
    found = refit(rows, trained.challenger, threads=1)
    assert found.same and found.compared == f"the first 5 of {trained.rounds} trees"


def test_the_whole_training_comes_out_again(rows, problem, trained):
    assert retrain(rows, trained.holdout_model, trained.challenger, threads=1).same


@pytest.mark.parametrize("again", [refit, lambda rows, model, threads: retrain(rows, model, model, threads)])
def test_rows_that_changed_since_are_no_lack_of_repetition(table, problem, trained, again):
    label = table["is_disrupted"].to_numpy().copy()
    label[100] = not label[100]
    other = table.set_column(table.column_names.index("is_disrupted"), "is_disrupted", pa.array(label))
    assert again(Rows.of(other, problem), trained.challenger, threads=1)[::2] == (None, CHANGED_ROWS)


def test_a_model_that_its_rows_do_not_make_is_found(rows, problem, trained):
    spec = {**trained.challenger.spec, "params": {**trained.challenger.spec["params"], "seed": 8}}
    assert refit(rows, replace(trained.challenger, spec=spec), threads=1).same is False
    assert retrain(rows, trained.challenger, trained.challenger, threads=1).same is False


def test_a_declaration_that_changed_since_is_told_apart(rows, problem, trained):
    other = replace(problem, training=replace(problem.training, rounds=61))
    assert (
        retrain(replace(rows, problem=other), trained.holdout_model, trained.challenger, threads=1).changed == "the declaration"
    )
    assert refit(rows, trained.challenger, threads=1).same, "its own parameters stand with the model"


def test_a_model_knows_which_of_its_features_a_problem_has_lost(problem, trained):
    assert trained.challenger.lost(problem) == []
    fewer = replace(problem, columns=tuple(column for column in problem.columns if column.name != "wind"))
    assert trained.challenger.lost(fewer) == ["wind"]
    kinds = tuple(column if column.name != "carrier" else replace(column, kind="number") for column in problem.columns)
    assert trained.challenger.lost(replace(problem, columns=kinds)) == ["carrier"]
