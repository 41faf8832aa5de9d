"""A database for scenarios, beside the warehouse, with the ledger of many problems, on which the monitors are built as is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.runtime import warehouse
from flows.steps.monitoring.alerting import events
from flows.studies.fault_injection.past import PROFILE_DAYS, SCORED_DAYS, WHOLE, Past, joined, kept, whole
from flows.studies.fault_injection.plan import REASONS, SCORED, Plan
from flows.studies.fault_injection.scenarios import Made
from flows.studies.fault_injection.serving_history import ServingHistory

DATABASE = "scenarios"
BATCHES, PROFILES, VERSIONS = ("ledger", "batches"), ("ledger", "profiles"), ("ledger", "model_versions")
CHANGED = pa.schema([("scenario", pa.string()), ("day_from", pa.date32()), ("day_until", pa.date32()), ("feature", pa.string())])


def findings(
    plan: Plan, history: ServingHistory, made: Sequence[Made], landed: bool, past: Past | None = None
) -> tuple[list[dict], Past]:
    """Rows of `mon_findings`, all kinds, for the scenarios; and the past that other scenarios share with them."""
    with built(plan, history, made, landed, past) as con:
        found = con.sql(f"select {', '.join(events.STANDING)} from {DATABASE}.monitoring.mon_findings order by all")
        return found.to_arrow_table().to_pylist(), past or kept(con, DATABASE, {name for _, name in plan.sql})


@contextmanager
def built(
    plan: Plan, history: ServingHistory, made: Sequence[Made], landed: bool, past: Past | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor to the scenarios' database, in which every monitor stands for the scenarios; with `landed`,
    for what landed in the one scenario, too.

    With the `past` of a scenario without a fault, of periods that are over before a fault begins nothing is computed anew.

    Sources belong to no problem: the landed rows of two scenarios could not be told apart.
    """
    assert len(made) == 1 or not landed
    with _attached() as con:
        con.register("all_scenarios", pa.Table.from_pylist([_told(one, history, past is not None) for one in made]))
        con.register("all_changed", pa.Table.from_pylist(list(_changed(made)), schema=CHANGED))
        for table in plan.read:
            _create(con, table, _copied(con, table, landed))
        for schema, name in plan.left_empty:
            _create(con, (schema, name), f"select * from {schema}.{name} limit 0")
        _count(con, made)
        _score(con, history, made)
        if plan.reasons:
            _reason(con, plan, history, made)
        for table, sql in plan.sql.items():
            _monitor(con, table, _here(plan, sql), past)
        yield con


@contextmanager
def _attached() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="asof-scenarios-") as folder:
        warehouse.allow(Path(folder))
        with warehouse.cursor() as con:
            con.execute(f"attach '{Path(folder) / DATABASE}.duckdb' as {DATABASE}")
            try:
                yield con
            finally:
                for view in ("all_scenarios", "all_changed", "incoming_rows", "past"):
                    con.unregister(view)
                con.execute(f"detach {DATABASE}")


def _told(made: Made, history: ServingHistory, has_past: bool) -> dict:
    scenario = made.scenario
    profiles, scored = (
        max(scenario.start, scenario.at - timedelta(days=days)) if has_past else scenario.start
        for days in (PROFILE_DAYS, SCORED_DAYS)
    )
    return {
        "scenario": scenario.name, "base": history.problem.name, "day_from": scenario.start, "day_at": scenario.at,
        "day_end": scenario.end,
        "profiles_from": profiles, "scored_from": scored,
    }  # fmt: skip


def _monitor(con: duckdb.DuckDBPyConnection, table: tuple[str, str], sql: str, past: Past | None) -> None:
    name = table[1]
    if past and name in past:
        con.register("past", past[name])
        sql = whole() if name in WHOLE else joined(name, sql)
    _create(con, table, sql)


def _changed(made: Sequence[Made]) -> Iterator[dict]:
    """The days and features whose counts the fault replaces; a null feature stands for all of them."""
    for one in made:
        if one.counts:
            for feature in one.columns or (None,):
                yield {
                    "scenario": one.scenario.name,
                    "day_from": one.scenario.at,
                    "day_until": one.scenario.until,
                    "feature": feature,
                }


