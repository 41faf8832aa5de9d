"""Whether features hold nothing from the future: prove."""

from __future__ import annotations

import time
from pathlib import Path

import click

from flows import console
from flows.verbs.verb import verb
from ml.errors import AsofError


@verb
@click.option("--cuts", type=click.IntRange(1), default=3, show_default=True, help="Random instants to cut history at.")
@click.option("--days", type=click.IntRange(10), default=120, show_default=True, help="How much of what has landed to prove on.")
@click.option("--hourly-days", type=click.IntRange(1), default=2, show_default=True, help="Days that also come hour by hour.")
@click.option("--seed", default=7, show_default=True, help="Draws the instants.")
@click.option("--mutants/--no-mutants", default=True, show_default=True, help="Also prove that a leak would be found.")
@click.option("--page", type=click.Path(path_type=Path), help="Write it all as a page for people to this .md file.")
def prove(problem: str, cuts: int, days: int, hourly_days: int, seed: int, mutants: bool, page: Path | None) -> None:
    """Prove by experiment that features and labels hold nothing from the future."""
    from flows import prove as flow
    from flows.steps import landing_zone
    from flows.steps.proving import page as pages
    from flows.steps.proving import report

    began = time.perf_counter()
    with console.rounds() as rounds:
        proof = flow.prove.fn(problem, cuts, days, seed, hourly_days, mutants, rounds)
    for table in report.tables(proof):
        console.out.print(table)
    if page:
        pages.write(page, proof, landing_zone.sources(), time.perf_counter() - began)
        console.done(f"wrote {page}")
    if not proof.holds:
        raise AsofError(report.verdict(proof))
    console.done(report.verdict(proof))
