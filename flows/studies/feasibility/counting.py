"""What can be counted without a model: rows, labels, delays, how much of each feature is known, how old the facts are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from flows.runtime import dbt, warehouse
from flows.runtime.lineage import lineage
from flows.store.problems import SCHEMA
from flows.studies.feasibility import of_task
from ml.problem.problem import Problem

# The quantiles of a delay that people ask for: usual, nearly always, worst.
QUANTILES = (0.5, 0.95, 1.0)
# A month with fewer days is a tail of the history: its shares are those of a day or two.
WEEK = 7


@dataclass(frozen=True)
class Known:
    """A feature: the share of rows in which it is not null, its lowest share in a month, that month, whether it ever varies."""

    name: str
    share: float
    lowest: float
    month: date
    varies: bool


@dataclass(frozen=True)
class Fresh:
    """A table of the lineage: how old its newest row was at `as_of` (usual, 95 %, worst), and instants before its first row."""

    name: str
    age: tuple[timedelta, ...]
    without: int


@dataclass(frozen=True)
class Counts:
    """What is there as of the clock. `rarer` rows are of the rarer kind: of the most frequent class, or not; of numbers all.

    `waiting` rows have passed their as_of and have no label yet; `alike` share all their features with another row, and `torn` of
    them would have to get another label to agree. `day_total` sums what labels are shown as (`of_task`).
    """

    rows: int
    entities: int
    first: datetime | None
    last: datetime | None
    rarer: int
    waiting: int
    duplicates: int
    alike: int
    torn: int
    delay: tuple[timedelta, ...]
    day: np.ndarray
    day_rows: np.ndarray
    day_total: np.ndarray
    features: tuple[Known, ...]
    sources: tuple[Fresh, ...]

    @property
    def days(self) -> int:
        return len(self.day)

    @property
    def mean(self) -> float:
        """Mean of what labels are shown as: of a yes-or-no question the share of positives."""
        return float(self.day_total.sum() / self.rows)

    @property
    def per_month(self) -> float:
        """Rows in a month of 30.4 days, over the whole history."""
        span = (self.last - self.first) / timedelta(days=1) if self.rows else 0
        return self.rows / max(span, 1) * 30.4


def count(problem: Problem, now: datetime) -> Counts:
    """Count the training set as of `now`: rows whose label was known before."""
    training = f"(select * from {SCHEMA}.{problem.name}__training_set where {problem.label_known_at} < timestamp '{now}')"
    (totals,) = warehouse.rows(f"""
        select
            count(*) as rows,
            count(distinct {problem.entity}) as entities,
            min({problem.as_of}) as first,
            max({problem.as_of}) as last,
            count(*) - count(distinct ({problem.entity}, {problem.as_of})) as duplicates,
            quantile_cont(epoch({problem.label_known_at} - {problem.as_of}), {list(QUANTILES)}) as delay
        from {training}
    """)
    (alike,) = warehouse.rows(f"""
        select
            cast(coalesce(sum(n) filter (n > 1), 0) as bigint) as alike,
            cast(coalesce(sum(n - most), 0) as bigint) as torn
        from (
            select sum(n) as n, max(n) as most
            from (
                select hash({", ".join(problem.feature_names)}) as features, count(*) as n
                from {training} group by features, {problem.label}
            )
            group by features
        )
    """)
    (frequent,) = warehouse.rows(
        f"select coalesce(max(n), 0) as n from (select count(*) as n from {training} group by {problem.label})"
    )
    rarer = totals["rows"] if problem.task == "regression" else min(frequent["n"], totals["rows"] - frequent["n"])
    by_day = warehouse.table(f"""
        select cast({problem.as_of} as date) as day, count(*) as rows, sum({of_task.of(problem).value(problem)}) as total
        from {training} group by all order by day
    """)
    (cohort,) = warehouse.rows(
        f"select count(*) as n from {SCHEMA}.{problem.name}__scoring_set where {problem.as_of} < timestamp '{now}'"
    )
    delay = tuple(timedelta(seconds=value) for value in totals.pop("delay") or [0, 0, 0])
    return Counts(
        **totals, **alike, rarer=rarer, waiting=cohort["n"] - totals["rows"], delay=delay,
        day=by_day["day"].to_numpy().astype("datetime64[D]"),
        day_rows=by_day["rows"].to_numpy(), day_total=by_day["total"].to_numpy(),
        features=_features(problem, training), sources=_sources(problem, training),
    )  # fmt: skip


def _features(problem: Problem, training: str) -> tuple[Known, ...]:
    """How much of each feature is known, by month and over all, the least known first."""
    counted = ", ".join(f"count({name}) as {name}" for name in problem.feature_names)
    months = warehouse.rows(f"""
        select
            cast(date_trunc('month', {problem.as_of}) as date) as month_,
            count(*) as rows_,
            count(distinct cast({problem.as_of} as date)) as days_,
            {counted}
        from {training} group by 1 order by 1
    """)
    varying = ", ".join(
        f"(min({name}) is distinct from max({name}) or count({name}) not in (0, count(*))) as {name}"
        for name in problem.feature_names
    )
    (varies,) = warehouse.rows(f"select {varying} from {training}")
    total = sum(month["rows_"] for month in months)
    whole = [month for month in months if month["days_"] >= WEEK] or months
    found = []
    for name in problem.feature_names if months else ():
        worst = min(whole, key=lambda month: month[name] / month["rows_"])
        known = sum(month[name] for month in months) / total
        found.append(Known(name, known, worst[name] / worst["rows_"], worst["month_"], bool(varies[name])))
    return tuple(sorted(found, key=lambda one: one.share))


def _sources(problem: Problem, training: str) -> tuple[Fresh, ...]:
    """How old the newest row of each staged table was, at each distinct as_of. Tables that say no known_at are left out."""
    found = []
    staged = [model for model in lineage(dbt.manifest_dict(), problem.name) if model.relation.startswith("staging.")]
    for model in staged:
        columns = [row["column_name"] for row in warehouse.rows(f"describe {model.relation}")]
        if "known_at" not in columns:
            continue
        (age,) = warehouse.rows(f"""
            with spine as (select distinct {problem.as_of} as as_of from {training}),
            facts as (select distinct known_at from {model.relation} where known_at is not null)
            select quantile_cont(epoch(spine.as_of - facts.known_at), {list(QUANTILES)}) as age,
                   count(*) - count(facts.known_at) as without
            from spine asof left join facts on facts.known_at < spine.as_of
        """)
        if age["age"] is not None:
            found.append(Fresh(model.name, tuple(timedelta(seconds=value) for value in age["age"]), age["without"]))
    return tuple(sorted(found, key=lambda one: one.age[0]))
