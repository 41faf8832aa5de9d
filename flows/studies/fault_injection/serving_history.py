"""Serving history: the rows that were served, as the model saw them, with scores and outcomes, and the models themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa

from flows.runtime import settings, warehouse
from flows.store import problems, registry
from ml.errors import AsofError
from ml.models.model import Model
from ml.models.score import EXPLAIN_LIMIT, score_batches
from ml.problem.problem import Problem
from ml.studies.fault_injection.injectors import replaced

# What a model says of a row.
SCORED = ("score", "flagged", "reasons")
# Monitors need a past, a fault its two weeks, and there must be days to draw from.
FEWEST_DAYS = 50
# Of a source with fewer rows a day no count says whether some are missing: chance alone moves 20 by a fifth.
FEWEST_ROWS = 20


@dataclass(frozen=True)
class ServingHistory:
    """Served rows in the order of time: `entity_id`, `as_of`, `day`, `model_version`, `score`, `rule_score`, `flagged`,
    `reasons`, `label`, `label_known_at` and every feature; by version the models, the cells of their profiles, and each feature's
    share of what they learned; whole days from `first` up to `end`."""

    problem: Problem
    rows: pa.Table
    models: dict[str, Model]
    cells: dict[str, dict]
    gains: dict[str, dict[str, float]]
    first: date
    end: date

    @cached_property
    def ordinal(self) -> np.ndarray:
        """The day of each row, as days since 1970."""
        return self.rows["day"].to_numpy().astype("datetime64[D]").astype(np.int64)

    def between(self, start: date, end: date) -> pa.Table:
        """The rows with start <= day < end."""
        low, high = np.searchsorted(self.ordinal, [_number(start), _number(end)])
        return self.rows.slice(low, high - low)

    def rescored(self, rows: pa.Table, explain_limit: int = EXPLAIN_LIMIT) -> pa.Table:
        """The same rows with the score, flag and reasons that their own model gives them as they are now, as serving does."""
        version = np.asarray(rows["model_version"].to_pylist())
        parts, places = [], []
        for name in np.unique(version):
            chosen = np.flatnonzero(version == name)
            part = rows.take(pa.array(chosen))
            named = {
                self.problem.entity: part["entity_id"],
                self.problem.as_of: part["as_of"],
                self.problem.rule: part["rule_score"],
            }
            batch = pa.table({**named, **{one: part[one] for one in self.problem.feature_names}}).combine_chunks().to_batches()
            scored = score_batches(
                self.models[name], self.problem, batch, threads=settings.threads(), explain_limit=explain_limit
            )
            parts += [pa.Table.from_batches([one]).select(list(SCORED)) for one in scored]
            places.append(chosen)
        scored = pa.concat_tables(parts).take(pa.array(np.argsort(np.concatenate(places))))
        return replaced(rows, {name: scored[name] for name in SCORED})


def read(problem: Problem, fewest: int = FEWEST_DAYS) -> ServingHistory:
    """What the warehouse has served; AsofError when that is too little, or was not served by the present features."""
    features = ", ".join(f"s.{name}" for name in problem.feature_names)
    rows = warehouse.table(
        "select m.entity_id, m.as_of, cast(m.as_of as date) as day, m.model_version, m.score, m.rule_score, m.flagged, "
        f"m.label, m.label_known_at, p.reasons, {features} from monitoring.mon_scored as m "
        f"inner join {problems.SCHEMA}.{problem.name}__predictions as p on cast(p.{problem.entity} as varchar) = m.entity_id "
        f"and p.{problem.as_of} = m.as_of and p.model_version = m.model_version "
        f"inner join {problems.SCHEMA}.{problem.name}__scoring_set as s "
        f"on cast(s.{problem.entity} as varchar) = m.entity_id and s.{problem.as_of} = m.as_of "
        "where m.problem = ? order by m.as_of, m.entity_id",
        [problem.name],
    )
    days = sorted(set(rows["day"].to_pylist()))
    # the first and the last day may be half a day
    if len(days) < fewest + 2:
        raise AsofError(
            f"{len(days)} days of {problem.name} have been served, and a simulation needs {fewest + 2}: go on with "
            "`make replay`, or point ASOF_WAREHOUSE at a warehouse that has served longer"
        )
    versions = {name: registry.row(problem.name, name) for name in sorted(set(rows["model_version"].to_pylist()))}
    models = {name: Model.from_row(row) for name, row in versions.items()}
    for model in models.values():
        model.check(problem)
    history = ServingHistory(
        problem, rows, models, {name: registry.cells(row) for name, row in versions.items()},
        {name: registry.importances(row) for name, row in versions.items()}, days[1], days[-1],
    )  # fmt: skip
    return history


def differing(history: ServingHistory) -> int:
    """How many logged scores are not those that the models give to the rows as they stand now; 0 where all is as it was."""
    again = history.rescored(history.rows, explain_limit=0)["score"].to_numpy()
    return int((np.abs(again - history.rows["score"].to_numpy()) > 1e-9).sum())


def sources(history: ServingHistory) -> list[str]:
    """The sources that land on most days, as many rows as can be counted upon."""
    found = warehouse.rows(
        "select source, count(*) as days, median(rows) as rows from ("
        "select source, cast(landed_as_of as date) as day, sum(rows_received) as rows from ledger.batches "
        "where landed_as_of >= ? and landed_as_of < ? group by all) as by_day group by source order by source",
        [history.first, history.end],
    )
    usual = [row for row in found if row["days"] > (history.end - history.first).days / 2]
    return [row["source"] for row in usual if row["rows"] >= FEWEST_ROWS] or [row["source"] for row in usual]


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def days(start: date, end: date) -> list[date]:
    """Every day from `start` up to, and not with, `end`."""
    return [start + timedelta(days=n) for n in range((end - start).days)]
