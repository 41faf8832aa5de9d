"""Pandera at the border between SQL and Python: the schema of a problem's rows, derived from its declaration."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow

from ml.errors import AsofError
from ml.problem import Column, Problem

# Enough to see what is wrong; the count says how much.
SHOWN = 5
# What Pandera calls a column that is missing or one too many, in words.
SHAPE = {"column_in_dataframe": "is missing", "column_in_schema": "is not declared"}


@lru_cache(maxsize=16)
def rows_schema(problem: Problem, columns: tuple[str, ...]) -> pa.DataFrameSchema:
    """What must hold of rows of `problem`: every named column is there, with its kind, and ids and labels are complete."""
    declared = {column.name: column for column in problem.columns}
    return pa.DataFrameSchema(
        {name: _column(declared[name]) for name in columns},
        strict=True,
        unique=[problem.entity, problem.as_of],
        ordered=False,
    )


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


def _told(case) -> str:
    if case.check in SHAPE:
        return f"{case.failure_case} {SHAPE[case.check]}"
    return f"{case.column}: {case.check}" + (f" ({case.failure_case!r})" if case.index is not None else "")


def _column(column: Column) -> pa.Column:
    """The kind was already compared by dbt's contract; what is left are facts about values."""
    required = column.role not in ("feature", "candidate", "slice", "weight")
    checks = []
    if column.role == "rule":
        checks = [pa.Check.in_range(0, 1, error="a rule is a probability")]
    return pa.Column(nullable=not required, checks=checks, required=True)
