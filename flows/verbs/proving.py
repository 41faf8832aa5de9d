"""Whether features hold nothing from the future: prove."""

from __future__ import annotations

import click

from flows import console
from flows.verbs.verb import verb
from ml.errors import AsofError


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
