"""Logistic regression, or ridge regression of numbers, on the matrix of the trees: imputed, scaled, categories one-hot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ml.problem.problem import Problem

# A regression that has not settled after so many steps on scaled columns changes in the fourth digit only.
STEPS = 200
PARAMS = {"C": 1.0}


def fit(
    matrix: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    categories: Mapping[int, int],
    params: Mapping[str, Any],
    problem: Problem,
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from a matrix to scores, float64; `params` may hold C, the inverse of the penalty.

    Missing numbers become the median, with a column that says so; a missing or unseen category is all zeros.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    coded = sorted(categories)
    counted = [position for position in range(matrix.shape[1]) if position not in categories]
    known = [np.arange(categories[position], dtype=np.float64) for position in coded]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), counted),
        (OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False), coded),
    )
    how = {**PARAMS, **params}
    if problem.task == "regression":
        number = make_pipeline(columns, Ridge(alpha=1 / how["C"]))
        number.fit(matrix, label, ridge__sample_weight=weight)
        return lambda rows: number.predict(rows) if len(rows) else np.empty(0)
    model = make_pipeline(columns, LogisticRegression(**how, max_iter=STEPS))
    model.fit(matrix, label, logisticregression__sample_weight=weight)
    if problem.classes:
        return lambda rows: _each_class(model.predict_proba(rows), model.classes_, len(problem.classes))

    def predict(rows: np.ndarray) -> np.ndarray:
        return model.predict_proba(rows)[:, 1] if len(rows) else np.empty(0)

    return predict


def _each_class(found: np.ndarray, there: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities of all classes, also of those that no row of the training had."""
    every = np.zeros((len(found), classes))
    every[:, there.astype(np.int64)] = found
    return every
