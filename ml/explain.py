"""Why a row got its score: the features that moved it most, as text.

On its way down a tree a row passes nodes; each step moves the expected log-odds from the parent's value to
the child's, and that move belongs to the feature the parent split on (Saabas 2014). The moves of a row add up
to its log-odds exactly, as SHAP values do. LightGBM's own `pred_contrib` (TreeSHAP) also averages over the
orders in which features could be asked, at a hundred times the cost: it explains 100 to 500 rows per
cpu-second.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa

from ml.model import Model

# Rows explained at a time: rows x (trees + features) numbers, some tens of megabytes.
BLOCK = 5_000


def reasons(
    model: Model,
    matrix: np.ndarray,
    rows: pa.RecordBatch | pa.Table,
    chosen: np.ndarray,
    flagged: np.ndarray,
    top: int = 3,
    threads: int = 2,
) -> list[str | None]:
    """One text per row, such as "dep_delay_mean_3h=42 (+0.8); carrier=UA (+0.3)"; None where not in `chosen`.

    The number is what the feature added to the log-odds before calibration. A flagged row lists what raised
    its score, any other row what lowered it, the strongest first, at most `top`. `chosen` are row numbers.
    """
    found: list[str | None] = [None] * len(matrix)
    for start in range(0, len(chosen) if top else 0, BLOCK):
        block = chosen[start : start + BLOCK]
        moved = contributions(model, matrix[block], threads)
        push = np.where(flagged[block][:, None], moved, -moved)
        best = np.argsort(-push, axis=1, kind="stable")[:, :top]
        for place, row in enumerate(block.tolist()):
            parts = []
            for feature in best[place].tolist():
                if push[place, feature] > 0:
                    name = model.features[feature]
                    value = _shown(rows.column(name)[row].as_py())
                    parts.append(f"{name}={value} ({moved[place, feature]:+.2g})")
            found[row] = "; ".join(parts)
    return found


def contributions(model: Model, matrix: np.ndarray, threads: int = 2) -> np.ndarray:
    """What each feature added to each row's log-odds, float64 (rows, features).

    The rest is the same for all rows.
    """
    leaves = model.booster.predict(matrix, pred_leaf=True, num_threads=threads).reshape(len(matrix), -1)
    total = np.zeros((len(matrix), len(model.features)))
    for tree, table in enumerate(_tables(model.text, len(model.features))):
        total += table[leaves[:, tree]]
    return total


@lru_cache(maxsize=4)  # champion, challenger, shadow and one more
def _tables(text: str, features: int) -> tuple[np.ndarray, ...]:
    """Per tree of a model text: (leaves, features), what each feature added on the way to each leaf."""
    return tuple(_table(dict(_lines(block)), features) for block in text.split("\nTree=")[1:])


def _lines(block: str) -> Iterator[tuple[str, list[str]]]:
    for line in block.splitlines():
        key, found, values = line.partition("=")
        if found:
            yield key, values.split()


def _table(tree: dict[str, list[str]], features: int) -> np.ndarray:
    leaf = np.array(tree["leaf_value"], dtype=np.float64)
    table = np.zeros((len(leaf), features))
    if len(leaf) == 1:
        return table
    inner, split = np.array(tree["internal_value"], dtype=np.float64), [int(f) for f in tree["split_feature"]]
    children = [[int(child) for child in tree[side]] for side in ("left_child", "right_child")]
    paths = [(0, np.zeros(features))]
    while paths:
        node, so_far = paths.pop()
        for side in children:
            child, path = side[node], so_far.copy()
            # A leaf is written as the complement of its number.
            path[split[node]] += (inner[child] if child >= 0 else leaf[~child]) - inner[node]
            if child >= 0:
                paths.append((child, path))
            else:
                table[~child] = path
    return table


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return f"{float(value):.4g}"  # type: ignore[arg-type]
