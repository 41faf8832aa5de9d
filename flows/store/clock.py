"""The clock: one row in the warehouse that says how far the world is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import duckdb

from flows.runtime import warehouse
from flows.runtime.database_errors import once_more
from flows.runtime.settings import time_zone
from ml.errors import AsofError
from ml.schedule import calendar


@once_more
def now() -> datetime | None:
    """The instant up to which everything is landed; None before the first landing."""
    with warehouse.cursor() as con:
        con.execute("create schema if not exists landing")
        con.execute("create table if not exists landing.clock (now timestamp)")
        rows = con.execute("select now from landing.clock").fetchall()
    return rows[0][0] if rows else None


def begun() -> datetime:
    """The same; AsofError saying how to begin when nothing has landed."""
    at = now()
    if at is None:
        raise AsofError("nothing has landed yet: run `python -m flows land`, or `make run` to live through the example")
    return at


def move(to: datetime) -> None:
    """Set the clock; it never goes back."""
    with warehouse.transaction() as con:
        put(con, to)


def put(con: duckdb.DuckDBPyConnection, to: datetime) -> None:
    """Set the clock within the caller's transaction; it never goes back."""
    check(to)
    con.execute("delete from landing.clock")
    con.execute("insert into landing.clock values (?)", [to])


def check(to: datetime) -> None:
    """AsofError where an instant lies before the clock."""
    before = now()
    if before is not None and to < before:
        raise AsofError(
            f"the clock stands at {before} and cannot go back to {to}; give a later instant, or begin anew beside it: set "
            f"ASOF_WAREHOUSE, ASOF_LANDING and ASOF_PUBLISHED to new paths"
        )


def midnight(day: str) -> datetime:
    """The UTC instant of a local midnight, for a day such as `2026-07-01`."""
    return calendar.midnight(date.fromisoformat(day), time_zone())


def ticks(start: datetime, until: datetime, step: str) -> Iterator[datetime]:
    """The instants after `start` up to and including `until` at which the replay stops: hours, local days or months."""
    return calendar.ticks(start, until, step, time_zone())


def local(at: datetime) -> datetime:
    """A UTC instant on the clock of the place, without a zone."""
    return calendar.local(at, time_zone())
