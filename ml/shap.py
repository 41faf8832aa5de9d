"""Exact SHAP values of a sample of rows, by LightGBM's TreeSHAP (Lundberg and others 2018): what a model looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.encode import encode
from ml.model import Model

# About 8 ms of CPU a row: two seconds. The mean of a feature that matters is then known to a few per cent.
SAMPLE = 250


@dataclass(frozen=True)
class Shap:
    """`values` (rows, features): log-odds before calibration that each feature added; `matrix` what the feature was there.

    A row's values and `base` add up to its log-odds. `features` are in the model's order.
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


def explain(model: Model, rows: pa.Table, sample: int = SAMPLE, seed: int = 0, threads: int = 2) -> Shap:
    """SHAP values of `sample` rows drawn without replacement, all of them where there are fewer."""
    chosen = np.sort(np.random.default_rng(seed).permutation(rows.num_rows)[:sample])
    matrix = encode(rows.take(chosen), model.features, model.categories)
    found = model.booster.predict(matrix, pred_contrib=True, num_threads=threads)
    return Shap(model.features, found[:, :-1], matrix, float(found[0, -1]))
