"""What all experiments of a problem stand on: the same rows, the same folds, in one file that child processes map."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from checks import border
from flows.runtime import dbt, warehouse
from flows.store import clock, problems
from flows.studies import plans
from ml.errors import AsofError
from ml.problem.encode import numbers
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.studies.experiment import Plan
from ml.studies.walk_forward import Fold, folds, months


@dataclass(frozen=True, eq=False)
class StudyData:
    """Rows in their total order, the folds, and the folder with `rows.arrow`, the table that the rows were read from."""

    problem: Problem
    plan: Plan
    node: dict
    rows: Rows
    edges: np.ndarray
    through: tuple[Fold, ...]
    fingerprint: str
    folder: Path

    @property
    def until(self) -> datetime:
        return plans.midnight(self.plan.until)


@contextmanager
def study_data(problem: Problem) -> Iterator[StudyData]:
    """The study data of a problem, in a scratch folder that is removed at the end."""
    declared = plans.plan(problem)
    until, now = plans.midnight(declared.until), clock.now()
    if now is None or now < until:
        raise AsofError(
            f"{declared.path}: walk_forward.until is {declared.until}, but the clock stands at {now}; land more, or declare "
            "an earlier day"
        )
    table = problems.training_rows(problem, until)
    rows = border.read(table, problem)
    edges = months(plans.midnight(declared.first), until, rows.as_of)
    through = folds(rows.as_of, rows.known_at, edges, problem.validation_days)
    with tempfile.TemporaryDirectory(prefix="asof-experiments-") as folder:
        file = Path(folder) / "rows.arrow"
        with ipc.new_file(str(file), table.schema) as writer:
            writer.write_table(table)
        yield StudyData(
            problem=problem,
            plan=declared,
            node=_node(problem),
            rows=rows,
            edges=edges,
            through=through,
            fingerprint=fingerprint(table),
            folder=Path(folder),
        )


def learned_label(data: StudyData, condition: str) -> np.ndarray:
    """Another label, 0/1 as float64, one a row: an SQL condition on the problem's labels."""
    problem, name = data.problem, f"{data.problem.name}__labels"
    found = warehouse.table(
        f"select {problem.entity}, cast({condition} as integer) as learned from {problems.SCHEMA}.{name} "
        f"where {problem.label_known_at} < ? order by {problem.as_of}, {problem.entity}",
        [data.until],
    )
    if not found[problem.entity].equals(data.rows.entity):
        raise AsofError(f"{name} holds other rows than {problem.name}__training_set; build both anew")
    learned = numbers(found, "learned")
    if missing := int(np.isnan(learned).sum()):
        raise AsofError(f"{data.plan.path}: the label {condition!r} is null in {missing} rows; say with coalesce what they are")
    return learned


def fingerprint(table: pa.Table) -> str:
    """sha256 (hex) of a table's names and values; what an Arrow buffer holds beneath a null is no value."""
    digest = hashlib.sha256(str(table.schema).encode())
    for column in table.combine_chunks().columns:
        chunk = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        digest.update(np.packbits(pc.is_null(chunk).to_numpy(zero_copy_only=False)).tobytes())
        known = chunk.drop_null()
        if pa.types.is_string(known.type) or pa.types.is_large_string(known.type):
            digest.update("\0".join(known.to_pylist()).encode())
        else:
            digest.update(np.ascontiguousarray(known.to_numpy(zero_copy_only=False)).tobytes())
    return digest.hexdigest()


def _node(problem: Problem) -> dict:
    """The entry of the manifest that the child makes the problem from again."""
    nodes = dbt.manifest_dict()["nodes"].values()
    node = next(one for one in nodes if one["name"] == f"{problem.name}__training_set")
    return {
        key: node.get(key) for key in ("name", "resource_type", "patch_path", "original_file_path", "meta", "config", "columns")
    }
