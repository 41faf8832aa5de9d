"""What a batch costs: a fresh process reads, scores, explains and writes real rows, as production would."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from flows.runtime import child, memory, settings, warehouse
from flows.store import problems
from ml.models.model import Model
from ml.models.recipe import Fitted
from ml.models.score import score_batches
from ml.models.train import of_task
from ml.problem.problem import Problem

# Rows that go through at once, as in serving.
BATCH = 100_000


@dataclass(frozen=True)
class Batch:
    """A batch of `rows`: seconds from its query to the written file, and of the whole process with its imports and the parse of
    the project; processor seconds and memory of the whole process; `explained` of the rows got their reasons."""

    rows: int
    explained: int
    seconds: float
    process_seconds: float
    cpu_seconds: float
    memory_mb: float
    model_mb: float


def measure(problem: Problem, fitted: Fitted, threshold: float | None, rows: int) -> Batch:
    """Score the latest `rows` rows of the scoring set in a process of their own. The warehouse is closed meanwhile."""
    model = as_model(problem, fitted, threshold)
    with tempfile.TemporaryDirectory(prefix="asof-feasibility-") as folder:
        text = model.to_json()
        (Path(folder) / "model.json").write_text(text)
        warehouse.close()
        job = {"problem": problem.name, "folder": folder, "rows": rows}
        ended = child.run("flows.studies.feasibility.batch", job)
        found = ended.line(f"the batch of {problem.name} could not be scored in a process of its own")
    return Batch(**found, process_seconds=ended.seconds, model_mb=len(text) / 2**20)


def as_model(problem: Problem, fitted: Fitted, threshold: float | None) -> Model:
    """The newest model of a trial in the form in which production keeps models."""
    made = {"now": "1970-01-01", "feature_hash": problem.feature_hash, "threshold": threshold, **of_task(problem)}
    text = fitted.learned.text
    return Model(problem.name, text, fitted.calibrator, fitted.categories, fitted.columns, made)


def _score(problem: Problem, folder: Path, rows: int) -> dict:
    model = Model.from_json((folder / "model.json").read_text())
    latest = (
        f"select {', '.join(problem.scoring_columns)} from problems.{problem.name}__scoring_set "
        f"order by {problem.as_of} desc, {problem.entity} limit {rows}"
    )
    started, scored, explained = time.perf_counter(), 0, 0
    with warehouse.cursor() as con:
        writer = None
        for batch in score_batches(model, problem, con.sql(latest).to_arrow_reader(BATCH), threads=settings.threads()):
            writer = writer or pq.ParquetWriter(folder / "scores.parquet", batch.schema)
            writer.write_batch(batch)
            scored, explained = scored + batch.num_rows, explained + batch.num_rows - batch.column("reasons").null_count
        if writer:
            writer.close()
    return {"rows": scored, "explained": explained, "seconds": time.perf_counter() - started}


def _answer(job: dict, say: Callable[[dict], None]) -> None:
    """In the fresh process: score what the job names, say the figures."""
    try:
        found = _score(problems.get(job["problem"]), Path(job["folder"]), job["rows"])
    finally:
        warehouse.close()
    say({**found, "cpu_seconds": time.process_time(), "memory_mb": memory.most_mb()})


if __name__ == "__main__":
    child.answer(_answer)
