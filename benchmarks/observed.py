"""Twenty-five columns of real flights for drift, and real scores with their labels for quality: 2013, flown over and over."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from benchmarks.flights import WORK
from flows.steps.data.feeds.nycflights import _load, _package_data

NUMBERS = ("departure_minute", "scheduled_minutes", "flight", "distance", "dep_delay", "arr_delay", "air_time", "speed", "temp",
           "dewp", "humid", "wind_speed", "precip", "pressure", "visib", "plane_year", "route_delay", "tail_delay")  # fmt: skip
# `tail` is the one with four thousand levels
CATEGORIES = ("carrier", "origin", "dest", "tail", "manufacturer", "model", "engine")
# What a row looks like: winter and spring against summer and autumn, so that most columns drift as they do in a year.
HALVES = {"reference": "month <= 6", "current": "month > 6"}
OBSERVED = """
    with locally as (
        select timed.*, timezone('America/New_York', timezone('UTC', departs_at)) as departs_locally from timed
    ),
    described as (
        select
            cast(departs_locally as date) as day, month(departs_locally) as month, departs_at,
            cast(hour(departs_locally) * 60 + minute(departs_locally) as integer) as departure_minute,
            cast(datediff('minute', departs_at, arrives_at) as integer) as scheduled_minutes,
            cast(flight as integer) as flight, cast(distance as integer) as distance, dep_delay, arr_delay, air_time,
            weather.temp, weather.dewp, weather.humid, weather.wind_speed, weather.precip, weather.pressure, weather.visib,
            try_cast(planes.year as integer) as plane_year,
            avg(arr_delay) over (partition by locally.origin, dest order by departs_at range between interval 28 days preceding
                and interval 1 day preceding) as route_delay,
            avg(arr_delay) over (partition by tailnum order by departs_at range between interval 28 days preceding
                and interval 1 day preceding) as tail_delay,
            carrier, locally.origin, dest, tailnum as tail, planes.manufacturer, planes.model, planes.engine
        from locally
        left join weather on weather.origin = locally.origin and weather.observed_at = date_trunc('hour', departs_at)
        left join planes using (tailnum)
    ),
    copied as (
        select described.*, copy, to_days(cast(copy * 364 as int)) as later,
            -- one term per (copy, day, origin), so that a day stays a day: minutes between -5 and 5, none in the original
            case when copy = 0 then 0 else cast(hash(copy, day, origin) % 11 as integer) - 5 end as noise
        from described, range({copies}) as c(copy)
    )
    select
        departs_at + later as as_of,
        {numbers}, {categories}
    from copied
    where {half}
    order by as_of, carrier, flight, origin
"""


def observed(half: str, copies: int, work: Path = WORK) -> Path:
    """The Parquet file of one half of the year, so many times, in order of time; made once: as_of, NUMBERS, CATEGORIES."""
    noisy = {"dep_delay": "cast(dep_delay + noise as integer)", "arr_delay": "cast(arr_delay + noise as integer)",
             "air_time": "cast(air_time + noise as integer)", "speed": "distance / (air_time + noise)",
             "route_delay": "route_delay + noise / 7", "tail_delay": "tail_delay + noise / 7"}  # fmt: skip
    numbers = ", ".join(f"{noisy[name]} as {name}" if name in noisy else name for name in NUMBERS)
    return made(OBSERVED.format(copies=copies, half=HALVES[half], numbers=numbers, categories=", ".join(CATEGORIES)),
                f"observed-{half}-{copies}", work)  # fmt: skip


def made(sql: str, name: str, work: Path) -> Path:
    """The Parquet file of a query over the packaged flights; the query's digest is in its name, so it is made once."""
    file = work / f"{name}-{hashlib.sha256(sql.encode()).hexdigest()[:8]}.parquet"
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(work / "spill")}) as con:
            con.execute("set TimeZone = 'UTC'")
            data = _package_data()
            _load(con, data)
            con.execute(f"create table planes as select * from read_csv('{data / 'planes.csv'}', nullstr='NA')")
            part = file.with_suffix(".part")
            con.execute(f"copy ({sql}) to '{part}' (format parquet, row_group_size 250000)")
            part.replace(file)
    return file
