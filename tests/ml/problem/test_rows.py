"""Rows are read once, and whatever is declared as cluster can be used wherever clusters are looked at."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.models.train import train
from ml.problem.declared.columns import Column
from ml.problem.rows import Rows
from ml.studies.backtest.policy import instants
from ml.studies.backtest.shared import SharedWork
from ml.studies.feasibility import findings, trial
from ml.studies.paired_comparison import compare
from ml.studies.walk_forward import folds, walk_forward
from ml.validation import card
from ml.validation.gates import Evidence, Flags
from ml.validation.judge import judge

WEEKS = [date(2013, 3, 1) + timedelta(days=7 * n) for n in range(18)]
KINDS = {
    "text": pa.array([f"crew {n}" for n in range(18)]),
    "integer": pa.array(range(18), pa.int64()),
    "date": pa.array(WEEKS, pa.date32()),
    "text with nulls": pa.array([None, *(f"crew {n}" for n in range(17))]),
    "integer with nulls": pa.array([None, *range(17)], pa.int64()),
}


@pytest.fixture(params=KINDS)
def clustered(request, table, problem) -> Rows:
    """The small world with a cluster of each kind, and every row of which lies in one of 18."""
    column = Column("crew", "", "slice", "", "other")
    declared = replace(problem, columns=(*problem.columns, column), cluster="crew", slices=("origin", "crew"))
    crew = KINDS[request.param].take(pa.array(np.random.default_rng(0).integers(0, 18, table.num_rows)))
    return Rows.of(table.append_column("crew", crew), declared)


@pytest.mark.slow
def test_any_column_can_be_the_cluster_of_verdict_card_experiment_backtest_and_feasibility(clustered, now):
    assert len(np.unique(clustered.cluster)) == 18
    held = clustered.take(clustered.as_of >= np.datetime64("2013-06-10"))
    score, rule = np.clip(held.rule + 0.2 * (held.label - 0.5), 0, 1), held.rule
    verdict = judge(Evidence(held, score, None, Flags(score > 0.5, rule > 0.5, None), 0.05))
    assert verdict.clusters == 18 and "18 values of crew" in verdict.gates[0].reason

    assert card.evidence(held.label, score, held.cluster).metrics["roc_auc"].clusters == 18

    through = folds(clustered.as_of, clustered.known_at, np.array(["2013-06-01", "2013-06-20"], "datetime64[us]"), 20)
    found = walk_forward(clustered, replace(Recipe.of(clustered.problem), rounds=5), through, refitted=False)
    part = clustered.take(found.rows)
    assert compare("roc_auc", part.label, [found.score], [found.score], part.cluster).clusters == 18

    shared = SharedWork(clustered, instants(now - timedelta(days=30), now))
    assert len(np.unique(shared.cluster)) == 18

    tried = trial.attempt(clustered, now, trial.Effort(folds=3, curve=1), threads=1)
    assert findings.find(tried, clustered.problem).better.clusters == 18


def test_a_day_is_the_cluster_where_none_is_declared(rows):
    assert rows.cluster.dtype == "datetime64[D]" and len(np.unique(rows.cluster)) == 120


def test_rows_without_a_value_are_one_cluster_and_one_value_of_a_slice(table, problem):
    place = table.schema.get_field_index("origin")
    rows = Rows.of(table.set_column(place, "origin", pa.nulls(table.num_rows, pa.string())), replace(problem, cluster="origin"))
    assert set(rows.cluster) == {"missing"} and set(rows.slices["origin"]) == {"missing"}


def test_taken_rows_are_those_rows_read_alone(table, problem, rows):
    chosen = np.arange(5, 900, 7)
    taken, alone = rows.take(chosen), Rows.of(table.take(pa.array(chosen)), problem)
    levels = {"carrier": ["AA", "UA"]}
    np.testing.assert_array_equal(taken.matrix(problem.feature_names, levels), alone.matrix(problem.feature_names, levels))
    np.testing.assert_array_equal(rows.matrix(problem.feature_names, levels, chosen), alone.matrix(problem.feature_names, levels))
    for name in ("as_of", "known_at", "label", "cluster", "rule"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(alone, name))
    assert taken.entity.to_pylist() == alone.entity.to_pylist() and taken.weight is None


def test_a_declared_column_that_is_not_there_is_named(table, problem):
    with pytest.raises(AsofError, match=r"the rows lack the columns origin, which .*_late.yml declares"):
        Rows.of(table.drop_columns(["origin"]), problem)


def test_a_model_is_the_same_whatever_else_is_in_the_table(table, problem, trained, now):
    more = table.append_column("unknown", pa.array(["x"] * table.num_rows))
    assert train(Rows.of(more, problem), now).challenger.sha256 == trained.challenger.sha256
