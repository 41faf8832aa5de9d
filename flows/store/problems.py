"""Declared problems, and the rows that they train on and score."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated

import numpy as np
import pyarrow as pa

from flows.runtime import dbt, declarations, warehouse
from ml.errors import AsofError
from ml.models import tasks
from ml.problem import declaration
from ml.problem.declared.columns import name_fault
from ml.problem.declared.faults import DeclarationError
from ml.problem.keys import shown
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import instants

SCHEMA = "problems"


def names() -> list[str]:
    """The problems named in `vars: problems` of dbt_project.yml."""
    if not (found := declared()):
        raise AsofError("dbt_project.yml: vars.problems names no problem; add one to run the flows for it")
    return found


def declared() -> list[str]:
    """The same, and none where none is named."""
    found = dbt.project_vars().get("problems") or []
    if not isinstance(found, list):
        raise AsofError(f"dbt_project.yml: vars.problems must be a list of names, not {shown(found)}; write [{found}]")
    for name in found:
        if said := name_fault(name) or (f"{name} stands there twice; keep one" if found.count(name) > 1 else ""):
            raise AsofError(f"dbt_project.yml: vars.problems: {said}")
    return list(found)


class _OneOfThem:
    """What the form of Prefect offers for the name of a problem, as of the deployment."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: object, handler: object) -> dict:
        return {"type": "string", **({"enum": there} if (there := declared()) else {})}


ProblemName = Annotated[str, _OneOfThem]


def check() -> None:
    """AsofError with everything that is wrong with the first declared problem where something is."""
    for name in declared():
        get(name)


def chosen(name: str | None) -> list[str]:
    """The problem of this name, or all that are declared, which may be none; AsofError if dbt_project.yml does not name it."""
    return [named(name)] if name else list(dbt.project_vars().get("problems") or [])


def named(name: str | None) -> str:
    """The name itself, the first declared one for None; AsofError if dbt_project.yml does not name it."""
    if name is not None and name not in names():
        raise AsofError(f"dbt_project.yml: vars.problems does not name {name!r}; it names {', '.join(names())}")
    return name or names()[0]


@cache
def get(name: str) -> Problem:
    """The declaration of a problem, validated; AsofError if dbt_project.yml does not name it."""
    named(name)
    try:
        return declaration.read(dbt.manifest_dict(), name)
    except DeclarationError as error:
        raise declarations.located(error, name) from None


def training_rows(problem: Problem, now: datetime, since: datetime | None = None) -> pa.Table:
    """Every row whose label was known before `now`, in the total order (as_of, entity), with the label as it was known then.

    The training set may hold several versions of a label, which people have corrected: the last one known counts. `since`
    leaves out the rows with an earlier `as_of`.
    """
    again, rows = _labelled(problem)
    return warehouse.table(
        f"with {again} select {', '.join(problem.training_columns)} from {rows} order by {problem.as_of}, {problem.entity}",
        [now, since, now, since],
    )


def label_instants(problem: Problem, now: datetime) -> tuple[np.ndarray, np.ndarray]:
    """`as_of` and `label_known_at` (datetime64[us]) of each row of `training_rows`."""
    again, rows = _labelled(problem)
    asked = f"with {again} select {problem.as_of} as as_of, {problem.label_known_at} as known_at from {rows}"
    found = warehouse.table(asked, [now, None, now, None])
    return instants(found["as_of"]), instants(found["known_at"])


def _labelled(problem: Problem) -> tuple[str, str]:
    """SQL of a CTE and of the rows with a label, each with the last version known; both ask for a `now` and a `since`."""
    entity, as_of, known_at = problem.entity, problem.as_of, problem.label_known_at
    rows = f"{SCHEMA}.{problem.name}__training_set as rows where {known_at} < ? and {as_of} >= coalesce(?, timestamp '-infinity')"
    again = f"select {entity}, {as_of}, max({known_at}) as last from {rows} group by {entity}, {as_of} having count(*) > 1"
    older = f"again.{entity} = rows.{entity} and again.{as_of} = rows.{as_of} and again.last > rows.{known_at}"
    return f"again as ({again})", f"{rows} and not exists (select 1 from again where {older})"


def training_size(problem: Problem, now: datetime, since: datetime | None = None) -> tuple[int, float]:
    """How many rows `training_rows` has, all versions of a label counted; and the bytes of one as Arrow, by a thousand."""
    of = (
        f"from {SCHEMA}.{problem.name}__training_set where {problem.label_known_at} < ? "
        f"and {problem.as_of} >= coalesce(?, timestamp '-infinity')"
    )
    count = warehouse.rows(f"select count(*) as n {of}", [now, since])[0]["n"]
    sample = warehouse.table(f"select {', '.join(problem.training_columns)} {of} limit 1000", [now, since])
    return count, sample.nbytes / max(sample.num_rows, 1)


def scored_through(problem: Problem) -> datetime | None:
    """The latest `as_of` that has a prediction; None where none has."""
    return warehouse.rows(f"select max({problem.as_of}) as at from {SCHEMA}.{problem.name}__predictions")[0]["at"]


def oldest_scored(problem: Problem, since: datetime) -> datetime | None:
    """The earliest `as_of` that was scored since an instant of the wall clock; None where nothing was."""
    predictions = f"{SCHEMA}.{problem.name}__predictions"
    return warehouse.rows(f"select min({problem.as_of}) as at from {predictions} where scored_at >= ?", [since])[0]["at"]


