"""Policies of retraining, each lived through the history of a problem: chosen on one period, reported on the next."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from checks.border import check_rows
from flows.steps import dbt, ledger, problems, settings
from flows.steps.experimenting import bench
from flows.steps.step import step
from ml.backtest import estimating
from ml.backtest.living import Life, live, planned
from ml.backtest.outcome import Outcome, choose, outcomes
from ml.backtest.policy import Policy, instants, policies
from ml.backtest.windows import Limits
from ml.backtest.world import Drifting, World
from ml.errors import AsofError
from ml.fit import DEFAULTS
from ml.problem import Problem, Training

# Less than a week of history lacks some weekday.
FEWEST_DAYS = 7
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Backtest:
    """All of it. The policy in use is the first of `lives`, `choice` and `report`; `chosen` is an element of `choice`, and so
    is `ungated`, the best of those that let everything in: what caution costs.

    `choice` holds outcomes from `first` to `until`, `report` from `until` to `now`. `seconds` are by the clock, `cpu_seconds`
    those of all cores together.
    """

    problem: Problem
    first: datetime
    until: datetime
    now: datetime
    lives: tuple[Life, ...]
    choice: tuple[Outcome, ...]
    report: tuple[Outcome, ...]
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
        return self.choice[0], self.report[0]

    @property
    def later(self) -> Outcome:
        """What came of the chosen policy after it was chosen."""
        return self.after(self.chosen)

    def after(self, one: Outcome) -> Outcome:
        """What came after the choice of the policy of an element of `choice`."""
        return next(later for then, later in zip(self.choice, self.report, strict=True) if then is one)


def periods(problem: Problem, first: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Where the choice begins and ends: as given, else as `walk` of the problem's experiments declares; AsofError otherwise."""
    if first is None or until is None:
        plan = bench.plan(problem)
        first, until = first or bench.midnight(plan.first), until or bench.midnight(plan.until)
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
    report: Report = lambda *_: None,
) -> Backtest:
    """Live through history from `first` to `now` under each policy; recorded as a run of the phase planning.

    `report(stage, at, total)` hears how far it is. Models have `members` members, whatever is declared. `quick` leaves out the
    weekly cadence, and boosts with twice the step and half the rounds.
    """
    started, worked = time.perf_counter(), time.process_time()
    with ledger.run("planning", now, problem.name) as run:
        table = problems.training_rows(problem, now)
        check_rows(table, problem, problem.training_columns, f"{problem.name}__training_set")
        known = replace(problem, training=_training(problem, members, quick))
        edges = sorted({*instants(first, until)[:-1], *instants(until, now)})
        world, limits = World(table, known, edges, settings.threads()), _limits()
        asked, lives = _possible(policies(problem, "fortnightly" if quick else "weekly"), world), []
        world.trainings.ahead([key for policy in asked for key in planned(policy, world.edges)], report)
        for number, policy in enumerate(asked):
            report("policies", number, len(asked))
            lives.append(live(world, policy, limits))
        report("policies", len(asked), len(asked))
        choice, later = (outcomes(world, lives, *span, report) for span in ((first, until), (until, now)))
        found = Backtest(
            problem, first, until, now, tuple(lives), tuple(choice), tuple(later), choose(choice, problem),
            choose(choice, problem, gated=False), members, quick, len(world.trainings),
            time.perf_counter() - started, time.process_time() - worked,
            f"{os.cpu_count()} cores, {settings.threads()} used, {platform.machine()}", ledger.code_version(),
        )  # fmt: skip
        run.rows, run.message = table.num_rows, f"of {len(asked)} policies the best was {found.chosen.policy.name}"
    return found


def _limits() -> Limits:
    """What the monitors look at, from where they are declared."""
    alerts, estimation = dbt.project_vars()["alert_limits"], dbt.project_vars()["estimation"]
    drifting = Drifting(alerts["drift_psi"], alerts["drift_share_of_gain"])
    return Limits(drifting, estimating.Limits(**estimation))


def _possible(asked: Sequence[Policy], world: World) -> list[Policy]:
    """The policy in use, and those of the others whose first twin has a week of history to learn from."""
    day, needed = np.timedelta64(1, "D"), FEWEST_DAYS + world.problem.validation_days
    days = (np.datetime64(world.edges[0], "us") - world.as_of.min()) / day
    return [one for one in asked if one is asked[0] or days >= needed + one.holdout]


def _training(problem: Problem, members: int, quick: bool) -> Training:
    """The declared training with so many members; `quick` takes long steps."""
    spec = problem.training._replace(members=members)
    if not quick:
        return spec
    params = {**spec.params, "learning_rate": 2 * spec.params.get("learning_rate", DEFAULTS["learning_rate"])}
    return spec._replace(params=params, rounds=-(-spec.rounds // 2), early_stopping_rounds=-(-spec.early_stopping_rounds // 2))
