"""A trained model as one value: it travels as a row, and its sha256 is checked before anything reads it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from ml.errors import AsofError
from ml.models.calibrate import apply
from ml.models.lgbm import lightgbm
from ml.models.names import memorable
from ml.problem.encode import encode
from ml.problem.problem import Problem
from ml.problem.rows import Rows

RESTORE = "restore model_versions from a backup, or roll back to another version"
# What `text` is, and `spec["algorithm"]`, where the rule itself is the model.
RULE = "rule"
PARTS = ("problem", "text", "calibrator", "categories", "features", "spec")


@dataclass(frozen=True, eq=False)
class Model:
    """Everything that is needed to score.

    `text` is the tree part of LightGBM's text format; `calibrator` a JSON-able dict (see ml.models.calibrate);
    `categories` the known levels of each category (position = code); `features` the names in the matrix's
    order; `spec` how it was made: `now`, hashes, rows, rounds, params, threshold.
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
        if self.is_rule:
            return f"rule-of-{self.problem.replace('_', '-')}-{self.spec['now'][:10].replace('-', '')}"
        return memorable(self.sha256, self.spec["now"])

    @property
    def is_rule(self) -> bool:
        """Whether it is the rule, as it is: without trees."""
        return self.spec.get("algorithm") == RULE

    @property
    def threshold(self) -> float | None:
        """A row is flagged when its score is at least this; None where scores flag nothing."""
        limit = self.spec["threshold"]
        return None if limit is None else float(limit)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that scores are probabilities of, in the order of the columns; none where there is one score a row."""
        return tuple(self.spec.get("classes", ()))

    @cached_property
    def booster(self) -> Any:
        """LightGBM's Booster, loaded once."""
        return lightgbm().Booster(model_str=self.text)

    def unseen(self, label_known_at: np.ndarray) -> np.ndarray:
        """True where a row's truth came too late to touch the model: trees, rounds or calibrator."""
        end = np.datetime64(self.spec["label_known_before"], "us")
        return np.asarray(label_known_at, dtype="datetime64[us]") >= end

    def encode(self, rows: Rows | pa.Table | pa.RecordBatch) -> np.ndarray:
        """The matrix of `rows`, (n, features), by the model's own names and categories."""
        if isinstance(rows, Rows):
            return rows.matrix(self.features, self.categories)
        return encode(rows, self.features, self.categories)

    def predict_raw(self, rows: np.ndarray | Rows | pa.Table | pa.RecordBatch, threads: int = 2) -> np.ndarray:
        """Uncalibrated scores, float64, one a row or (rows, classes).

        A matrix must have the model's columns in its order.
        """
        matrix = rows if isinstance(rows, np.ndarray) else self.encode(rows)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.features):
            raise AsofError(f"model {self.name} needs {len(self.features)} columns, the matrix has shape {matrix.shape}")
        if len(matrix) == 0:
            return np.empty((0, len(self.classes)) if self.classes else 0)
        if self.is_rule:
            return matrix if self.classes else matrix[:, 0]
        return self.booster.predict(matrix, num_threads=threads)

    def predict(self, rows: np.ndarray | Rows | pa.Table | pa.RecordBatch, threads: int = 2) -> np.ndarray:
        """Calibrated scores, float64, one a row or (rows, classes); probabilities within [1e-6, 1 - 1e-6]."""
        return apply(self.calibrator, self.predict_raw(rows, threads))

    def check(self, problem: Problem) -> None:
        """AsofError when the problem's task, classes or features are no longer those the model was trained on."""
        mine = self.spec.get("task", "binary")
        if (mine, self.classes) != (problem.task, problem.classes):
            raise AsofError(
                f"model {self.name} answers another question ({mine}{f' of {self.classes}' if self.classes else ''}) than "
                f"{problem.path} now declares; train again, or take the change back"
            )
        if self.spec["feature_hash"] == problem.feature_hash:
            return
        added = sorted(set(problem.feature_names) - set(self.features))
        missing = sorted(set(self.features) - set(problem.feature_names))
        parts = [f"{word} {', '.join(names)}" for word, names in (("added", added), ("missing", missing)) if names]
        what = "; ".join(parts) or "the kinds of some columns changed"
        raise AsofError(
            f"model {self.name} has other features than {problem.path} now declares: {what}; train again, or take the change back"
        )

    def lost(self, problem: Problem) -> list[str]:
        """The features that the problem's rows no longer have, or have as another kind: empty when it can score them."""
        kinds = {column.name: column.kind for column in problem.columns}
        return [
            name
            for name in self.features
            if name not in kinds or (kinds[name] == "category") != (name in self.categories) or kinds[name] in ("time", "other")
        ]

    def to_json(self) -> str:
        """The whole model with its sha256, as canonical JSON: what the columns `model` and `holdout_model` hold."""
        return _canonical({**{part: getattr(self, part) for part in PARTS}, "sha256": self.sha256})

    @classmethod
    def from_json(cls, text: str, who: str = "the model") -> "Model":
        """The model that `to_json` wrote.

        AsofError when one character differs: LightGBM would abort, hang or lie.
        """
        try:
            parts = json.loads(text)
            model = cls(
                **{part: parts[part] for part in PARTS if part != "features"},
                features=tuple(parts["features"]),
            )
            intact = model.to_json() == text
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise AsofError(f"{who} is damaged and cannot be read ({error!r}); {RESTORE}") from error
        if not intact:
            raise AsofError(f"{who} is damaged: its sha256 is not {str(parts.get('sha256'))[:12]}…; {RESTORE}")
        return model

    def to_row(self) -> dict[str, Any]:
        """What `model_versions` says about the model itself; cost, code and the holdout model are the caller's."""
        return {
            "model_version": self.name,
            "problem": self.problem,
            "trained_as_of": datetime.fromisoformat(self.spec["now"]),
            "sha256": self.sha256,
            "feature_hash": self.spec["feature_hash"],
            "data_fingerprint": self.spec["data_sha256"],
            "rows_trained": self.spec["rows"],
            "rounds": self.spec["rounds"],
            "model": self.to_json(),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Model":
        """The model of a row of `model_versions`.

        AsofError when the row is not, to the byte, what was written.
        """
        who = f"model {row.get('model_version')!r} of {row.get('problem')!r}"
        missing = [key for key in ("model", "sha256", "model_version", "problem") if not isinstance(row.get(key), str)]
        if missing:
            raise AsofError(f"{who} is damaged: {', '.join(missing)} is missing; {RESTORE}")
        model = cls.from_json(row["model"], who)
        if (model.sha256, model.name, model.problem) != (row["sha256"], row["model_version"], row["problem"]):
            raise AsofError(f"{who} is damaged: the row holds {model.name} with another sha256; {RESTORE}")
        return model


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _sha256(value: Any) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()
