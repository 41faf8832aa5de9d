"""What labels and rules are as arrays: the one place where rows of different tasks are read differently."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from ml.errors import AsofError
from ml.problem.encode import Text, Values, numbers, read
from ml.problem.problem import Problem
from ml.problem.split import instants

# The rule's probabilities of all classes add up to 1 but for the last digits of a sum.
ROUNDING = 1e-6


def label(table: pa.Table, problem: Problem) -> np.ndarray:
    """float64, one a row, NaN where no truth is known: 0 or 1, the number itself, or the place of the class in `problem.classes`.

    AsofError where a known label is none of these.
    """
    values, allowed, what = READ[problem.task](table, problem)
    known = ~np.isnat(instants(table[problem.label_known_at]))
    wrong = np.flatnonzero(known & ~allowed(values))
    if len(wrong):
        entity = table[problem.entity][int(wrong[0])].as_py()
        or_else = ", or declare a wider label_range" if problem.label_range.declared else ""
        raise AsofError(
            f"{problem.path}: {len(wrong)} of {int(known.sum())} known labels in {problem.label} are not {what}, "
            f"the first of {entity!r}; mend it in SQL{or_else}"
        )
    return values


def rule(table: pa.Table | pa.RecordBatch, problem: Problem) -> np.ndarray:
    """float64: one number a row, within the declared range, or (rows, classes) probabilities.

    AsofError where those of a row do not add up to 1.
    """
    if not problem.classes:
        return problem.label_range.within(numbers(table, problem.rule))
    found = np.column_stack([numbers(table, name) for name in problem.rules])
    off = np.flatnonzero(~(np.abs(found.sum(axis=1) - 1) <= ROUNDING))
    if len(off):
        raise AsofError(
            f"{problem.path}: the columns {', '.join(problem.rules)} add up to {found[off[0]].sum():.6g} in the row of "
            f"{table.column(problem.entity)[int(off[0])].as_py()!r}, not to 1 in {len(off)} of {len(found)} rows"
        )
    return found / found.sum(axis=1, keepdims=True)


def shown(label: np.ndarray, problem: Problem) -> Values:
    """Labels as profiles count them: numbers, or the names of classes."""
    return Text(label.astype(np.int32), problem.classes) if problem.classes else label


Allowed = Callable[[np.ndarray], np.ndarray]


def _yes_or_no(table: pa.Table, problem: Problem) -> tuple[np.ndarray, Allowed, str]:
    return numbers(table, problem.label), lambda values: np.isin(values, (0.0, 1.0)), "0 or 1"


def _number(table: pa.Table, problem: Problem) -> tuple[np.ndarray, Allowed, str]:
    ends = problem.label_range
    what = f"{ends.words} (label_range)" if ends.declared else "finite numbers"
    return numbers(table, problem.label), ends.holds, what


def _class(table: pa.Table, problem: Problem) -> tuple[np.ndarray, Allowed, str]:
    values = read(table, problem.label, text=True).numbers(problem.classes)
    return values, np.isfinite, f"one of problem.classes ({', '.join(problem.classes)})"


READ: dict[str, Callable[[pa.Table, Problem], tuple[np.ndarray, Allowed, str]]] = {
    "binary": _yes_or_no,
    "regression": _number,
    "multiclass": _class,
}
