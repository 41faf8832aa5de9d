"""What a model card says, as it is handed from those who gather it to those who draw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml.models import shap
from ml.models.model import Model
from ml.problem.problem import Problem
from ml.statistics.slices import Slice


@dataclass(frozen=True)
class Card:
    """What a card says. `found` is the evidence (`ml.validation.card.found`) by kind of rows: holdout, rule (there), live.

    `decided` likewise, of `paid`."""

    problem: Problem
    row: dict[str, Any]
    model: Model
    now: datetime
    found: dict[str, Any]
    decided: dict[str, Any]
    slices: list[Slice]
    shap: shap.Shap
    importances: dict[str, float]
    verdicts: list[dict]
    gates: list[dict]
    promotions: list[dict]
    errors: list[dict]
    shared: list[dict]
