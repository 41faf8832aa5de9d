"""Runs in a process of its own: scores rows as serving does, and says what that took.

    python -m flows.steps.scorer FOLDER PROBLEM THREADS

reads model.json, problem.json and rows.arrow in FOLDER, writes scores.arrow and measured.json.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

import pyarrow as pa
from pyarrow import feather

from ml.model import Model
from ml.problem import Problem
from ml.score import score_batches

# The least of three: what else the machine does can only add to it.
TRIES = 3


def main(folder: Path, name: str, threads: int) -> None:
    """Score FOLDER's rows a few times."""
    problem = Problem.from_manifest(json.loads((folder / "problem.json").read_text()), name)
    rows, text = feather.read_table(folder / "rows.arrow"), (folder / "model.json").read_text()
    best = None
    for _ in range(TRIES):
        wall, cpu = time.perf_counter(), time.process_time()
        model = Model.from_json(text)
        _ = model.booster
        loaded = time.perf_counter()
        scored = pa.Table.from_batches(score_batches(model, problem, rows.to_batches(), threads=threads))
        took = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu, "load_seconds": loaded - wall}
        best = min(best or took, took, key=lambda one: one["seconds"])
    feather.write_feather(scored.select(["score"]), folder / "scores.arrow")
    (folder / "measured.json").write_text(json.dumps({**best, "memory_mb": peak_mb()}))


def peak_mb() -> float:
    """The most memory that this program held, in MB."""
    status = Path("/proc/self/status")
    # Where there is no /proc, the peak may include what the parent held when it started this process.
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found.group(1)) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
