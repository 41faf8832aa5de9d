"""Real scores and what came of them: a model of the year's flights, asked about every year."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.flights import WORK
from benchmarks.observed import OBSERVED, observed

# What is known before departure. Trees and rows are few: the scores have to be real, not good.
FEATURES = ("departure_minute", "scheduled_minutes", "distance", "temp", "dewp", "humid", "wind_speed", "precip", "pressure",
            "visib", "plane_year")  # fmt: skip
SPEC = {"objective": "binary", "num_leaves": 63, "learning_rate": 0.1, "num_threads": 2, "seed": 1, "deterministic": True,
        "force_row_wise": True, "verbosity": -1}  # fmt: skip
TREES = 60


def scored(copies: int, work: Path = WORK) -> Path:
    """The Parquet file of so many years of scored flights, in order of time; made once. Columns: as_of, score, label (boolean).

    A year has 336,776 rows and about 300,000 distinct scores, the same in every year; its delays, so its labels, are its own.
    """
    said = hashlib.sha256(repr((SPEC, TREES, FEATURES, OBSERVED, _columns())).encode()).hexdigest()[:8]
    file = work / f"scored-{copies}-{said}.parquet"
    if not file.exists():
        halves = [str(observed(half, copies, work)) for half in ("reference", "current")]
        with duckdb.connect() as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"create view year as select * from read_parquet({halves}) where as_of < '2014-01-02'")
            fitted = lightgbm.train(SPEC, lightgbm.Dataset(*_matrix(con, "year")), TREES)
            part, writer = file.with_suffix(".part"), None
            rows = f"select * from read_parquet({halves}) order by as_of, carrier, flight, origin"
            con.execute(f"create view asked as {rows}")
            for batch in con.sql(f"select as_of, {_columns()} from asked").to_arrow_reader(500_000):
                matrix = np.column_stack([batch[name].to_numpy(zero_copy_only=False) for name in FEATURES])
                answer = pa.table({"as_of": batch["as_of"], "score": fitted.predict(matrix), "label": batch["label"]})
                writer = writer or pq.ParquetWriter(part, answer.schema)
                writer.write_table(answer, row_group_size=250_000)
            writer.close()
            part.replace(file)
    return file


def _columns() -> str:
    features = ", ".join(f"cast({name} as double) as {name}" for name in FEATURES)
    return f"{features}, coalesce(arr_delay >= 15, true) as label"


def _matrix(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[np.ndarray, np.ndarray]:
    told = con.sql(f"select {_columns()} from {relation} order by as_of, carrier, flight, origin").to_arrow_table()
    return np.column_stack([told[name].to_numpy() for name in FEATURES]), told["label"].to_numpy().astype(float)
