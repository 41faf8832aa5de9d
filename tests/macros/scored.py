"""Rows that were scored, and what a compiled query says of given rows."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa


def asked(con: duckdb.DuckDBPyConnection, query: str, **tables: dict[str, list]) -> list[dict]:
    """The rows of a compiled query over tables that are given as columns."""
    for name, columns in tables.items():
        con.register(name, pa.table(columns))
    try:
        return con.sql(query).to_arrow_table().to_pylist()
    finally:
        for name in tables:
            con.unregister(name)


def labelled(label, score, day=None) -> dict:
    """One case of scored rows as columns."""
    return {
        "case_id": pa.array([1] * len(label), pa.int64()),
        "label": pa.array([bool(v) for v in label], pa.bool_()),
        "score": pa.array(score, pa.float64()),
        "day": pa.array([0] * len(label) if day is None else day, pa.int64()),
    }


def forty_days() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """40 days of 500 rows; good and bad days move label and score together, as weather does."""
    random = np.random.default_rng(3)
    day = np.repeat(np.arange(40), 500)
    weather = random.normal(0, 0.7, 40)[day]
    skill = random.normal(0, 0.5, 40)[day]
    signal = random.normal(0, 1, len(day))
    label = random.random(len(day)) < 1 / (1 + np.exp(1.2 - weather - (1 + skill) * signal))
    return label, 1 / (1 + np.exp(1.2 - 0.7 * weather - signal)), day
