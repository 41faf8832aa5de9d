"""Scratch worlds: warehouses in which only some of what landed has landed, or another future has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from checks.landing import LandingSource
from flows.steps.proving.poisoning import poisoned
from ml.errors import AsofError


def cut_slice(warehouse: Path, target: Path, sources: Iterable[LandingSource], days: int) -> tuple[datetime, datetime]:
    """Copy the first `days` days of what has landed, static tables whole; returns when it begins and ends (UTC).

    `_landed_at` becomes the row's own known_at: as if each row had landed when it was known, so that a batch of any size
    lands it with the same values. AsofError when nothing has landed, or when another process writes the warehouse.
    """
    sources = list(sources)
    if not warehouse.exists():
        raise AsofError(f"{warehouse} is not there: land something first, for instance with `make run`")
    with duckdb.connect(str(target)) as con:
        con.execute("set TimeZone = 'UTC'")
        try:
            con.execute(f"attach '{warehouse}' as lived (read_only)")
        except duckdb.IOException as error:
            raise AsofError(f"{warehouse} is in use by another process; prove when it is done, or prove a copy") from error
        con.execute("create schema landing")
        begin, now = _span(con, sources)
        end = min(now, begin + timedelta(days=days))
        for source in sources:
            con.execute(f"create table {source.relation} as {_rows_before(source, f'lived.{source.relation}', end)}")
    return begin, end


def _span(con: duckdb.DuckDBPyConnection, sources: list[LandingSource]) -> tuple[datetime, datetime]:
    known = " union all ".join(f"select {one.known_at} as known_at from lived.{one.relation}" for one in sources if one.known_at)
    try:
        begin = con.execute(f"select date_trunc('day', min(known_at)) from ({known})").fetchall()[0][0]
        now = con.execute("select max(now) from lived.landing.clock").fetchall()[0][0]
    except duckdb.CatalogException as error:
        raise AsofError(f"not every declared source has landed ({str(error).splitlines()[0]}); run `make run` first") from error
    if begin is None or now is None:
        raise AsofError("nothing with a known_at has landed yet; run `make run` first")
    return begin, now


def _rows_before(source: LandingSource, relation: str, end: datetime) -> str:
    if source.known_at is None:
        return f"select * from {relation}"
    return f"select * replace ({source.known_at} as _landed_at) from {relation} where {source.known_at} < timestamp '{end}'"


def create(
    con: duckdb.DuckDBPyConnection, sources: Iterable[LandingSource], clock: datetime, cut: datetime | None = None,
    poison: bool = False,
) -> None:  # fmt: skip
    """Fill an empty world from the attached `slice`: what was known before `cut` (the clock, if none).

    With `poison`, the rows from the cut to the clock land too, poisoned.
    """
    con.execute("create schema if not exists landing")
    for source in sources:
        rows = f"slice.{source.relation}"
        if source.known_at is None:
            con.execute(f"create table {source.relation} as from {rows}")
            continue
        con.execute(f"create table {source.relation} as from {rows} where {source.known_at} < timestamp '{cut or clock}'")
        if cut and poison:
            future = f"from {rows} where {source.known_at} >= timestamp '{cut}' and {source.known_at} < timestamp '{clock}'"
            con.execute(f"insert into {source.relation} {poisoned(source, future)}")
    con.execute("create table landing.clock (now timestamp)")
    con.execute(f"insert into landing.clock values (timestamp '{clock}')")


def land(con: duckdb.DuckDBPyConnection, sources: Iterable[LandingSource], start: datetime, until: datetime) -> None:
    """Move a world on: the rows with start <= known_at < until land, and the clock goes there."""
    for source in sources:
        if source.known_at:
            con.execute(
                f"insert into {source.relation} from slice.{source.relation} where {source.known_at} >= timestamp '{start}' "
                f"and {source.known_at} < timestamp '{until}'"
            )
    con.execute(f"update landing.clock set now = timestamp '{until}'")
