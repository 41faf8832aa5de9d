"""What a batch costs: a fresh process reads, scores, explains and writes real rows, as production would."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from flows.steps import problems, settings, warehouse
from flows.steps.settings import PROJECT
from ml.errors import AsofError
from ml.model import Model
from ml.problem import Problem
from ml.recipe import Fitted
from ml.score import score_batches

# Rows that go through at once, as in serving.
BATCH = 100_000
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Batch:
    """A batch of `rows`: seconds from its query to the written file, and of the whole process with its imports and the parse of
    the project; processor seconds and memory of the whole process; `flagged` of the rows, which also got their reasons."""

    rows: int
    flagged: int
    seconds: float
    process_seconds: float
    cpu_seconds: float
    memory_mb: float
    model_mb: float


def measure(problem: Problem, fitted: Fitted, threshold: float, rows: int) -> Batch:
    """Score the latest `rows` rows of the scoring set in a process of their own. The warehouse is closed meanwhile."""
    model = as_model(problem, fitted, threshold)
    with tempfile.TemporaryDirectory(prefix="asof-feasibility-") as folder:
        text = model.to_json()
        (Path(folder) / "model.json").write_text(text)
        warehouse.close()
        started = time.perf_counter()
        job = {"problem": problem.name, "folder": folder, "rows": rows}
        done = subprocess.run(
            [sys.executable, "-m", "flows.steps.feasibility.batch"],
            cwd=PROJECT, input=json.dumps(job), capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - started
    if done.returncode:
        raise AsofError(f"the batch of {problem.name} could not be scored: {done.stderr.strip()[-400:]}")
    return Batch(**json.loads(done.stdout.splitlines()[-1]), process_seconds=seconds, model_mb=len(text) / 2**20)


def as_model(problem: Problem, fitted: Fitted, threshold: float) -> Model:
    """The newest model of a trial in the form in which production keeps models."""
    made = {"now": "1970-01-01", "feature_hash": problem.feature_hash, "threshold": threshold}
    text = fitted.learned.text
    return Model(problem.name, text, fitted.calibrator, fitted.categories, fitted.columns, made)


def peak_mb() -> float:
    """The most memory that this process has held, MB.

    On Linux from its own status: getrusage begins a child with what its parent held.
    """
    if STATUS.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())):
        return int(found[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _score(problem: Problem, folder: Path, rows: int) -> dict:
    model = Model.from_json((folder / "model.json").read_text())
    latest = (
        f"select {', '.join(problem.scoring_columns)} from problems.{problem.name}__scoring_set "
        f"order by {problem.as_of} desc, {problem.entity} limit {rows}"
    )
    started, scored, flagged = time.perf_counter(), 0, 0
    with warehouse.cursor() as con:
        writer = None
        for batch in score_batches(model, problem, con.sql(latest).to_arrow_reader(BATCH), threads=settings.threads()):
            writer = writer or pq.ParquetWriter(folder / "scores.parquet", batch.schema)
            writer.write_batch(batch)
            scored, flagged = scored + batch.num_rows, flagged + batch.column("flagged").true_count
        if writer:
            writer.close()
    return {"rows": scored, "flagged": flagged, "seconds": time.perf_counter() - started}


def main() -> None:
    """In the fresh process: score what stdin says, print the figures as one line of JSON."""
    job = json.loads(sys.stdin.read())
    try:
        found = _score(problems.get(job["problem"]), Path(job["folder"]), job["rows"])
    finally:
        warehouse.close()
    print(json.dumps({**found, "cpu_seconds": time.process_time(), "memory_mb": peak_mb()}))


if __name__ == "__main__":
    main()
