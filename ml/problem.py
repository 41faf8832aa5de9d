"""A prediction problem, as its dbt declaration says it.

Frozen, validated, the source of every column list.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ml.declared.feedback import Feedback
from ml.declared.framing import Framing
from ml.declared.retraining import Retraining
from ml.declared.validation import ScoringBudget, Validation

KINDS = ("number", "boolean", "category", "time", "other")
# Prose does not change a model, so it does not change the hash of the declaration either.
# Nor does whose corrections count: which labels they made is in the fingerprint of the data.
PROSE = ("title", "goal", "owner", "path", "framing", "feedback")
# Nor does what decides about a finished model, or when the next one is made.
LATER = ("validation", "scoring_budget", "retraining")


@dataclass(frozen=True)
class Column:
    """One column of the training set.

    `kind` is derived from `data_type`, `role` is "feature" when unmarked.
    """

    name: str
    data_type: str
    role: str
    description: str
    kind: str


class Costs(NamedTuple):
    """What one wrong answer costs, in any one unit."""

    false_positive: float
    false_negative: float


class Decision(NamedTuple):
    """Exactly one is in force.

    A fixed `threshold`, a `capacity_share`, or (both None) the threshold of the costs.
    """

    threshold: float | None
    capacity_share: float | None


class Training(NamedTuple):
    """How to train.

    `window_days` None means all of history; `sampling` is the share of negatives that the trees see; the model is the
    mean of `members` boosters that differ in their seeds.
    """

    seed: int
    rounds: int
    early_stopping_rounds: int
    window_days: int | None
    params: dict[str, Any]
    calibration: str = "auto"
    sampling: float = 1.0
    members: int = 1


class Budget(NamedTuple):
    """What one training may take; None means no limit."""

    train_seconds: float | None
    train_memory_mb: float | None


class Explain(NamedTuple):
    """How many reasons a prediction carries, and which rows get them: "flagged", "all" or "none"."""

    reasons: int
    rows: str


@dataclass(frozen=True, eq=False)
class Problem:
    """The declaration of one problem. Made by `from_manifest`; nothing in it needs checking again."""

    name: str
    path: str
    title: str
    goal: str
    owner: str
    task: str
    metric: str
    margin: float
    alpha: float
    cluster: str
    slices: tuple[str, ...]
    costs: Costs
    decision: Decision
    retraining: Retraining
    holdout_days: int
    validation_days: int
    budget: Budget
    training: Training
    explain: Explain
    feedback: Feedback
    framing: Framing
    columns: tuple[Column, ...]
    validation: Validation
    scoring_budget: ScoringBudget

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], name: str) -> "Problem":
        """The problem `name` of a dbt manifest. AsofError names the file and the key that is wrong."""
        from ml.declaration import read

        return cls(**read(manifest, name))

    def _one(self, role: str) -> str:
        return next(column.name for column in self.columns if column.role == role)

    @cached_property
    def entity(self) -> str:
        return self._one("entity")

    @cached_property
    def as_of(self) -> str:
        return self._one("as_of")

    @cached_property
    def label(self) -> str:
        return self._one("label")

    @cached_property
    def label_known_at(self) -> str:
        return self._one("label_known_at")

    @cached_property
    def rule(self) -> str:
        return self._one("rule")

    @cached_property
    def weight(self) -> str | None:
        return next((column.name for column in self.columns if column.role == "weight"), None)

    @cached_property
    def features(self) -> tuple[Column, ...]:
        """The feature columns, in the order of the declaration."""
        return tuple(column for column in self.columns if column.role == "feature")

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.features)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The names of the features that are text and become integer codes."""
        return tuple(column.name for column in self.features if column.kind == "category")

    @cached_property
    def candidates(self) -> tuple[Column, ...]:
        """Columns that are kept and described but not learned from: an experiment may take them in."""
        return tuple(column for column in self.columns if column.role == "candidate")

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The names of all columns that are text, features or not."""
        return tuple(column.name for column in self.columns if column.kind == "category")

    @cached_property
    def training_columns(self) -> tuple[str, ...]:
        """Every declared column, in order: what to select from `<name>__training_set`."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def scoring_columns(self) -> tuple[str, ...]:
        """What to select from `<name>__scoring_set`: everything that is known at `as_of`."""
        later = ("label", "label_known_at", "weight")
        return tuple(column.name for column in self.columns if column.role not in later)

    @cached_property
    def feature_hash(self) -> str:
        """sha256 (hex) of the features' names and kinds; their order does not matter."""
        return _sha256(sorted((column.name, column.kind) for column in self.features))

    @cached_property
    def spec_hash(self) -> str:
        """sha256 (hex) of everything in the declaration that can change a model."""
        spec = {key: value for key, value in asdict(self).items() if key not in PROSE + LATER}
        # What was added to the declaration later changes the hash only where it is used.
        calibration, sampling = self.training.calibration, self.training.sampling
        spec["training"] = [*self.training[:5], *([calibration, sampling] if (calibration, sampling) != ("auto", 1.0) else [])]
        if self.training.members > 1:
            spec["members"] = self.training.members
        spec["columns"] = sorted((column.name, column.kind, column.role) for column in self.columns)
        return _sha256(spec)


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=list).encode()).hexdigest()
