"""What a version is and how far to trust it: card."""

from __future__ import annotations

import os

import click

from flows.cli.verb import clock, verb
from flows.runtime import console


@verb
@click.option("--model", "version", metavar="VERSION", help="Whose card; the champion's by default.")
def card(problem: str, version: str | None) -> None:
    """Write the model card of a version: purpose, quality, verdict, slices, reasons, errors, limits."""
    from flows.pages.card import cards

    clock()
    with console.working("writing the card"):
        files = cards.write(problem, version)
    console.done(f"open {os.path.relpath(next(file for file in files if file.suffix == '.html'))}")
