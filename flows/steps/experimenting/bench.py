"""What all experiments of a problem stand on: the same rows, the same folds, in one file that child processes map."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pyarrow import ipc

from checks.border import check_rows
from flows.steps import clock, dbt, problems, settings, warehouse
from ml.encode import numbers
from ml.errors import AsofError
from ml.experiment import Plan, read
from ml.problem import Problem
from ml.rows import labels, weights
from ml.split import days
from ml.walk import Fold, folds, months


@dataclass(frozen=True, eq=False)
class Bench:
    """Rows in their total order, their truth and clusters, the folds, and the file that holds the rows."""

    problem: Problem
    plan: Plan
    node: dict
    table: pa.Table
    edges: np.ndarray
    through: tuple[Fold, ...]
    label: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray
    fingerprint: str
    folder: Path

    @property
    def until(self) -> datetime:
        return midnight(self.plan.until)


def plan(problem: Problem) -> Plan:
    """The declared plan; AsofError when there is none."""
    file = settings.PROJECT / Path(problem.path).parent / "experiments.yml"
    where = str(file.relative_to(settings.PROJECT))
    if not file.exists():
        raise AsofError(f"{where} is missing: declare walk and experiments there (docs/how-to/run-experiments.md)")
    try:
        return read(yaml.safe_load(file.read_text()), where)
    except yaml.YAMLError as error:
        raise AsofError(f"{where} is no YAML: {' '.join(str(error).split())}") from error


@contextmanager
def bench(problem: Problem) -> Iterator[Bench]:
    """The bench of a problem, in a scratch folder that is removed at the end."""
    declared = plan(problem)
    until, now = midnight(declared.until), clock.now()
    if now is None or now < until:
        raise AsofError(
            f"{declared.path}: walk.until is {declared.until}, but the clock stands at {now}; land more, or walk less far"
        )
    table = problems.training_rows(problem, until)
    check_rows(table, problem, problem.training_columns, f"{problem.name}__training_set")
    edges = months(midnight(declared.first), until)
    through = folds(table[problem.as_of], table[problem.label_known_at], edges, problem.validation_days)
    with tempfile.TemporaryDirectory(prefix="asof-experiments-") as folder:
        file = Path(folder) / "rows.arrow"
        with ipc.new_file(str(file), table.schema) as writer:
            writer.write_table(table)
        yield Bench(
            problem=problem,
            plan=declared,
            node=_node(problem),
            table=table,
            edges=edges,
            through=through,
            label=labels(table, problem, np.arange(table.num_rows)),
            weight=weights(table, problem),
            cluster=days(table[problem.as_of]) if problem.cluster == "day" else table[problem.cluster].to_numpy(),
            fingerprint=fingerprint(table),
            folder=Path(folder),
        )


def midnight(day) -> datetime:
    """The UTC midnight at which a day begins, without a zone."""
    return datetime.combine(day, time(), UTC).replace(tzinfo=None)


def learned_label(bench: Bench, condition: str) -> np.ndarray:
    """Another label, 0/1 as float64, one a row of the bench: an SQL condition on the problem's labels."""
    problem, name = bench.problem, f"{bench.problem.name}__labels"
    found = warehouse.table(
        f"select {problem.entity}, cast({condition} as integer) as learned from {problems.SCHEMA}.{name} "
        f"where {problem.label_known_at} < ? order by {problem.as_of}, {problem.entity}",
        [bench.until],
    )
    if not found[problem.entity].equals(bench.table[problem.entity]):
        raise AsofError(f"{name} holds other rows than {problem.name}__training_set; build both anew")
    learned = numbers(found, "learned")
    if missing := int(np.isnan(learned).sum()):
        raise AsofError(f"{bench.plan.path}: the label {condition!r} is null in {missing} rows; say with coalesce what they are")
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
