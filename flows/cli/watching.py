"""What is going on: monitor and status."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli import tables
from flows.cli.verb import clock, verb
from flows.runtime import console
from ml.errors import AsofError
from ml.studies.fault_injection.faults import CATALOGUE

if TYPE_CHECKING:
    from flows.studies.fault_injection.simulation import Peer

KINDS = tuple(dict.fromkeys(fault.kind for fault in CATALOGUE))


def simulation_options(function: Callable) -> Callable:
    """The options of a simulation, for every command that makes one."""
    options = (
        click.option(
            "--dates", type=click.IntRange(2), default=4, show_default=True, help="Days on which each simulated fault begins."
        ),
        click.option("--seed", default=7, show_default=True, help="Draws these days, and what the faults hit."),
        click.option(
            "--chosen-until", "turn", type=click.DateTime(["%Y-%m-%d"]), help="Limits were chosen before this day; the middle."
        ),
        click.option(
            "--fault", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind of fault; may be given again."
        ),
        click.option(
            "--page", type=click.Path(path_type=Path), help="Write the simulation as a page with a chart to this .md file."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@verb
@click.option("--tests/--no-tests", default=True, show_default=True, help="Run dbt's data tests as well.")
@click.option(
    "--simulate", is_flag=True, help="Look at no alert: put faults into copies of the serving history, see which are found."
)
@simulation_options
def monitor(
    problem: str,
    tests: bool,
    simulate: bool,
    dates: int,
    seed: int,
    turn: datetime | None,
    kinds: tuple[str, ...],
    page: Path | None,
) -> None:
    """Test the tables, read the monitors, open and close alerts, tell people, list them.

    With --simulate nothing is tested and nobody is told. Faults of stated sizes (shifts, nulls, frozen values, a feed that stops,
    flipped labels and others) are put into copies of the rows that were served, and the monitors are built on each: how many
    faults they find, how soon, and how often they call where there is none, beside the default rule of elementary.
    It needs about two months that were lived; the warehouse is only read.

    \b
      python -m flows monitor
      python -m flows monitor --simulate --dates 2 --fault shift --fault nulls
      python -m flows monitor --simulate --page published/simulation.md
    """
    clock()
    if simulate:
        return simulated(problem, dates, seed, turn, kinds, page)
    from flows.monitoring import monitoring
    from flows.steps.monitoring.alerting import events, telling

    with console.working("monitoring"):
        monitoring.fn(tests)
    tables.alerts(events.standing())
    if waiting := telling.waiting():
        console.done(f"messages that wait for a channel that is down: {waiting}; they are sent when it is up again")


def simulated(
    problem: str,
    dates: int,
    seed: int,
    turn: datetime | None,
    kinds: tuple[str, ...],
    page: Path | None,
    peer: Peer | None = None,
) -> None:
    """What `monitor --simulate` does; `peer` is another tool that looks at the same worlds."""
    from flows.studies.fault_injection import page as pages
    from flows.studies.fault_injection import report
    from flows.studies.fault_injection.simulation import simulate

    with console.rounds() as rounds:
        found = simulate(problem, dates, seed, turn and turn.date(), kinds, rounds, peer)
    for table in report.tables(found):
        console.out.print(table)
    if page:
        pages.write(page, found)
        console.done(f"wrote {page}")
    console.done(report.headline(found))
    if found.failed:
        raise AsofError(found.failed)


@verb
@click.option("--full", is_flag=True, help="Show every metric, every verdict and the seconds as well.")
def status(problem: str, full: bool) -> None:
    """Say in ten lines at most whether all is well: health, rows, champion, the last verdict, alerts, what asks for somebody."""
    from flows.pages import summary

    clock()
    found = summary.of(problem)
    tables.summary(found, why=True) if full else tables.standing(found)
