"""The baseline: the declared recipe, walked with its seeds once and kept beside the warehouse until anything changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from flows.steps import ledger, warehouse
from flows.steps.experimenting import box
from flows.steps.experimenting.bench import Bench
from flows.steps.experimenting.box import Came
from flows.steps.experimenting.record import described, seeds_of, tables, versions
from ml.errors import AsofError
from ml.experiment import recipe_hash
from ml.recipe import Recipe

NAME = "baseline"


def of(bench: Bench, told: Callable[[str], None] = lambda text: None) -> Came:
    """The baseline's scores; walked, and recorded as a row, where they are not kept yet. AsofError when it fails."""
    recipe = Recipe.of(bench.problem)
    digest, seeds = recipe_hash(recipe), seeds_of(bench, recipe)
    came = _kept(bench, digest, seeds)
    if came is None:
        told("baseline")
        came = box.run(bench, recipe, seeds, None)
        if came.status != box.FINISHED:
            raise AsofError(f"the baseline of {bench.problem.name} cannot be walked: {came.error or came.status}")
        keep(bench, digest, seeds, came)
    _record(bench, recipe, digest, seeds, came)
    return came


def keep(bench: Bench, digest: str, seeds: Sequence[int], came: Came) -> None:
    """Keep a finished walk: an accepted experiment is the next baseline, and need not be walked again."""
    if came.status == box.FINISHED and came.scores:
        file = _file(bench, digest, seeds)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new.npz")
        told = json.dumps({"seconds": came.seconds, "lines": came.lines})
        np.savez(fresh, told=told, **{f"{seed}-{fold}": score for (seed, fold), score in came.scores.items()})
        fresh.replace(file)


def _kept(bench: Bench, digest: str, seeds: Sequence[int]) -> Came | None:
    file = _file(bench, digest, seeds)
    if not file.exists():
        return None
    with np.load(file) as held:
        told = json.loads(str(held["told"]))
        scores = {tuple(map(int, name.split("-"))): held[name] for name in held.files if name != "told"}
    return Came(box.FINISHED, told["seconds"], scores=scores, lines=told["lines"])


def _file(bench: Bench, digest: str, seeds: Sequence[int]) -> Path:
    """Named by everything that decides the scores: recipe, rows, folds, seeds, and the versions that compute them."""
    decides = [digest, bench.fingerprint, bench.edges.astype(str).tolist(), bench.plan.refit, list(seeds), versions()]
    name = hashlib.sha256(json.dumps(decides).encode()).hexdigest()
    return warehouse.file().parent / "experiments" / f"{name}.npz"


def _record(bench: Bench, recipe: Recipe, digest: str, seeds: Sequence[int], came: Came) -> None:
    known = warehouse.rows(
        "select 1 from ledger.experiments "
        "where problem = ? and dimension = ? and recipe_hash = ? and data_fingerprint = ? limit 1",
        [bench.problem.name, NAME, digest, bench.fingerprint],
    )
    if known:
        return
    rows = np.concatenate([fold.test for fold in bench.through])
    scores = [np.concatenate([came.scores[seed, fold.number] for fold in bench.through]) for seed in seeds]
    record = {
        **described(bench, NAME, recipe, None, ledger.wall_clock(), seeds, came),
        "hypothesis": "what is declared",
        "dimension": NAME,
        "change": "{}",
        "wanted": None,
        "baseline_hash": digest,
        "budget_seconds": None,
        "decision": None,
        "reason": None,
        "estimate": None,
        "low": None,
        "high": None,
        "noise": None,
        "rows": len(rows),
        "clusters": len(np.unique(bench.cluster[rows])),
        **tables(bench, bench.label[rows], rows, scores, scores),
    }
    with warehouse.transaction() as con:
        ledger.append(con, "experiments", [record], ["experiment_id"])
