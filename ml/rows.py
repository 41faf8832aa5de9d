"""What the rows of a training set say about themselves: label and weight, checked."""

import numpy as np
import pyarrow as pa

from ml.encode import numbers
from ml.errors import AsofError
from ml.problem import Problem


def labels(table: pa.Table, problem: Problem, rows: np.ndarray) -> np.ndarray:
    """The label as float64 0/1, one a row of `table`.

    AsofError when one of `rows` has another value or none.
    """
    label = numbers(table, problem.label)
    wrong = rows[~np.isin(label[rows], (0.0, 1.0))]
    if len(wrong):
        entity = table[problem.entity][int(wrong[0])].as_py()
        raise AsofError(
            f"{problem.path}: {len(wrong)} of {len(rows)} known labels in {problem.label} are not 0 or 1, "
            f"the first of {entity!r}; mend it in SQL"
        )
    return label


def weights(table: pa.Table, problem: Problem) -> np.ndarray:
    """The declared weight as float64, one a row, 1 when none is declared.

    AsofError when one is missing or below 0.
    """
    if problem.weight is None:
        return np.ones(table.num_rows)
    weight = numbers(table, problem.weight)
    if not (weight >= 0).all() or not np.isfinite(weight).all():
        raise AsofError(f"{problem.path}: column {problem.weight} holds missing, negative or infinite weights; mend them in SQL")
    return weight
