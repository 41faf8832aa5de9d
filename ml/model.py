"""A trained model as one value: it travels as a row, and its sha256 is checked before anything reads it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from ml.calibrate import apply
from ml.encode import encode
from ml.errors import AsofError
from ml.names import memorable
from ml.problem import Problem

PARTS = ("problem", "text", "calibrator", "categories", "features", "spec")


@dataclass(frozen=True, eq=False)
class Model:
    """Everything that is needed to score.

    `text` is the tree part of LightGBM's text format; `calibrator` a JSON-able dict (see ml.calibrate);
    `categories` the known levels of each category (position = code); `features` the names in the matrix's order;
    `spec` how it was made: `now`, hashes, rows, rounds, params, threshold.
    """

    problem: str
    text: str
    calibrator: Mapping[str, Any]
    categories: Mapping[str, Sequence[str]]
    features: tuple[str, ...]
    spec: Mapping[str, Any]

    @cached_property
    def sha256(self) -> str:
        """Hex digest over all parts, each as canonical JSON."""
        return _sha256({part: getattr(self, part) for part in PARTS})

    @cached_property
    def name(self) -> str:
        """A name that people can say, such as brave-otter-20130701; the date is that of `spec["now"]`."""
        return memorable(self.sha256, self.spec["now"])

    @property
    def threshold(self) -> float:
        """A row is flagged when its score is at least this."""
        return float(self.spec["threshold"])

    @cached_property
    def booster(self) -> Any:
        """LightGBM's Booster, loaded once."""
        import lightgbm  # takes a second, and most verbs never need it

        return lightgbm.Booster(model_str=self.text)

    def encode(self, rows: pa.Table | pa.RecordBatch) -> np.ndarray:
        """The matrix of `rows`, (n, features), by the model's own names and categories."""
        return encode(rows, self.features, self.categories)

    def predict_raw(self, rows: np.ndarray | pa.Table | pa.RecordBatch, threads: int = 2) -> np.ndarray:
        """Uncalibrated probabilities, float64, one a row. A matrix must have the model's columns in its order."""
        matrix = rows if isinstance(rows, np.ndarray) else self.encode(rows)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.features):
            raise AsofError(
                f"model {self.name} needs {len(self.features)} columns, the matrix has shape {matrix.shape}"
            )
        if len(matrix) == 0:
            return np.empty(0)
        return self.booster.predict(matrix, num_threads=threads)

    def predict(self, rows: np.ndarray | pa.Table | pa.RecordBatch, threads: int = 2) -> np.ndarray:
        """Calibrated probabilities, float64 in [1e-6, 1 - 1e-6], one a row."""
        return apply(self.calibrator, self.predict_raw(rows, threads))

    def check(self, problem: Problem) -> None:
        """AsofError when the problem's features are no longer those the model was trained on."""
        if self.spec["feature_hash"] == problem.feature_hash:
            return
        added = sorted(set(problem.feature_names) - set(self.features))
        missing = sorted(set(self.features) - set(problem.feature_names))
        parts = [
            f"{word} {', '.join(names)}" for word, names in (("added", added), ("missing", missing)) if names
        ]
        what = "; ".join(parts) or "the kinds of some columns changed"
        raise AsofError(
            f"model {self.name} has other features than {problem.path} now declares: {what}; train again, or take the change back"
        )

    def to_row(self) -> dict[str, Any]:
        """One row of `model_versions`, without what it cost: text and numbers only, dicts as canonical JSON."""
        return {
            "model_version": self.name,
            "problem": self.problem,
            "sha256": self.sha256,
            "feature_hash": self.spec["feature_hash"],
            "spec_hash": self.spec["spec_hash"],
            "trained_as_of": self.spec["now"],
            "model_text": self.text,
            "calibrator": _canonical(self.calibrator),
            "categories": _canonical(self.categories),
            "features": _canonical(self.features),
            "spec": _canonical(self.spec),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Model":
        """The model of a row that `to_row` made. AsofError when a byte differs: LightGBM would abort, hang or lie."""
        who = f"model {row.get('model_version')!r} of {row.get('problem')!r}"
        try:
            parts = {part: json.loads(row[part]) for part in ("calibrator", "categories", "features", "spec")}
            model = cls(
                row["problem"],
                row["model_text"],
                parts["calibrator"],
                parts["categories"],
                tuple(parts["features"]),
                parts["spec"],
            )
            intact = model.sha256 == row["sha256"] and model.name == row["model_version"]
        except (KeyError, TypeError, ValueError) as error:
            raise AsofError(
                f"{who} is damaged ({error}); restore model_versions from a backup, or roll back"
            ) from error
        if not intact:
            raise AsofError(
                f"{who} is damaged: its sha256 is not {row['sha256']}; restore model_versions from a backup, or roll back"
            )
        return model


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _sha256(value: Any) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()
