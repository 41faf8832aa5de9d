"""A challenger is run before it is trusted: in a fresh process, by the scoring path, on real rows; and is fitted again."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import feather

from flows.steps import dbt, problems, settings
from flows.steps.evidence import Case
from ml.errors import AsofError
from ml.measured import Cost, Measured, Parity
from ml.problem import Problem
from ml.reproduce import refit, retrain
from ml.split import instants

# A batch that a budget can be held against, and few enough rows that a verdict stays a matter of seconds.
ROWS = 10_000
# However slow the model is, the verdict ends: ten times the budget, and a minute for a busy machine to start a process.
PATIENCE, STARTING_SECONDS = 10, 60


def measure(problem: Problem, case: Case, threads: int, thorough: bool = False) -> Measured:
    """Cost and parity of the deployed model on the latest judged rows, and whether a fit comes to the same again."""
    latest = case.rows.slice(max(0, case.rows.num_rows - ROWS))
    at = instants(latest[problem.as_of])
    due = problems.scoring_rows(problem, at.min().item(), at.max().item())
    cost, scores = _fresh_process(problem, case, due, threads)
    parity = _parity(problem, due, scores, latest, case.deployed.predict(latest, threads))
    again = retrain(case.table, problem, case.twin, case.deployed, threads) if thorough else None
    return Measured(cost, parity, again or refit(case.table, problem, case.deployed, threads))


def _fresh_process(problem: Problem, case: Case, due: pa.Table, threads: int) -> tuple[Cost, np.ndarray]:
    """What scoring `due` takes in a process that knows nothing yet, and the scores it gives."""
    node = next(one for one in dbt.manifest_dict()["nodes"].values() if one["name"] == f"{problem.name}__training_set")
    with tempfile.TemporaryDirectory(prefix="asof-") as name:
        folder = Path(name)
        (folder / "model.json").write_text(case.row["model"])
        (folder / "problem.json").write_text(json.dumps({"nodes": {"it": node}}, default=str))
        feather.write_feather(due, folder / "rows.arrow", compression="uncompressed")
        seconds = STARTING_SECONDS + PATIENCE * problem.scoring_budget.score_seconds
        command = [sys.executable, "-m", "flows.steps.scorer", name, problem.name, str(threads)]
        try:
            done = subprocess.run(command, cwd=settings.PROJECT, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise AsofError(
                f"{case.row['model_version']} did not score {due.num_rows} rows within {seconds:g} s; declare a larger "
                f"budget.score_seconds in {problem.path}, or train a smaller model"
            ) from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise AsofError(f"{case.row['model_version']} cannot score in a process of its own: {last}")
        measured = json.loads((folder / "measured.json").read_text())
        scores = feather.read_table(folder / "scores.arrow")["score"].to_numpy()
    return Cost(rows=due.num_rows, model_mb=len(case.row["model"]) / 1e6, **measured), scores


def _parity(problem: Problem, due: pa.Table, served: np.ndarray, rows: pa.Table, trained: np.ndarray) -> Parity:
    """Scores of the same (entity, as_of) by both paths."""
    place = {key: number for number, key in enumerate(_keys(problem, due))}
    keys = _keys(problem, rows)
    at = np.array([place.get(key, -1) for key in keys])
    there = at >= 0
    gap = np.abs(served[at[there]] - trained[there])
    worst = int(gap.argmax()) if len(gap) else -1
    first = str(np.array(keys, dtype=object)[there][worst][0]) if len(gap) else ""
    return Parity(len(keys), int((~there).sum()), float(gap.max()) if len(gap) else 0.0, first)


def _keys(problem: Problem, rows: pa.Table) -> list[tuple]:
    at = instants(rows[problem.as_of]).astype(np.int64).tolist()
    return list(zip(rows[problem.entity].to_pylist(), at, strict=True))
