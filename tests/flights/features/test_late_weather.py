"""Weather that comes late, is revised or has gaps: every row against a plain reading of what was known, and the future."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.runtime import dbt, warehouse

MODEL = "ftr_weather__hourly"
STAGED = "warehouse.staging.stg_flights__weather"
START, HOUR = datetime(2013, 7, 1, 18), timedelta(hours=1)
SHAPE = (
    "origin varchar, observed_at timestamp, known_at timestamp, landing_number bigint, pressure double, visib double, "
    "precip double, temp double, dewp double, wind_dir integer, wind_speed double, wind_gust double"
)


@dataclass(frozen=True)
class Report:
    """What an airport said of an hour, and when."""

    origin: str
    observed_at: datetime
    known_at: datetime
    pressure: float | None
    visib: float | None
    precip: float | None


@st.composite
def _reports(draw: st.DrawFn) -> list[Report]:
    """Up to twenty reports of two airports over midnight: on time, up to a dozen hours late, missing, and said again."""
    keys = st.tuples(st.sampled_from(["EWR", "JFK"]), st.integers(0, 12), st.sampled_from([0, 60, 60, 60, 80, 200, 400, 720]))
    value = st.none() | st.integers(0, 9).map(float)
    return [
        Report(origin, START + hour * HOUR, START + hour * HOUR + timedelta(minutes=late), *draw(st.tuples(value, value, value)))
        for origin, hour, late in draw(st.lists(keys, unique=True, min_size=1, max_size=20))
    ]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The model as dbt compiles it for a first build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASOF_WAREHOUSE", str(Path(tmp_path_factory.mktemp("weather")) / "warehouse.duckdb"))
        yield dbt.compiled(MODEL)[MODEL]
        warehouse.close()


@lru_cache(maxsize=1)
def _empty() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    con.execute("attach ':memory:' as warehouse; create schema warehouse.staging")
    con.execute(f"create table {STAGED} ({SHAPE})")
    return con


def build(sql: str, reports: list[Report]) -> list[tuple]:
    """What the model holds of these reports, in order."""
    con = _empty()
    con.execute(f"delete from {STAGED}")
    for number, one in enumerate(reports):
        con.execute(
            f"insert into {STAGED} by name select ? as origin, ? as observed_at, ? as known_at, ? as landing_number, "
            "? as pressure, ? as visib, ? as precip",
            [one.origin, one.observed_at, one.known_at, number, one.pressure, one.visib, one.precip],
        )
    columns = "origin, known_at, observed_at, pressure, pressure_change_3h, visibility_min_3h, rain_3h"
    return con.execute(f"select {columns} from ({sql}) order by origin, known_at").fetchall()


def read(reports: list[Report]) -> list[tuple]:
    """The same in plain words."""
    rows = []
    for origin, now in sorted({(r.origin, r.known_at) for r in reports}):
        known = sorted((r for r in reports if r.origin == origin and r.known_at <= now), key=lambda r: r.known_at)
        hours = {r.observed_at: r for r in known}  # the last one said of an hour counts
        last = hours[max(hours)]
        if now - last.observed_at > 6 * HOUR:
            continue
        trend = [r for at, r in hours.items() if last.observed_at - 3 * HOUR <= at]
        before = hours.get(last.observed_at - 3 * HOUR)
        change = None if before is None or None in (before.pressure, last.pressure) else last.pressure - before.pressure
        seen, rain = [r.visib for r in trend if r.visib is not None], [r.precip for r in trend if r.precip is not None]
        low, fallen = min(seen, default=None), sum(rain) if rain else None
        rows.append((origin, now, last.observed_at, last.pressure, change, low, fallen))
    return rows


@settings(max_examples=30, deadline=None)
@given(reports=_reports())
def test_a_row_says_what_was_known_at_its_own_instant(sql: str, reports: list[Report]) -> None:
    assert build(sql, reports) == read(reports)


@settings(max_examples=15, deadline=None)
@given(reports=_reports(), cut=st.integers(1, 30))
def test_what_is_known_later_changes_no_row(sql: str, reports: list[Report], cut: int) -> None:
    end = START + cut * HOUR
    honest = [row for row in build(sql, reports) if row[1] < end]
    assert honest == build(sql, [r for r in reports if r.known_at < end])


def test_trends_that_ask_only_when_something_was_observed_would_be_noticed(sql: str) -> None:
    late = [
        Report("EWR", START, START + 4 * HOUR, 1000.0, 1.0, 5.0),
        Report("EWR", START + HOUR, START + 2 * HOUR, 1001.0, 9.0, 0.0),
    ]
    assert build(sql, late) == read(late)
    law = "not news.news_at < reports.known_at"
    assert sql.count(law) == 1
    leaking = sql.replace(law, "true")
    assert build(leaking, late) != read(late)
