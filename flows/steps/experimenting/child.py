"""The child process of an experiment: it walks, writes down each fold as it is done, and may be killed at any moment."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.steps.experimenting.search import search
from ml.problem import Problem
from ml.recipe import Recipe
from ml.walk import folds, walking


def main(folder: Path) -> None:
    """Do the job of `folder`/job.json on the rows it names; what is done stands in `folder` line by line."""
    job = json.loads((folder / "job.json").read_text())
    problem = Problem.from_manifest({"nodes": {"node": job["node"]}}, job["problem"])
    with pa.memory_map(job["rows"]) as source:
        table = pa.ipc.open_file(source).read_all()
    learn = np.load(job["learn"]) if job["learn"] else None
    edges = np.array(job["edges"], dtype="datetime64[us]")
    through = folds(table[problem.as_of], table[problem.label_known_at], edges, problem.validation_days)
    recipe = _recipe(job["recipe"])
    if job["search"]:
        recipe = search(table, problem, recipe, through, job, lambda trial: _line(folder / "trials.jsonl", trial))
        (folder / "found.json").write_text(json.dumps(dict(recipe.params)))
    for seed in job["seeds"]:
        steps = walking(
            table,
            problem,
            replace(recipe, seed=seed),
            through[: job["folds"]],
            refitted=job["refit"],
            learn=learn,
            threads=job["threads"],
        )
        for scored in steps:
            np.save(folder / f"{seed}-{scored.fold.number}.npy", scored.score)
            _line(
                folder / "folds.jsonl",
                {
                    "seed": seed,
                    "fold": scored.fold.number,
                    "seconds": scored.seconds,
                    "memory_mb": scored.memory_mb,
                    "rounds": scored.rounds,
                    "data_sha256": scored.data_sha256,
                },
            )


def _recipe(said: dict) -> Recipe:
    return Recipe(**{**said, "features": tuple(said["features"])})


def _line(file: Path, record: dict) -> None:
    """Append one JSON line, whole or not at all as far as a reader of whole lines can tell."""
    with file.open("a") as out:
        out.write(json.dumps({**record, "at": time.time()}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
