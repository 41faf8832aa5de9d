"""What people do about alerts: list them, show, acknowledge and close one."""

from __future__ import annotations

import getpass

import click

from flows.cli import tables
from flows.cli.verb import clock, verb, verbs
from flows.runtime import console


@verbs
@click.option("--all", "closed", is_flag=True, help="The closed ones too.")
def alerts(problem: str, closed: bool) -> None:
    """List the alerts, the worst first; show, ack and close take one of them by its id."""
    from flows.steps.monitoring.alerting import events

    clock()
    asked = click.get_current_context().params["problem"]
    tables.alerts([row for row in events.standing(now=not closed) if asked is None or row["problem"] in (None, asked)])


@click.argument("which", metavar="ID")
def _show(problem: str, which: str) -> None:
    """Show one alert as people are told of it: what, since when, how bad, why probably, what to do."""
    from flows.steps.monitoring.alerting import events, telling

    clock()
    console.out.print(telling.text([events.one(which)])[1], soft_wrap=True)


@click.argument("which", metavar="ID")
@click.option("--by", required=True, default=getpass.getuser, show_default="your login", help="Who looks after it.")
@click.option("--note", help="What is being done.")
def _ack(problem: str, which: str, by: str, note: str | None) -> None:
    """Acknowledge an alert: somebody looks after it, and nobody is told again unless it becomes worse."""
    from flows.steps.monitoring.alerting import events

    row = events.by_hand(which, "acknowledged", clock(), by, note)
    console.done(f"{row['alert_id']} is acknowledged by {by}; it closes when its reason has passed, or by `alerts close`")


@click.argument("which", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept with the alert.")
@click.option("--by", required=True, default=getpass.getuser, show_default="your login", help="Who closes it.")
def _close(problem: str, which: str, by: str, reason: str) -> None:
    """Close an alert: what was found so far is settled, only something new opens it again."""
    from flows.steps.monitoring.alerting import events

    row = events.by_hand(which, "closed", clock(), by, reason)
    console.done(f"{row['alert_id']} is closed by {by}: {reason}")


for name, function in (("show", _show), ("ack", _ack), ("close", _close)):
    alerts.add_command(verb(function), name)