def _copied(con: duckdb.DuckDBPyConnection, table: tuple[str, str], landed: bool) -> str:
    """A table that monitors read: of what names a problem each scenario has its own rows, the rest is as it was."""
    name = ".".join(table)
    columns = {row[0] for row in con.execute(f"select column_name from (describe {name})").fetchall()}
    if table == BATCHES:
        return f"""
            select rows.* from {name} as rows cross join all_scenarios as w
            where {landed} and cast(rows.landed_as_of as date) >= w.day_from and cast(rows.landed_as_of as date) < w.day_end"""
    if "problem" not in columns:
        return f"select * from {name}"
    which = "true"
    if table == PROFILES:
        which = """
            (rows.stage = 'training' or (rows.day >= w.profiles_from and rows.day < w.day_end)) and not exists (
                select 1 from all_changed as c where c.scenario = w.scenario and rows.stage = 'serving'
                and rows.day >= c.day_from and rows.day < c.day_until and coalesce(c.feature, rows.feature) = rows.feature)"""
    # the text of the models is megabytes that no monitor reads
    bare = ", null as model, null as holdout_model" if table == VERSIONS else ""
    return f"""
        select rows.* replace (w.scenario as problem{bare})
        from {name} as rows inner join all_scenarios as w on w.base = rows.problem
        where {which} union all by name select * from {name} where problem is null"""


def _count(con: duckdb.DuckDBPyConnection, made: Sequence[Made]) -> None:
    """What the faults make of profiles and of landed rows."""
    if records := [record for one in made for record in one.counts]:
        shape = con.sql("select * from ledger.profiles limit 0").to_arrow_table().schema
        con.register("incoming_rows", pa.Table.from_pylist(records, schema=shape))
        con.execute(f"insert into {DATABASE}.ledger.profiles by name select * from incoming_rows")
    for one in made:
        for source, factor in one.landing.items():
            where = "source = ? and cast(landed_as_of as date) >= ? and cast(landed_as_of as date) < ?"
            values = [source, one.scenario.at, one.scenario.until]
            if factor:
                con.execute(f"update {DATABASE}.ledger.batches set rows_received = round(rows_received * {factor}), "
                            f"rows_loaded = round(rows_loaded * {factor}) where {where}", values)  # fmt: skip
            else:
                con.execute(f"delete from {DATABASE}.ledger.batches where {where}", values)


def _score(con: duckdb.DuckDBPyConnection, history: ServingHistory, made: Sequence[Made]) -> None:
    """`mon_scored` of every scenario: as it was served up to the day of the fault, then as the fault leaves it."""
    _create(con, ("monitoring", SCORED), f"""
        select rows.* replace (w.scenario as problem)
        from monitoring.{SCORED} as rows inner join all_scenarios as w on w.base = rows.problem
        where cast(rows.as_of as date) >= w.scored_from and cast(rows.as_of as date) < w.day_at""")  # fmt: skip
    columns = ["entity_id", "as_of", "model_version", "score", "rule_score", "flagged", "label", "label_known_at"]
    for one in made:
        con.register("incoming_rows", one.rows.select(columns))
        con.execute(f"insert into {DATABASE}.monitoring.{SCORED} by name "
                    "select ? as problem, *, label as observed_label from incoming_rows", [one.scenario.name])  # fmt: skip


def _reason(con: duckdb.DuckDBPyConnection, plan: Plan, history: ServingHistory, made: Sequence[Made]) -> None:
    """`mon_reasons` of every scenario: as it was served, then by its own SQL from the reasons that the faulty rows were given."""
    _create(con, ("monitoring", REASONS), f"""
        select rows.* replace (w.scenario as problem)
        from monitoring.{REASONS} as rows inner join all_scenarios as w on w.base = rows.problem
        where rows.day >= w.day_from and rows.day < w.day_at""")  # fmt: skip
    con.execute(f"create schema if not exists {DATABASE}.problems")
    for one in made:
        con.register("incoming_rows", one.rows.select(["as_of", "model_version", "reasons"]))
        for schema, name in plan.predictions:
            mine = name.startswith(f"{history.problem.name}__")
            con.execute(f"create or replace table {DATABASE}.{schema}.{name} as select * from incoming_rows where {mine}")
        con.execute(f"insert into {DATABASE}.monitoring.{REASONS} by name "
                    f"select * replace ('{one.scenario.name}' as problem) from ({_here(plan, plan.reasons)})")  # fmt: skip


def _here(plan: Plan, sql: str) -> str:
    return sql.replace(f'"{plan.database}".', f'"{DATABASE}".')


def _create(con: duckdb.DuckDBPyConnection, table: tuple[str, str], sql: str) -> None:
    schema, name = table
    con.execute(f"create schema if not exists {DATABASE}.{schema}")
    try:
        con.execute(f"create table {DATABASE}.{schema}.{name} as {sql}")
    except duckdb.Error as error:
        raise type(error)(f"{schema}.{name} in the scenarios' database of the simulation: {error}") from error
