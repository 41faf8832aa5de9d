"""A challenger is run before it is trusted: in a fresh process, by the scoring path, on real rows; and is fitted again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

from flows.runtime import child, dbt
from flows.store import problems, registry
from ml.errors import AsofError
from ml.models import tasks
from ml.models.model import Model
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import instants
from ml.validation.measured import Cost, Measured, Parity
from ml.validation.reproduce import refit, retrain

# A batch that a budget can be held against, and few enough rows that a verdict stays a matter of seconds.
ROWS = 10_000
# However slow the model is, the verdict ends: ten times the budget, and a minute for a busy machine to start a process.
PATIENCE, STARTING_SECONDS = 10, 60


def measure(row: dict, known: Rows, judged: Rows, threads: int, thorough: bool = False) -> Measured:
    """Cost and parity of a version on the latest judged rows, and whether a fit on the `known` rows comes to the same again.

    `row` is its row of `model_versions`; `thorough` trains it again as a whole.
    """
    problem, deployed = known.problem, Model.from_row(row)
    latest = judged.take(np.arange(max(0, len(judged) - ROWS), len(judged)))
    due = problems.scoring_rows(problem, latest.as_of.min().item(), latest.as_of.max().item())
    cost, scores = _fresh_process(problem, row, due, threads)
    shown = tasks.of(problem).headline(problem, deployed.predict(latest, threads))
    parity = _parity(problem, due, scores, latest, shown)
    again = retrain(known, registry.holdout_model(row), deployed, threads) if thorough else refit(known, deployed, threads)
    return Measured(cost, parity, again)


def _fresh_process(problem: Problem, row: dict, due: pa.Table, threads: int) -> tuple[Cost, np.ndarray]:
    """What scoring `due` takes in a process that knows nothing yet, and the scores it gives."""
    node = next(one for one in dbt.manifest_dict()["nodes"].values() if one["name"] == f"{problem.name}__training_set")
    with tempfile.TemporaryDirectory(prefix="asof-") as name:
        folder = Path(name)
        (folder / "model.json").write_text(row["model"])
        (folder / "problem.json").write_text(json.dumps({"nodes": {"it": node}}, default=str))
        feather.write_feather(due, folder / "rows.arrow", compression="uncompressed")
        seconds = STARTING_SECONDS + PATIENCE * problem.budget.score_seconds
        job = {"folder": name, "problem": problem.name, "threads": threads}
        ended = child.run("flows.steps.validation.scorer", job, seconds=seconds)
        if ended.status == child.OUT_OF_TIME:
            raise AsofError(
                f"{row['model_version']} did not score {due.num_rows} rows within {seconds:g} s; declare a larger "
                f"budget.score_seconds in {problem.path}, or train a smaller model"
            )
        measured = ended.line(f"{row['model_version']} cannot score in a process of its own")
        scores = feather.read_table(folder / "scores.arrow")["score"].to_numpy()
    return Cost(rows=due.num_rows, model_mb=len(row["model"]) / 1e6, **measured), scores


def _parity(problem: Problem, due: pa.Table, served: np.ndarray, rows: Rows, trained: np.ndarray) -> Parity:
    """Scores of the same (entity, as_of) by both paths."""
    place = {key: number for number, key in enumerate(_keys(due[problem.entity], instants(due[problem.as_of])))}
    keys = _keys(rows.entity, rows.as_of)
    at = np.array([place.get(key, -1) for key in keys])
    there = at >= 0
    gap = np.abs(served[at[there]] - trained[there])
    worst = int(gap.argmax()) if len(gap) else -1
    first = str(np.array(keys, dtype=object)[there][worst][0]) if len(gap) else ""
    return Parity(len(keys), int((~there).sum()), float(gap.max()) if len(gap) else 0.0, first)


def _keys(entity: pa.ChunkedArray, as_of: np.ndarray) -> list[tuple]:
    return list(zip(entity.to_pylist(), as_of.astype(np.int64).tolist(), strict=True))
