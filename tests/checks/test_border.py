"""The border between SQL and Python: rows that break the declaration do not cross it, and the message says which."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from checks.border import check_rows
from ml.errors import AsofError
from ml.problem import declaration
from ml.problem.problem import Problem
from tests.ml.conftest import COLUMNS, PROBLEM

ROWS = 20


@pytest.fixture(scope="module")
def problem() -> Problem:
    node = {
        "name": "late__training_set",
        "config": {"meta": {"problem": PROBLEM}},
        "patch_path": "asof://models/problems/late/_late.yml",
        "columns": {column["name"]: column for column in COLUMNS},
    }
    return declaration.read({"nodes": {"m": node}}, "late")


@pytest.fixture
def rows(problem: Problem) -> pa.Table:
    start = datetime(2013, 7, 1)
    table = pa.table(
        {
            "flight_id": [f"f{n}" for n in range(ROWS)],
            "as_of": [start + timedelta(hours=n) for n in range(ROWS)],
            "is_disrupted": [n % 2 == 0 for n in range(ROWS)],
            "label_known_at": [start + timedelta(hours=n + 5) for n in range(ROWS)],
            "rule_score": [n / ROWS for n in range(ROWS)],
            "origin": ["EWR"] * ROWS,
            "recent_delay": pa.array([None, *range(1, ROWS)], pa.float64()),
            "wind": pa.array([1.5] * ROWS, pa.float64()),
            "hour": list(range(ROWS)),
            "is_holiday": [False] * ROWS,
            "carrier": ["UA"] * ROWS,
        }
    )
    return table.select(problem.training_columns)


def check(rows: pa.Table, problem: Problem) -> None:
    check_rows(rows, problem, problem.training_columns, "late__training_set")


def spoilt(rows: pa.Table, column: str, value: object, at: int = 3) -> pa.Table:
    values = rows[column].to_pylist()
    values[at] = value
    return rows.set_column(rows.column_names.index(column), column, pa.array(values, rows[column].type))


def test_rows_that_keep_to_the_declaration_cross(rows: pa.Table, problem: Problem) -> None:
    check(rows, problem)


def test_a_feature_may_be_missing(rows: pa.Table, problem: Problem) -> None:
    check(spoilt(rows, "wind", None), problem)


def test_the_order_of_columns_does_not_matter(rows: pa.Table, problem: Problem) -> None:
    check(rows.select(rows.column_names[::-1]), problem)


@pytest.mark.parametrize("column", ["flight_id", "as_of", "is_disrupted", "label_known_at", "rule_score"])
def test_a_null_where_the_declaration_needs_a_value_is_refused(rows: pa.Table, problem: Problem, column: str) -> None:
    with pytest.raises(AsofError, match=f"late__training_set breaks the declaration in .*_late.yml.*{column}"):
        check(spoilt(rows, column, None), problem)


@pytest.mark.parametrize("column", ["carrier", "rule_score", "flight_id"])
def test_a_missing_column_is_refused_by_name(rows: pa.Table, problem: Problem, column: str) -> None:
    with pytest.raises(AsofError, match=column):
        check(rows.drop_columns([column]), problem)


def test_a_column_that_nobody_declared_is_refused_by_name(rows: pa.Table, problem: Problem) -> None:
    with pytest.raises(AsofError, match="arrival_delay"):
        check(rows.append_column("arrival_delay", pa.array([1.0] * ROWS)), problem)


@pytest.mark.parametrize("value", [-0.01, 1.01, 77.0])
def test_a_rule_that_is_no_probability_is_refused_with_its_value(rows: pa.Table, problem: Problem, value: float) -> None:
    with pytest.raises(AsofError, match=f"rule_score: a rule is a probability .*{value}"):
        check(spoilt(rows, "rule_score", value), problem)


def test_the_same_entity_at_the_same_instant_is_refused(rows: pa.Table, problem: Problem) -> None:
    with pytest.raises(AsofError, match="flight_id"):
        check(pa.concat_tables([rows, rows.slice(0, 1)]), problem)


def test_many_faults_are_counted_and_a_few_are_shown(rows: pa.Table, problem: Problem) -> None:
    broken = rows.set_column(rows.column_names.index("rule_score"), "rule_score", pc.add(rows["rule_score"], 5.0))
    with pytest.raises(AsofError, match=f"{ROWS} times") as caught:
        check(broken, problem)
    assert str(caught.value).count("a rule is a probability") == 5
    assert "\n" not in str(caught.value)


def test_scoring_rows_need_no_label(rows: pa.Table, problem: Problem) -> None:
    check_rows(rows.select(problem.scoring_columns), problem, problem.scoring_columns, "late__scoring_set")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("column", ["recent_delay", "wind"])
def test_what_sql_divided_by_zero_is_refused_by_column_count_and_first_row(
    rows: pa.Table, problem: Problem, column: str, value: float
) -> None:
    twice = spoilt(spoilt(rows, column, value, at=7), column, value, at=12)
    with pytest.raises(
        AsofError, match=rf"{column} is .* in the row flight_id 'f7', .* 2 of {ROWS} rows; divide by nullif"
    ) as caught:
        check(twice, problem)
    assert "\n" not in str(caught.value)
    with pytest.raises(AsofError, match="f7"):
        columns = problem.scoring_columns
        check_rows(twice.select(columns), problem, columns, "late__scoring_set")


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (pa.array([2**52 + 1] * ROWS, pa.int64()), "f0"),
        (pa.array([None, -(2**52) - 1] * (ROWS // 2), pa.int64()), "f1"),
        (pa.array([5, 2**64 - 1] * (ROWS // 2), pa.uint64()), "f1"),
        (pa.array([1, 10**20] * (ROWS // 2), pa.decimal128(38, 2)), "f1"),
    ],
)
def test_whole_numbers_that_float64_would_round_are_refused(
    rows: pa.Table, problem: Problem, values: pa.Array, first: str
) -> None:
    wide = rows.set_column(rows.column_names.index("hour"), "hour", values)
    with pytest.raises(AsofError, match=f"hour is .* in the row flight_id '{first}'.*cast the column as varchar"):
        check(wide, problem)


@pytest.mark.parametrize("value", [2**52, -(2**52), 20_130_701, 1_700_000_000])
def test_whole_numbers_that_float64_holds_cross(rows: pa.Table, problem: Problem, value: int) -> None:
    check(spoilt(rows, "hour", value), problem)


def test_a_large_whole_number_of_the_entity_is_no_feature(rows: pa.Table, problem: Problem) -> None:
    keys = pa.array([2**60 + n for n in range(ROWS)], pa.int64())
    check(rows.set_column(rows.column_names.index("flight_id"), "flight_id", keys), problem)
