"""What a row of `ledger.experiments` says of a walk-forward: how it was made, and its figures."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version

import numpy as np

from flows.store import ledger
from flows.studies.experiments.folds import StudyData
from flows.studies.experiments.time_box import Outcome
from ml.models.recipe import Recipe
from ml.studies.experiment import recipe_hash
from ml.studies.paired_comparison import table

# They decide figures.
PACKAGES = ("lightgbm", "scikit-learn", "optuna", "numpy", "pyarrow", "duckdb")
# Where a slice is looked at, its ranking and its probabilities are what people ask for.
SLICED = ("roc_auc", "log_loss")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide figures."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def seeds_of(data: StudyData, recipe: Recipe) -> list[int]:
    """The seeds that a recipe is run with: as many as declared; one where nothing is drawn."""
    return [recipe.seed + at for at in range(data.plan.seeds if recipe.algorithm == "lightgbm" or recipe.sampling < 1 else 1)]


def described(
    data: StudyData, name: str, recipe: Recipe, condition: str | None, started: datetime, seeds: Sequence[int], outcome: Outcome
) -> dict:
    """What every row says of the run itself."""
    code = ledger.code_version()
    return {
        "experiment_id": f"{data.problem.name}/{name}/{started.isoformat()}",
        "problem": data.problem.name,
        "name": name,
        "recipe": json.dumps({**asdict(recipe), "params": dict(recipe.params), "label": condition}),
        "recipe_hash": recipe_hash(recipe, condition),
        "data_fingerprint": data.fingerprint,
        "folds": json.dumps([str(edge) for edge in data.edges]),
        "seeds": json.dumps(list(seeds)),
        "git_commit": code.removesuffix("+"),
        "dirty": code.endswith("+"),
        "versions": json.dumps(versions()),
        "started_at": started,
        "seconds": outcome.seconds,
        "peak_memory_mb": outcome.memory_mb,
        "status": outcome.status,
        "error": outcome.error,
        "metric": data.problem.metric,
    }


def tables(
    data: StudyData, label: np.ndarray, rows: np.ndarray, before: Sequence[np.ndarray], candidate: Sequence[np.ndarray]
) -> dict[str, str]:
    """Every metric of both recipes: overall, by fold and by slice, as JSON."""
    weight = None if data.rows.weight is None else data.rows.weight[rows]
    fold = np.empty(len(data.rows), dtype="datetime64[us]")
    for one in data.through:
        fold[one.test] = one.start

    def both(groups: np.ndarray, **options) -> dict:
        parts = {
            who: table(label, scores, groups, weight=weight, **options)
            for who, scores in (("baseline", before), ("candidate", candidate))
        }
        return {name: {who: parts[who][name] for who in parts} for name in parts["baseline"]}

    by = data.rows.cluster[rows]
    slices = {name: both(values[rows], metrics=SLICED, cluster=by) for name, values in data.rows.slices.items()}
    return {
        "metrics": json.dumps(_flat(**both(np.full(len(rows), "all"))["all"])),
        "by_fold": json.dumps(both(fold[rows].astype(str))),
        "by_slice": json.dumps(slices),
    }


def _flat(baseline: dict[str, float], candidate: dict[str, float]) -> dict[str, float]:
    return candidate | {f"{name}_baseline": value for name, value in baseline.items() if name != "rows"}
