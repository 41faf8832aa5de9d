"""What a verdict is found on: the same rows, scored by challenger, rule and champion."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa

from flows.steps import problems, registry, settings
from ml.decide import threshold
from ml.encode import numbers
from ml.errors import AsofError
from ml.gates import Flags
from ml.model import Model
from ml.problem import Problem
from ml.rows import labels, weights
from ml.split import days, instants


@dataclass(frozen=True)
class Case:
    """Every row whose truth is known (`table`), which of them are judged (a mask), and the scores on those.

    `row` is the challenger's row of `model_versions`.
    """

    problem: Problem
    row: dict
    table: pa.Table
    judged: np.ndarray
    challenger: np.ndarray
    champion: np.ndarray | None
    flags: Flags

    @cached_property
    def rows(self) -> pa.Table:
        return self.table.filter(pa.array(self.judged))

    @cached_property
    def label(self) -> np.ndarray:
        return labels(self.rows, self.problem, np.arange(self.rows.num_rows))

    @property
    def rule(self) -> np.ndarray:
        return numbers(self.rows, self.problem.rule)

    @property
    def weight(self) -> np.ndarray | None:
        return weights(self.rows, self.problem) if self.problem.weight else None

    @property
    def cluster(self) -> np.ndarray:
        if self.problem.cluster == "day":
            return days(self.rows[self.problem.as_of])
        return self._texts(self.problem.cluster)

    @property
    def slices(self) -> dict[str, np.ndarray]:
        return {column: self._texts(column) for column in self.problem.slices}

    def _texts(self, column: str) -> np.ndarray:
        return np.array(["missing" if value is None else str(value) for value in self.rows[column].to_pylist()])

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The instants between which the judged rows lie: first <= as_of < second."""
        at = instants(self.rows[self.problem.as_of])
        return at.min().item(), at.max().item() + timedelta(microseconds=1)

    @property
    def cells(self) -> dict:
        return json.loads(self.row["edges"])

    @property
    def importances(self) -> dict[str, float]:
        return json.loads(self.row["importances"])

    @cached_property
    def deployed(self) -> Model:
        return Model.from_row(self.row)

    @cached_property
    def twin(self) -> Model:
        return Model.from_json(self.row["twin"], f"twin of {self.row['model_version']}")


def holdout(problem: Problem, now: datetime, version: str, incumbent: str | None) -> Case:
    """The challenger's twin and the champion on holdout rows that neither has seen.

    A champion whose features the training set no longer has is judged by the scores that it gave live.
    """
    row = registry.row(problem.name, version)
    twin = Model.from_json(row["twin"], f"twin of {version}")
    twin.check(problem)
    table = problems.training_rows(problem, now)
    judged = instants(table[problem.as_of]) >= np.datetime64(row["holdout_from"], "us")
    champion = flagged = None
    if incumbent:
        old = registry.model(problem.name, incumbent)
        if lost := old.lost(problem):
            scores = problems.live_scores(problem, now, incumbent)
            there = _there(scores)
            _some(problem, judged, judged & there, version, f"{incumbent} needs {', '.join(lost)} in another form than the "
                  "training set has now, and gave no live score to these rows either")  # fmt: skip
            judged &= there
            champion, flagged = _taken(scores, judged)
        else:
            # Of a label that people corrected, the champion may have seen the version before.
            unseen = old.unseen(problems.first_known(problem, table))
            _some(problem, judged, judged & unseen, version, f"{incumbent} was trained on them")
            judged &= unseen
    rows = table.filter(pa.array(judged))
    _some(problem, judged, judged, version, "their labels are not known yet")
    if incumbent and champion is None:
        champion = old.predict(rows, settings.threads())
        flagged = champion >= old.threshold
    score = twin.predict(rows, settings.threads())
    flags = Flags(score >= twin.threshold, _by_rule(problem, rows), flagged)
    return Case(problem, row, table, judged, score, champion, flags)


def live(problem: Problem, now: datetime, version: str, incumbent: str | None) -> Case:
    """What the challenger said in the shadow and the champion in the open, on the same rows with known outcomes."""
    row = registry.row(problem.name, version)
    if incumbent is None:
        raise AsofError(f"{problem.name} has no champion to compare live with; judge {version} on its holdout")
    table = problems.training_rows(problem, now)
    theirs = problems.live_scores(problem, now, incumbent)
    ours = problems.live_scores(problem, now, version, shadow=True)
    judged = _there(theirs) & _there(ours)
    if not judged.any():
        raise AsofError(
            f"{version} and {incumbent} have no row in common that both scored live and whose outcome is known: run "
            f"`python -m flows shadow --model {version}`, then let days pass"
        )
    (score, flagged), (champion, flagged_by_champion) = _taken(ours, judged), _taken(theirs, judged)
    rows = table.filter(pa.array(judged))
    return Case(problem, row, table, judged, score, champion, Flags(flagged, _by_rule(problem, rows), flagged_by_champion))


def _there(scores: pa.Table) -> np.ndarray:
    return scores["score"].is_valid().to_numpy()


def _taken(scores: pa.Table, judged: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = scores.filter(pa.array(judged))
    return there["score"].to_numpy(), there["flagged"].to_numpy()


def _by_rule(problem: Problem, rows: pa.Table) -> np.ndarray:
    rule = numbers(rows, problem.rule)
    return rule >= threshold(problem.decision, problem.costs, rule)


def _some(problem: Problem, before: np.ndarray, after: np.ndarray, version: str, why: str) -> None:
    """AsofError when no row is left to judge on."""
    if not after.any():
        raise AsofError(
            f"{problem.name}: none of the {int(before.sum())} holdout rows of {version} can be judged: {why}; "
            "wait for more labels, or promote it for a --reason"
        )
