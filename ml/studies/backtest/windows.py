"""What the triggers of a policy see in a replay, stretch by stretch; `mon_retraining_windows` asks the same of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np

from ml.problem.declared.retraining import Retraining
from ml.schedule.retraining import Window
from ml.statistics.evaluate import METRICS
from ml.studies.backtest import estimating
from ml.studies.backtest.estimating import Estimator, Scored
from ml.studies.backtest.shared import Drifting, SharedWork
from ml.studies.backtest.trainings import Key

# As many stretches before as say what is usual; the median of fewer is a guess.
FEWEST = 4


class Limits(NamedTuple):
    """What the monitors are declared to look at: `vars: weekly_limits` and `vars: estimation` of dbt_project.yml."""

    drifting: Drifting
    estimation: estimating.Limits


class Windows:
    """The windows of each declared trigger. Windows are the stretches: each is looked at when it ends, and its quality as soon
    as labels enough are in, as far as they have come by then."""

    def __init__(self, shared: SharedWork, policy: Retraining, limits: Limits) -> None:
        self.shared, self.policy, self.limits = shared, policy, limits
        self.seen: dict[str, list[Window]] = {name: [] for name in policy.triggers}
        self.blind: tuple[datetime, ...] = ()
        self._scores: list[np.ndarray] = []
        self._champions: list[Key] = []
        self._realised: dict[int, float] = {}
        self._estimator = Estimator(shared.problem.metric, limits.estimation)

    def close(self, stretch: int, champion: Key, score: np.ndarray) -> None:
        """A stretch has ended: `score` is what `champion` said of its rows."""
        self._scores.append(score)
        self._champions.append(champion)
        end = self.shared.edges[stretch + 1]
        if "drift" in self.seen:
            self.seen["drift"].append(Window(end, self.shared.drifted(champion, stretch, self.limits.drifting)))
        if {"realised_loss", "estimated_loss"} & set(self.seen):
            self._realise(stretch)
        if "realised_loss" in self.seen:
            known, values = sorted(self._realised), self._qualities(stretch + 1)
            self.seen["realised_loss"] = [
                Window(self.shared.edges[at + 1], self._lost(values[: place + 1])) for place, at in enumerate(known)
            ]
        if "estimated_loss" in self.seen:
            best = self._best(stretch)
            if best is None:
                self.blind += (end,)
            else:
                self.seen["estimated_loss"].append(Window(end, self._lost([*self._qualities(stretch), best])))

    def _realise(self, stretch: int) -> None:
        now, waited_for = self.shared.edges[stretch + 1], self.limits.estimation.unverified_share
        for at in range(stretch + 1):
            if at not in self._realised:
                value = self.shared.realised(self._scores[at], at, now, 1 - waited_for)
                if value is not None:
                    self._realised[at] = value

    def _qualities(self, before: int) -> list[float]:
        """The quality of those stretches before one whose labels are in, in their order."""
        return [value for at, value in sorted(self._realised.items()) if at < before]

    def _lost(self, qualities: list[float]) -> bool:
        return lost(self.shared.problem.metric, qualities, self.policy.loss)

    def _best(self, stretch: int) -> float | None:
        """The better end of what a stretch's quality may be; None where nobody can say."""
        shared, start, end = self.shared, *(np.datetime64(at, "us") for at in self.shared.edges[stretch : stretch + 2])
        if len(shared.stretches[stretch]) == 0:
            return None
        rows = slice(shared.first, int(shared.stretches[stretch][-1]) + 1)
        # A version is known by where it became champion.
        version = np.repeat([self._champions.index(one) for one in self._champions], [len(one) for one in self._scores])
        scored = Scored(shared.as_of[rows], shared.known_at[rows], shared.label[rows], np.concatenate(self._scores), version)
        found = self._estimator.add(scored, start, end)
        return found.low if METRICS[shared.problem.metric].sign < 0 else found.high


def lost(metric: str, qualities: list[float], loss: float) -> bool:
    """Whether the latest of these is worse by more than `loss` than half of those before it; False where they are too few."""
    before = [one for one in qualities[:-1] if np.isfinite(one)]
    if len(before) < FEWEST or not np.isfinite(qualities[-1]):
        return False
    return METRICS[metric].sign * (float(np.median(before)) - qualities[-1]) > loss
