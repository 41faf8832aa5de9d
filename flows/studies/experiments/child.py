"""The child process of an experiment: it writes down each fold as it is done, and may be killed at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.runtime import child, memory
from flows.studies.experiments.search import search
from ml.models.recipe import Recipe
from ml.problem import declaration
from ml.problem.rows import Rows
from ml.studies.walk_forward import fold_by_fold, folds


def _answer(job: dict, say: Callable[[dict], None]) -> None:
    """Do the job on the rows it names; the scores of a fold stand in its folder before the fold is told."""
    folder = Path(job["folder"])
    problem = declaration.read({"nodes": {"node": job["node"]}}, job["problem"])
    with pa.memory_map(job["rows"]) as source:
        rows = Rows.of(pa.ipc.open_file(source).read_all(), problem)
    learn = np.load(job["learn"]) if job["learn"] else None
    edges = np.array(job["edges"], dtype="datetime64[us]")
    through = folds(rows.as_of, rows.known_at, edges, problem.validation_days)
    recipe = Recipe(**{**job["recipe"], "features": tuple(job["recipe"]["features"])})
    if job["search"]:
        recipe = search(rows, recipe, through, job, lambda trial: say({"trial": {**trial, "at": time.time()}}))
        say({"found": dict(recipe.params)})
    for seed in job["seeds"]:
        steps = fold_by_fold(
            rows,
            replace(recipe, seed=seed),
            through[: job["folds"]],
            refitted=job["refit"],
            learn=learn,
            threads=job["threads"],
        )
        for scored in steps:
            np.save(folder / f"{seed}-{scored.fold.number}.npy", scored.score)
            say(
                {
                    "fold": {
                        "seed": seed,
                        "number": scored.fold.number,
                        "seconds": scored.seconds,
                        "memory_mb": memory.most_mb(),
                        "rounds": scored.rounds,
                        "data_sha256": scored.data_sha256,
                        "at": time.time(),
                    }
                }
            )


if __name__ == "__main__":
    child.answer(_answer)
