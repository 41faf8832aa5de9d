"""Quality of scores by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn import metrics

BINS = 15


def quality(arguments: dict) -> Callable[[str], object]:
    """Area, average precision, log loss and Brier score; ece by NumPy, over bins of equal rows, for scikit-learn has none."""
    told = pq.read_table(arguments["scored"], columns=["score", "label"])
    score, label = told["score"].to_numpy(), told["label"].to_numpy()
    answer = {
        "everything": 1, "roc_auc": metrics.roc_auc_score(label, score), "pr_auc": metrics.average_precision_score(label, score),
        "log_loss": metrics.log_loss(label, score), "brier": metrics.brier_score_loss(label, score), "ece": _ece(label, score),
    }  # fmt: skip
    return lambda file: pq.write_table(pa.Table.from_pylist([answer]), file)


def _ece(label: np.ndarray, score: np.ndarray) -> float:
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, score, side="right")
    return float(np.abs(np.bincount(bins, score) - np.bincount(bins, label)).sum() / len(score))
