"""From files to published tables: land, build, publish, export; cycle, which does what is due now; replay, all of the past."""

from __future__ import annotations

import os
from datetime import datetime

import click

from flows.cli import tables
from flows.cli.verb import (
    STEP,
    ExportTarget,
    Instant,
    clock,
    step_of,
    verb,
    verb_for_all,
    verb_for_one_or_all,
    verb_of_the_project,
)
from flows.runtime import console
from ml.errors import AsofError


@verb
@click.option("--until", type=Instant(), help="Move the clock to this day or instant; one step further by default.")
@STEP
def land(problem: str, until: datetime | None, step: str) -> None:
    """Let the feeds deliver, and land every new file: checked, counted, quarantined."""
    from flows.data import landed

    with console.working("landing"):
        rows = landed(until, step, console.warn)
    console.done(f"landed {rows:,} rows; the clock stands at {clock():%Y-%m-%d %H:%M} UTC")


@verb
def build(problem: str) -> None:
    """Build features and labels of what landed since the last build, with dbt."""
    from flows.data import built
    from flows.store import feature_sql, problems

    clock()
    with console.working("building"):
        models, received = built(console.warn)
    console.done(f"built {models} models" + (f"; {received.told}" if received.told else ""))
    if said := feature_sql.told(problems.get(problem)):
        console.warn(f"scoring and training are refused: {said}")
    received.refuse()


@verb
@click.option("--rollback", is_flag=True, help="Bring back the file that was published before; once more undoes it.")
def publish(problem: str, rollback: bool) -> None:
    """Verify the Soda contracts and replace the file that BI tools read.

    The file before is kept. With --rollback the two change places: nothing is verified, readers go on with what they have open,
    and the next publish replaces it. Reports stay as they are. What is published then goes to where ASOF_EXPORT says, too.
    """
    from flows.runtime import settings
    from flows.serving import published, republished

    clock()
    if rollback:
        found = republished()
        console.done(f"{os.path.relpath(settings.published_file())} shows {found.told if found else 'the file before'} again")
        return console.done("the next publish replaces it; python -m flows publish --rollback undoes this")
    with console.working("publishing"):
        checks, counts = published()
    console.done(f"{checks} contract checks passed; published {', '.join(f'{name} ({rows:,})' for name, rows in counts.items())}")
    console.done(f"open {os.path.relpath(settings.published_file())}")


@verb_of_the_project
@click.option("--to", "targets", type=ExportTarget(), multiple=True, metavar="KIND:PLACE", help="Where to, also several times.")
def export(targets: tuple) -> None:
    """Write the published tables where tools look that do not read DuckDB: files of Parquet or CSV, PostgreSQL.

    What is exported is the published file, all of one publication; the warehouse is not touched. Who reads sees the tables of
    the export before or those of this one, also when it is killed. Kinds and places:

    \b
      parquet:FOLDER         FOLDER/current/TABLE/…, a folder per month of its time; readers resolve the link `current` first
      parquet_by_day:FOLDER  the same, a folder per day
      csv:FOLDER             FOLDER/current/TABLE.csv, for spreadsheets: a text that would be a formula gets a ' before it
      postgres[:SCHEMA]      tables in SCHEMA (asof) of the database whose URI is in ASOF_POSTGRES, which is never shown

    A folder holds exports of one kind and nothing else: where other files are, nothing is written. ASOF_EXPORT names targets,
    separated by commas, for every publication, and for this command without --to.

    \b
      python -m flows export --to parquet:/srv/lake
      python -m flows export --to csv:sheets --to postgres
    """
    from flows.runtime import settings
    from flows.steps.serving.exporting import exporting

    targets = targets or settings.exports()
    if not targets:
        raise AsofError("nothing says where to: name a target with --to, such as --to parquet:FOLDER, or set ASOF_EXPORT")
    with console.rounds() as progress:
        exporting.export(targets, progress, lambda one: console.done(one.told))


@verb
def verify(problem: str) -> None:
    """Read every landed file that is still in the landing folder, and compare it with the sha256 under which it landed."""
    from flows.runtime import settings, warehouse
    from flows.steps.data import building, verifying

    now = clock()
    with console.working("verifying"):
        building.prepare()
        with warehouse.cursor() as con:
            files = verifying.verify_landed(con, settings.landing_folder(), now)
    console.done(f"{files:,} landed files are as they landed")


@verb
def recover(problem: str) -> None:
    """Accept that a damaged warehouse has lost its newest commits, and land the files again that were among them.

    First try to restore the last good copy of the warehouse and of its .wal. Nothing is removed: landed files and remarks lie
    in the landing folder, and a write-ahead log that cannot be read is kept under another name.
    """
    from flows.steps.data import recovering

    with console.working("recovering"):
        found = recovering.recover()
    if found.log:
        console.done(
            f"the write-ahead log that cannot be read is kept as {found.log}: what it alone held is not in the warehouse"
        )
    if not found.lost:
        return console.done("nothing is lost: the ledger holds all that the journal speaks of")
    console.done(f"accepted the loss of {found.told}")
    console.done(f"landed {found.rows:,} rows again; next: python -m flows build, python -m flows score")
    if found.gone:
        raise AsofError(f"cannot be landed again, because the files are not in the landing folder: {', '.join(found.gone)}")


@verb_for_one_or_all
@click.option("--until", type=Instant(), help="Move the clock to this day or instant; one step further by default.")
@step_of("hour", "How far the clock moves, where a feed replays the past; in production it moves to the present.")
def cycle(problem: str | None, until: datetime | None, step: str) -> None:
    """Do what an hour brings: land, build, score, publish, look at the monitors, train where that is due.

    One process: what a scheduler calls every hour, and what `cycle/hourly` of Prefect does. The phases:

    \b
      data        new files land, features and labels are built, remarks are received
      serving     due rows are scored, in the shadow too; contracts verified, the published file replaced
      monitoring  monitors and alerts, people are told, reports
      retraining  where the declared policy asks for a training: trained, judged, promoted by its verdict

    Where data fails, serving and retraining wait for the next time. Exits with 1 and the line of what failed. A kill does no
    harm: the next cycle does what is left. In an hour that brings nothing little is done.

    \b
      python -m flows cycle
      5 * * * * cd /srv/asof && .venv/bin/python -m flows cycle
    """
    from flows.cycle import cycled
    from flows.steps.data import building, landing_zone

    if until:
        building.prepare()
        landing_zone.check(until)
    with tables.phases() as watch:
        now = cycled(until, step, problem, watch)
    console.done(f"the clock stands at {now:%Y-%m-%d %H:%M} UTC")


@verb_for_all
@click.option("--until", type=Instant(), help="Go on up to this day or instant; up to the end of the feeds by default.")
@click.option("--history", type=Instant(), help="Up to here files land and nothing is scored; up to the first step by default.")
@STEP
def replay(names: list[str], until: datetime | None, history: datetime | None, step: str) -> None:
    """Go through the feed's past: history lands, a first model is judged, then days pass and challengers come.

    All declared problems take part. What is due is read from the ledger: a replay that was cut off is finished by the same
    command, and one that is finished does nothing.

    \b
      python -m flows replay --history 2026-01-01 --until 2026-02-01
    """
    from flows.pages import summary
    from flows.replay import replay as live
    from flows.steps.data import landing_zone

    until = until or landing_zone.end()
    with tables.replaying(until) as watch:
        done = live(names, until, history, step, watch)
    if not done:
        console.done(f"nothing to do: all that is due up to {until:%Y-%m-%d %H:%M} UTC is done; the clock stands at {clock()}")
    for name in names:
        tables.summary(summary.of(name))
