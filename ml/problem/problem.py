"""A prediction problem, as its dbt declaration says it.

Frozen, validated, the source of every column list.
"""

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any

from ml.problem.declared.columns import Column
from ml.problem.declared.label_range import ANY, LabelRange
from ml.problem.declared.spec import Declared

# Prose does not change a model, so it does not change the hash of the declaration either.
# Nor does whose corrections count: which labels they made is in the fingerprint of the data.
PROSE = ("title", "goal", "owner", "path", "framing", "feedback")
# Nor does what decides about a finished model, or when the next one is made.
LATER = ("validation", "budget", "retraining")


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem(Declared):
    """A declaration and its columns, made by `ml.problem.declaration.read`: nothing in it needs checking again."""

    name: str
    path: str
    columns: tuple[Column, ...]
    classes: tuple[str, ...] = ()
    label_range: LabelRange = ANY

    # A problem is itself and no other: what is kept for one is not looked up by comparing all that it declares.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

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
    def rules(self) -> tuple[str, ...]:
        """The columns that hold the rule: one, or one for each class, in their order."""
        return tuple(f"rule_{name}" for name in self.classes) or (self._one("rule"),)

    @property
    def rule(self) -> str:
        """The one column that holds the rule; of several the first."""
        return self.rules[0]

    @property
    def cluster_unit(self) -> str:
        """What clusters are, in the plural, for sentences."""
        return "days" if self.cluster == "day" else f"values of {self.cluster}"

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
        return self._hash(PROSE + LATER)

    @cached_property
    def verdict_hash(self) -> str:
        """sha256 (hex) of everything in the declaration that can change a model or the verdict on it."""
        return self._hash((*PROSE, "retraining"))

    def _hash(self, left_out: tuple[str, ...]) -> str:
        # Without them a hash is what it was before a declaration could have them.
        left_out += () if self.classes else ("classes",)
        left_out += () if self.label_range.declared else ("label_range",)
        spec = {field.name: _changed(getattr(self, field.name)) for field in fields(self) if field.name not in left_out}
        spec["columns"] = sorted((column.name, column.kind, column.role) for column in self.columns)
        return _sha256(spec)


def _changed(value: Any) -> Any:
    """A section without what is at its default, so that a key that is added to it later changes no hash."""
    if not is_dataclass(value):
        return value
    return {field.name: one for field in fields(value) if (one := getattr(value, field.name)) != field.default}


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=list).encode()).hexdigest()
