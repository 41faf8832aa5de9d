"""What is measured by running a challenger, as plain numbers: the steps measure, the gates decide."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Cost(NamedTuple):
    """Scoring `rows` real rows in a fresh process: seconds with loading the model, the least of a few tries."""

    rows: int
    seconds: float
    cpu_seconds: float
    load_seconds: float
    memory_mb: float
    model_mb: float


class Parity(NamedTuple):
    """The largest difference of scores by both paths on `rows`, the entity it was found on, and rows that one path lacks."""

    rows: int
    missing: int
    gap: float
    first: str


class Repeat(NamedTuple):
    """A fit made again: whether it came to the same, None where something `changed` meanwhile, and how much was compared."""

    same: bool | None
    compared: str
    changed: str = ""


class Newest(NamedTuple):
    """The newest `as_of` (datetime64, UTC) that the holdout models of challenger and champion learned from."""

    challenger: np.datetime64
    champion: np.datetime64


@dataclass(frozen=True)
class Measured:
    """Each is None where it was not measured; then its gate is not asked."""

    cost: Cost | None = None
    parity: Parity | None = None
    repeat: Repeat | None = None
    newest: Newest | None = None
