"""A challenger in production, unseen: shadow."""

from __future__ import annotations

import click

from flows.cli.verb import clock, verb
from flows.runtime import console


@verb
@click.option("--model", "version", metavar="VERSION", help="Who scores in the shadow; the latest model by default.")
@click.option("--stop", is_flag=True, help="End it.")
@click.option("--reason", default="", help="Why; it is kept.")
def shadow(problem: str, version: str | None, stop: bool, reason: str) -> None:
    """Let a challenger score what the champion scores, where no reader looks; judge --live compares them."""
    from flows.steps.data import building
    from flows.steps.serving import shadowing
    from flows.store import problems, registry, shadows

    now = clock()
    building.prepare()
    version = version or registry.latest(problem)
    if stop:
        shadows.stop(problem, version, now, reason)
        console.done(f"{version} no longer scores in the shadow")
        return
    new = shadowing.declare(problems.get(problem), version, now, reason)
    said = f"from {now:%Y-%m-%d %H:%M} UTC on" if new else "already"
    console.done(
        f"{version} scores in the shadow {said}; next: score, and when outcomes are known judge --live --model {version}"
    )
