"""Whether a change helps: experiment and leaderboard."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.verb import clock, verb
from flows.runtime import console
from flows.runtime.terminal import styled
from ml.errors import AsofError


@verb
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "every", is_flag=True, help="Every declared experiment that has not finished yet.")
@click.option("--dry-run", is_flag=True, help="Show what would run and what it would cost, and run nothing.")
@click.option("--accept", is_flag=True, help="Write an accepted experiment into the declaration, and show the difference.")
def experiment(problem: str, names: tuple[str, ...], every: bool, dry_run: bool, accept: bool) -> None:
    """Run declared experiments: one change each, in a time box, weighed against the baseline."""
    from flows.studies.experiments import accepting, planning, running

    clock()
    running.prepare()
    if accept:
        for line in accepting.accept(problem, _one(names)):
            console.out.print(line, style=_colour(line))
        console.done("that is the baseline now; next: python -m flows train")
        return
    planned = planning.planned(problem, list(names), every)
    if dry_run:
        console.out.print(planning.shown(planned, planning.cost(problem)))
        return
    if not planned.names:
        console.done("nothing to run: every declared experiment has finished; name one to run it again")
        return
    from flows.studies.experiments.run import experiment

    with console.working("experiments") as _:
        rows = experiment(problem, planned.names, lambda text: console.out.print(f"  {text}", style="dim"))
    for row in rows:
        console.out.print(styled(f"  {row['name']}  ", (row["decision"], "bold"), f"  {row['reason']}"))
    console.done(f"{len(rows)} experiments recorded; next: python -m flows leaderboard")


@verb
@click.option("--page", type=click.Path(path_type=Path), help="Where to write the page; beside the published file by default.")
def leaderboard(problem: str, page: Path | None) -> None:
    """Show every experiment and its decision, and write them as a page."""
    from flows.studies.experiments import leaderboard, running

    clock()
    running.prepare()
    written = leaderboard.write(problem, page)
    console.out.print(leaderboard.table(problem))
    console.done(f"wrote {', '.join(str(file) for file in written)}")


def _one(names: tuple[str, ...]) -> str:
    if len(names) != 1:
        raise AsofError("accept one experiment at a time: python -m flows experiment NAME --accept")
    return names[0]


def _colour(line: str) -> str:
    return {"+": "green", "-": "red"}.get(line[:1], "dim")
