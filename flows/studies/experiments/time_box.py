"""A time box: a child process that is killed when its seconds are over, and what it had by then."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from flows.runtime import child, settings
from flows.runtime.child import CRASHED, FINISHED, OUT_OF_TIME
from flows.studies.experiments.folds import StudyData
from ml.models.recipe import Recipe
from ml.studies.experiment import Search

__all__ = ["FINISHED", "OUT_OF_TIME", "Outcome", "run"]
# The rest of a search's box is for comparing the winner on every fold and seed.
SEARCH_SHARE = 0.6


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a walk-forward: `scores` by (seed, fold number), measurements of each, trials, and how it ended."""

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
    data: StudyData,
    recipe: Recipe,
    seeds: Sequence[int],
    seconds: float | None,
    *,
    learn: np.ndarray | None = None,
    search: Search | None = None,
    first_folds: int | None = None,
) -> Outcome:
    """Run the walk-forward of `recipe` with each seed in a child process, for at most so many seconds (None: no limit).

    `first_folds`: only so many. A crash of the child, also one that no Python could catch, is an outcome.
    """
    folder = Path(mkdtemp(dir=data.folder))
    if learn is not None:
        np.save(folder / "learn.npy", learn)
    job = {
        "folder": str(folder),
        "node": data.node,
        "problem": data.problem.name,
        "rows": str(data.folder / "rows.arrow"),
        "learn": None if learn is None else str(folder / "learn.npy"),
        "edges": [str(edge) for edge in data.edges],
        "refit": data.plan.refit,
        "folds": first_folds or len(data.through),
        "recipe": {**asdict(recipe), "params": dict(recipe.params)},
        "seeds": list(seeds),
        "threads": settings.threads(),
        "search": search
        and {"trials": search.trials, "space": search.space, "deadline": time.time() + (seconds or 3600) * SEARCH_SHARE},
    }
    ended = child.run("flows.studies.experiments.child", job, seconds=seconds)
    lines = [line["fold"] for line in ended.lines if "fold" in line]
    return Outcome(
        status=ended.status,
        seconds=ended.seconds,
        error=ended.error if ended.status == CRASHED else None,
        scores={(line["seed"], line["number"]): np.load(folder / f"{line['seed']}-{line['number']}.npy") for line in lines},
        lines=lines,
        trials=[line["trial"] for line in ended.lines if "trial" in line],
        found=next((line["found"] for line in ended.lines if "found" in line), None),
    )
