"""What people start from a form of Prefect: rollback, experiments, and what is measured before a decision.

Nothing starts these by itself. A form shows what stands below `Args:`, with its type and its default. The verbs of the same names
do the same.
"""

from __future__ import annotations

from prefect import flow
from pydantic import PositiveInt

from flows.runtime import artifacts, flow_run
from flows.runtime.errors import explaining
from flows.steps.data.building import complete, prepare
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.store import clock, ledger, problems, registry
from flows.store.problems import ProblemName
from flows.studies.backtest import run as backtests
from flows.studies.experiments import planning, running
from flows.studies.experiments import run as experiments
from flows.studies.feasibility import run as feasibilities
from ml.schedule.calendar import Instant

# A study may take the night; the hours that it holds up are caught up by one run.
LONG = 12 * 3600


@flow(name="rollback", timeout_seconds=1800)
@explaining
@failures_reported()
@ledger.asked()
def rollback(problem: ProblemName, reason: str) -> str:
    """Make the champion before this one champion again; returns its version.

    Args:
        problem: The problem whose champion goes back.
        reason: Why; it is kept with the promotion.
    """
    _begin(problem)
    return registry.rollback(problem, clock.begun(), reason)


@flow(name="experiment", timeout_seconds=LONG, log_prints=True)
@explaining
@failures_reported()
@ledger.asked()
def experiment(problem: ProblemName, names: list[str] | None = None, every: bool = False) -> dict[str, str]:
    """Run declared experiments, one change each, against the baseline; returns the decision by experiment.

    Args:
        problem: The problem that they are declared for.
        names: Names in experiments.yml beside the declaration of the problem.
        every: Run each experiment that has not finished yet.
    """
    _begin(problem)
    running.prepare()
    planned = planning.planned(problem, names or [], every)
    rows = experiments.experiment(problem, planned.names, print)
    artifacts.experiments(problem, rows)
    return {row["name"]: row["decision"] for row in rows}


@flow(name="feasibility", timeout_seconds=LONG)
@explaining
@failures_reported()
@ledger.asked()
def feasibility(problem: ProblemName, quick: bool = False) -> str:
    """Measure whether machine learning is worth it, and write the design document; returns its path.

    Args:
        problem: The problem to measure.
        quick: Fewer periods and draws, in a third of the time, with wider intervals.
    """
    _begin(problem)
    _, page = feasibilities.feasibility(problem, quick)
    artifacts.page(f"design-{problem}", page)
    return str(page)


@flow(name="backtest", timeout_seconds=LONG)
@explaining
@failures_reported()
@ledger.asked()
def backtest(
    problem: ProblemName,
    first: Instant | None = None,
    until: Instant | None = None,
    members: PositiveInt = 1,
    quick: bool = False,
) -> str:
    """Replay history under several policies of retraining, and write their value against their cost; returns the page's path.

    Args:
        problem: The problem to replay.
        first: Where replays begin; by default walk_forward.first of experiments.yml.
        until: Where the choice ends and the report begins; by default walk_forward.until of experiments.yml.
        members: How many boosters each model is the mean of; the declared number takes as many times as long.
        quick: No weekly cadence, and half as many rounds in steps twice as long.
    """
    _begin(problem)
    _, page = backtests.backtest(problem, first, until, members, quick)
    artifacts.page(f"backtest-{problem}", page)
    return str(page)


def _begin(problem: str) -> None:
    flow_run.named(problems.named(problem), clock.begun())
    prepare()
    complete([problem])
