"""How much memory a training will hold at once, before it begins; calibrated by `tests/ml/models/test_footprint.py`."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

MB = 2**20
# Rows that LightGBM looks at to set its bins: of each value a double and the number of its row.
SAMPLED, SAMPLE = 200_000, 12
# Bytes a row beside features: label, weight, scores, gradients and row numbers of a few parts, each 4 to 8 bytes.
PER_ROW = 150
# What LightGBM, Arrow's pools and the trees take beside rows.
FIXED_MB = 40


def training_mb(rows: int, features: int, row_bytes: float, params: Mapping[str, Any]) -> float:
    """MB of 2^20 bytes that reading `rows` of `row_bytes` as Arrow and fitting `features` of them takes at its peak.

    `params` are all of LightGBM's, with defaults. What the process held before is not in it.
    """
    bins = params.get("max_bin", 255)
    cells = rows * features
    matrix, binned = 8 * cells, cells * (1 if bins <= 256 else 2)
    sample = SAMPLE * features * min(rows, SAMPLED)
    # A leaf keeps its histogram, two doubles a bin, until it is split or the tree is done.
    leaves = min(params["num_leaves"], rows / max(params["min_data_in_leaf"], 1) + 1)
    histograms = 16 * leaves * features * min(bins, rows)
    return FIXED_MB + (rows * (row_bytes + PER_ROW) + matrix + binned + sample + histograms) / MB


def give_back() -> None:
    """Give what was freed back to the system: what the next one takes from there would not be seen as taken.

    LightGBM's data sets are in circles of references, and the collector of circles seldom runs.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return  # not glibc
