"""Rebuilds: scratch warehouses in which only some of what landed has landed, or another future has."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

from checks.landing import LandingSource
from flows.runtime.database_errors import held_by_another
from flows.runtime.sql_text import quoted
from flows.studies.leak_proof.poisoning import poisoned
from ml.errors import AsofError


class Slice(NamedTuple):
    """What was cut: when it begins and ends, and the first instant at which a label was known, where that lies in it; UTC.

    `wait` is how long nearly every label takes to be known.
    """

    begin: datetime
    end: datetime
    labels: datetime | None
    wait: timedelta = timedelta(0)


def cut_slice(
    warehouse: Path, target: Path, sources: Iterable[LandingSource], days: int, own: Container[str] | None = None,
    labels: tuple[str, str, str] | None = None,
) -> Slice:  # fmt: skip
    """Copy the first `days` days of what has landed, static tables whole.

    They count from the first fact of the sources named in `own` (all by default), and hold half as many days and three waits for
    a label behind the first label: `labels` are the table and the columns that say when one was asked for and when it was known,
    in the warehouse. A problem that begins late, or looks far ahead, is proved on days that it has labels of, for training,
    validation and holdout.

    `_landing_number` becomes the microseconds from the beginning to the row's own known_at: as if each row had landed when it
    was known, so that a batch of any size lands it with the same values. AsofError when nothing has landed, or when another
    process writes the warehouse.
    """
    sources = list(sources)
    if not warehouse.exists():
        raise AsofError(f"{warehouse} is not there: land something first, for instance with `make run`")
    with duckdb.connect(str(target)) as con:
        con.execute("set TimeZone = 'UTC'")
        try:
            con.execute(f"attach {quoted(warehouse)} as lived (read_only)")
        except duckdb.IOException as error:
            if not held_by_another(error):
                raise
            raise AsofError(f"{warehouse} is in use by another process; prove when it is done, or prove a copy") from error
        con.execute("create schema landing")
        first, now = _span(con, sources)
        begin = _span(con, [one for one in sources if own is None or one.name in own])[0]
        known, wait = _labels(con, *labels) if labels else (None, timedelta(0))
        end = min(now, enough(begin, days, known, wait))
        for source in sources:
            con.execute(f"create table {source.relation} as {_rows_before(source, f'lived.{source.relation}', first, end)}")
    return Slice(begin, end, known if known and known < end else None, wait)


def enough(begin: datetime, days: int, labels: datetime | None, wait: timedelta) -> datetime:
    """The end of `days` days that also hold half as many behind the first label, and three times what a label waits: one for
    validation, one for the holdout, one for the gaps before them."""
    return max(begin + timedelta(days=days), (labels or begin) + timedelta(days=days // 2) + 3 * wait)


def _labels(con: duckdb.DuckDBPyConnection, table: str, as_of: str, known_at: str) -> tuple[datetime | None, timedelta]:
    """When the first label was known, and how long 19 of 20 take."""
    asked = f"select min({known_at}), quantile_disc({known_at} - {as_of}, 0.95) from lived.{table}"
    try:
        first, wait = con.execute(asked).fetchall()[0]
    except duckdb.CatalogException:  # nothing was built yet
        first = wait = None
    return first, wait or timedelta(0)


def _span(con: duckdb.DuckDBPyConnection, sources: list[LandingSource]) -> tuple[datetime, datetime]:
    known = " union all ".join(
        f'select "{one.known_at}" as known_at from lived.{one.relation}' for one in sources if one.known_at
    )
    try:
        begin = con.execute(f"select date_trunc('day', min(known_at)) from ({known})").fetchall()[0][0]
        now = con.execute("select max(now) from lived.landing.clock").fetchall()[0][0]
    except duckdb.CatalogException as error:
        raise AsofError(f"not every declared source has landed ({str(error).splitlines()[0]}); run `make run` first") from error
    if begin is None or now is None:
        raise AsofError("nothing with a known_at has landed yet; run `make run` first")
    return begin, now


def _rows_before(source: LandingSource, relation: str, begin: datetime, end: datetime) -> str:
    if source.known_at is None:
        return f"select * from {relation}"
    number = f"1 + epoch_us(\"{source.known_at}\") - epoch_us(timestamp '{begin}')"
    return f"select * replace ({number} as _landing_number) from {relation} where \"{source.known_at}\" < timestamp '{end}'"


def create(
    con: duckdb.DuckDBPyConnection, sources: Iterable[LandingSource], clock: datetime, cut: datetime | None = None,
    poison: bool = False,
) -> None:  # fmt: skip
    """Fill an empty rebuild from the attached `slice`: what was known before `cut` (the clock, if none).

    With `poison`, the rows from the cut to the clock land too, poisoned.
    """
    con.execute("create schema if not exists landing")
    for source in sources:
        rows = f"slice.{source.relation}"
        if source.known_at is None:
            con.execute(f"create table {source.relation} as from {rows}")
            continue
        con.execute(f"create table {source.relation} as from {rows} where \"{source.known_at}\" < timestamp '{cut or clock}'")
        if cut and poison:
            future = (
                f"from {rows} where \"{source.known_at}\" >= timestamp '{cut}' and \"{source.known_at}\" < timestamp '{clock}'"
            )
            con.execute(f"insert into {source.relation} {poisoned(source, future)}")
    con.execute("create table landing.clock (now timestamp)")
    con.execute(f"insert into landing.clock values (timestamp '{clock}')")


def land(con: duckdb.DuckDBPyConnection, sources: Iterable[LandingSource], start: datetime, until: datetime) -> None:
    """Move a rebuild on: the rows with start <= known_at < until land, and the clock goes there."""
    for source in sources:
        if source.known_at:
            con.execute(
                f"insert into {source.relation} from slice.{source.relation} where \"{source.known_at}\" >= timestamp '{start}' "
                f"and \"{source.known_at}\" < timestamp '{until}'"
            )
    con.execute(f"update landing.clock set now = timestamp '{until}'")
