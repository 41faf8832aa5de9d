"""What the model saw: a fingerprint of every scored row, and all features of a sample of entities.

A row is logged as the batch that goes into the model, after the warehouse has handed it over. `mon_skew` says the same of the
rows as the warehouse holds them now, with the same SQL (`macros/dialect/row_fingerprint.sql`, `row_json.sql`).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from ml.problem.problem import Problem

# One entity in sixteen shows which feature differs; that any row differs is known of all of them.
SAMPLE = 16
SHAPE = "model_version varchar, entity_id varchar, as_of timestamp, fingerprint bigint, features varchar"


def log(con: duckdb.DuckDBPyConnection, table: str, problem: Problem, version: str, batch: pa.RecordBatch) -> None:
    """Append a batch, as the model is about to see it, to a staging table of `SHAPE`."""
    con.register("served_batch", pa.Table.from_batches([batch]))
    try:
        con.execute(
            f"insert into {table} select '{version}', {problem.entity}, {problem.as_of}, {fingerprint(problem.feature_names)}, "
            f"case when hash({problem.entity}) % {SAMPLE} = 0 then {everything(problem.feature_names)} end from served_batch"
        )
    finally:
        con.unregister("served_batch")


def fingerprint(features: tuple[str, ...]) -> str:
    """SQL: a hash of the features, a bigint; equal rows have equal ones."""
    return f"cast(hash({', '.join(features)}) // 2 as bigint)"


def everything(features: tuple[str, ...]) -> str:
    """SQL: the features as JSON text."""
    return f"cast(to_json(struct_pack({', '.join(f'{name} := {name}' for name in features)})) as varchar)"
