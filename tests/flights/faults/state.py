"""What a fault must leave as it was, read from the files themselves."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import datetime

import duckdb

from ml.models.model import Model
from tests.children import Ended, House
from tests.faults.equal import WRITTEN
from tests.flights.conftest import PROBLEM

PREDICTIONS = f"problems.{PROBLEM}__predictions"
# The last lived day, New York's 1 March.
DAY = datetime(2013, 3, 4, 5)


def ask(house: House, sql: str) -> list[tuple]:
    """The rows of a query, by a connection of its own."""
    with duckdb.connect(str(house.warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(sql).fetchall()


def change(house: House, *statements: str) -> None:
    """Change the warehouse while nobody has it open."""
    with duckdb.connect(str(house.warehouse)) as con:
        con.execute("set TimeZone = 'UTC'")
        for sql in statements:
            con.execute(sql).fetchall()


def forget_the_last_day(house: House) -> int:
    """Take the predictions of the last day away, so that there is something to score; returns how many."""
    due = ask(house, f"select count(*) from {PREDICTIONS} where as_of >= '{DAY}'")[0][0]
    change(
        house,
        f"delete from {PREDICTIONS} where as_of >= '{DAY}'",
        f"delete from ledger.profiles where stage = 'serving' and day >= '{DAY.date()}'",
        "checkpoint",
    )
    return due


def live_ahead(house: House, hours: int) -> None:
    """Make everything that was done seem done by a clock that went ahead: the present one has stepped back by so many hours."""
    written = ", ".join(f"'{name}'" for name in WRITTEN if name.endswith("_at"))
    columns = ask(
        house,
        "select table_schema || '.' || table_name, column_name from information_schema.columns "
        "semi join (from information_schema.tables where table_type = 'BASE TABLE') using (table_schema, table_name) "
        f"where column_name in ({written}) and data_type = 'TIMESTAMP'",
    )
    change(house, *(f'update {table} set "{column}" = "{column}" + interval {hours} hour' for table, column in columns))


def predictions(house: House) -> list[tuple]:
    """What is predicted, without when and by which run."""
    return ask(house, f"select flight_id, as_of, model_version, score, flagged, reasons from {PREDICTIONS} order by all")


def counted(house: House) -> list[tuple]:
    """What the models saw."""
    return ask(house, "select model_version, day, feature, cell, rows from ledger.profiles where stage = 'serving' order by all")


def published(house: House) -> str:
    """The digest of the file that people read."""
    return hashlib.sha256(house.published.read_bytes()).hexdigest()


def refusal(ended: Ended) -> str:
    """The one line of a refused verb; AssertionError when it is a success, a traceback or a death."""
    assert ended.code == 1, ended
    assert "Traceback" not in ended.err, ended.err
    lines = [line for line in ended.err.splitlines() if line.startswith("✗")]
    assert len(lines) == 1, ended.err
    return lines[0]


def put_in_office(change: Callable[[Model], dict]) -> str:
    """Make a champion of a model that differs from the champion by what `change` gives, whole in itself; returns its version.

    In this process's warehouse, from the beginning of the champion's period on.
    """
    from flows.runtime import warehouse
    from flows.store import ledger, registry

    period = registry.champion_periods(PROBLEM)[-1]
    row = registry.row(PROBLEM, period.model_version)
    model = Model.from_row(row)
    other = dataclasses.replace(model, **change(model))
    with warehouse.transaction() as con:
        ledger.append(con, "model_versions", [{**row, **other.to_row()}], ["model_version"])
    registry.promote(PROBLEM, other.name, period.start, "a test")
    return other.name
