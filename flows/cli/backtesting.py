"""Which policy of retraining is worth its cost: backtest."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from flows.cli.verb import Instant, clock, verb
from flows.runtime import console


@verb
@click.option("--first", type=Instant(), help="Where replays begin; by default walk_forward.first of experiments.yml.")
@click.option(
    "--choose-until", "until", type=Instant(), help="Where the choice ends, the report begins; by default walk_forward.until."
)
@click.option("--members", type=click.IntRange(1), default=1, show_default=True,
              help="Boosters that each model is the mean of; the declared number takes as many times as long.")  # fmt: skip
@click.option("--quick", is_flag=True, help="No weekly cadence, and half as many rounds in steps twice as long.")
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where the page goes; docs/backtests by default."
)
def backtest(
    problem: str, first: datetime | None, until: datetime | None, members: int, quick: bool, folder: Path | None
) -> None:
    """Replay history under several policies of retraining, and show their value against their cost.

    \b
    A policy says when a challenger is trained and what lets it in:
      cadence   never, quarterly, monthly, fortnightly, weekly
      trigger   drift of the features, an estimated or realised loss of quality, enough new labels
      gate      none, or the gates of `judge` with a margin and so many days of holdout

    Each policy lives through the landed history: it trains at its instants, is judged by its gate, and rows are scored by whoever
    is champion then. The policy of the highest value, less the cost of its trainings, is chosen on the first period alone;
    what came of it afterwards is reported apart, beside the policy in use.

    To adopt one, change `retraining:`, `margin:` or `holdout_days:` in the problem's declaration, and write into the page why.
    """
    from flows.store import ledger
    from flows.studies.backtest import page
    from flows.studies.backtest import run as flow
    from flows.studies.backtest import table as told

    clock()
    with console.rounds() as report, ledger.asked():
        found, file = flow.backtest(problem, first, until, members, quick, folder or page.FOLDER, report)
    for table in told.tables(found):
        console.out.print(table)
    console.done(f"{found.trainings} trainings, {found.seconds:.0f} seconds; open {os.path.relpath(file.with_suffix('.html'))}")
