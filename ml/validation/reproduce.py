"""Is a model what its rows make of it? The fit is made again and compared to the byte."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from ml.models import recipe
from ml.models.ensemble import TREE
from ml.models.model import Model
from ml.models.recipe import Fitted, Recipe
from ml.models.train import train
from ml.problem.rows import Rows
from ml.problem.split import known
from ml.validation.measured import Repeat

# Each tree stands on all before it, so the first ones show what chance there is: in order of rows, in threads, in sampling.
ROUNDS = 5
CHANGED_ROWS = "the rows it was trained on"


def refit(rows: Rows, model: Model, threads: int = 2, rounds: int = ROUNDS) -> Repeat:
    """Grow the first trees of a deployed model again, from the rows and parameters that it names."""
    spec = model.spec
    chosen = known(rows.as_of, rows.known_at, np.datetime64(spec["now"], "us"), spec["window_days"])
    rounds = min(rounds, spec["rounds"])
    declared, members = Recipe.of(rows.problem), spec.get("members", 1)
    made = replace(declared, features=model.features, params=spec["params"], seed=spec["params"]["seed"], members=members)
    # As many rows as were found the best round on: then a refit keeps the rounds that it is given.
    start = Fitted(made, SimpleNamespace(rounds=rounds), model.features, {}, model.calibrator, len(chosen), "", 0.0)
    again = recipe.refit(start, rows, chosen, threads=threads)
    if again.data_sha256 != spec["data_sha256"]:
        return Repeat(None, "", CHANGED_ROWS)
    a_round = members * (len(model.classes) or 1)
    before, after = TREE.findall(model.text)[: rounds * a_round], TREE.findall(again.learned.text)
    return Repeat(before == after, f"the first {rounds * a_round} of {spec['rounds'] * a_round} trees")


def retrain(rows: Rows, holdout_model: Model, challenger: Model, threads: int = 2) -> Repeat:
    """Train again from the start, holdout model and challenger, and compare their digests."""
    if rows.problem.spec_hash != challenger.spec["spec_hash"]:
        return Repeat(None, "", "the declaration")
    made = train(rows, np.datetime64(challenger.spec["now"], "us"), threads=threads)
    if made.challenger.spec["data_sha256"] != challenger.spec["data_sha256"]:
        return Repeat(None, "", CHANGED_ROWS)
    same = (made.holdout_model.sha256, made.challenger.sha256) == (holdout_model.sha256, challenger.sha256)
    return Repeat(same, "holdout model and challenger, whole, by their sha256")
