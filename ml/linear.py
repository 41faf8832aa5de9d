"""Logistic regression on the same matrix that the trees read: imputed, scaled, categories one-hot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# A regression that has not settled after so many steps on scaled columns changes in the fourth digit only.
STEPS = 200
PARAMS = {"C": 1.0}


def fit(
    matrix: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    categories: Mapping[int, int],
    params: Mapping[str, Any],
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from a matrix to probabilities, float64; `params` may hold C, the inverse of the penalty.

    Missing numbers become the median, with a column that says so; a missing or unseen category is all zeros.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    coded = sorted(categories)
    counted = [position for position in range(matrix.shape[1]) if position not in categories]
    known = [np.arange(categories[position], dtype=matrix.dtype) for position in coded]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), counted),
        (OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False), coded),
    )
    # float64: in float32 the steps stall before the gradient is small, and the result depends on the build.
    model = make_pipeline(columns, LogisticRegression(**{**PARAMS, **params}, max_iter=STEPS))
    model.fit(_wide(matrix), label, logisticregression__sample_weight=weight)

    def predict(rows: np.ndarray) -> np.ndarray:
        return model.predict_proba(_wide(rows))[:, 1] if len(rows) else np.empty(0)

    return predict


def _wide(matrix: np.ndarray) -> np.ndarray:
    return matrix.astype(np.float64)
