"""Random small worlds: a spine and facts with ties, late arrivals, duplicates, revisions, nulls and gaps."""

from datetime import datetime, timedelta
from typing import NamedTuple

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

START = datetime(2020, 1, 1)


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


def _instant(day: int, half_hour: int, nudge: int) -> datetime:
    return START + timedelta(days=day, minutes=30 * half_hour, microseconds=nudge)


# A coarse grid makes ties and exact window bounds common; the nudge stands one microsecond beside them.
instants = st.builds(_instant, st.integers(0, 4), st.sampled_from([0, 0, 1, 6, 7, 12, 47]), st.sampled_from([0, 0, 0, 1, -1]))
lags = st.sampled_from([None, *[timedelta(hours=h) for h in (0, 0, 0, 1, 3, 6, 24, 48)], timedelta(hours=-3)])
spans = st.sampled_from([None, None, timedelta(hours=3), timedelta(days=1), timedelta(0)])


def _fact(k: str | None, at: datetime, lag: timedelta | None, span: timedelta | None, x: int | None, s: str | None) -> Fact:
    return Fact(None, k, at, None if lag is None else at + lag, None if span is None else at + span, x, s)


facts = st.builds(
    _fact,
    st.sampled_from(["a", "a", "a", "b", None]), instants, lags, spans,
    st.sampled_from([None, *range(-3, 6)]), st.sampled_from([None, "p", "q", "r"]),
)  # fmt: skip
asks = st.builds(Ask, st.none(), st.sampled_from(["a", "a", "b", "never seen", None]), instants)
worlds = st.lists(st.tuples(st.lists(facts, max_size=9), st.lists(asks, max_size=5)), min_size=1, max_size=40)
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


def run(con: duckdb.DuckDBPyConnection, sql: str, facts: list[Fact], spine: list[Ask], keys: int) -> dict[tuple, tuple]:
    """The query's rows over these inputs, as key columns (the first `keys`) → the others. Fails if a key comes twice."""
    con.register("facts", pa.Table.from_pylist([f._asdict() for f in facts], schema=_FACTS))
    con.register("spine", pa.Table.from_pylist([a._asdict() for a in spine], schema=_SPINE))
    rows = con.execute(sql).fetchall()
    answer = {row[:keys]: row[keys:] for row in rows}
    assert len(answer) == len(rows), "a key of the result comes twice"
    return answer


def sample(worlds_wanted: int) -> list[World]:
    """The same random worlds every time, for comparisons that are expected to fail and need no smallest example."""
    found: list[World] = []

    @settings(max_examples=worlds_wanted, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(worlds)
    def collect(world: World) -> None:
        found.append(world)

    collect()
    return found
