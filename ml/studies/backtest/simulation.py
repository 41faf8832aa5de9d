"""One policy is replayed through history: at each instant it may train, ask the gate, and change champion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from ml.schedule.retraining import due, slot
from ml.studies.backtest.policy import Policy
from ml.studies.backtest.shared import SharedWork
from ml.studies.backtest.trainings import Key
from ml.studies.backtest.windows import Limits, Windows
from ml.validation.alpha_spending import Spent
from ml.validation.judge import PROMOTE


@dataclass(frozen=True)
class Training:
    """A training: when, why, and what became of the challenger; `decision` is None where nobody was asked."""

    at: datetime
    cause: str
    key: Key
    decision: str | None
    promoted: bool


@dataclass(frozen=True, eq=False)
class Replay:
    """What a policy did, and what whoever was champion said of each row of the stretches, in the rows' order.

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


def simulate(shared: SharedWork, policy: Policy, limits: Limits) -> Replay:
    """Go through every stretch of history under `policy`. The first model becomes champion without being asked anything."""
    first = shared.edges[0]
    champion = Key(first, policy.holdout)
    trained, made, spent, scores, flagged = [first], [], [], [], []
    windows = Windows(shared, policy.retraining, limits)
    for stretch, start in enumerate(shared.edges[:-1]):
        if stretch:
            cause = due(policy.retraining, start, trained, windows.seen, shared.arrived(trained[-1], start))
            if cause:
                training, champion = _challenge(shared, policy, start, cause, champion, spent)
                trained.append(start)
                made.append(training)
        scores.append(shared.scores(champion, stretch))
        flagged.append(scores[-1] >= shared.trainings[champion].challenger.threshold)
        windows.close(stretch, champion, scores[-1])
    return Replay(policy, tuple(made), np.concatenate(scores), np.concatenate(flagged), windows.blind)


def planned(policy: Policy, edges: Sequence[datetime]) -> list[Key]:
    """The trainings that a policy will ask for whatever happens: the first model, and what its calendar has turns for."""
    found, cadence = [edges[0]], policy.retraining.cadence
    found += [at for before, at in pairwise(edges[:-1]) if slot(cadence, before) != slot(cadence, at)]
    return [Key(at, policy.holdout) for at in found]


def _challenge(
    shared: SharedWork, policy: Policy, at: datetime, cause: str, champion: Key, spent: list[Spent]
) -> tuple[Training, Key]:
    key = Key(at, policy.holdout)
    if policy.gate is None:
        return Training(at, cause, key, None, True), key
    found = shared.verdict(key, champion, policy.gate, spent)
    if found is None:
        return Training(at, cause, key, "no unseen row", False), champion
    verdict, alpha = found
    spent.append(alpha)
    promoted = verdict.decision == PROMOTE
    return Training(at, cause, key, verdict.decision, promoted), key if promoted else champion
