"""A model's way to champion: train, judge, promote, rollback, score."""

from __future__ import annotations

from datetime import datetime

import click

from flows.cli import tables
from flows.cli.verb import Instant, clock, verb
from flows.runtime import console


@verb
def train(problem: str) -> None:
    """Train a challenger on every label known by now."""
    from flows.runtime.step import call
    from flows.store import ledger
    from flows.training import training

    now = clock()
    with console.rounds() as report, ledger.asked():
        version = call(training, problem, at=now, on_progress=report)
    console.done(f"trained {version}; next: python -m flows judge")


@verb
@click.option("--model", "version", metavar="VERSION", help="The challenger; the latest model by default.")
@click.option("--live", is_flag=True, help="Judge what it said in the shadow, instead of its holdout model's scores.")
@click.option("--thorough", is_flag=True, help="Train it again as a whole, to see that the same comes out.")
def judge(problem: str, version: str | None, live: bool, thorough: bool) -> None:
    """Judge a challenger against the rule and the champion, on rows that neither has seen."""
    from flows.runtime import warehouse
    from flows.store import ledger
    from flows.validation import judged

    now = clock()
    with console.working("judging"), ledger.asked():
        verdict = judged(problem, version, now, shadow=live, thorough=thorough)
        gates = warehouse.rows("select * from ledger.verdict_gates where verdict_id = ?", [verdict["verdict_id"]])
    tables.gates(verdict, gates)


@verb
@click.option("--model", "version", metavar="VERSION", help="What to promote; the latest model by default.")
@click.option("--reason", help="Why, when it is not the verdict that says so.")
def promote(problem: str, version: str | None, reason: str | None) -> None:
    """Make a version the champion: by its PROMOTE verdict, or for a --reason of yours."""
    from flows.store import registry
    from flows.validation import promoted

    now = clock()
    version = version or registry.latest(problem)
    with console.working("promoting"):
        changed = promoted(problem, version, reason)
    console.done(
        f"{version} is the champion from {now:%Y-%m-%d %H:%M} UTC on" if changed else f"{version} already is the champion"
    )


@verb
@click.option("--reason", required=True, help="Why; it is kept with the promotion.")
def rollback(problem: str, reason: str) -> None:
    """Make the champion before this one champion again."""
    from flows.store import registry

    console.done(f"{registry.rollback(problem, clock(), reason)} is the champion again")


@verb
@click.option("--again", nargs=2, type=Instant(), metavar="FROM UNTIL", help="Replace predictions from FROM to before UNTIL.")
@click.option("--reason", default="", help="Why they are replaced; it is kept with the old ones.")
def score(problem: str, again: tuple[datetime, datetime] | None, reason: str) -> None:
    """Score every row that is due and has no prediction yet.

    With --again, rows that have one are scored by the champion of now, whoever was champion then: after a backfill of data, or
    when a model was wrong. Predictions that come out otherwise are replaced, all at once; the old ones are kept, with the
    reason, in ledger.replaced_predictions, and monitors go on judging them. Readers see it after the next publish.
    """
    from flows.serving import scored
    from flows.steps.serving import rescoring
    from flows.store import ledger, problems

    if again:
        with console.working("scoring again"), ledger.asked():
            rows = rescoring.score_again(problems.get(problem), *again, clock(), reason)
        return console.done(f"replaced {rows:,} predictions; next: python -m flows publish" if rows else "nothing to replace")
    clock()
    with console.working("scoring"):
        rows = scored(problem)
    console.done(ledger.said("serving", problem) or f"scored {rows:,} rows")
