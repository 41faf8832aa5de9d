"""Random small worlds: a spine and facts with ties, late arrivals, duplicates, revisions, nulls and gaps."""

from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

START = datetime(2020, 1, 1)


class RowTwiceError(AssertionError):
    """A result has two rows for one key."""


class Fact(NamedTuple):
    """One row of `facts`."""

    case_id: int | None
    k: str | None
    event_at: datetime
    known_at: datetime | None
    ends_at: datetime | None
    x: int | None
    s: str | None


class Ask(NamedTuple):
    """One row of `spine`."""

    case_id: int | None
    k: str | None
    as_of: datetime


# A coarse grid makes ties and exact window bounds common; the last nudges stand one microsecond beside them.
_HALF_HOURS, _NUDGES = [0, 0, 1, 1, 6, 7, 12, 47], [0, 0, 0, 0, 0, 0, 1, -1]
_LAGS = [0, 0, 0, 0, 1, 3, 6, 24, 48, -3, None]  # hours; null is never known, -3 is announced
_SPANS = [None, None, 3, 24, 0]  # hours that a version holds
_KEYS, _LETTERS = ["a", "a", "a", "a", "b", None], [None, "p", "q", "r"]


class _Digits:
    """One random number taken apart: a draw a row is ten times faster than a draw a column, and still shrinks."""

    def __init__(self, number: int) -> None:
        self.rest = number

    def pick(self, choices: list) -> object:
        self.rest, index = divmod(self.rest, len(choices))
        return choices[index]

    def instant(self) -> datetime:
        day, half_hour, nudge = self.pick([0, 1, 2, 3]), self.pick(_HALF_HOURS), self.pick(_NUDGES)
        return START + timedelta(days=day, minutes=30 * half_hour, microseconds=nudge)


def _hours(hours: int | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)


def _fact(number: int) -> Fact:
    row = _Digits(number)
    at, lag, span = row.instant(), _hours(row.pick(_LAGS)), _hours(row.pick(_SPANS))
    x = row.pick([None, *range(-3, 6)])
    known_at = None if lag is None else at + lag
    ends_at = None if span is None else at + span
    return Fact(None, row.pick(_KEYS), at, known_at, ends_at, x, row.pick(_LETTERS))


def _ask(number: int) -> Ask:
    row = _Digits(number)
    return Ask(None, row.pick(["a", "a", "a", "b", "never seen", None]), row.instant())


_numbers = st.integers(0, 10**9)
_cases = st.tuples(st.lists(_numbers.map(_fact), max_size=9), st.lists(_numbers.map(_ask), max_size=6))
worlds = st.lists(_cases, min_size=60, max_size=80)
World = list[tuple[list[Fact], list[Ask]]]

_TIME = pa.timestamp("us")
_FACTS = pa.schema(
    [("case_id", pa.int32()), ("k", pa.string()), ("event_at", _TIME), ("known_at", _TIME), ("ends_at", _TIME),
     ("x", pa.int32()), ("s", pa.string())]
)  # fmt: skip
_SPINE = pa.schema([("case_id", pa.int32()), ("k", pa.string()), ("as_of", _TIME)])


def flatten(world: World) -> tuple[list[Fact], list[Ask]]:
    """All facts and all asks of a world, numbered by case; every third fact is delivered twice."""
    numbered = [f._replace(case_id=i) for i, (rows, _) in enumerate(world) for f in rows]
    return numbered + numbered[::3], [a._replace(case_id=i) for i, (_, rows) in enumerate(world) for a in rows]


def tables(facts: list[Fact], spine: list[Ask]) -> dict[str, pa.Table]:
    """The inputs of a query, by the name that it knows them by."""
    return {
        "facts": pa.Table.from_pylist([f._asdict() for f in facts], schema=_FACTS),
        "spine": pa.Table.from_pylist([a._asdict() for a in spine], schema=_SPINE),
    }


def run(con: duckdb.DuckDBPyConnection, sql: str, facts: list[Fact], spine: list[Ask], keys: int) -> dict[tuple, tuple]:
    """The query's rows over these inputs, as key columns (the first `keys`) → the others. Raises RowTwiceError."""
    for name, table in tables(facts, spine).items():
        con.register(name, table)
    return keyed(con.execute(sql).fetchall(), keys)


def keyed(rows: list[tuple], keys: int) -> dict[tuple, tuple]:
    """Rows as their key columns (the first `keys`) → the others. Raises RowTwiceError."""
    answer = {row[:keys]: row[keys:] for row in rows}
    if len(answer) < len(rows):
        raise RowTwiceError(f"{len(rows)} rows for {len(answer)} keys")
    return answer


@cache
def sample(number: int) -> list[World]:
    """So many random worlds of 60 to 80 cases each, the same every time."""
    found: list[World] = []

    @settings(max_examples=number, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(worlds)
    def collect(world: World) -> None:
        found.append(world)

    collect()
    return found
