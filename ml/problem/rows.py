"""The rows of a problem, read once: everything that training, judging and studies look at, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from ml.errors import AsofError
from ml.problem import truth
from ml.problem.encode import Levels, Text, Values, matrix, numbers, read, texts
from ml.problem.problem import Problem
from ml.problem.split import days, instants, step_days

# LightGBM keeps weights, and sums of them, in single precision; what is smaller or larger would become 0 or infinite there.
LEAST, MOST = 1e-12, 1e12
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a training set in the order given, one value a row in each array.

    `as_of` and `known_at` are datetime64[us], NaT where no truth is known; `label` and `rule` are those of
    `ml.problem.truth`; `weight` is None where none is declared; `cluster` is that of `clusters`; `slices` are texts by declared
    column; `columns` holds every feature and candidate.
    """

    problem: Problem
    entity: pa.ChunkedArray
    as_of: np.ndarray
    known_at: np.ndarray
    label: np.ndarray
    weight: np.ndarray | None
    cluster: np.ndarray
    slices: Mapping[str, np.ndarray]
    rule: np.ndarray
    columns: Mapping[str, Values]

    @classmethod
    def of(cls, table: pa.Table, problem: Problem) -> Rows:
        """The rows of `table`. AsofError where a column is missing, or labels, weights or features cannot be learned from."""
        absent = [name for name in problem.training_columns if name not in table.schema.names]
        if absent:
            raise AsofError(f"the rows lack the columns {', '.join(absent)}, which {problem.path} declares; select them by name")
        kept = (*problem.features, *problem.candidates)
        return cls(
            problem=problem,
            entity=table[problem.entity],
            as_of=instants(table[problem.as_of]),
            known_at=instants(table[problem.label_known_at]),
            label=truth.label(table, problem),
            weight=_weight(table, problem),
            cluster=clusters(table, problem),
            slices={name: texts(table, name) for name in problem.slices},
            rule=truth.rule(table, problem),
            columns={column.name: read(table, column.name, column.kind == "category") for column in kept},
        )

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def overlap(self) -> int:
        """How many clusters in a row have labels that share outcomes: as many as are asked while one label is waited for.

        The wait is the declared horizon, or the usual time from `as_of` until the label is known. 1 where a label is known before
        the next question, and where clusters are no days.
        """
        return overlap(self.cluster, self.as_of, self.known_at, self.problem.validation.horizon_days)

    def take(self, rows: np.ndarray) -> Rows:
        """The rows numbered so, or those that a mask marks."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Rows(
            self.problem, self.entity.take(pa.array(rows)), self.as_of[rows], self.known_at[rows], self.label[rows],
            None if self.weight is None else self.weight[rows], self.cluster[rows],
            {name: values[rows] for name, values in self.slices.items()}, self.rule[rows],
            {name: one.take(rows) if isinstance(one, Text) else one[rows] for name, one in self.columns.items()},
        )  # fmt: skip

    def column(self, name: str) -> Values:
        """The values of a feature or a candidate, of the rule, or of the label, which profiles call `label`."""
        if name in self.problem.rules:
            return self.rule if self.rule.ndim == 1 else self.rule[:, self.problem.rules.index(name)]
        return truth.shown(self.label, self.problem) if name == "label" else self.columns.get(name)

    def matrix(self, features: Sequence[str], categories: Levels, rows: np.ndarray | None = None) -> np.ndarray:
        """What a model looks at: float64, a column per feature in their order, for all rows or for those numbered `rows`.

        Missing values and categories outside `categories` are NaN. AsofError names a feature that is not there.
        """
        absent = [name for name in features if self.column(name) is None]
        if absent:
            raise AsofError(f"the rows lack the columns {', '.join(absent)}, which the model needs; select them by name")
        return matrix({name: self.column(name) for name in features}, features, categories, rows)


def clusters(table: pa.Table, problem: Problem) -> np.ndarray:
    """Which rows err together: the UTC day of each, or the declared column as text; rows without a value are one cluster."""
    return days(table[problem.as_of]) if problem.cluster == "day" else texts(table, problem.cluster)


def overlap(cluster: np.ndarray, as_of: np.ndarray, known_at: np.ndarray, horizon_days: float | None = None) -> int:
    """How many clusters in a row share outcomes, see `Rows.overlap`; in SQL it is `mon_label_overlap`."""
    if not np.issubdtype(cluster.dtype, np.datetime64):
        return 1
    wait = (known_at - as_of)[~np.isnat(known_at)]
    if len(cluster) == 0 or cluster.min() == cluster.max() or (horizon_days is None and len(wait) == 0):
        return 1
    waited = float(np.median(wait / DAY)) if horizon_days is None else horizon_days
    # To the nearest whole: a label that comes an hour late shares an hour with the next one, and no day.
    return max(1, int(np.floor(waited / step_days(cluster) + 0.5)))


def _weight(table: pa.Table, problem: Problem) -> np.ndarray | None:
    if problem.weight is None:
        return None
    weight = numbers(table, problem.weight)
    if not (weight >= 0).all() or not np.isfinite(weight).all():
        raise AsofError(f"{problem.path}: column {problem.weight} holds missing, negative or infinite weights; mend them in SQL")
    counted = weight[weight > 0]
    if len(counted) and not LEAST <= counted.min() <= counted.max() <= MOST:
        raise AsofError(
            f"{problem.path}: column {problem.weight} holds weights from {counted.min():.3g} to {counted.max():.3g}; LightGBM "
            f"can tell apart what lies between {LEAST:g} and {MOST:g}, and 0: scale them in SQL"
        )
    return weight
