"""While no model has won, the rule is a model like others: it scores as it says, survives the ledger, and explains nothing."""

from __future__ import annotations

import copy
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from ml.models.model import Model
from ml.models.of_rule import NoProbability, of_rule
from ml.models.score import score_batches
from ml.problem import declaration
from ml.problem.problem import Problem
from ml.problem.rows import Rows


def test_it_scores_every_row_as_the_rule_says_and_gives_no_reasons(table: pa.Table, problem: Problem, now: datetime) -> None:
    served = of_rule(Rows.of(table, problem), now).challenger
    scored = pa.Table.from_batches(score_batches(served, problem, table.to_batches()))
    assert np.allclose(scored["score"], table["rule_score"]) and scored["reasons"].null_count == len(scored)
    assert scored["flagged"].to_pylist() == [score >= served.threshold for score in scored["score"].to_pylist()]


def test_its_name_says_what_it_is_and_it_comes_back_from_its_row_as_it_was(rows: Rows, now: datetime) -> None:
    served = of_rule(rows, now).challenger
    assert served.name == "rule-of-late-20130701" and served.spec["rounds"] == 0
    assert Model.from_row(served.to_row()).sha256 == served.sha256


def test_its_holdout_model_knows_nothing_of_the_holdout(rows: Rows, now: datetime) -> None:
    made = of_rule(rows, now)
    assert made.holdout_model.unseen(rows.known_at[made.holdout]).all()


def test_a_rule_that_is_no_probability_is_not_served(table: pa.Table, manifest: dict, now: datetime) -> None:
    odds = table.set_column(table.schema.get_field_index("rule_score"), "rule_score", pa.array(np.full(len(table), 3.0)))
    late = declaration.read(copy.deepcopy(manifest), "late")
    with pytest.raises(NoProbability, match="rule_score of late is no probability between 0 and 1"):
        of_rule(Rows.of(odds, late), now)
