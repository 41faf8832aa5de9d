"""Is a model what its rows make of it? The fit is made again and compared to the byte."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from ml import recipe
from ml.ensemble import TREE
from ml.measured import Repeat
from ml.model import Model
from ml.problem import Problem
from ml.recipe import Fitted, Recipe
from ml.split import known
from ml.train import train

# Each tree stands on all before it, so the first ones show what chance there is: in order of rows, in threads, in sampling.
ROUNDS = 5
CHANGED_ROWS = "the rows it was trained on"


def refit(table: pa.Table, problem: Problem, model: Model, threads: int = 2, rounds: int = ROUNDS) -> Repeat:
    """Grow the first trees of a deployed model again, from the rows and parameters that it names."""
    spec = model.spec
    rows = known(table[problem.as_of], table[problem.label_known_at], np.datetime64(spec["now"], "us"), spec["window_days"])
    rounds = min(rounds, spec["rounds"])
    declared, members = Recipe.of(problem), spec.get("members", 1)
    made = replace(declared, features=model.features, params=spec["params"], seed=spec["params"]["seed"], members=members)
    # As many rows as were found the best round on: then a refit keeps the rounds that it is given.
    start = Fitted(made, SimpleNamespace(rounds=rounds), model.features, {}, model.calibrator, len(rows), "", 0.0)
    again = recipe.refit(start, table, problem, rows, threads=threads)
    if again.data_sha256 != spec["data_sha256"]:
        return Repeat(None, "", CHANGED_ROWS)
    before, after = TREE.findall(model.text)[: rounds * members], TREE.findall(again.learned.text)
    return Repeat(before == after, f"the first {rounds * members} of {spec['rounds'] * members} trees")


def retrain(table: pa.Table, problem: Problem, twin: Model, challenger: Model, threads: int = 2) -> Repeat:
    """Train again from the start, twin and challenger, and compare their digests."""
    if problem.spec_hash != challenger.spec["spec_hash"]:
        return Repeat(None, "", "the declaration")
    made = train(table, problem, np.datetime64(challenger.spec["now"], "us"), threads=threads)
    if made.challenger.spec["data_sha256"] != challenger.spec["data_sha256"]:
        return Repeat(None, "", CHANGED_ROWS)
    same = (made.twin.sha256, made.challenger.sha256) == (twin.sha256, challenger.sha256)
    return Repeat(same, "twin and challenger, whole, by their sha256")
