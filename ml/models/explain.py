"""Why a row got its score: the features that moved it most, as text.

On its way down a tree a row passes nodes; each step moves the expected log-odds from the parent's value to
the child's, and that move belongs to the feature the parent split on (Saabas 2014). The moves of a row add up
to its log-odds exactly, as SHAP values do. LightGBM's own `pred_contrib` (TreeSHAP) also averages over the
orders in which features could be asked, at a hundred times the cost: it explains 100 to 500 rows per
cpu-second.
"""

import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa

from ml.models.model import Model
from ml.models.tasks import TASKS, Task

# Rows explained at a time: rows x (trees + features) numbers, some tens of megabytes.
BLOCK = 5_000
MISSING = "missing"
# Leaves that LightGBM sets to a quantile of their rows after a tree has grown; the nodes above keep steps of another unit.
RENEWED = re.compile(r"^objective=(regression_l1|quantile)", flags=re.M)
AMBIGUOUS = re.compile(r'^$|^\s|\s$|[";=()\\\x00-\x1f\x7f-\x9f]')


def reasons(
    model: Model,
    matrix: np.ndarray,
    rows: pa.RecordBatch | pa.Table,
    chosen: np.ndarray,
    flagged: np.ndarray,
    top: int = 3,
    threads: int = 2,
    task: Task = TASKS["binary"],
    of_class: np.ndarray | None = None,
) -> list[str | None]:
    """One text per row, such as "dep_delay_mean_3h=42 (+0.8); carrier=UA (+0.3)"; None where not in `chosen`.

    The number is what the feature added to the log-odds before calibration, of `of_class` where there are several, or to the
    number that is predicted. What is a reason the task says (`Task.push`): of a flagged row what raised its score, of any other
    what lowered it. The strongest first, at most `top`. `chosen` are row numbers.
    """
    found: list[str | None] = [None] * len(matrix)
    for start in range(0, len(chosen) if top else 0, BLOCK):
        block = chosen[start : start + BLOCK]
        moved = contributions(model, matrix[block], threads, None if of_class is None else of_class[block])
        push = task.push(moved, flagged[block])
        best = np.argsort(-push, axis=1, kind="stable")[:, :top]
        for place, row in enumerate(block.tolist()):
            parts = []
            for feature in best[place].tolist():
                if push[place, feature] > 0:
                    name = model.features[feature]
                    parts.append(reason(name, rows.column(name)[row].as_py(), moved[place, feature]))
            found[row] = "; ".join(parts)
    return found


def reason(feature: str, value: object, moved: float) -> str:
    """One reason as text, such as "wind=42 (+0.8)"; a value that could be misread stands in JSON's quotes.

    The macro `split_reasons` reads this form, `reasons_in_words` makes sentences of it.
    """
    return f"{feature}={_shown(value)} ({moved:+.2g})"


def contributions(model: Model, matrix: np.ndarray, threads: int = 2, of_class: np.ndarray | None = None) -> np.ndarray:
    """What each feature added to each row's log-odds, or to its number, float64 (rows, features).

    The rest is the same for all rows. Of several classes it is the log-odds of that named in `of_class`, one a row.
    """
    leaves = model.booster.predict(matrix, pred_leaf=True, num_threads=threads).reshape(len(matrix), -1)
    total = np.zeros((len(matrix), len(model.features)))
    for tree, table in enumerate(_tables(model.text, len(model.features))):
        if of_class is None:
            total += table[leaves[:, tree]]
        else:
            mine = of_class == tree % len(model.classes)
            total[mine] += table[leaves[mine, tree]]
    return total


@lru_cache(maxsize=4)  # champion, challenger, shadow and one more
def _tables(text: str, features: int) -> tuple[np.ndarray, ...]:
    """Per tree of a model text: (leaves, features), what each feature added on the way to each leaf."""
    head, *blocks = text.split("\nTree=")
    return tuple(_table(dict(_lines(block)), features, bool(RENEWED.search(head))) for block in blocks)


def _lines(block: str) -> Iterator[tuple[str, list[str]]]:
    for line in block.splitlines():
        key, found, values = line.partition("=")
        if found:
            yield key, values.split()


def _table(tree: dict[str, list[str]], features: int, renewed: bool) -> np.ndarray:
    leaf = np.array(tree["leaf_value"], dtype=np.float64)
    table = np.zeros((len(leaf), features))
    if len(leaf) == 1:
        return table
    inner, split = np.array(tree["internal_value"], dtype=np.float64), [int(f) for f in tree["split_feature"]]
    children = [[int(child) for child in tree[side]] for side in ("left_child", "right_child")]
    if renewed:
        inner = _means(leaf, np.array(tree["leaf_count"], dtype=np.float64), children)
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


def _means(leaf: np.ndarray, rows: np.ndarray, children: list[list[int]]) -> np.ndarray:
    """The value of each inner node: the mean of the leaves below it, by their rows. Children have greater numbers."""
    value, below = np.zeros(len(children[0])), np.zeros(len(children[0]))
    for node in reversed(range(len(value))):
        under = [side[node] for side in children]
        parts = [(value[child], below[child]) if child >= 0 else (leaf[~child], rows[~child]) for child in under]
        below[node] = sum(part[1] for part in parts)
        value[node] = sum(part[0] * part[1] for part in parts) / below[node]
    return value


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # What could be taken for another reason, or for none, stands in quotes.
        return json.dumps(value, ensure_ascii=False) if value == MISSING or AMBIGUOUS.search(value) else value
    number = float(value)  # type: ignore[arg-type]
    # Four digits, and never fewer than the whole number has: a day or an amount stays exact.
    return f"{number:.0f}" if 9999.5 <= abs(number) < 2**53 else f"{number:.4g}"
