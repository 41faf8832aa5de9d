"""Policies of retraining, each lived through the history of a problem: chosen on one period, reported on the next."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from checks import border
from flows.runtime import dbt, settings
from flows.runtime.step import step
from flows.store import ledger, problems
from flows.studies import plans
from ml.errors import AsofError
from ml.models.fit import DEFAULTS
from ml.models.learn import Progress
from ml.problem.problem import Problem
from ml.studies.backtest import estimating
from ml.studies.backtest.outcome import Outcome, choose, outcomes
from ml.studies.backtest.policy import Policy, instants, policies
from ml.studies.backtest.shared import Drifting, SharedWork
from ml.studies.backtest.simulation import Replay, planned, simulate
from ml.studies.backtest.windows import Limits

# Less than a week of history lacks some weekday.
FEWEST_DAYS = 7


@dataclass(frozen=True, eq=False)
class Backtest:
    """All of it. The policy in use is the first of `replays`, `choice` and `reported`; `chosen` is an element of `choice`, and so
    is `ungated`, the best of those that let everything in: what caution costs.

    `choice` holds outcomes from `first` to `until`, `reported` from `until` to `now`. `seconds` are by the clock, `cpu_seconds`
    those of all cores together.
    """

    problem: Problem
    first: datetime
    until: datetime
    now: datetime
    replays: tuple[Replay, ...]
    choice: tuple[Outcome, ...]
    reported: tuple[Outcome, ...]
    chosen: Outcome
    ungated: Outcome
    members: int
    quick: bool
    trainings: int
    seconds: float
    cpu_seconds: float
    machine: str
    code_version: str

    @property
    def in_use(self) -> tuple[Outcome, Outcome]:
        """What came of the declared policy: where the choice is made, and after it."""
        return self.choice[0], self.reported[0]

    @property
    def later(self) -> Outcome:
        """What came of the chosen policy after it was chosen."""
        return self.after(self.chosen)

    def after(self, one: Outcome) -> Outcome:
        """What came after the choice of the policy of an element of `choice`."""
        return next(later for then, later in zip(self.choice, self.reported, strict=True) if then is one)


def periods(problem: Problem, first: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Where the choice begins and ends: as given, else as `walk_forward` of the experiments declares; AsofError otherwise."""
    if first is None or until is None:
        plan = plans.plan(problem)
        first, until = first or plans.midnight(plan.first), until or plans.midnight(plan.until)
    if not first < until < now:
        raise AsofError(
            f"the choice is made from {first} to {until} and reported until the clock, {now}: these must follow each other; "
            "land more, or give --first and --choose-until"
        )
    return first, until


@step()
def measure(
    problem: Problem,
    now: datetime,
    first: datetime,
    until: datetime,
    members: int = 1,
    quick: bool = False,
    on_progress: Progress = lambda *_: None,
) -> Backtest:
    """Replay history from `first` to `now` under each policy; recorded as a run of the phase planning.

    `on_progress(stage, at, total)` hears how far it is. Models have `members` members, whatever is declared. `quick` leaves out
    the weekly cadence, and boosts with twice the step and half the rounds.
    """
    started, worked = time.perf_counter(), time.process_time()
    with ledger.run("planning", now, problem.name) as run:
        known = quickened(problem) if quick else problem
        known = replace(known, training=replace(known.training, members=members))
        rows = border.read(problems.training_rows(problem, now), known)
        edges = sorted({*instants(first, until)[:-1], *instants(until, now)})
        shared, limits = SharedWork(rows, edges, settings.threads()), _limits()
        asked, replays = _possible(policies(problem, "fortnightly" if quick else "weekly"), shared), []
        shared.trainings.ahead([key for policy in asked for key in planned(policy, shared.edges)], on_progress)
        for number, policy in enumerate(asked):
            on_progress("policies", number, len(asked))
            replays.append(simulate(shared, policy, limits))
        on_progress("policies", len(asked), len(asked))
        choice, later = (outcomes(shared, replays, *span, on_progress) for span in ((first, until), (until, now)))
        found = Backtest(
            problem, first, until, now, tuple(replays), tuple(choice), tuple(later), choose(choice, problem),
            choose(choice, problem, gated=False), members, quick, len(shared.trainings),
            time.perf_counter() - started, time.process_time() - worked,
            f"{os.cpu_count()} cores, {settings.threads()} used, {platform.machine()}", ledger.code_version(),
        )  # fmt: skip
        run.rows, run.message = len(rows), f"of {len(asked)} policies the best was {found.chosen.policy.name}"
    return found


def _limits() -> Limits:
    """What the monitors look at, from where they are declared."""
    weekly, estimation = dbt.project_vars()["weekly_limits"], dbt.project_vars()["estimation"]
    drifting = Drifting(weekly["drift_psi"], weekly["drift_share_of_gain"])
    return Limits(drifting, estimating.Limits(**estimation))


def _possible(asked: Sequence[Policy], shared: SharedWork) -> list[Policy]:
    """The policy in use, and those of the others whose first holdout model has a week of history to learn from."""
    day, needed = np.timedelta64(1, "D"), FEWEST_DAYS + shared.problem.validation_days
    days = (np.datetime64(shared.edges[0], "us") - shared.as_of.min()) / day
    return [one for one in asked if one is asked[0] or days >= needed + one.holdout]


def quickened(problem: Problem) -> Problem:
    """The same with half the rounds, each of twice the step, and one member."""
    spec = problem.training
    pace = min(1.0, 2 * spec.params.get("learning_rate", DEFAULTS["learning_rate"]))
    params = {**spec.params, "learning_rate": pace}
    rounds, patience = -(-spec.rounds // 2), -(-spec.early_stopping_rounds // 2)
    return replace(problem, training=replace(spec, params=params, rounds=rounds, early_stopping_rounds=patience, members=1))
