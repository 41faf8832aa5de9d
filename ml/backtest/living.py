"""One policy lives through history: at each instant that it may act, it looks, trains, asks the gate, and changes the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from ml.backtest.policy import Policy
from ml.backtest.world import Drifting, Key, World
from ml.evaluate import METRICS
from ml.judge import PROMOTE
from ml.retraining import Window, due
from ml.spending import Look

# As many stretches before as say what is usual; the median of fewer is a guess.
FEWEST = 4


@dataclass(frozen=True)
class Training:
    """A training: when, why, and what became of the challenger; `decision` is None where nobody was asked."""

    at: datetime
    cause: str
    key: Key
    decision: str | None
    promoted: bool


@dataclass(frozen=True, eq=False)
class Life:
    """What a policy did, and what whoever was in office said of each row of the stretches, in the rows' order.

    `score` are probabilities, `flagged` says which rows were acted on.
    """

    policy: Policy
    trainings: tuple[Training, ...]
    score: np.ndarray
    flagged: np.ndarray

    def between(self, start: datetime, end: datetime) -> tuple[Training, ...]:
        """Its trainings in a period; the first model, which every policy has, is none of them."""
        return tuple(one for one in self.trainings if start <= one.at < end)


def live(world: World, policy: Policy, drifting: Drifting) -> Life:
    """Live through every stretch of `world` under `policy`. The first model comes into office without being asked anything.

    Windows are the stretches: what happened in one is known when it ends, as far as labels have come by then.
    """
    first = world.edges[0]
    champion = Key(first, policy.holdout)
    trained, made, looks, scores, flagged = [first], [], [], [], []
    windows: dict[str, list[Window]] = {"drift": [], "realised_loss": []}
    realised: list[float] = []
    for stretch, (start, end) in enumerate(pairwise(world.edges)):
        if stretch:
            cause = due(policy.retraining, start, trained, windows, world.arrived(trained[-1], start))
            if cause:
                training, champion = _challenge(world, policy, start, cause, champion, looks)
                trained.append(start)
                made.append(training)
        scores.append(world.scores(champion, stretch))
        flagged.append(scores[-1] >= world.trained(champion).challenger.threshold)
        if "drift" in policy.retraining.triggers:
            windows["drift"].append(Window(end, world.drifted(champion, stretch, drifting)))
        if "realised_loss" in policy.retraining.triggers:
            realised.append(world.realised(scores[-1], stretch))
            windows["realised_loss"].append(Window(end, lost(world.problem.metric, realised, policy.retraining.loss)))
    return Life(policy, tuple(made), np.concatenate(scores), np.concatenate(flagged))


def lost(metric: str, realised: list[float], loss: float) -> bool:
    """Whether the latest of these is worse by more than `loss` than half of those before it; False where they are too few."""
    before = [one for one in realised[:-1] if np.isfinite(one)]
    if len(before) < FEWEST or not np.isfinite(realised[-1]):
        return False
    return METRICS[metric].sign * (float(np.median(before)) - realised[-1]) > loss


def _challenge(world: World, policy: Policy, at: datetime, cause: str, champion: Key, looks: list[Look]) -> tuple[Training, Key]:
    key = Key(at, policy.holdout)
    if policy.gate is None:
        world.trained(key)
        return Training(at, cause, key, None, True), key
    found = world.verdict(key, champion, policy.gate, looks)
    if found is None:
        return Training(at, cause, key, "no unseen row", False), champion
    verdict, look = found
    looks.append(look)
    promoted = verdict.decision == PROMOTE
    return Training(at, cause, key, verdict.decision, promoted), key if promoted else champion
