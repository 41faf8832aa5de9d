"""The default anomaly rule of elementary, from its documentation: z-scores of daily metrics over a window of fourteen days.

Metrics are those that `all_columns_anomalies` takes by default, by type of column, and the row count of `volume_anomalies`. The
window of 14 days holds the day under test (elementary-data/elementary#1560); a metric that never varied scores 0; with fewer
than 7 days there is no score; beyond 3 standard deviations, on either side, a day is anomalous.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.problem.encode import numbers

TRAINING_DAYS = 14
SENSITIVITY = 3.0
LEAST_DAYS = 7

Metrics = dict[tuple[str, str], float]


def metrics(rows: pa.Table, name: str) -> Metrics:
    """The default metrics of one column over the rows of a day, by (column, metric)."""
    column = rows[name]
    found = {"null_count": float(column.null_count), "null_percent": 100 * column.null_count / max(len(column), 1)}
    if pa.types.is_string(column.type):
        length = pc.utf8_length(column).drop_null().to_numpy()
        empty = int((length == 0).sum()) + column.null_count
        found |= {"missing_count": float(empty), "missing_percent": 100 * empty / max(len(column), 1)}
        if len(length):
            found |= {"min_length": length.min(), "max_length": length.max(), "average_length": length.mean()}
    elif not pa.types.is_boolean(column.type):
        values = numbers(rows, name)
        there = values[~np.isnan(values)]
        zeros = int((there == 0).sum())
        found |= {"zero_count": float(zeros), "zero_percent": 100 * zeros / max(len(column), 1)}
        if len(there):
            found |= {"min": there.min(), "max": there.max(), "average": there.mean()}
        if len(there) > 1:
            found |= {"standard_deviation": there.std(ddof=1), "variance": there.var(ddof=1)}
    return {(name, metric): float(value) for metric, value in found.items()}


def anomalous(values: np.ndarray, training: int = TRAINING_DAYS, sensitivity: float = SENSITIVITY) -> np.ndarray:
    """Which days (bool) of a metric are anomalous; `values` has one a day in order, NaN where the metric has none.

    Works along the last axis.
    """
    out = np.zeros(values.shape, dtype=bool)
    for day in range(LEAST_DAYS - 1, values.shape[-1]):
        window = values[..., max(0, day - training + 1) : day + 1]
        counted = (~np.isnan(window)).sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.nansum(window, axis=-1) / counted
            deviation = np.sqrt(np.nansum((window - mean[..., None]) ** 2, axis=-1) / (counted - 1))
            score = np.where(deviation > 0, (values[..., day] - mean) / deviation, 0.0)
        out[..., day] = (counted >= LEAST_DAYS) & (np.abs(score) > sensitivity)
    return out
