"""Why a row got its score: the features that moved it most, as text."""

import math

import numpy as np
import pyarrow as pa

from ml.model import Model

# SHAP values of one block at a time: rows x (features + 1) doubles, a few megabytes.
BLOCK = 2_000


def reasons(model: Model, matrix: np.ndarray, rows: pa.RecordBatch | pa.Table, chosen: np.ndarray, flagged: np.ndarray,
            top: int = 3, threads: int = 2) -> list[str | None]:  # fmt: skip
    """One text per row, such as "dep_delay_mean_3h=42 (+0.8); carrier=UA (+0.3)"; None where not in `chosen`.

    The number is the feature's share of the log-odds before calibration (Lundberg's TreeSHAP). A flagged row lists
    what raised its score, any other row what lowered it, the strongest first, at most `top`.
    `chosen` are row numbers; cost is about 500 rows per cpu-second, so choose only those that need it.
    """
    found: list[str | None] = [None] * len(matrix)
    if top == 0:
        return found
    for start in range(0, len(chosen), BLOCK):
        block = chosen[start : start + BLOCK]
        moved = model.booster.predict(matrix[block], pred_contrib=True, num_threads=threads)[:, :-1]
        push = np.where(flagged[block][:, None], moved, -moved)
        best = np.argsort(-push, axis=1, kind="stable")[:, :top]
        for place, row in enumerate(block.tolist()):
            parts = [
                f"{model.features[feature]}={_shown(rows.column(model.features[feature])[row].as_py())} ({moved[place, feature]:+.2g})"
                for feature in best[place].tolist()
                if push[place, feature] > 0
            ]
            found[row] = "; ".join(parts)
    return found


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return f"{float(value):.4g}"  # type: ignore[arg-type]
