"""What a fault must leave as it was, read from the files themselves."""

from __future__ import annotations

import hashlib
from datetime import datetime

import duckdb

from tests.children import Ended, House
from tests.conftest import PROBLEM

PREDICTIONS = f"problems.{PROBLEM}__predictions"
# The last lived day, New York's 1 March.
DAY = datetime(2013, 3, 1, 5)


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
