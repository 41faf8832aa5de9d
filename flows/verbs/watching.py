"""What is going on: monitor and status."""

from __future__ import annotations

import click

from flows import console
from flows.verbs.verb import clock, verb


@verb
@click.option("--tests/--no-tests", default=True, show_default=True, help="Run dbt's data tests as well.")
def monitor(problem: str, tests: bool) -> None:
    """Test the tables, read the monitors, list the alerts."""
    from flows.steps import alerting, building

    with console.working("monitoring"):
        if tests:
            building.test(clock())
        found = alerting.alerts(clock())
    console.alerts(found)


@verb
def status(problem: str) -> None:
    """Show what landed, how good rule and champion are, the verdicts, the alerts and the seconds."""
    from flows.steps import summary

    clock()
    console.summary(summary.of(problem))
