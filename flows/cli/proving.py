"""Whether features hold nothing from the future: prove."""

from __future__ import annotations

import time
from pathlib import Path

import click

from flows.cli.verb import verb
from flows.runtime import console
from ml.errors import AsofError

# What holds, with mutants that nothing here could show.
NOTHING_TO_SHOW = 3


@verb
@click.option("--cuts", type=click.IntRange(1), default=3, show_default=True, help="Random instants to cut history at.")
@click.option("--days", type=click.IntRange(10), default=120, show_default=True, help="How much of what has landed to prove on.")
@click.option("--hourly-days", type=click.IntRange(1), default=2, show_default=True, help="Days that also come hour by hour.")
@click.option("--seed", default=7, show_default=True, help="Draws the instants.")
@click.option("--mutants/--no-mutants", default=True, show_default=True, help="Also prove that a leak would be found.")
@click.option("--page", type=click.Path(path_type=Path), help="Write it all as a page for people to this .md file.")
def prove(problem: str, cuts: int, days: int, hourly_days: int, seed: int, mutants: bool, page: Path | None) -> None:
    """Prove by experiment that features and labels hold nothing from the future.

    Exits with 0 where it holds and every mutant in use was caught, with 1 where the future was found, or where a mutant changed
    what is built and was not caught, and with 3 where it holds, but no fact lies where some of the mutants would show.
    """
    from flows.steps.data import landing_zone
    from flows.studies.leak_proof import page as pages
    from flows.studies.leak_proof import report
    from flows.studies.leak_proof.run import prove as proving

    began = time.perf_counter()
    with console.rounds() as rounds:
        proof = proving(problem, cuts, days, seed, hourly_days, mutants, rounds)
    for table in report.tables(proof):
        console.out.print(table)
    if page:
        pages.write(page, proof, landing_zone.sources(), time.perf_counter() - began)
        console.done(f"wrote {page}")
    if not proof.holds:
        raise AsofError(report.verdict(proof))
    (console.done if proof.whole else console.warn)(report.verdict(proof))
    if not proof.whole:
        raise click.exceptions.Exit(NOTHING_TO_SHOW)
