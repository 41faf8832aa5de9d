"""Whether a training should start now, and why: what `mon_retraining` says, acted on."""

from __future__ import annotations

from flows.steps import warehouse
from flows.steps.step import step
from ml.errors import AsofError

# Causes that need no monitor: they may be asked for at any moment.
CALENDAR = ("first", "schedule")


@step()
def due(problem: str, triggers: bool = True) -> str | None:
    """Why a training of a problem should start now, in words: all causes that are due; None where none is.

    `triggers` False looks at the calendar and at the first training alone: what triggers look at changes only when the monitors
    have been read. AsofError before the first build.
    """
    if not warehouse.has_table("monitoring", "mon_retraining"):
        raise AsofError(f"no model says whether a training of {problem} is due: run `python -m flows build`")
    only = "" if triggers else f" and trigger in ({', '.join(repr(one) for one in CALENDAR)})"
    found = warehouse.rows(
        f"select trigger, why from monitoring.mon_retraining where problem = ? and is_due{only} "
        "order by trigger not in ('first', 'schedule'), trigger",
        [problem],
    )
    return "; ".join(f"{row['trigger'].replace('_', ' ')}: {row['why']}" for row in found) or None
