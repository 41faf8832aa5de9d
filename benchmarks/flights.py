"""Real flights, scaled: the year 2013 shifted by whole weeks into further years, and flown by parallel networks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from flows.steps.data.feeds.nycflights import _load, _package_data

WORK = Path(__file__).parent / "work"
# Rows in millions → years and networks. Ten years at most, so that larger sizes are larger networks, as they would be.
SIZES = {"1M": (3, 1), "3M": (3, 3), "10M": (10, 3), "30M": (10, 9)}
QUICK = (1, 1)
QUICK_DAYS = 60  # two months: longer than the longest window, seconds to run
# 364 days are 52 weeks: a copy keeps its weekday, and, because local times are shifted, its hour and summer time.
YEAR = 364
SCALED = """
    with zones as (
        select faa as airport, tzone as zone from airports union all select airport, time_zone from supplement
    ),
    locally as (
        select carrier, flight, origin, dest, tailnum, dep_delay, arr_delay, distance, coalesce(zone, 'America/New_York') as zone,
            timezone('America/New_York', timezone('UTC', departs_at)) as departs_locally,
            timezone(coalesce(zone, 'America/New_York'), timezone('UTC', arrives_at)) as arrives_locally,
            row_number() over (order by departs_at, carrier, flight, origin) as number
        from timed left join zones on airport = dest
    ),
    copied as (
        select locally.*, year, network,
            timezone('UTC', timezone('America/New_York', departs_locally + to_days(cast(year * {year} as int)))) as departs_at,
            timezone('UTC', timezone(zone, arrives_locally + to_days(cast(year * {year} as int)))) as arrives_at,
            -- one term per (copy, day, origin), so that a day stays a day: minutes between -5 and 5, none in the original
            case when year = 0 and network = 0 then 0
                else cast(hash(year, network, cast(departs_locally as date), origin) % 11 as integer) - 5 end as noise
        from locally, range({years}) as y(year), range({networks}) as n(network)
        where departs_locally < date '2013-01-01' + {days}
    )
    select
        number * 1000 + year * 10 + network as flight_row,
        carrier || '~' || network as carrier, origin || '~' || network as origin, dest || '~' || network as dest,
        origin || dest || '~' || network as route, carrier || origin || '~' || network as market,
        tailnum || '~' || network as tail,
        departs_at, departs_at - interval 2 hour as as_of,
        case when dep_delay is null then departs_at when arr_delay is null then arrives_at + interval 6 hour
            else arrives_at + to_minutes(cast(arr_delay + noise as integer)) end as known_at,
        cast(dep_delay + noise as integer) as dep_delay, cast(arr_delay + noise as integer) as arr_delay,
        cast(distance as integer) as distance,
        cast(coalesce(arr_delay + noise, 99) >= 15 as integer) as disrupted
    from copied
    order by departs_at, flight_row
"""


def scaled(years: int, networks: int, days: int = 366, work: Path = WORK) -> Path:
    """The Parquet file of so many copies of the year's first `days` days, in order of departure; made once.

    A row is a flight: `flight_row` (unique), keys with their network (`UA~0`), `as_of` two hours before the scheduled departure,
    `known_at` when its fate was known, delays in minutes, `disrupted` 0 or 1. Instants are UTC, naive.
    """
    sql = SCALED.format(year=YEAR, years=years, networks=networks, days=days)
    version = hashlib.sha256(sql.encode()).hexdigest()[:8]
    file = work / f"flights-{years}x{networks}-{days}-{version}.parquet"
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(work / "spill")}) as con:
            con.execute("set TimeZone = 'UTC'")
            _load(con, _package_data())
            part = file.with_suffix(".part")
            con.execute(f"copy ({sql}) to '{part}' (format parquet, row_group_size 250000)")
            part.replace(file)
    return file


def count(file: Path, where: str = "true") -> int:
    """How many flights of the file there are, or of those that a condition chooses."""
    return duckdb.execute(f"select count(*) from '{file}' where {where}").fetchone()[0]
