"""How a project of one's own begins: init."""

from __future__ import annotations

from dataclasses import replace

import click

from flows.cli.verb import verb_of_the_project


@verb_of_the_project
@click.option("--empty", is_flag=True, help="Remove the example, and leave a project in which nothing is declared.")
@click.option("--example", "other", metavar="NAME", help="Bring another example: a folder of examples/.")
@click.option("--force", is_flag=True, help="Also where files have uncommitted changes, or the warehouse holds data.")
def init(empty: bool, other: str | None, force: bool) -> None:
    """Make a clone your own: without the example, everything else works as before.

    What goes is what example.yml lists: its models, seeds, macros, feed, tests and pages, its names in dbt_project.yml and
    in the requirements, what stands between marks in other files, and links to pages that go. Problems of your own stay as
    they are. `git checkout .` brings all of it back until you commit.

    \b
      python -m flows init --empty
      .venv/bin/dbt build          passes with nothing declared
      make test                    checks what is left

    With --example, another example takes its place: its models, and its data as an archive that `replay` delivers by when
    each row was known. One that asks further questions of the same data (flight_outcomes) is put beside it: nothing goes.

    Refused where files that would go have changes that are not committed, and where the warehouse (ASOF_WAREHOUSE) holds
    data: name another file, or say --force to leave it there.
    """
    from flows.runtime import console, example, warehouse
    from ml.errors import AsofError

    if not empty and not other:
        raise AsofError("say what to begin with: `python -m flows init --empty` removes the example")
    if other and other not in example.others():
        known = ", ".join(example.others()) or "gone with the one that was removed"
        raise AsofError(f"there is no example {other}; examples are {known}")
    there = example.read()
    if not there.files:
        console.done("there is no example here; nothing was removed")
        return
    if other and example.stands_beside(other):
        brought = example.bring(other)
        for name in brought.written:
            click.echo(f"  wrote   {name}")
        console.done(f"{len(brought.written)} files written; next: python -m flows replay {brought.replay}")
        return
    if not force and (changed := example.changed(there)):
        raise AsofError(f"not committed: {', '.join(changed[:5])}{' …' * (len(changed) > 5)}; commit or stash it, or say --force")
    if not force and example.lived():
        raise AsofError(f"{warehouse.file()} holds data that landed; --force leaves it, ASOF_WAREHOUSE names another file")
    brought = example.bring(other) if other else None
    for name in brought.written if brought else ():
        click.echo(f"  wrote   {name}")
    kept = brought.package if brought else None
    removed = example.remove(replace(there, packages=tuple(name for name in there.packages if name != kept)))
    for name, files in removed.deleted.items():
        click.echo(f"  removed {name}" + (f" ({files} files)" if files > 1 else ""))
    for name in removed.edited:
        click.echo(f"  edited  {name}")
    count = f"{sum(removed.deleted.values())} files removed, {len(removed.edited)} edited"
    after = f"python -m flows replay {brought.replay}" if brought else ".venv/bin/dbt build, then docs/how-to/add-a-problem.md"
    console.done(f"{count}; next: {after}")
