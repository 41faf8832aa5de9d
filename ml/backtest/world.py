"""What has to be computed once, however many policies ask for it: trainings, scores, verdicts, drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from ml import decide, profile
from ml.backtest.policy import Gate
from ml.backtest.trainings import Key, Trainings
from ml.encode import numbers
from ml.evaluate import measure
from ml.gates import Flags
from ml.judge import Verdict, judge
from ml.problem import Problem
from ml.rows import labels, weights
from ml.spending import Look, available
from ml.split import days, instants, known
from ml.train import Trained

# PSI is read over twentieths of the training rows, as the monitors do.
CELLS = 20


@dataclass(frozen=True)
class Drifting:
    """When a week counts as drifted: features whose PSI is above `psi` carry more than `share_of_gain` of the model."""

    psi: float
    share_of_gain: float


class World:
    """The rows of a problem and everything that policies share; each is computed when it is first asked for.

    `table` holds every row whose label is known by now, in a total order. `edges` are the instants at which a policy may act and
    the end; between two neighbours lies a stretch, numbered from 0, which one model scores.
    """

    def __init__(self, table: pa.Table, problem: Problem, edges: Sequence[datetime], threads: int = 2) -> None:
        self.table, self.problem, self.edges = table, problem, tuple(edges)
        self.trainings, self.threads = Trainings(table, problem, threads), threads
        self.as_of, self.known_at = instants(table[problem.as_of]), instants(table[problem.label_known_at])
        self.label = labels(table, problem, np.arange(table.num_rows))
        self.cluster = days(self.as_of) if problem.cluster == "day" else np.array(table[problem.cluster].to_pylist(), dtype=str)
        at = np.array(self.edges, dtype="datetime64[us]")
        bounds = np.searchsorted(self.as_of, at, "left")
        # Where the first stretch begins, though it may be empty.
        self.first = int(bounds[0])
        self.stretches = [np.arange(first, last) for first, last in pairwise(bounds)]
        self._scores: dict[tuple[Key, int], np.ndarray] = {}
        self._verdicts: dict[tuple, Verdict] = {}
        self._cells: dict[Key, tuple[profile.Profile, dict[str, np.ndarray]]] = {}

    @cached_property
    def _judged(self) -> list[str]:
        """The columns that a verdict looks at beside scores and labels."""
        return [*self.problem.slices, *([self.problem.weight] if self.problem.weight else [])]

    @cached_property
    def rule(self) -> np.ndarray:
        return numbers(self.table, self.problem.rule)

    def scores(self, key: Key, stretch: int) -> np.ndarray:
        """What the challenger of a training says of the rows of a stretch, as the model in office."""
        if (key, stretch) not in self._scores:
            rows = self.stretches[stretch]
            part = self.table.slice(int(rows[0]) if len(rows) else 0, len(rows))
            self._scores[key, stretch] = self.trainings[key].challenger.predict(part, self.threads)
        return self._scores[key, stretch]

    def said(self, key: Key, rows: np.ndarray) -> np.ndarray:
        """The same of any rows, ascending; those of stretches are shared with whoever asks for them."""
        early = rows[rows < self.first]
        found = [self.trainings[key].challenger.predict(self.table.take(early), self.threads)] if len(early) else []
        for stretch, inside in enumerate(self.stretches):
            first, last = np.searchsorted(rows, [inside[0], inside[-1] + 1]) if len(inside) else (0, 0)
            if last > first:
                found.append(self.scores(key, stretch)[rows[first:last] - inside[0]])
        return np.concatenate(found)

    def realised(self, score: np.ndarray, stretch: int, now: datetime, labelled: float) -> float | None:
        """The metric of a stretch on the rows whose truth was known before `now`; NaN where they are of one class, None while
        less than a share of `labelled` is in: what is known first is no fair sample."""
        rows = self.stretches[stretch]
        there = self.known_at[rows] < np.datetime64(now, "us")
        if len(rows) == 0 or there.mean() < labelled:
            return None
        truth = self.label[rows][there]
        return measure(self.problem.metric, truth, score[there]) if len(np.unique(truth)) == 2 else float("nan")

    def arrived(self, start: datetime, end: datetime) -> int:
        """How many labels became known from `start` on and before `end`."""
        return int(((self.known_at >= np.datetime64(start, "us")) & (self.known_at < np.datetime64(end, "us"))).sum())

    def drifted(self, key: Key, stretch: int, limits: Drifting) -> bool:
        """Whether most of what a model stands on had moved in a stretch, against the rows that it was trained on."""
        rows = self.stretches[stretch]
        if len(rows) == 0:
            return False
        cells, before = self._profile(key)
        part, gain = self.table.slice(int(rows[0]), len(rows)), self.trainings[key].importances
        now = profile.tallies(cells, part)
        return sum(gain[name] for name in cells if profile.psi(before[name], now[name]) > limits.psi) > limits.share_of_gain

    def _profile(self, key: Key) -> tuple[profile.Profile, dict[str, np.ndarray]]:
        if key not in self._cells:
            used = self._used(key)
            found = profile.edges(used, self.problem, CELLS)
            cells = {name: found[name] for name in self.problem.feature_names}
            self._cells[key] = cells, profile.tallies(cells, used)
        return self._cells[key]

    def _used(self, key: Key) -> pa.Table:
        rows = known(self.as_of, self.known_at, key.at, self.problem.training.window_days)
        return self.table.select(list(self.problem.feature_names)).take(rows)

    def verdict(self, key: Key, champion: Key, gate: Gate, looks: Sequence[Look]) -> tuple[Verdict, Look] | None:
        """What the gates say of a challenger, as of its training, and the rows that this spent alpha on.

        None where champion and twin have no unseen row in common, or no alpha is left for those that they have.

        What serving costs, whether a fit repeats and whether a test set was broken is not asked: policies do not differ in it.
        """
        challenger = self.trainings[key]
        there = self.trainings[champion].challenger.unseen(self.known_at[challenger.holdout])
        rows = challenger.holdout[there]
        if len(rows) == 0:
            return None
        start, end = self.as_of[rows].min().item(), self.as_of[rows].max().item() + timedelta(microseconds=1)
        alpha = available(self.problem.alpha, looks, start, end)
        if alpha <= 0:
            return None
        asked = (key, champion, gate, alpha)
        if asked not in self._verdicts:
            self._verdicts[asked] = self._judge(challenger, rows, challenger.holdout_score[there], champion, gate, alpha)
        return self._verdicts[asked], Look(start, end, alpha)

    def _judge(
        self, challenger: Trained, rows: np.ndarray, score: np.ndarray, champion: Key, gate: Gate, alpha: float
    ) -> Verdict:
        problem, part, rule = (
            replace(self.problem, margin=gate.margin),
            self.table.select(self._judged).take(rows),
            self.rule[rows],
        )
        model = self.trainings[champion].challenger
        theirs = self.said(champion, rows)
        ruled = rule >= decide.threshold(problem.decision, problem.costs, rule)
        flags = Flags(score >= challenger.twin.threshold, ruled, theirs >= model.threshold)
        return judge(
            self.label[rows],
            self.cluster[rows],
            score,
            rule,
            theirs,
            problem=problem,
            weight=weights(part, problem) if problem.weight else None,
            flags=flags,
            slices={name: _texts(part, name) for name in problem.slices},
            alpha=alpha,
        )


def _texts(rows: pa.Table, name: str) -> np.ndarray:
    return np.array(["missing" if value is None else str(value) for value in rows[name].to_pylist()])
