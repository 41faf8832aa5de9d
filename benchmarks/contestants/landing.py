"""Files land in a fresh warehouse, checked line by line; beside them, what reads a CSV and checks nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd

from checks.landing import LandingSource
from flows.steps.data.landing.landing import land
from tests.flows.steps.data.landed import LEDGER

CLOCK = datetime(2100, 1, 1)
NEEDED = [{"type": "not_null"}]
COLUMNS = {
    "visit_id": ("bigint", NEEDED), "shop": ("varchar", NEEDED), "visited_on": ("date", []), "channel": ("varchar", []),
    "items": ("integer", []), "spent": ("double", []), "member": ("boolean", []), "reported_at": ("timestamp", NEEDED),
}  # fmt: skip
SUMS = (
    "select 0 as visit_id, count(*) as rows, sum(items) as items, count(member) as members, "
    "epoch(max(reported_at)) as last from {}"
)


def source() -> LandingSource:
    """Visits of shops: eight columns of six types, a key, a time at which each is known."""
    columns = {name: {"name": name, "data_type": kind, "constraints": needed} for name, (kind, needed) in COLUMNS.items()}
    landing = {"path": "shop/visits", "format": "csv", "null": "", "key": ["visit_id"], "known_at": "reported_at",
               "max_rejected_share": 0.5}  # fmt: skip
    node = {"source_name": "shop", "name": "visits", "identifier": "shop__visits", "schema": "landing",
            "original_file_path": "shop.yml", "columns": columns, "config": {"meta": {"landing": landing}}}  # fmt: skip
    return LandingSource.from_manifest({"sources": {"visits": node}})[0]


def _warehouse(arguments: dict) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(
        f"{arguments['scratch']}/warehouse.duckdb",
        config={"memory_limit": arguments.get("memory", "2GB"), "threads": arguments["threads"]},
    )
    con.execute("set TimeZone = 'UTC'")
    return con


def _put(arguments: dict) -> Path:
    folder = Path(arguments["scratch"]) / "landing" / "shop" / "visits"
    folder.mkdir(parents=True)
    return folder


def landed_before(arguments: dict) -> None:
    """Lay the file into the landing folder."""
    (_put(arguments) / "visits.csv").hardlink_to(arguments["csv"])


def small_before(arguments: dict) -> None:
    """Cut the head of the file into files of five rows."""
    folder = _put(arguments)
    with Path(arguments["csv"]).open() as lines:
        header = next(lines)
        for number in range(arguments["files"]):
            (folder / f"{number:05}.csv").write_text(header + "".join(next(lines) for _ in range(5)))


def landed(arguments: dict) -> Callable[[str], object]:
    """`land` of whatever lies in the folder; the answer is sums over the landed rows."""
    con = _warehouse(arguments)
    con.execute(LEDGER)
    batches = land(con, source(), Path(arguments["scratch"]) / "landing", CLOCK)

    def write(file: str) -> None:
        con.execute(f"copy ({SUMS.format('landing.shop__visits')}) to '{file}' (format parquet)")

    write.figures = {
        "loaded": sum(batch.rows_loaded for batch in batches),
        "quarantined": sum(batch.rows_quarantined for batch in batches),
    }
    return write


small = landed


def read_csv(arguments: dict) -> Callable[[str], object]:
    """DuckDB's own reader into a table of the warehouse, types found by itself."""
    con = _warehouse(arguments)
    con.execute(f"create table visits as from read_csv('{arguments['csv']}')")
    return lambda file: con.execute(f"copy ({SUMS.format('visits')}) to '{file}' (format parquet)")


def in_pandas(arguments: dict) -> Callable[[str], object]:
    """pandas' reader, into memory."""
    visits = pd.read_csv(arguments["csv"])
    assert len(visits)

    def write(file: str) -> None:
        with duckdb.connect() as con:
            con.register("visits", visits)
            typed = "(select * replace (cast(reported_at as timestamp) as reported_at) from visits)"
            con.execute(f"copy ({SUMS.format(typed)}) to '{file}' (format parquet)")

    return write
