"""A small world with a real signal: two years of nothing but the columns a problem needs."""

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml.models.train import Trained, train
from ml.problem import declaration
from ml.problem.problem import Problem
from ml.problem.rows import Rows

NOW = datetime(2013, 7, 1)


def _column(name: str, data_type: str, role: str | None = None) -> dict[str, Any]:
    meta = {} if role is None else {"role": role}
    return {
        "name": name,
        "data_type": data_type,
        "description": f"What {name} is.",
        "config": {"meta": meta},
        "meta": meta,
    }


COLUMNS = [
    _column("flight_id", "varchar", "entity"),
    _column("as_of", "timestamp", "as_of"),
    _column("is_disrupted", "boolean", "label"),
    _column("label_known_at", "timestamp", "label_known_at"),
    _column("rule_score", "double", "rule"),
    _column("origin", "varchar", "slice"),
    _column("recent_delay", "double"),
    _column("wind", "decimal(6, 2)"),
    _column("hour", "bigint"),
    _column("is_holiday", "boolean"),
    _column("carrier", "varchar"),
]
PROBLEM = {
    "title": "Will it be late?",
    "goal": "Warn passengers",
    "owner": "ops@example.com",
    "task": "binary",
    "metric": "roc_auc",
    "margin": 0.01,
    "slices": ["origin", "carrier"],
    "costs": {"false_positive": 1, "false_negative": 3},
    "holdout_days": 20,
    "validation_days": 20,
    "training": {
        "seed": 7,
        "rounds": 60,
        "early_stopping_rounds": 10,
        "params": {"num_leaves": 7, "min_data_in_leaf": 20},
    },
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    """A dbt manifest with one problem; each test may spoil its own copy."""
    node = {
        "name": "late__training_set",
        "resource_type": "model",
        "original_file_path": "models/problems/late/late__training_set.sql",
        "patch_path": "asof://models/problems/late/_late.yml",
        "config": {"meta": {"problem": copy.deepcopy(PROBLEM)}},
        "columns": {column["name"]: copy.deepcopy(column) for column in COLUMNS},
    }
    return {"nodes": {"model.asof.late__training_set": node}}


@pytest.fixture(scope="session")
def problem() -> Problem:
    node = {
        "name": "late__training_set",
        "config": {"meta": {"problem": PROBLEM}},
        "patch_path": "asof://models/problems/late/_late.yml",
        "columns": {column["name"]: column for column in COLUMNS},
    }
    return declaration.read({"nodes": {"m": node}}, "late")


def small_table(rows: int = 6000, seed: int = 0) -> pa.Table:
    """`rows` rows of the 120 days before NOW in order, labels known 3 hours to 3 days later."""
    rng = np.random.default_rng(seed)
    minutes = np.sort(rng.integers(0, 120 * 1440, rows))
    as_of = np.datetime64(NOW, "us") - np.timedelta64(120, "D") + minutes * np.timedelta64(60_000_000, "us")
    delay, wind = rng.normal(10, 15, rows), rng.gamma(2, 4, rows)
    hour, holiday = minutes // 60 % 24, rng.random(rows) < 0.05
    carrier = rng.choice(["AA", "B6", "UA", "WN"], rows)
    z = -1.6 + 0.05 * delay + 0.05 * wind + 0.6 * (carrier == "B6") + 0.5 * holiday + 0.4 * np.sin(hour / 4)
    label = rng.random(rows) < 1 / (1 + np.exp(-z))
    known_at = as_of + rng.integers(3 * 60, 72 * 60, rows) * np.timedelta64(60_000_000, "us")
    missing = rng.random(rows) < 0.03
    columns = {
        "flight_id": [f"f{i}" for i in range(rows)],
        "as_of": pa.array(as_of),
        "is_disrupted": label,
        "label_known_at": pa.array(known_at),
        "rule_score": 1 / (1 + np.exp(-0.03 * delay)),
        "origin": rng.choice(["EWR", "JFK"], rows),
        "recent_delay": pa.array(delay, mask=missing),
        "wind": pa.array(np.round(wind, 2)).cast(pa.decimal128(8, 2), safe=False),
        "hour": hour,
        "is_holiday": holiday,
        "carrier": pa.array(carrier.tolist()),
    }
    return pa.table(columns)


@pytest.fixture(scope="session")
def make_table() -> Callable[..., pa.Table]:
    """`make_table(rows, seed)`: as `small_table`."""
    return small_table


@pytest.fixture(scope="session")
def table(make_table: Callable[..., pa.Table]) -> pa.Table:
    return make_table()


@pytest.fixture(scope="session")
def rows(table: pa.Table, problem: Problem) -> Rows:
    return Rows.of(table, problem)


@pytest.fixture(scope="session")
def trained(table: pa.Table, problem: Problem) -> Trained:
    return train(Rows.of(table, problem), NOW, threads=2)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW
