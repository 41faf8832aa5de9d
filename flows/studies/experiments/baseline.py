"""The baseline: the declared recipe, run with its seeds once and kept beside the warehouse until anything changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from flows.runtime import warehouse
from flows.store import ledger
from flows.studies.experiments import time_box
from flows.studies.experiments.folds import StudyData
from flows.studies.experiments.record import described, seeds_of, tables, versions
from flows.studies.experiments.time_box import Outcome
from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.studies.experiment import recipe_hash

NAME = "baseline"


def of(data: StudyData, on_progress: Callable[[str], None] = lambda text: None) -> Outcome:
    """The baseline's scores; run, and recorded as a row, where they are not kept yet. AsofError when it fails."""
    recipe = Recipe.of(data.problem)
    digest, seeds = recipe_hash(recipe), seeds_of(data, recipe)
    outcome = _kept(data, digest, seeds)
    if outcome is None:
        on_progress("baseline")
        outcome = time_box.run(data, recipe, seeds, None)
        if outcome.status != time_box.FINISHED:
            raise AsofError(f"the baseline of {data.problem.name} cannot be run: {outcome.error or outcome.status}")
        keep(data, digest, seeds, outcome)
    _record(data, recipe, digest, seeds, outcome)
    return outcome


def keep(data: StudyData, digest: str, seeds: Sequence[int], outcome: Outcome) -> None:
    """Keep the scores of a finished walk-forward: an accepted experiment is the next baseline, and need not run again."""
    if outcome.status == time_box.FINISHED and outcome.scores:
        file = _file(data, digest, seeds)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new.npz")
        about = json.dumps({"seconds": outcome.seconds, "lines": outcome.lines})
        np.savez(fresh, told=about, **{f"{seed}-{fold}": score for (seed, fold), score in outcome.scores.items()})
        fresh.replace(file)


def _kept(data: StudyData, digest: str, seeds: Sequence[int]) -> Outcome | None:
    file = _file(data, digest, seeds)
    if not file.exists():
        return None
    with np.load(file) as held:
        about = json.loads(str(held["told"]))
        scores = {tuple(map(int, name.split("-"))): held[name] for name in held.files if name != "told"}
    return Outcome(time_box.FINISHED, about["seconds"], scores=scores, lines=about["lines"])


def _file(data: StudyData, digest: str, seeds: Sequence[int]) -> Path:
    """Named by everything that decides the scores: recipe, rows, folds, seeds, and the versions that compute them."""
    decides = [digest, data.fingerprint, data.edges.astype(str).tolist(), data.plan.refit, list(seeds), versions()]
    name = hashlib.sha256(json.dumps(decides).encode()).hexdigest()
    return warehouse.file().parent / "experiments" / f"{name}.npz"


def _record(data: StudyData, recipe: Recipe, digest: str, seeds: Sequence[int], outcome: Outcome) -> None:
    known = warehouse.rows(
        "select 1 from ledger.experiments "
        "where problem = ? and dimension = ? and recipe_hash = ? and data_fingerprint = ? limit 1",
        [data.problem.name, NAME, digest, data.fingerprint],
    )
    if known:
        return
    rows = np.concatenate([fold.test for fold in data.through])
    scores = [np.concatenate([outcome.scores[seed, fold.number] for fold in data.through]) for seed in seeds]
    record = {
        **described(data, NAME, recipe, None, ledger.wall_clock(), seeds, outcome),
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
        "clusters": len(np.unique(data.rows.cluster[rows])),
        **tables(data, data.rows.label[rows], rows, scores, scores),
    }
    with warehouse.transaction() as con:
        ledger.append(con, "experiments", [record], ["experiment_id"])
