"""Drift as production measures it: rows counted into the cells of a model by
`ml.statistics.profile`, counts compared by the monitors."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml.statistics import profile

DAY = "2013-12-31"
# rows that are counted at a time, as in scoring
BATCH = 131072
# gives back what is freed; the default pool keeps 60 MB for later
pa.set_memory_pool(pa.system_memory_pool())


def train(arguments: dict) -> Callable[[str], object]:
    """What a training leaves: cells of each column, laid over the reference, and the table `mon_cells` as its model builds it."""
    cells, counts = {}, []
    for name in arguments["numbers"] + arguments["categories"]:
        column = _file(arguments["reference"], name).read(columns=[name])
        if name in arguments["numbers"]:
            values = column[name].drop_null().to_numpy().astype(float)
            cells[name] = {"kind": "number", "edges": profile.cuts(values, profile.CELLS_LIMIT)}
        else:
            cells[name] = {"kind": "category", "levels": sorted(pc.unique(column[name].drop_null()).to_pylist())}
        counts += profile.counts({name: cells[name]}, column)
    edges = json.dumps(cells)
    con = _warehouse()
    _keep(con, "ledger.profiles", _rows(counts, "training"))
    _keep(con, "ledger.model_versions", pa.table({"problem": ["bench"], "model_version": ["one"], "edges": [edges]}))
    con.execute(f"create table house.monitoring.mon_cells as {arguments['mon_cells']}")

    def write(file: str) -> None:
        con.execute(f"copy house.monitoring.mon_cells to '{file}' (format parquet)")
        Path(file).with_suffix(".json").write_text(edges)

    return write


def drift_before(arguments: dict) -> None:
    """Imports are outside the clock, and pyarrow imports pandas for its first array of Python values."""
    pa.array([0])


def drift(arguments: dict) -> Callable[[str], object]:
    """A day of so many rows: count them, add the counts to `ledger.profiles`, read `mon_drift_by_day`."""
    stored = Path(arguments["stored"])
    cells = json.loads(stored.with_suffix(".json").read_text())

    def tally(name: str):
        batches = _file(arguments["current"], name).iter_batches(BATCH, columns=[name], use_threads=False)
        return sum(profile.tallies({name: cells[name]}, batch)[name] for batch in batches)

    with ThreadPoolExecutor(arguments["threads"]) as pool:
        counts = profile.counted(dict(zip(cells, pool.map(tally, cells), strict=True)))
    con = _warehouse()
    con.execute(f"create view house.monitoring.mon_cells as from '{stored}'")
    _keep(con, "ledger.profiles", _rows(counts, "serving"))
    con.execute("create view house.monitoring.mon_profiles as from house.ledger.profiles")
    con.execute(f"create table answer as {arguments['mon_drift_by_day']}")
    return lambda file: con.execute(
        f"copy (select feature, psi, jensen_shannon, ks, wasserstein from answer) to '{file}' (format parquet)"
    )


def _file(file: str, name: str) -> pq.ParquetFile:
    # read as it is counted: to fetch ahead would hold the whole column, and cost 80 MB
    return pq.ParquetFile(file, read_dictionary=[name], pre_buffer=False, buffer_size=65536)


def _warehouse() -> duckdb.DuckDBPyConnection:
    # a few thousand cells are compared: a second thread would cost more memory than it saves time
    con = duckdb.connect(config={"threads": 1})
    con.execute("set TimeZone = 'UTC'")
    con.execute("attach ':memory:' as house; create schema house.ledger; create schema house.monitoring")
    return con


def _keep(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    con.register("rows_to_keep", rows)
    con.execute(f"create table house.{name} as from rows_to_keep")
    con.unregister("rows_to_keep")


def _rows(counts: list[tuple[str, int, int]], stage: str) -> pa.Table:
    features, places, rows = zip(*counts, strict=True)
    same = {"problem": "bench", "model_version": "one", "stage": stage}
    return pa.table({name: pa.repeat(value, len(rows)) for name, value in same.items()} | {
        "day": pa.repeat(DAY, len(rows)).cast(pa.date32()), "feature": features, "cell": places, "rows": rows})  # fmt: skip
