"""The door: `python -m flows VERB`. The verbs stand in `flows/verbs/`, a module per phase."""

from __future__ import annotations

import os

import click
from dotenv import load_dotenv

from flows.steps.settings import PROJECT
from flows.verbs import alerting, cards, data, experiments, feedback, models, planning, proving, reporting, shadowing, watching

load_dotenv(PROJECT / ".env")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Asof: machine learning that lives in the warehouse, correct as of every moment.

    \b
    Is it worth it:    feasibility
    A day by hand:     land → build → score → publish
    A new model:       train → judge → promote      (and rollback, shadow)
    Everything:        replay
    What is going on:  status, monitor, alerts, report
    What people say:   feedback
    How far to trust:  card
    Is it honest:      prove
    Does it help:      experiment → leaderboard

    Each verb works on the warehouse file (ASOF_WAREHOUSE) and exits with 1 and one line when it cannot do its work.
    """


for module in (planning, data, models, proving, watching, reporting, alerting, feedback, cards, experiments, shadowing):
    for command in vars(module).values():
        if isinstance(command, click.Command):
            cli.add_command(command)
