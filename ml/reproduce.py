"""Is a model what its rows make of it? The fit is made again and compared to the byte."""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ml.encode import encode
from ml.fit import fit, trees
from ml.measured import Repeat
from ml.model import Model
from ml.problem import Problem
from ml.split import known
from ml.train import fingerprint, labels, train, weights

# Each tree stands on all before it, so the first ones show what chance there is: in order of rows, in threads, in sampling.
ROUNDS = 5
CHANGED_ROWS = "the rows it was trained on"
TREE = re.compile(r"^Tree=\d+\n.*?(?=^Tree=|^end of trees)", flags=re.M | re.S)


def refit(table: pa.Table, problem: Problem, model: Model, threads: int = 2, rounds: int = ROUNDS) -> Repeat:
    """Grow the first trees of a deployed model again, from the rows and parameters that it names."""
    spec = model.spec
    rows = known(table[problem.as_of], table[problem.label_known_at], np.datetime64(spec["now"], "us"), spec["window_days"])
    label, weight = labels(table, problem, rows), weights(table, problem)
    matrix = encode(table, model.features, model.categories)
    if fingerprint(matrix, label, weight, rows) != spec["data_sha256"]:
        return Repeat(None, "", CHANGED_ROWS)
    made = replace(problem, training=problem.training._replace(seed=spec["params"]["seed"], params=spec["params"]))
    rounds = min(rounds, spec["rounds"])
    booster, _ = fit(matrix, label, weight, rows, made, rounds, threads, lambda stage, done, total: None, "again")
    before, after = TREE.findall(model.text)[:rounds], TREE.findall(trees(booster, rounds))
    return Repeat(before == after, f"the first {rounds} of {spec['rounds']} trees")


def retrain(table: pa.Table, problem: Problem, twin: Model, challenger: Model, threads: int = 2) -> Repeat:
    """Train again from the start, twin and challenger, and compare their digests."""
    if problem.spec_hash != challenger.spec["spec_hash"]:
        return Repeat(None, "", "the declaration")
    made = train(table, problem, np.datetime64(challenger.spec["now"], "us"), threads=threads)
    if made.challenger.spec["data_sha256"] != challenger.spec["data_sha256"]:
        return Repeat(None, "", CHANGED_ROWS)
    same = (made.twin.sha256, made.challenger.sha256) == (twin.sha256, challenger.sha256)
    return Repeat(same, "twin and challenger, whole, by their sha256")
