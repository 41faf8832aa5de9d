"""Declared problems, and the rows that they train on and score."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import numpy as np
import pyarrow as pa

from flows.steps import dbt, warehouse
from ml.errors import AsofError
from ml.problem import Problem
from ml.split import instants

SCHEMA = "problems"


def names() -> list[str]:
    """The problems named in `vars: problems` of dbt_project.yml."""
    declared = dbt.project_vars().get("problems") or []
    if not declared:
        raise AsofError("dbt_project.yml: vars.problems names no problem; add one to run the flows for it")
    return list(declared)


def named(name: str | None) -> str:
    """The name itself, the first declared one for None; AsofError if dbt_project.yml does not name it."""
    if name is not None and name not in names():
        raise AsofError(f"dbt_project.yml: vars.problems does not name {name!r}; it names {', '.join(names())}")
    return name or names()[0]


@cache
def get(name: str) -> Problem:
    """The declaration of a problem, validated; AsofError if dbt_project.yml does not name it."""
    named(name)
    return Problem.from_manifest(dbt.manifest_dict(), name)


def training_rows(problem: Problem, now: datetime, since: datetime | None = None) -> pa.Table:
    """Every row whose label was known before `now`, in the total order (as_of, entity), with the label as it was known then.

    The training set may hold several versions of a label, which people have corrected: the last one known counts. `since`
    leaves out the rows with an earlier `as_of`.
    """
    entity, as_of, known_at = problem.entity, problem.as_of, problem.label_known_at
    rows = (
        f"{SCHEMA}.{problem.name}__training_set as rows "
        f"where {problem.label_known_at} < ? and {as_of} >= coalesce(?, timestamp '-infinity')"
    )
    return warehouse.table(
        f"with again as ("
        f"select {entity}, {as_of}, max({known_at}) as last from {rows} group by {entity}, {as_of} having count(*) > 1) "
        f"select {', '.join(problem.training_columns)} from {rows} and not exists (select 1 from again "
        f"where again.{entity} = rows.{entity} and again.{as_of} = rows.{as_of} and again.last > rows.{known_at}) "
        f"order by {as_of}, {entity}",
        [now, since, now, since],
    )


def first_known(problem: Problem, rows: pa.Table) -> np.ndarray:
    """When the first version of each label of `rows` (columns entity and as_of) was known; datetime64[us]."""
    entity, as_of = problem.entity, problem.as_of
    with warehouse.cursor() as con:
        con.register("asked", rows.select([entity, as_of]))
        found = con.sql(
            f"select min(there.{problem.label_known_at}) as first_known_at from asked "
            f"inner join {SCHEMA}.{problem.name}__training_set as there using ({entity}, {as_of}) "
            f"group by {entity}, {as_of} order by {as_of}, {entity}"
        ).to_arrow_table()
    return instants(found["first_known_at"])


def pending(problem: Problem, start: datetime, end: datetime) -> str:
    """SQL of the rows with start <= as_of < end that have no prediction yet, in the total order (as_of, entity)."""
    return (
        f"select {', '.join(problem.scoring_columns)} from {SCHEMA}.{problem.name}__scoring_set as due "
        f"where {problem.as_of} >= timestamp '{start}' and {problem.as_of} < timestamp '{end}' and not exists ("
        f"select 1 from {SCHEMA}.{problem.name}__predictions as done "
        f"where done.{problem.entity} = due.{problem.entity} and done.{problem.as_of} = due.{problem.as_of}) "
        f"order by {problem.as_of}, {problem.entity}"
    )


def unshadowed(problem: Problem, version: str, start: datetime, end: datetime) -> str:
    """SQL of the rows with start <= as_of < end that have a prediction, but none by `version` in the shadow."""
    return (
        f"select {', '.join(problem.scoring_columns)} from {SCHEMA}.{problem.name}__scoring_set as due "
        f"where {problem.as_of} >= timestamp '{start}' and {problem.as_of} < timestamp '{end}' and exists ("
        f"select 1 from {SCHEMA}.{problem.name}__predictions as open "
        f"where open.{problem.entity} = due.{problem.entity} and open.{problem.as_of} = due.{problem.as_of}) and not exists ("
        f"select 1 from ledger.shadow_predictions as done where done.problem = '{problem.name}' "
        f"and done.model_version = '{version}' "
        f"and done.entity_id = cast(due.{problem.entity} as varchar) and done.as_of = due.{problem.as_of}) "
        f"order by {problem.as_of}, {problem.entity}"
    )


def scoring_rows(problem: Problem, start: datetime, end: datetime) -> pa.Table:
    """The rows of the scoring set with start <= as_of <= end, in the total order (as_of, entity)."""
    return warehouse.table(
        f"select {', '.join(problem.scoring_columns)} from {SCHEMA}.{problem.name}__scoring_set "
        f"where {problem.as_of} between ? and ? order by {problem.as_of}, {problem.entity}",
        [start, end],
    )


def live_scores(problem: Problem, now: datetime, version: str, shadow: bool = False) -> pa.Table:
    """`score` and `flagged` that a version gave live, beside every row of `training_rows`; null where it gave none.

    In the open by default, in the shadow otherwise.
    """
    entity, as_of = problem.entity, problem.as_of
    scores = f"select {entity}, {as_of}, score, flagged from {SCHEMA}.{problem.name}__predictions where model_version = ?"
    if shadow:
        scores = (
            f"select entity_id as {entity}, as_of as {as_of}, score, flagged from ledger.shadow_predictions "
            f"where problem = '{problem.name}' and model_version = ?"
        )
    return warehouse.table(
        f"with scores as ({scores}) select scores.score, scores.flagged "
        f"from {SCHEMA}.{problem.name}__training_set as t left join scores "
        f"on cast(scores.{entity} as varchar) = cast(t.{entity} as varchar) and scores.{as_of} = t.{as_of} "
        f"where t.{problem.label_known_at} < ? order by t.{as_of}, t.{entity}",
        [version, now],
    )
