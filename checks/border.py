"""Pandera at the border between SQL and Python: the schema of a problem's rows, derived from its declaration."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.compute as pc

from ml.errors import AsofError
from ml.models import tasks
from ml.problem.declared.columns import Column
from ml.problem.encode import EXACT, too_wide
from ml.problem.problem import Problem
from ml.problem.rows import Rows

# Enough to see what is wrong; the count says how much.
SHOWN = 5
# What Pandera calls a column that is missing or one too many, in words.
SHAPE = {"column_in_dataframe": "is missing", "column_in_schema": "is not declared"}


@lru_cache(maxsize=16)
def rows_schema(problem: Problem, columns: tuple[str, ...]) -> pa.DataFrameSchema:
    """What must hold of rows of `problem`: every named column is there, with its kind, and ids and labels are complete."""
    declared = {column.name: column for column in problem.columns}
    return pa.DataFrameSchema(
        {name: _column(declared[name], problem) for name in columns},
        strict=True,
        unique=[problem.entity, problem.as_of],
        ordered=False,
    )


def read(table: arrow.Table, problem: Problem) -> Rows:
    """The rows of a training set, checked and read once. AsofError as of `check_rows` and `Rows.of`."""
    check_rows(table, problem, problem.training_columns, f"{problem.name}__training_set")
    return Rows.of(table, problem)


def check_rows(rows: arrow.Table, problem: Problem, columns: tuple[str, ...], source: str) -> None:
    """AsofError naming `source`, the columns and the first values that break the declaration."""
    try:
        rows_schema(problem, columns).validate(rows.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        told = [_told(case) for case in cases.head(SHOWN).itertuples()]
        raise AsofError(
            f"{source} breaks the declaration in {problem.path} {len(cases)} times: {'; '.join(told)}; mend the SQL"
        ) from errors
    if found := [said for name in columns if (said := _unusable(rows, problem, name))]:
        raise AsofError(f"{source} of {problem.path} holds values that are no numbers to learn from: {'; '.join(found[:SHOWN])}")


def _unusable(rows: arrow.Table, problem: Problem, name: str) -> str:
    """What is wrong with the values of a column and what to do, "" where nothing is.

    A missing value is null, and a model has seen nulls. NaN and infinity are mistakes of SQL, as 0 / 0 is, and `NaN > 80` is
    true: where a null would be right is for the SQL to say.
    """
    column, role = rows[name], next(one.role for one in problem.columns if one.name == name)
    if arrow.types.is_floating(column.type):
        bad = pc.fill_null(pc.invert(pc.is_finite(column)), False)
        remedy = "divide by nullif(…, 0), or write case when isfinite(x) then x end where a null is right"
    elif role not in ("entity", "slice") and too_wide(column):
        bad = pc.fill_null(pc.greater(pc.abs_checked(pc.cast(column, arrow.decimal256(60, 0), safe=False)), EXACT), False)
        remedy = "training would round them: cast the column as varchar to make it a category, or subtract a constant"
    else:
        return ""
    count = pc.sum(bad).as_py() or 0
    if not count:
        return ""
    first = pc.index(bad, True).as_py()
    row = f"{problem.entity} {rows[problem.entity][first].as_py()!r}, {problem.as_of} {rows[problem.as_of][first].as_py()}"
    return f"{name} is {column[first].as_py()} in the row {row}, and such in {count} of {len(column)} rows; {remedy}"


def _told(case) -> str:
    if case.check in SHAPE:
        return f"{case.failure_case} {SHAPE[case.check]}"
    return f"{case.column}: {case.check}" + (f" ({case.failure_case!r})" if case.index is not None else "")


def _column(column: Column, problem: Problem) -> pa.Column:
    """The kind was already compared by dbt's contract; what is left are facts about values."""
    required = column.role not in ("feature", "candidate", "slice", "weight")
    checks = []
    if column.role == "rule" and (span := tasks.of(problem).span):
        checks = [pa.Check.in_range(*span, error="a rule is a probability")]
    return pa.Column(nullable=not required, checks=checks, required=True)
