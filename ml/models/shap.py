"""Exact SHAP values of a sample of rows, by LightGBM's TreeSHAP (Lundberg and others 2018): what a model looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.models import tasks
from ml.models.model import Model
from ml.problem.rows import Rows

# About 8 ms of CPU a row: two seconds. The mean of a feature that matters is then known to a few per cent.
SAMPLE = 250


@dataclass(frozen=True)
class Shap:
    """`values` (rows, features): log-odds before calibration that each feature added; `matrix` what the feature was there.

    A row's values and `base` add up to its log-odds, or to its number; of several classes to those of the one that is predicted,
    which has a base of its own. `features` are in the model's order.
    """

    features: tuple[str, ...]
    values: np.ndarray
    matrix: np.ndarray
    base: float

    @property
    def weight(self) -> np.ndarray:
        """Mean absolute value by feature: how far it moves a score on average."""
        return np.abs(self.values).mean(axis=0)

    def strongest(self, top: int) -> list[int]:
        """The numbers of the features that move scores most, the strongest first."""
        return np.argsort(-self.weight, kind="stable")[:top].tolist()


def explain(model: Model, rows: Rows, sample: int = SAMPLE, seed: int = 0, threads: int = 2) -> Shap:
    """SHAP values of `sample` rows drawn without replacement, all of them where there are fewer."""
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:sample])
    matrix = rows.matrix(model.features, model.categories, chosen)
    found = model.booster.predict(matrix, pred_contrib=True, num_threads=threads)
    of_class = tasks.of(rows.problem).explained_class(rows.problem, model.predict(matrix, threads)) if model.classes else None
    if of_class is not None:  # a block of values for each class
        found = found.reshape(len(matrix), len(model.classes), -1)[np.arange(len(matrix)), of_class]
    return Shap(model.features, found[:, :-1], matrix, float(found[0, -1]))
