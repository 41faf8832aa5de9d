"""What a person may ask for: purge."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.verb import clock, verb_for_one_or_all
from flows.runtime import console
from ml.errors import AsofError

FILES_TOLD = 10


@verb_for_one_or_all
@click.option("--entity", metavar="KEY", help="The key of the person, as the problem's entity has it.")
@click.option(
    "--column", "columns", metavar="SOURCE.TABLE.COLUMN", multiple=True,
    help="Instead: a column of a source that holds the key; once for each column.",
)  # fmt: skip
@click.option("--key", metavar="KEY", help="The key of the person, as these columns have it.")
@click.option("--by", "by_whom", metavar="NAME", help="Who removes it; stands in the record.")
@click.option("--reason", help="Why; stands in the record. Do not name the person in it.")
@click.option(
    "--backups", type=click.Path(path_type=Path), metavar="FOLDER", help="Also write the backups in this folder anew without it."
)
@click.option("--yes", is_flag=True, help="Remove it. Without this, what would be removed is only told.")
def purge(
    problem: str | None, entity: str | None, columns: tuple[str, ...], key: str | None, by_whom: str | None, reason: str | None,
    backups: Path | None, yes: bool,
) -> None:  # fmt: skip
    """Remove a person: from landed tables, features, labels, predictions, the shadow, feedback and the published file.

    First it says what it would remove and where; with --yes it does, and keeps a record (ledger.purges) that names who, when,
    why and how many rows, and of the key a salted hash. What was known before does not land again.

    \b
      python -m flows purge --problem NAME --entity 1007
      python -m flows purge --problem NAME --entity 1007 --by "the data protection officer" --reason "request 12" --yes
      python -m flows purge --column SOURCE.TABLE.COLUMN --key 1007
    """
    from flows.purging import planned, purged
    from flows.steps.data.purging.plan import Subject
    from flows.store import problems

    clock()
    subject = _subject(Subject, problems.named, problem, entity, columns, key)
    if yes and not ((by_whom or "").strip() and (reason or "").strip()):
        raise AsofError("the record of a purge needs --by and --reason; without --yes it only says what would be removed")
    if yes and subject.key in f"{by_whom} {reason}":
        raise AsofError("--by and --reason stand in the record, which outlives the data: leave the key out of them")
    with console.working("purging" if yes else "looking"):
        done = purged(subject, by_whom, reason, backups and backups.absolute(), console.done) if yes else None
        found = done.plan if done else planned(subject)
    _tell(found, "removed" if yes else "would be removed")
    if done:
        _tell_done(done)
    else:
        _tell_files(found.files, "hold")
        console.done("nothing was changed; with --by, --reason and --yes it is removed")


def _subject(make, named, problem: str | None, entity: str | None, columns: tuple[str, ...], key: str | None):
    if columns or key is not None:
        if problem or entity is not None or not (columns and key is not None):
            raise AsofError("--column and --key go together, and without --problem and --entity")
        return make(None, columns, _said(key))
    if entity is None:
        raise AsofError("say whom: --problem NAME --entity KEY, or --column SOURCE.TABLE.COLUMN --key KEY")
    return make(named(problem), (), _said(entity))


def _said(key: str) -> str:
    if not key.strip():
        raise AsofError("the key is empty; say whom to remove")
    return key


def _tell(found, told: str) -> None:
    for place in found.places:
        if place.rows:
            console.done(f"{place.rows:>8,} rows of {place.name} {told}")
    if not found.rows:
        console.done(f"no table holds this {found.subject.told}")
    if found.models:
        console.warn(
            f"{', '.join(found.models)} learned from these rows and stay as they are: train again, judge and promote, so that no "
            "model that is used knows them"
        )
    for column, rows in found.elsewhere.items():
        console.warn(
            f"{column} has the same key in {rows:,} rows and is not carried from it: look at them, "
            "or name the column of its source"
        )
    from flows.runtime import dbt

    for name in found.unread:
        again = dbt.built_anew([name])
        console.warn(f"the SQL of {name} cannot be followed: look into it yourself, or build it anew with {again}")


def _tell_files(files, told: str) -> None:
    if files:
        few = ", ".join(list(files)[:FILES_TOLD]) + (f" and {len(files) - FILES_TOLD} more" if len(files) > FILES_TOLD else "")
        console.done(f"{len(files)} landed files {told} {sum(files.values()):,} records of it: {few}")


def _tell_done(done) -> None:
    _tell_files(done.files, "were written anew, without")
    for folder, rows in done.backups.items():
        console.done(f"{folder} was written anew, without {rows:,} rows")
    console.warn("backups elsewhere and what the sender keeps still hold it: purge again after such a backup is restored")
