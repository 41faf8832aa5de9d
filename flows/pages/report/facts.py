"""What a report says, as it is handed from those who gather it to those who draw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import pyarrow as pa

from flows.pages.html.parts import Html
from flows.pages.html.words import spelled
from ml.problem import words
from ml.problem.problem import Problem
from ml.schedule.retraining import next_slot
from ml.statistics.histogram import Cell

# Half a year of weeks and a quarter of days: what a page shows side by side and people can still read.
WEEKS, DAYS, RECENT = 26, 91, 28

Row = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What a report says: rows as the models hold them, oldest first, and those of the champion where a model is meant."""

    problem: Problem
    now: datetime
    health: Row
    champion: Row | None
    importances: dict[str, float]
    versions: list[Row]
    promotions: list[Row]
    quality: list[Row]
    recent: dict[str, Row]
    estimates: list[Row]
    drift: list[Row]
    fewest: int
    cells: dict[str, list[Row]]
    served: Row
    known: pa.Table
    explained: list[Row]
    proxies: list[Row]
    slices: list[Row]
    alerts: list[Row]
    verdicts: list[Row]
    gates: list[Row]
    evidence: list[Row]
    volumes: list[Row]
    ages: list[Row]
    refused: list[Row]
    quotas: list[Row]
    runs: list[Row]
    failures: list[Row]
    pages: str

    @property
    def trained_as_of(self) -> datetime | None:
        """The clock of the last training that left a version."""
        return max((one["trained_as_of"] for one in self.versions), default=None)

    @property
    def next_training(self) -> datetime | None:
        """When the calendar asks for a training, due where that has passed; None where it never does, or none was made yet."""
        return self.trained_as_of and next_slot(self.problem.retraining.cadence, self.trained_as_of)

    @property
    def has_learned(self) -> bool:
        """Whether the champion learned from any feature: a rule learns from none."""
        return any(self.importances.values())

    @property
    def moved(self) -> dict[str, float]:
        """How far each feature had moved in the last week, as its population stability index."""
        last = max((row["week"] for row in self.drift), default=None)
        return {row["feature"]: row["psi"] for row in self.drift if row["week"] == last and row["psi"] is not None}

    @property
    def order(self) -> list[str]:
        """Score and label, then the features: what the champion learned most from first, of a rule what moved farthest."""
        by = self.importances if self.has_learned else self.moved
        return ["score", "label", *sorted(self.problem.feature_names, key=lambda name: (-by.get(name, 0), name))]

    def words(self, column: str) -> words.Words:
        """How a column is said."""
        return words.of(self.problem, column)

    def called(self, name: str) -> str:
        """What a feature, score or label is, as people read it; anything else stays as it is."""
        if name in self.problem.feature_names:
            return self.words(name).name
        return {"score": "score: what the model said", "label": "label: what happened"}.get(name, name)

    def told(self, text: str) -> Html:
        """A text with the features that it names in words, their names in titles."""
        return Html(spelled(escape(text), self.problem, lambda name, words: f'<span title="{name}">“{escape(words)}”</span>'))

    def histogram(self, feature: str) -> list[Cell]:
        """The cells of a number, ready to be drawn; what has no value is left out."""
        return [
            Cell(row["low"], row["high"], row["rows_trained"], row["rows_served"])
            for row in self.cells.get(feature, [])
            if row["kind"] in ("below", "inside", "above")
        ]
