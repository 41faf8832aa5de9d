"""What a training is estimated to hold is what a process of its own holds, give or take what a machine's allocator does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ml.models.fit import params_of
from ml.models.footprint import training_mb
from ml.problem.declared.columns import Column
from tests.ml.conftest import NOW

pytestmark = pytest.mark.slow

CHILD = """
import json, pickle, re, sys
from pathlib import Path
import pyarrow as pa
from ml.models.lgbm import lightgbm
from ml.models.train import train
from ml.problem.rows import Rows
from tests.ml.conftest import NOW
from tests.ml.models.test_footprint import wide

def kb(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

lightgbm()
problem, rows, features = pickle.loads(sys.stdin.buffer.read())
table = wide(rows, features)
size = table.nbytes
Path("/proc/self/clear_refs").write_text("5")
before = kb("VmRSS")
rows_ = Rows.of(table, problem)
del table
train(rows_, NOW, threads=2)
print(json.dumps({"mb": kb("VmHWM") - before + size / 2**20, "row": size / rows}))
"""


def wide(rows: int, features: int) -> pa.Table:
    """Rows of 120 days with a whole number as key; features beyond the first are noise, one of them text."""
    rng = np.random.default_rng(0)
    as_of = (
        np.datetime64(NOW, "us") - np.timedelta64(120, "D") + np.arange(rows) * np.timedelta64(120 * 86400 * 10**6 // rows, "us")
    )
    first = rng.random(rows)
    columns = {
        "id": np.arange(rows), "as_of": as_of, "label_known_at": as_of + np.timedelta64(1, "h"), "y": rng.random(rows) < first,
        "rule_score": first, "f0": first, "text": pa.array(rng.choice(["a", "b", "c"], rows)),
    }  # fmt: skip
    return pa.table(columns | {f"f{n}": rng.random(rows) for n in range(1, features - 1)})


def declared(problem, features: int):
    roles = {"id": "entity", "as_of": "as_of", "label_known_at": "label_known_at", "y": "label", "rule_score": "rule"}
    names = [*roles, "text", *(f"f{n}" for n in range(features - 1))]
    columns = tuple(
        Column(name, "", roles.get(name, "feature"), "", "category" if name == "text" else "number") for name in names
    )
    training = replace(problem.training, rounds=3, early_stopping_rounds=3, params={})
    return replace(problem, columns=columns, slices=(), training=training)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux says what a process held at most")
@pytest.mark.parametrize(("rows", "features"), [(20_000, 10), (60_000, 60), (200_000, 20)])
def test_the_estimate_is_what_a_process_holds(problem, rows: int, features: int) -> None:
    import pickle

    asked = pickle.dumps((declared(problem, features), rows, features))
    done = subprocess.run([sys.executable, "-c", CHILD], input=asked, capture_output=True, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr.decode()
    measured = json.loads(done.stdout)
    estimate = training_mb(rows, features, measured["row"], params_of({}, 1))
    assert measured["mb"] * 0.95 <= estimate <= measured["mb"] * 1.3 + 50, (measured, estimate)


def test_more_rows_features_bins_or_leaves_are_more_memory() -> None:
    least = {"rows": 100_000, "features": 20, "row_bytes": 200, "params": params_of({}, 1)}
    base = training_mb(**least)
    for more in (
        {"rows": 200_000}, {"features": 40}, {"row_bytes": 400}, {"params": params_of({"max_bin": 1000}, 1)},
        {"params": params_of({"num_leaves": 1000, "min_data_in_leaf": 1}, 1)},
    ):  # fmt: skip
        assert training_mb(**{**least, **more}) > base
