"""What cannot be made anew is kept, brought back and looked after: backup, restore, doctor."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click

from flows.cli.verb import verb_of_the_project
from flows.runtime import console


@verb_of_the_project
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), help="The folder it becomes; backups/ and the instant by default."
)
def backup(folder: Path | None) -> None:
    """Copy what cannot be rebuilt into a folder: warehouse, journal and landed files, of one moment.

    It waits for another process that uses the warehouse, up to ASOF_WAIT_SECONDS. Before it gets its name the backup is restored
    into a folder of its own, and every table is compared. Passwords, settings and what is published are not in it.

    \b
      python -m flows backup
      python -m flows backup --to /mnt/backups/asof-monday
    """
    from flows.runtime.settings import PROJECT
    from flows.steps.data.backup import writing

    folder = folder.absolute() if folder else PROJECT / "backups" / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    with console.working("backing up"):
        made = writing.back_up(folder)
    rows = sum(table.rows for table in made.tables.values())
    console.done(f"{len(made.tables)} tables ({rows:,} rows) and {len(made.files):,} files, {made.bytes / 2**20:,.1f} MB")
    console.done(
        f"restored on trial, every table is the same; bring it back with python -m flows restore {os.path.relpath(folder)}"
    )


@verb_of_the_project
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--into", type=click.Path(path_type=Path), help="An empty folder, instead of where ASOF_WAREHOUSE and ASOF_LANDING are."
)
def restore(folder: Path, into: Path | None) -> None:
    """Bring a backup back: each file is held against its sha256, each table is counted and compared.

    Nothing is overwritten: what stands in the way is named, and you move it aside. Landed files that are the same stay, and
    those that came after the backup land again.

    \b
      python -m flows restore backups/20260701T050000Z
      python -m flows restore backups/20260701T050000Z --into /tmp/to-look-at
    """
    from flows.runtime import declarations
    from flows.steps.data.backup import restoring

    with console.working("restoring"):
        done = restoring.restore_into(folder, into.absolute()) if into else restoring.restore(folder)
    console.done(f"restored {len(done.tables)} tables of {done.manifest.made_at}; the clock stands at {done.manifest.clock} UTC")
    if into:
        console.done(f"to work on it: ASOF_WAREHOUSE={done.warehouse} ASOF_LANDING={done.landing}")
    if done.manifest.declarations != declarations.fingerprint():
        console.warn(
            f"the project is another one than that of the backup (code {done.manifest.code_version}): build before you score"
        )
    else:
        console.done("next: python -m flows status")


@verb_of_the_project
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
def doctor(as_json: bool) -> None:
    """Look at the installation and the warehouse; say what is wrong and how to mend it. Nothing is changed.

    Packages against the lock, modes of files, what killed processes left, room on the disk, the clock, the ledger against
    journal, tables and models, contracts, and Prefect's deployments where PREFECT_API_URL names a server. Exits with 0 when
    all is well, with 1 when something was found. What is left of problems that are declared no more is named, and is no fault.
    `python -m flows verify` reads the landed files themselves.
    """
    from flows.studies.doctor import run
    from flows.studies.doctor.remains import remains

    with console.working("looking"):
        found, left = run.examine(), remains()
    if as_json:
        said = [{"check": one.check, "what": one.what, "mend": one.mend} for one in found]
        click.echo(json.dumps({"checks": list(run.CHECKS), "findings": said, "remains": left}, indent=1))
    else:
        for one in found:
            console.warn(one.told)
        for sentence in left:
            console.done(sentence)
    if found:
        raise click.exceptions.Exit(1)
    if not as_json:
        console.done(f"all is well: {', '.join(run.CHECKS)}")


@verb_of_the_project
@click.option(
    "--tables", "most", default=10, show_default=True, type=click.IntRange(1), help="How many tables to list, the largest first."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def sizing(most: int, as_json: bool) -> None:
    """Measure how large the project has become, how it grows, and when this machine ends.

    Tables and what lands are counted; seconds and memory are those that the ledger has of the latest 28 days; growth is the
    robust trend of the monitors. The day on which disk, memory or an hour end is that of this machine at this rate; the limits
    that you declare yourself are quotas (seeds/quotas.csv), and people are told of them. docs/sizing.md says what to do then.

    \b
      python -m flows sizing
      python -m flows sizing --json --tables 100
    """
    from dataclasses import asdict

    from flows.cli import tables
    from flows.studies.sizing import measure

    with console.working("measuring"):
        found = measure()
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1, default=str))
    else:
        tables.sizing(found, most)
