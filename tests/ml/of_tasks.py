"""The small world of `conftest` asked two more questions: how many minutes, and which of three things happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from ml.problem import declaration
from ml.problem.problem import Problem
from tests.ml.conftest import COLUMNS, PROBLEM, small_table

CLASSES = ["on_time", "late", "cancelled"]
DECLARED: dict[str, dict[str, Any]] = {
    "regression": {"task": "regression", "metric": "mae", "margin": 0.2, "costs": {"under": 3, "over": 1}},
    "multiclass": {
        "task": "multiclass", "metric": "log_loss", "classes": CLASSES, "margin": 0.01,
        "costs": {"on_time": 1, "late": 2, "cancelled": 10},
    },
}  # fmt: skip


def declared(task: str, **keys: Any) -> Problem:
    """The problem of a task, with other `keys` than the usual ones."""
    return declaration.read(manifest(task, **keys), "late")


def manifest(task: str, **keys: Any) -> dict[str, Any]:
    """dbt's manifest of it."""
    columns = [column for column in COLUMNS if column["name"] not in ("is_disrupted", "rule_score")]
    label, rules = {"regression": ("double", ["rule_score"]), "multiclass": ("varchar", [f"rule_{one}" for one in CLASSES])}[task]
    columns += [_column("outcome", label, "label"), *(_column(name, "double", "rule") for name in rules)]
    node = {
        "name": "late__training_set", "config": {"meta": {"problem": {**PROBLEM, **DECLARED[task], **keys}}},
        "patch_path": "asof://models/problems/late/_late.yml", "columns": {one["name"]: one for one in columns},
    }  # fmt: skip
    return {"nodes": {"m": node}}


def _column(name: str, data_type: str, role: str) -> dict[str, Any]:
    return {"name": name, "data_type": data_type, "description": f"What {name} is.", "config": {"meta": {"role": role}}}


def table(task: str, rows: int = 6000, seed: int = 0) -> pa.Table:
    """`small_table` with another label: minutes whose spread grows with their mean, or one of three classes; and a rule."""
    there, rng = small_table(rows, seed), np.random.default_rng(seed + 1)
    delay = there["recent_delay"].to_numpy(zero_copy_only=False)
    delay, wind = np.nan_to_num(delay, nan=10.0), there["wind"].cast(pa.float64()).to_numpy()
    worse = np.maximum(delay, 0) + 1.5 * wind + 8 * (there["carrier"].to_numpy(zero_copy_only=False) == "B6")
    there = there.drop_columns(["is_disrupted", "rule_score"])
    if task == "regression":
        minutes = worse + rng.normal(0, 3 + 0.3 * worse)
        return there.append_column("outcome", pa.array(minutes)).append_column("rule_score", pa.array(np.maximum(delay, 0) + 10))
    chance = _chances(worse / 10 - 3.0, worse / 8 - 6.0)
    which = (rng.random(rows)[:, None] > chance.cumsum(axis=1)[:, :2]).sum(axis=1)
    rule = _chances(delay / 20 - 1.0, np.full(rows, -2.0))
    there = there.append_column("outcome", pa.array(np.array(CLASSES)[which].tolist()))
    for at, name in enumerate(CLASSES):
        there = there.append_column(f"rule_{name}", pa.array(rule[:, at]))
    return there


def _chances(*log_odds: np.ndarray) -> np.ndarray:
    each = np.exp(np.column_stack([np.zeros(len(log_odds[0])), *log_odds]))
    return each / each.sum(axis=1, keepdims=True)
