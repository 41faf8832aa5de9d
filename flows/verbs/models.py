"""A model's way to the office: train, judge, promote, rollback, score."""

from __future__ import annotations

import click

from flows import console
from flows.verbs.verb import clock, verb


@verb
def train(problem: str) -> None:
    """Train a challenger on every label known by now."""
    from flows.steps import problems, training

    with console.rounds() as report:
        version = training.train(problems.get(problem), clock(), report)
    console.done(f"trained {version}; next: python -m flows judge")


@verb
@click.option("--model", "version", metavar="VERSION", help="The challenger; the latest model by default.")
@click.option("--live", is_flag=True, help="Judge what it said in the shadow, instead of its twin on the holdout.")
@click.option("--thorough", is_flag=True, help="Train it again as a whole, to see that the same comes out.")
def judge(problem: str, version: str | None, live: bool, thorough: bool) -> None:
    """Judge a challenger against the rule and the champion, on rows that neither has seen."""
    from flows.steps import building, judging, problems, warehouse

    now = clock()
    with console.working("judging"):
        building.prepare()
        verdict = judging.judge(problems.get(problem), now, version, shadow=live, thorough=thorough)
        gates = warehouse.rows("select * from ledger.verdict_gates where verdict_id = ?", [verdict["verdict_id"]])
    console.gates(verdict, gates)


@verb
@click.option("--model", "version", metavar="VERSION", help="What to promote; the latest model by default.")
@click.option("--reason", help="Why, when it is not the verdict that says so.")
def promote(problem: str, version: str | None, reason: str | None) -> None:
    """Make a version the champion: by its PROMOTE verdict, or for a --reason of yours."""
    from flows.steps import promoting, registry

    now = clock()
    version = version or registry.latest(problem)
    changed = promoting.promote_by_hand(problem, version, now, reason)
    console.done(
        f"{version} is the champion from {now:%Y-%m-%d %H:%M} UTC on" if changed else f"{version} already is the champion"
    )


@verb
@click.option("--reason", required=True, help="Why; it is kept with the promotion.")
def rollback(problem: str, reason: str) -> None:
    """Give the office back to the champion before."""
    from flows.steps import registry

    console.done(f"{registry.rollback(problem, clock(), reason)} is the champion again")


@verb
def score(problem: str) -> None:
    """Score every row that is due and has no prediction yet."""
    from flows.steps import problems, scoring, shadowing

    with console.working("scoring"):
        rows = scoring.score(problems.get(problem), clock())
        shadowing.score_shadows(problems.get(problem), clock())
    console.done(f"scored {rows:,} rows" if rows else "nothing to score")
