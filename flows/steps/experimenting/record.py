"""What a row of `ledger.experiments` says of a walk: how it was made, and its figures."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version

import numpy as np

from flows.steps import ledger
from flows.steps.experimenting.bench import Bench
from flows.steps.experimenting.box import Came
from ml.experiment import recipe_hash
from ml.recipe import Recipe
from ml.weigh import table

# They decide figures.
PACKAGES = ("lightgbm", "scikit-learn", "optuna", "numpy", "pyarrow", "duckdb")
# Where a slice is looked at, its ranking and its probabilities are what people ask for.
SLICED = ("roc_auc", "log_loss")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide figures."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def seeds_of(bench: Bench, recipe: Recipe) -> list[int]:
    """The seeds that a recipe is walked with: as many as declared; one where nothing is drawn."""
    return [recipe.seed + at for at in range(bench.plan.seeds if recipe.algorithm == "lightgbm" or recipe.sampling < 1 else 1)]


def described(
    bench: Bench, name: str, recipe: Recipe, condition: str | None, started: datetime, seeds: Sequence[int], came: Came
) -> dict:
    """What every row says of the run itself."""
    code = ledger.code_version()
    return {
        "experiment_id": f"{bench.problem.name}/{name}/{started.isoformat()}",
        "problem": bench.problem.name,
        "name": name,
        "recipe": json.dumps({**asdict(recipe), "params": dict(recipe.params), "label": condition}),
        "recipe_hash": recipe_hash(recipe, condition),
        "data_fingerprint": bench.fingerprint,
        "folds": json.dumps([str(edge) for edge in bench.edges]),
        "seeds": json.dumps(list(seeds)),
        "git_commit": code.removesuffix("+"),
        "dirty": code.endswith("+"),
        "versions": json.dumps(versions()),
        "started_at": started,
        "seconds": came.seconds,
        "peak_memory_mb": came.memory_mb,
        "status": came.status,
        "error": came.error,
        "metric": bench.problem.metric,
    }


def tables(
    bench: Bench, label: np.ndarray, rows: np.ndarray, before: Sequence[np.ndarray], candidate: Sequence[np.ndarray]
) -> dict[str, str]:
    """Every metric of both recipes: overall, by fold and by slice, as JSON."""
    problem = bench.problem
    weight = None if problem.weight is None else bench.weight[rows]
    fold = np.empty(bench.table.num_rows, dtype="datetime64[us]")
    for one in bench.through:
        fold[one.test] = one.start

    def both(groups: np.ndarray, **options) -> dict:
        parts = {
            who: table(label, scores, groups, weight=weight, **options)
            for who, scores in (("baseline", before), ("candidate", candidate))
        }
        return {name: {who: parts[who][name] for who in parts} for name in parts["baseline"]}

    slices = {
        name: both(np.array(bench.table[name].take(rows).to_pylist(), dtype=str), metrics=SLICED) for name in problem.slices
    }
    return {
        "metrics": json.dumps(_flat(**both(np.full(len(rows), "all"), fewest=1)["all"])),
        "by_fold": json.dumps(both(fold[rows].astype(str), fewest=1)),
        "by_slice": json.dumps(slices),
    }


def _flat(baseline: dict[str, float], candidate: dict[str, float]) -> dict[str, float]:
    return candidate | {f"{name}_baseline": value for name, value in baseline.items() if name != "rows"}
