"""The door: `python -m flows VERB`. The verbs stand in `flows/cli/`, a module per phase."""

from __future__ import annotations

import os

import click

from flows.cli import (
    alerting,
    backtesting,
    beginning,
    cards,
    data,
    experiments,
    feedback,
    keeping,
    models,
    new,
    planning,
    proving,
    purging,
    reporting,
    shadowing,
    watching,
)

os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Asof: machine learning that lives in the warehouse, correct as of every moment.

    \b
    The way in:        init → new source → new problem
    Is it worth it:    feasibility, backtest
    A day by hand:     land → build → score → publish → export
    A new model:       train → judge → promote      (and rollback, shadow)
    An hour:           cycle (all that is due now)
    Everything:        replay
    Against damage:    backup → restore             (and recover)
    What is going on:  status, monitor, alerts, report, doctor, sizing
    What people say:   feedback
    What people ask:   purge
    How far to trust:  card
    Is it honest:      prove
    Does it help:      experiment → leaderboard

    Each verb works on the warehouse file (ASOF_WAREHOUSE) and exits with 1 and one line when it cannot do its work,
    with 130 after Ctrl-C, with 143 after SIGTERM.
    """


PHASES = (
    beginning, new, planning, backtesting, data, models, proving, watching, reporting, alerting, feedback, cards, experiments,
    shadowing, keeping, purging,
)  # fmt: skip
for module in PHASES:
    for name, command in vars(module).items():
        if isinstance(command, click.Command) and not name.startswith("_"):
            cli.add_command(command)
