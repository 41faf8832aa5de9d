"""What came of a policy in a period: quality and value with intervals by day, against trainings, seconds and money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ml.models.learn import Progress
from ml.problem.problem import Problem
from ml.statistics.influence import interval, mean_by
from ml.statistics.interval import Interval
from ml.statistics.jackknife import difference
from ml.studies.backtest.policy import Policy
from ml.studies.backtest.shared import SharedWork
from ml.studies.backtest.simulation import Replay
from ml.studies.feasibility.worth import savings

METRICS = ("roc_auc", "pr_auc", "log_loss")
# Days of a month, for figures by the month.
MONTH = 365.25 / 12


@dataclass(frozen=True)
class Outcome:
    """A policy in a period.

    `quality` by metric. `gained` is what the problem's metric is better by than under the policy in use, on the same rows.
    `saved` a row, in the unit of the declared costs, against the better blind answer; `saved_more` than the policy in use.
    `trainings`, `promoted` and `cpu_seconds` are of the whole period; the first model, which all have, does not count.
    """

    policy: Policy
    rows: int
    days: float
    quality: dict[str, Interval]
    gained: Interval
    saved: Interval
    saved_more: Interval
    trainings: int
    promoted: int
    causes: dict[str, int]
    cpu_seconds: float

    def money(self, problem: Problem, found: Interval) -> Interval | None:
        """A saving a row as money a month; None where the price of a unit is not declared."""
        unit = problem.framing.prices.cost_unit
        if unit is None:
            return None
        return found.times(unit * self.rows / self.days * MONTH)

    def spent(self, problem: Problem) -> float | None:
        """What its trainings cost a month, at the declared price of an hour of a processor; None where that is not declared."""
        price = problem.framing.prices.cpu_hour
        return None if price is None else price * self.cpu_seconds / 3600 / self.days * MONTH

    def net(self, problem: Problem) -> float:
        """What it saves a month more than the policy in use less what its trainings cost; without prices, the saving a row."""
        money, spent = self.money(problem, self.saved_more), self.spent(problem)
        return self.saved_more.estimate if money is None else money.estimate - (spent or 0.0)


def outcomes(
    shared: SharedWork, replays: Sequence[Replay], start: datetime, end: datetime, on_progress: Progress = lambda *_: None
) -> list[Outcome]:
    """One for each replay, in their order, on the rows with start <= as_of < end; the first replay is the policy in use."""
    low, high = (int(np.searchsorted(shared.as_of, np.datetime64(at, "us"), "left")) for at in (start, end))
    first = int(shared.stretches[0][0])
    rows, part = slice(low, high), slice(low - first, high - first)
    label, cluster, problem = shared.label[rows], shared.cluster[rows], shared.problem
    in_use, known, found = replays[0], {}, []
    usual = savings(problem, label, in_use.flagged[part])
    for number, replay in enumerate(replays, 1):
        on_progress(f"outcomes to {end:%b}", number, len(replays))
        # Policies that did the same are one replay, measured once.
        same = replay.score[part].tobytes()
        if same not in known:
            saved = savings(problem, label, replay.flagged[part])
            known[same] = (
                {name: interval(name, label, replay.score[part], cluster) for name in METRICS},
                difference(problem.metric, label, replay.score[part], in_use.score[part], cluster),
                mean_by(saved, cluster, problem.alpha),
                mean_by(saved - usual, cluster, problem.alpha),
            )
        made = replay.between(start, end)
        causes = [one.cause for one in made]
        outcome = Outcome(
            replay.policy, len(label), (end - start).total_seconds() / 86400, *known[same],
            trainings=len(made),
            promoted=sum(one.promoted for one in made),
            causes={cause: causes.count(cause) for cause in dict.fromkeys(causes)},
            cpu_seconds=sum(shared.trainings.cpu_seconds(one.key) for one in made),
        )  # fmt: skip
        found.append(outcome)
    return found


def choose(found: Sequence[Outcome], problem: Problem, gated: bool = True) -> Outcome:
    """The policy of the highest net value; of equals, the one with the fewest trainings, then the first.

    Of those with a gate: one without lets in whatever is trained, broken or not, and good months do not show what that costs.
    `gated` False chooses among the others.
    """
    asked = [one for one in found if (one.policy.gate is not None) == gated]
    return min(asked, key=lambda one: (-one.net(problem), one.trainings))
