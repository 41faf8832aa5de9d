"""One policy lives through history: at each instant that it may act, it looks, trains, asks the gate, and changes the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from ml.backtest.policy import Policy
from ml.backtest.trainings import Key
from ml.backtest.windows import Limits, Windows
from ml.backtest.world import World
from ml.judge import PROMOTE
from ml.retraining import due, turns
from ml.spending import Look


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

    `score` are probabilities, `flagged` says which rows were acted on. `blind` are the ends of the stretches of which nobody
    could say before their labels how good the model was; empty where the policy does not ask.
    """

    policy: Policy
    trainings: tuple[Training, ...]
    score: np.ndarray
    flagged: np.ndarray
    blind: tuple[datetime, ...] = ()

    def between(self, start: datetime, end: datetime) -> tuple[Training, ...]:
        """Its trainings in a period; the first model, which every policy has, is none of them."""
        return tuple(one for one in self.trainings if start <= one.at < end)


def live(world: World, policy: Policy, limits: Limits) -> Life:
    """Live through every stretch of `world` under `policy`. The first model comes into office without being asked anything."""
    first = world.edges[0]
    champion = Key(first, policy.holdout)
    trained, made, looks, scores, flagged = [first], [], [], [], []
    windows = Windows(world, policy.retraining, limits)
    for stretch, start in enumerate(world.edges[:-1]):
        if stretch:
            cause = due(policy.retraining, start, trained, windows.seen, world.arrived(trained[-1], start))
            if cause:
                training, champion = _challenge(world, policy, start, cause, champion, looks)
                trained.append(start)
                made.append(training)
        scores.append(world.scores(champion, stretch))
        flagged.append(scores[-1] >= world.trainings[champion].challenger.threshold)
        windows.close(stretch, champion, scores[-1])
    return Life(policy, tuple(made), np.concatenate(scores), np.concatenate(flagged), windows.blind)


def planned(policy: Policy, edges: Sequence[datetime]) -> list[Key]:
    """The trainings that a policy will ask for whatever happens: the first model, and what its calendar has turns for."""
    found, cadence = [edges[0]], policy.retraining.cadence
    found += [at for before, at in pairwise(edges[:-1]) if turns(cadence, before) != turns(cadence, at)]
    return [Key(at, policy.holdout) for at in found]


def _challenge(world: World, policy: Policy, at: datetime, cause: str, champion: Key, looks: list[Look]) -> tuple[Training, Key]:
    key = Key(at, policy.holdout)
    if policy.gate is None:
        return Training(at, cause, key, None, True), key
    found = world.verdict(key, champion, policy.gate, looks)
    if found is None:
        return Training(at, cause, key, "no unseen row", False), champion
    verdict, look = found
    looks.append(look)
    promoted = verdict.decision == PROMOTE
    return Training(at, cause, key, verdict.decision, promoted), key if promoted else champion
