"""`label_range:`, the ends between which every label that is a number lies, and so everything that is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import model_validator

from ml.problem.declared.section import Number, fault, section


@section
class LabelRange:
    """No label is below `at_least` or above `at_most`, so no prediction, interval or rule is either; None: there is no such end.

    A count and a sum of what is never negative have `at_least: 0`, a share has both ends.
    """

    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _some_room(self) -> LabelRange:
        if self.at_least is not None and self.at_most is not None and self.at_least >= self.at_most:
            raise fault(".at_least must be below at_most, {} is not below {}", self.at_least, self.at_most)
        return self

    @property
    def declared(self) -> dict[str, Any]:
        """The ends that there are, by name."""
        return {name: end for name in ("at_least", "at_most") if (end := getattr(self, name)) is not None}

    @property
    def words(self) -> str:
        """What a label is, in words; empty where there is no end."""
        return " and ".join(f"{name.replace('_', ' ')} {end:g}" for name, end in self.declared.items())

    def within(self, values: np.ndarray) -> np.ndarray:
        """The values, float64, those beyond an end moved to it; missing ones stay missing."""
        values = np.asarray(values, dtype=np.float64)
        if self.at_least is not None:
            values = np.maximum(values, self.at_least)
        return values if self.at_most is None else np.minimum(values, self.at_most)

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which values are numbers that lie within it, a mask."""
        return np.isfinite(values) & (self.within(values) == values)


# Labels may be any numbers.
ANY = LabelRange()
