"""A time box: a child process that is killed when its seconds are over, and what it had by then."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from flows.steps import settings
from flows.steps.experimenting.bench import Bench
from ml.experiment import Search
from ml.recipe import Recipe

FINISHED, OUT_OF_TIME, CRASHED = "finished", "out_of_time", "crashed"
# The rest of a search's box is for weighing the winner on every fold and seed.
SEARCH_SHARE = 0.6
LONGEST_MESSAGE = 500


@dataclass(frozen=True, eq=False)
class Came:
    """What came out: `scores` by (seed, fold number), one line of measurements for each, trials, and how it ended."""

    status: str
    seconds: float
    error: str | None = None
    scores: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, Any] | None = None

    @property
    def memory_mb(self) -> float | None:
        return max((line["memory_mb"] for line in self.lines), default=None)


def run(
    bench: Bench,
    recipe: Recipe,
    seeds: Sequence[int],
    seconds: float | None,
    *,
    learn: np.ndarray | None = None,
    search: Search | None = None,
    first_folds: int | None = None,
) -> Came:
    """Walk `recipe` with each seed in a child process, for at most so many seconds (None: as long as it takes).

    `first_folds` walks only so many. A crash of the child, also one that no Python could catch, is an outcome.
    """
    folder = Path(mkdtemp(dir=bench.folder))
    if learn is not None:
        np.save(folder / "learn.npy", learn)
    job = {
        "node": bench.node,
        "problem": bench.problem.name,
        "rows": str(bench.folder / "rows.arrow"),
        "learn": None if learn is None else str(folder / "learn.npy"),
        "edges": [str(edge) for edge in bench.edges],
        "refit": bench.plan.refit,
        "folds": first_folds or len(bench.through),
        "recipe": {**asdict(recipe), "params": dict(recipe.params)},
        "seeds": list(seeds),
        "threads": settings.threads(),
        "search": search
        and {"trials": search.trials, "space": search.space, "deadline": time.time() + (seconds or 3600) * SEARCH_SHARE},
    }
    (folder / "job.json").write_text(json.dumps(job, default=str))
    command = [sys.executable, "-m", "flows.steps.experimenting.child", str(folder)]
    # Code of this very process is what runs, wherever it was started from.
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([str(settings.PROJECT), os.environ.get("PYTHONPATH", "")])}
    began, status, error = time.perf_counter(), FINISHED, None
    with (folder / "stderr").open("w") as stderr:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, cwd=settings.PROJECT, env=where)
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            status = OUT_OF_TIME
        finally:
            child.kill()
            child.wait()
    if status == FINISHED and code != 0:
        status, error = CRASHED, _told(folder / "stderr", code)
    lines = _lines(folder / "folds.jsonl")
    found = folder / "found.json"
    return Came(
        status=status,
        seconds=time.perf_counter() - began,
        error=error,
        scores={(line["seed"], line["fold"]): np.load(folder / f"{line['seed']}-{line['fold']}.npy") for line in lines},
        lines=lines,
        trials=_lines(folder / "trials.jsonl"),
        found=json.loads(found.read_text()) if found.exists() else None,
    )


def _lines(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that a killed process may have left in the middle of one."""
    if not file.exists():
        return []
    text = file.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _told(stderr: Path, code: int) -> str:
    """The last line of what the child said, or the signal that ended it."""
    said = [line.strip() for line in stderr.read_text(errors="replace").splitlines() if line.strip()]
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"{said[-1][:LONGEST_MESSAGE]} ({how})" if said else how
