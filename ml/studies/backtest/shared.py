"""What has to be computed once, however many policies ask for it: trainings, scores, verdicts, drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from ml.models import decide
from ml.models.model import Model
from ml.problem.rows import Rows
from ml.problem.split import known
from ml.statistics import profile
from ml.statistics.evaluate import measure
from ml.studies.backtest.policy import Gate
from ml.studies.backtest.trainings import Key, Trainings
from ml.validation import retraining_gains
from ml.validation.alpha_spending import Spent, available
from ml.validation.gates import Evidence, Flags
from ml.validation.judge import Verdict, judge
from ml.validation.prior import RETRAINED, Gain, Past

# PSI is read over twentieths of the training rows, as the monitors do.
CELLS = 20


@dataclass(frozen=True)
class Drifting:
    """When a week counts as drifted: features whose PSI is above `psi` carry more than `share_of_gain` of the model."""

    psi: float
    share_of_gain: float


class SharedWork:
    """The rows of a problem and everything that policies share; each is computed when it is first asked for.

    `rows` are all whose label is known by now, in a total order. `edges` are the instants at which a policy may act and
    the end; between two neighbours lies a stretch, numbered from 0, which one model scores.
    """

    def __init__(self, rows: Rows, edges: Sequence[datetime], threads: int = 2) -> None:
        self.rows, self.problem, self.edges = rows, rows.problem, tuple(edges)
        self.trainings, self.threads = Trainings(rows, threads), threads
        self.as_of, self.known_at, self.label, self.cluster = rows.as_of, rows.known_at, rows.label, rows.cluster
        at = np.array(self.edges, dtype="datetime64[us]")
        bounds = np.searchsorted(self.as_of, at, "left")
        # Where the first stretch begins, though it may be empty.
        self.first = int(bounds[0])
        self.stretches = [np.arange(first, last) for first, last in pairwise(bounds)]
        self._scores: dict[tuple[Key, int], np.ndarray] = {}
        self._verdicts: dict[tuple, Verdict] = {}
        self._gains: dict[retraining_gains.Fold, retraining_gains.Measured] = {}
        self._cells: dict[Key, tuple[profile.Profile, dict[str, np.ndarray]]] = {}

    def scores(self, key: Key, stretch: int) -> np.ndarray:
        """What the challenger of a training says of the rows of a stretch, as the champion."""
        if (key, stretch) not in self._scores:
            part = self.rows.take(self.stretches[stretch])
            self._scores[key, stretch] = self.trainings[key].challenger.predict(part, self.threads)
        return self._scores[key, stretch]

    def said(self, key: Key, rows: np.ndarray) -> np.ndarray:
        """The same of any rows, ascending; those of stretches are shared with whoever asks for them."""
        early = rows[rows < self.first]
        found = [self.trainings[key].challenger.predict(self.rows.take(early), self.threads)] if len(early) else []
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
        gain, now = self.trainings[key].importances, profile.tallies(cells, self.rows.take(rows))
        return sum(gain[name] for name in cells if profile.psi(before[name], now[name]) > limits.psi) > limits.share_of_gain

    def _profile(self, key: Key) -> tuple[profile.Profile, dict[str, np.ndarray]]:
        if key not in self._cells:
            used = self._used(key)
            found = profile.edges(used, CELLS)
            cells = {name: found[name] for name in self.problem.feature_names}
            self._cells[key] = cells, profile.tallies(cells, used)
        return self._cells[key]

    def _used(self, key: Key) -> Rows:
        rows = known(self.as_of, self.known_at, key.at, self.problem.training.window_days)
        return self.rows.take(rows)

    def verdict(self, key: Key, champion: Key, gate: Gate, spent: Sequence[Spent]) -> tuple[Verdict, Spent] | None:
        """What the gates say of a challenger, as of its training, and the rows that this spent alpha on.

        None where champion and holdout model have no unseen row in common, or no alpha is left for those that they have.

        What serving costs, whether a fit repeats and whether a test set was broken is not asked: policies do not differ in it.
        """
        challenger = self.trainings[key]
        there = self._opponent(champion, gate).unseen(self.known_at[challenger.holdout])
        rows = challenger.holdout[there]
        if len(rows) == 0:
            return None
        start, end = self.as_of[rows].min().item(), self.as_of[rows].max().item() + timedelta(microseconds=1)
        alpha = self.problem.alpha if gate.prior else available(self.problem.alpha, spent, start, end)
        if alpha <= 0:
            return None
        asked = (key, champion, gate, alpha)
        if asked not in self._verdicts:
            self._verdicts[asked] = self._judge(key, rows, challenger.holdout_score[there], champion, gate, alpha)
        return self._verdicts[asked], Spent(start, end, alpha)

    def past(self, at: datetime, days: float) -> Past:
        """What newer data were worth to the declared recipe on each fold that could be measured as of an instant."""
        now = np.datetime64(at, "us")
        folds = retraining_gains.due(self.rows, now)
        missing = [one for one in folds if one not in self._gains]
        for found in retraining_gains.measure(self.rows, missing, now, self.threads):
            self._gains[found.fold] = found
        there = [one for fold, one in sorted(self._gains.items()) if folds and fold.end <= folds[-1].end]
        metric, value = (
            tuple(Gain(found.estimate, found.se, one.fold.days) for one in there if (found := getattr(one, name)))
            for name in ("metric", "value")
        )
        return Past(RETRAINED, days, self.problem.validation.broken_share, metric, value)

    def _judge(self, key: Key, rows: np.ndarray, score: np.ndarray, champion: Key, gate: Gate, alpha: float) -> Verdict:
        challenger = self.trainings[key]
        problem, part = replace(self.problem, margin=gate.margin), self.rows.take(rows)
        past = self.past(key.at, (key.at - champion.at) / timedelta(days=1)) if gate.prior else None
        model = self._opponent(champion, gate)
        theirs = model.predict(part, self.threads) if gate.prior else self.said(champion, rows)
        ruled = part.rule >= decide.threshold(problem.decision, problem.costs, part.rule)
        flags = Flags(score >= challenger.holdout_model.threshold, ruled, theirs >= model.threshold)
        return judge(Evidence(replace(part, problem=problem), score, theirs, flags, alpha, past=past))

    def _opponent(self, champion: Key, gate: Gate) -> Model:
        """What a challenger's holdout model is compared with: the champion's own, which is as much older as the champion is."""
        trained = self.trainings[champion]
        return trained.holdout_model if gate.prior else trained.challenger
