"""Whether it is worth it: feasibility."""

from __future__ import annotations

import os
from pathlib import Path

import click

from flows.cli import tables
from flows.cli.verb import clock, verb
from flows.runtime import console


@verb
@click.option("--quick", is_flag=True, help="Fewer periods and draws: a third of the time, wider intervals.")
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where the page goes; docs/designs by default."
)
def feasibility(problem: str, quick: bool, folder: Path | None) -> None:
    """Measure whether machine learning is worth it, and write the design document of the problem.

    The page holds the declared framing, measured facts and a recommendation. Written anew, it keeps what people wrote outside of
    its measured blocks.
    """
    from flows.studies.feasibility import document, writing
    from flows.studies.feasibility import run as flow

    clock()
    with console.rounds() as report:
        measured, page = flow.feasibility(problem, quick, folder or document.FOLDER, report)
    tables.recommendation(measured.recommendation, writing.HEADLINES[measured.recommendation.answer])
    console.done(f"{measured.seconds:.0f} seconds; open {os.path.relpath(page.with_suffix('.html'))}")