def labels_known(problem: Problem, at: datetime) -> int:
    """How many rows have a label that was known before an instant."""
    rows = f"{SCHEMA}.{problem.name}__training_set where {problem.label_known_at} < ?"
    return warehouse.rows(f"select count(*) as n from {rows}", [at])[0]["n"]


def first_known(problem: Problem, rows: Rows) -> np.ndarray:
    """When the first version of the label of each row was known; datetime64[us]."""
    entity, as_of = problem.entity, problem.as_of
    with warehouse.cursor() as con:
        con.register("asked", pa.table({entity: rows.entity, as_of: rows.as_of}))
        found = con.sql(
            f"select min(there.{problem.label_known_at}) as first_known_at from asked "
            f"inner join {SCHEMA}.{problem.name}__training_set as there using ({entity}, {as_of}) "
            f"group by {entity}, {as_of} order by {as_of}, {entity}"
        ).to_arrow_table()
    return instants(found["first_known_at"])


def pending(problem: Problem, start: datetime, end: datetime) -> str:
    """SQL of the rows with start <= as_of < end that have no prediction yet, in the total order (as_of, entity)."""
    return _due(problem, start, end, f"not {_predicted(problem)}")


def predicted(problem: Problem, start: datetime, end: datetime) -> str:
    """SQL of the rows with start <= as_of < end that have a prediction, in the total order (as_of, entity)."""
    return _due(problem, start, end, _predicted(problem))


def unshadowed(problem: Problem, version: str, start: datetime, end: datetime) -> str:
    """SQL of the rows with start <= as_of < end that have a prediction, but none by `version` in the shadow."""
    in_the_shadow = (
        f"exists (select 1 from ledger.shadow_predictions as done where done.problem = '{problem.name}' "
        f"and done.model_version = '{version}' "
        f"and done.entity_id = cast(due.{problem.entity} as varchar) and done.as_of = due.{problem.as_of})"
    )
    return _due(problem, start, end, f"{_predicted(problem)} and not {in_the_shadow}")


def _predicted(problem: Problem) -> str:
    return (
        f"exists (select 1 from {SCHEMA}.{problem.name}__predictions as done "
        f"where done.{problem.entity} = due.{problem.entity} and done.{problem.as_of} = due.{problem.as_of})"
    )


def _due(problem: Problem, start: datetime, end: datetime, condition: str) -> str:
    return (
        f"select {', '.join(problem.scoring_columns)} from {SCHEMA}.{problem.name}__scoring_set as due "
        f"where {problem.as_of} >= timestamp '{start}' and {problem.as_of} < timestamp '{end}' and {condition} "
        f"order by {problem.as_of}, {problem.entity}"
    )


def scoring_rows(problem: Problem, start: datetime, end: datetime) -> pa.Table:
    """The rows of the scoring set with start <= as_of <= end, in the total order (as_of, entity)."""
    return warehouse.table(
        f"select {', '.join(problem.scoring_columns)} from {SCHEMA}.{problem.name}__scoring_set "
        f"where {problem.as_of} between ? and ? order by {problem.as_of}, {problem.entity}",
        [start, end],
    )


def live_scores(problem: Problem, now: datetime, version: str, shadow: bool = False, since: datetime | None = None) -> pa.Table:
    """`score`, `flagged` and the columns of the task that a version gave live, beside every row of `training_rows`.

    Null where it gave none. In the open by default, in the shadow otherwise.
    """
    entity, as_of, more = problem.entity, problem.as_of, tasks.of(problem).columns(problem)
    own, kept = (f", {', '.join(columns)}" if more else "" for columns in (more, _of_answer(more)))
    # What was said at the time: a later model that scored a row again may have learned how it ended.
    replaced = f"from ledger.replaced_predictions as old where problem = '{problem.name}'"
    scores = (
        f"select {entity}, {as_of}, score, flagged{own} from ("
        f"select cast({entity} as varchar) as {entity}, {as_of}, model_version, score, flagged{own} "
        f"from {SCHEMA}.{problem.name}__predictions as done where not exists (select 1 {replaced} "
        f"and old.entity_id = cast(done.{entity} as varchar) and old.as_of = done.{as_of}) "
        f"union all (select entity_id, as_of, model_version, score, flagged{kept} {replaced} "
        f"qualify row_number() over (partition by entity_id, as_of order by number) = 1)) where model_version = ?"
    )
    if shadow:
        scores = (
            f"select entity_id as {entity}, as_of as {as_of}, score, flagged{kept} from ledger.shadow_predictions "
            f"where problem = '{problem.name}' and model_version = ?"
        )
    again, rows = _labelled(problem)
    return warehouse.table(
        f"with {again}, scores as ({scores}), t as (select {entity}, {as_of} from {rows}) "
        f"select scores.* exclude ({entity}, {as_of}) from t left join scores "
        f"on cast(scores.{entity} as varchar) = cast(t.{entity} as varchar) and scores.{as_of} = t.{as_of} "
        f"order by t.{as_of}, t.{entity}",
        [now, since, version, now, since],
    )


def _of_answer(columns: Mapping[str, str]) -> list[str]:
    """SQL of the columns of a task, where a ledger of all problems keeps them as JSON."""
    return [f"cast(json_extract_string(answer, '$.{name}') as {kind}) as {name}" for name, kind in columns.items()]
