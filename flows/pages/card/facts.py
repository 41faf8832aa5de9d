"""What a model card says, as it is handed from those who gather it to those who draw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.pages.html.page import harmless
from flows.pages.html.words import spelled
from ml.models import shap
from ml.models.model import Model
from ml.problem import words
from ml.problem.problem import Problem
from ml.statistics.slices import Slice


@dataclass(frozen=True)
class Card:
    """What a card says. `found` is the evidence (`ml.validation.card.found`) by kind of rows: holdout, rule (there), live.

    `decided` likewise, of `paid`. `before` was champion when it was judged last."""

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
    before: str | None
    errors: list[dict]
    shared: list[dict]

    def words(self, column: str) -> words.Words:
        """How a column is said."""
        return words.of(self.problem, column)

    def told(self, text: str) -> str:
        """A text of anybody as harmless Markdown, with the features that it names in words, and their names as code."""
        return spelled(harmless(text), self.problem, lambda name, words: f"“{harmless(words)}” (`{name}`)")
