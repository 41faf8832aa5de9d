"""What is going on: monitor and status."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from flows import console
from flows.verbs.verb import clock, verb
from ml.errors import AsofError
from ml.injecting.faults import CATALOGUE

KINDS = tuple(dict.fromkeys(fault.kind for fault in CATALOGUE))


@verb
@click.option("--tests/--no-tests", default=True, show_default=True, help="Run dbt's data tests as well.")
@click.option("--simulate", is_flag=True, help="Look at no alert: put faults into copies of what was lived, see what is noticed.")
@click.option("--dates", type=click.IntRange(2), default=4, show_default=True, help="Days on which each simulated fault begins.")
@click.option("--seed", default=7, show_default=True, help="Draws these days, and what the faults hit.")
@click.option("--chosen-until", "turn", type=click.DateTime(["%Y-%m-%d"]), help="Limits were chosen before this day; the middle.")
@click.option("--evidently/--no-evidently", default=True, show_default=True, help="Ask Evidently too; installed on first use.")
@click.option("--fault", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind of fault; may be given again.")
@click.option("--page", type=click.Path(path_type=Path), help="Write the simulation as a page with a chart to this .md file.")
def monitor(
    problem: str,
    tests: bool,
    simulate: bool,
    dates: int,
    seed: int,
    turn: datetime | None,
    evidently: bool,
    kinds: tuple[str, ...],
    page: Path | None,
) -> None:
    """Test the tables, read the monitors, open and close alerts, tell people, list them.

    With --simulate nothing is tested and nobody is told. Faults of stated sizes (shifts, nulls, frozen values, a feed that stops,
    flipped labels and others) are put into copies of the rows that were served, and the monitors are built on each: how many
    faults they find, how soon, and how often they call where there is none, beside the default rules of Evidently and elementary.
    It needs about two months that were lived; the warehouse is only read.

    \b
      python -m flows monitor
      python -m flows monitor --simulate --dates 2 --fault shift --fault nulls --no-evidently
      python -m flows monitor --simulate --page docs/simulation.md
    """
    clock()
    if simulate:
        return simulated(problem, dates, seed, turn, evidently, kinds, page)
    from flows.monitoring import monitoring
    from flows.steps.alerting import events, telling

    with console.working("monitoring"):
        monitoring.fn(tests)
    console.alerts(events.standing())
    if waiting := telling.waiting():
        console.done(f"messages that wait for a channel that is down: {waiting}; they are sent when it is up again")


def simulated(
    problem: str, dates: int, seed: int, turn: datetime | None, evidently: bool, kinds: tuple[str, ...], page: Path | None
) -> None:
    """What `monitor --simulate` does."""
    from flows.simulation import simulation
    from flows.steps.simulating import page as pages
    from flows.steps.simulating import report

    with console.rounds() as rounds:
        found = simulation.fn(problem, dates, seed, turn and turn.date(), evidently, kinds, rounds)
    for table in report.tables(found):
        console.out.print(table)
    if page:
        pages.write(page, found)
        console.done(f"wrote {page}")
    console.done(report.headline(found))
    if found.failed:
        raise AsofError(found.failed)


@verb
def status(problem: str) -> None:
    """Show what landed, how good rule and champion are, the verdicts, the alerts and the seconds."""
    from flows.steps import summary

    clock()
    console.summary(summary.of(problem))
