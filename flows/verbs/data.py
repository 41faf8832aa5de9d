"""From files to published tables: land, build, publish, and replay, which does everything."""

from __future__ import annotations

import os
from datetime import datetime

import click

from flows import console
from flows.verbs.verb import STEP, Instant, clock, verb


@verb
@click.option("--until", type=Instant(), help="Move the clock to this day or instant; one step further by default.")
@STEP
def land(problem: str, until: datetime | None, step: str) -> None:
    """Let the feeds deliver, and land every new file: checked, counted, quarantined."""
    from flows.steps import landing_zone
    from flows.steps.building import prepare

    with console.working("landing"):
        prepare()
        until = until or landing_zone.upcoming(step)
        rows = landing_zone.land(until, step)
    console.done(f"landed {rows:,} rows; the clock stands at {until:%Y-%m-%d %H:%M} UTC")


@verb
def build(problem: str) -> None:
    """Build features and labels of what landed since the last build, with dbt."""
    from flows.steps import building, feedback

    with console.working("building"):
        building.prepare()
        models = building.build(clock())
        received = feedback.receive(clock())
    console.done(f"built {models} models" + (f"; {received.told}" if received.told else ""))
    for line in received.refusals:
        console.fail(line)


@verb
def publish(problem: str) -> None:
    """Verify the Soda contracts and replace the file that BI tools read."""
    from flows.steps import contracts, publishing, settings

    now = clock()
    with console.working("publishing"):
        checks = contracts.verify()
        counts = publishing.publish(now)
    console.done(f"{checks} contract checks passed; published {', '.join(f'{name} ({rows:,})' for name, rows in counts.items())}")
    console.done(f"open {os.path.relpath(settings.published_file())}")


@verb
@click.option("--until", type=Instant(), default="2013-08-01", show_default=True, help="Live up to this day or instant.")
@click.option("--history", type=Instant(), default="2013-07-01", show_default=True, help="Up to here nothing is scored.")
@STEP
def replay(problem: str, until: datetime, history: datetime, step: str) -> None:
    """Live through the feed's past: history lands, a first model is judged, then days pass and challengers come."""
    from flows.lifecycle import lifecycle
    from flows.steps import clock as clocks
    from flows.steps import summary

    if (now := clocks.now()) and now >= until:
        console.done(f"nothing to do: the clock already stands at {now:%Y-%m-%d %H:%M} UTC; remove data/ to begin anew")
    else:
        with console.living(until) as watch:
            lifecycle.fn(problem, until, history, step, watch)
    console.summary(summary.of(problem))
