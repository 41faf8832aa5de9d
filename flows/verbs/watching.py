"""What is going on: monitor and status."""

from __future__ import annotations

import click

from flows import console
from flows.verbs.verb import clock, verb


@verb
@click.option("--tests/--no-tests", default=True, show_default=True, help="Run dbt's data tests as well.")
def monitor(problem: str, tests: bool) -> None:
    """Test the tables, read the monitors, open and close alerts, tell people, list them."""
    from flows.monitoring import monitoring
    from flows.steps.alerting import events, telling

    clock()
    with console.working("monitoring"):
        monitoring.fn(tests)
    console.alerts(events.standing())
    if waiting := telling.waiting():
        console.done(f"messages that wait for a channel that is down: {waiting}; they are sent when it is up again")


@verb
def status(problem: str) -> None:
    """Show what landed, how good rule and champion are, the verdicts, the alerts and the seconds."""
    from flows.steps import summary

    clock()
    console.summary(summary.of(problem))
