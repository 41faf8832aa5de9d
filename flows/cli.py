"""The verbs of `python -m flows`. Each is one flow or one step of it, and ends with one clear line."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from datetime import datetime

import click
from dotenv import load_dotenv

from flows import console
from flows.steps.settings import PROJECT
from ml.errors import AsofError

load_dotenv(PROJECT / ".env")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Asof: machine learning that lives in the warehouse, correct as of every moment.

    \b
    A day by hand:     land → build → score → publish
    A new model:       train → judge → promote      (and rollback)
    Everything:        replay
    What is going on:  status, monitor
    Is it honest:      prove

    Each verb works on the warehouse file (ASOF_WAREHOUSE) and exits with 1 and one line when it cannot do its work.
    """


def verb(function: Callable) -> Callable:
    """A command with --problem, which prints AsofError as one line and exits with 1."""

    @functools.wraps(function)
    def run(problem: str | None, **kwargs) -> None:
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", module="pydantic")  # prefect's own schemas, nothing that people can mend
        from flows.steps import problems, warehouse

        try:
            function(problem=problems.named(problem), **kwargs)
        except AsofError as error:
            console.fail(str(error))
            sys.exit(1)
        except warehouse.Error as error:
            console.fail(warehouse.explained(error))
            sys.exit(1)
        finally:
            warehouse.close()

    option = click.option("--problem", metavar="NAME", help="A problem of `vars: problems:`; the first one by default.")
    return cli.command()(option(run))


class Instant(click.ParamType):
    """A day (local midnight) or an instant in UTC."""

    name = "instant"

    def convert(self, value, param, ctx) -> datetime:
        if isinstance(value, datetime):
            return value
        from flows.steps.clock import midnight

        try:
            return midnight(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a day (2013-07-01) nor an instant in UTC (2013-07-01T05:00)", param, ctx)


STEP = click.option("--step", type=click.Choice(["hour", "day", "month"]), default="day", show_default=True,
                    help="How far the clock moves at a time; production moves by the hour.")  # fmt: skip


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
    from flows.steps import building

    with console.working("building"):
        building.prepare()
        models = building.build(_clock())
    console.done(f"built {models} models")


@verb
def train(problem: str) -> None:
    """Train a challenger on every label known by now."""
    from flows.steps import problems, training

    with console.rounds() as report:
        version = training.train(problems.get(problem), _clock(), report)
    console.done(f"trained {version}; next: python -m flows judge")


@verb
@click.option("--model", "version", metavar="VERSION", help="The challenger; the latest model by default.")
def judge(problem: str, version: str | None) -> None:
    """Judge a challenger against the rule and the champion, on rows that neither has seen."""
    from flows.steps import judging, problems, warehouse

    with console.working("judging"):
        verdict = judging.judge(problems.get(problem), _clock(), version)
        gates = warehouse.rows("select * from ledger.verdict_gates where verdict_id = ?", [verdict["verdict_id"]])
    console.gates(verdict, gates)


@verb
@click.option("--model", "version", metavar="VERSION", help="What to promote; the latest model by default.")
@click.option("--reason", help="Why, when it is not the verdict that says so.")
def promote(problem: str, version: str | None, reason: str | None) -> None:
    """Make a version the champion: by its PROMOTE verdict, or for a --reason of yours."""
    from flows.steps import promoting, registry

    now = _clock()
    version = version or registry.latest(problem)
    changed = promoting.promote_by_hand(problem, version, now, reason)
    console.done(
        f"{version} is the champion from {now:%Y-%m-%d %H:%M} UTC on" if changed else f"{version} already is the champion"
    )


@verb
@click.option("--reason", required=True, help="Why; it is kept with the promotion.")
def rollback(problem: str, reason: str) -> None:
    """Give the office back to the champion before."""
    from flows.steps import registry

    console.done(f"{registry.rollback(problem, _clock(), reason)} is the champion again")


@verb
def score(problem: str) -> None:
    """Score every row that is due and has no prediction yet."""
    from flows.steps import problems, scoring

    with console.working("scoring"):
        rows = scoring.score(problems.get(problem), _clock())
    console.done(f"scored {rows:,} rows" if rows else "nothing to score")


@verb
@click.option("--tests/--no-tests", default=True, show_default=True, help="Run dbt's data tests as well.")
def monitor(problem: str, tests: bool) -> None:
    """Test the tables, read the monitors, list the alerts."""
    from flows.steps import alerting, building

    with console.working("monitoring"):
        if tests:
            building.test(_clock())
        found = alerting.alerts(_clock())
    console.alerts(found)


@verb
def publish(problem: str) -> None:
    """Verify the Soda contracts and replace the file that BI tools read."""
    from flows.steps import contracts, publishing, settings

    now = _clock()
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
    from flows.steps import clock, summary

    if (now := clock.now()) and now >= until:
        console.done(f"nothing to do: the clock already stands at {now:%Y-%m-%d %H:%M} UTC; remove data/ to begin anew")
    else:
        with console.living(until) as watch:
            lifecycle.fn(problem, until, history, step, watch)
    console.summary(summary.of(problem))


@verb
@click.option("--cuts", type=click.IntRange(1), default=3, show_default=True, help="Random instants to cut history at.")
@click.option("--days", type=click.IntRange(10), default=45, show_default=True, help="How much of what has landed to prove on.")
@click.option("--seed", default=7, show_default=True, help="Draws the instants.")
@click.option("--mutants/--no-mutants", default=True, show_default=True, help="Also prove that a leak would be found.")
def prove(problem: str, cuts: int, days: int, seed: int, mutants: bool) -> None:
    """Prove by experiment that features and labels hold nothing from the future."""
    from flows import prove as flow
    from flows.steps.proving import report

    with console.rounds() as rounds:
        proof = flow.prove.fn(problem, cuts, days, seed, mutants, rounds)
    for table in report.tables(proof):
        console.out.print(table)
    if not proof.holds:
        raise AsofError(report.verdict(proof))
    console.done(report.verdict(proof))


@verb
def status(problem: str) -> None:
    """Show what landed, how good rule and champion are, the verdicts, the alerts and the seconds."""
    from flows.steps import summary

    _clock()
    console.summary(summary.of(problem))


def _clock() -> datetime:
    from flows.steps import clock

    now = clock.now()
    if now is None:
        raise AsofError("nothing has landed yet: run `make run`, or `python -m flows land --until 2013-02-01 --step month`")
    return now
