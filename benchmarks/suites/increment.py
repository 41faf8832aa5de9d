"""One more day lands in a warehouse with a history of one, ten and thirty years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import duckdb

from benchmarks import flights
from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant, once

NAME = "increment"
QUESTION = "What does a day cost when the history is one, ten, thirty times as long?"
YEARS = {"1x": 1, "10x": 10, "30x": 30}
QUICK_YEARS = {"1x": 1, "2x": 2}
# Each day lands once: so many days are so many turns.
DAYS = 3


def run(bench: Bench) -> None:
    """Build each history once, then land the same last days into each, in turn."""
    quick = bench.sizes == ["quick"]
    # each day lands in what the days before left, so none of them can be kept from a run that was cut off
    bench = replace(bench, resume=False)
    years, days = (QUICK_YEARS, 1) if quick else (YEARS, DAYS)
    most = max(years.values())
    limit = flights.QUICK_DAYS if quick else 366
    file = flights.scaled(most, 1, days=limit, work=bench.work)
    # the last whole day, in UTC
    last = duckdb.execute(f"select cast(max(as_of) as date) - 1 from '{file}'").fetchone()[0]
    homes = {}
    for name, length in years.items():
        homes[name] = bench.work / "increment" / f"{name}.duckdb"
        homes[name].parent.mkdir(parents=True, exist_ok=True)
        homes[name].unlink(missing_ok=True)
        begin = date(2013, 1, 1) + timedelta(days=flights.YEAR * (most - length))
        where = f"as_of >= date '{begin}' and as_of < date '{last - timedelta(days=days - 1)}'"
        cost = once(_landing(bench, name, homes[name], file, where, last), None, bench.work)
        rows = count(file, where)
        bench.say(
            f"  increment: a history of {name}, {rows:,} flights, built in {cost['models']:.1f} s, {cost['peak_mb']:,.0f} MB"
        )
        bench.keep(NAME, {"case": "full build", "size": name, "rows": rows, "machine": bench.machine, "differences": {},
                          "contestants": [{"contestant": "dbt run", "problem": None, **cost}]})  # fmt: skip
    turns = []
    for back in range(days - 1, -1, -1):
        day = last - timedelta(days=back)
        where = f"as_of >= date '{day}' and as_of < date '{day + timedelta(days=1)}'"
        rows = count(file, where)
        turns.append(bench.measure(NAME, f"day {days - back}", "day", rows, [
            _landing(bench, name, home, file, where, day) for name, home in homes.items()
        ], turns=1))  # fmt: skip
    for home in homes.values():
        home.unlink()


def _landing(bench: Bench, name: str, home, file, where: str, since: date) -> Contestant:
    return Contestant(f"history of {name}", "house", "increment.day", {
        "warehouse": str(home), "flights": str(file), "where": where, "since": str(since), "work": str(bench.work / "increment"),
    })  # fmt: skip
