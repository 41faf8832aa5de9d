"""As-of joins: a million decisions, five tables of fifteen features each."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant, once

NAME = "asof"
QUESTION = "What did five tables of features say last, before each of a million decisions?"
KEYS = ("carrier", "origin", "dest", "route", "market")
PICKED = ", ".join(("flight_row", *KEYS, "as_of"))


def run(bench: Bench) -> None:
    """Measure the joins on the smallest size asked for: what grows with rows is shown by the suite of windows."""
    size = bench.sizes[0]
    file = bench.flights(size)
    tables = views(bench, size)
    daily = {f"{key}_daily": f"(select * from '{table}')" for key, table in tables.items()}
    laid = {"spine": f"(select {PICKED} from '{file}')", **daily}
    lookups = {"spine": str(file), "views": {key: str(table) for key, table in tables.items()}}
    rows = count(file)
    equality, last = ({"views": laid, "sql": bench.sql[f"asof_by_{how}"]} for how in ("equality", "last_before"))
    bench.measure(NAME, "daily tables", size, rows, [
        Contestant("macros, equality at the last midnight", "house", "macros.query", equality),
        Contestant("polars join_asof", "frames", "in_polars.asof", lookups),
        Contestant("pandas merge_asof", "frames", "in_pandas.asof", lookups),
        Contestant("macros, last_before every day", "house", "macros.query", last),
    ])  # fmt: skip
    laid = {"spine": f"(select flight_row, tail as key, as_of from '{file}')",
            "facts": f"(select *, tail as key from '{file}')"}  # fmt: skip
    bench.measure(NAME, "last flight of the aircraft", size, rows, [
        Contestant("macros, last_before", "house", "macros.query", {"views": laid, "sql": bench.sql["asof_last_flight"]}),
        Contestant("polars join_asof", "frames", "in_polars.last_flight", {"spine": str(file), "key": "tail"}),
    ])  # fmt: skip


def views(bench: Bench, size: str) -> dict[str, Path]:
    """Key → Parquet of its daily table, a row per key and midnight with 15 features, by `trailing_daily`; made once."""
    file, made = bench.flights(size), {}
    for key in KEYS:
        made[key] = file.with_name(f"{file.stem}-{key}_daily.parquet")
        if not made[key].exists():
            facts = f"(select {key} as key, known_at, arr_delay, dep_delay, disrupted from '{file}')"
            sql = f"select key as {key}, * exclude (key) from ({bench.sql['daily']}) order by known_at"
            part = made[key].with_suffix(".part")
            once(Contestant("daily", "house", "macros.query", {"views": {"facts": facts}, "sql": sql}), part, bench.work)
            part.replace(made[key])
    return made
