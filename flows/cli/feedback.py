"""What people say of predictions: feedback."""

from __future__ import annotations

from datetime import datetime

import click

from flows.cli import tables
from flows.cli.verb import Instant, clock, verb_for_one_or_all
from flows.runtime import console
from ml.errors import AsofError


@verb_for_one_or_all
@click.option("--entity", help="Who or what was predicted, such as 1001.")
@click.option("--as-of", type=Instant(), help="The instant of the prediction; needed where the entity was due more than once.")
@click.option("--label", type=click.Choice(["true", "false"]), help="What the label should be.")
@click.option("--comment", help="What others should know.")
@click.option("--by", "author", metavar="NAME", help="Who says so.")
@click.option("--list", "listing", is_flag=True, help="Show the latest remarks instead.")
def feedback(
    problem: str | None, entity: str | None, as_of: datetime | None, label: str | None, comment: str | None, author: str | None,
    listing: bool,
) -> None:  # fmt: skip
    """Correct the label of one prediction, or comment on it; it counts from the next landing on.

    A remark is about one problem: where several are declared, --problem names it. --list shows those on all of them.
    """
    from flows.steps.data import feedback as step
    from flows.store import problems

    names, now = [problem] if problem else problems.names(), clock()
    if listing:
        tables.remarks(step.remarks(problem), step.effect(problem))
        return
    if len(names) > 1:
        raise AsofError(f"a remark is about one problem: say --problem {' or --problem '.join(names)}")
    missing = [option for option, value in (("--entity", entity), ("--by", author)) if not value]
    if missing or not (label or comment):
        wanted = [*missing, *([] if label or comment else ["--label or --comment"])]
        raise AsofError(f"a remark needs {', '.join(wanted)}; `python -m flows feedback --list` shows those there are")
    said = step.remark(names[0], entity, as_of, {"true": True, "false": False, None: None}[label], comment, author, now)
    console.done(
        f"kept: {said['entity_id']} of {said['problem']} as of {said['as_of']:%Y-%m-%d %H:%M}, said by {said['author']}, "
        f"known at {said['reported_at']:%Y-%m-%d %H:%M} UTC; it lands when the clock has moved on"
    )
