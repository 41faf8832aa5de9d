"""Why a training of a problem should start: the calendar asks for it, or a declared trigger."""

from __future__ import annotations

from datetime import datetime

from flows.runtime import warehouse
from flows.runtime.step import step
from flows.store import problems, registry
from ml.errors import AsofError, Refused
from ml.problem.split import split_of
from ml.schedule.retraining import slot

# How the message of a look begins that would have trained.
HELD = "held, "


@step()
def by_calendar(name: str, at: datetime) -> str | None:
    """Why the calendar asks for a training as of an instant, which may have passed, in words; None where it does not.

    A first training needs a label that was known by then. What failed is asked for again. None, too, where it is `held`.
    """
    if held(name, at):
        return None
    trained = trained_as_of(name)
    cadence = problems.get(name).retraining.cadence
    if trained is None:
        labels = problems.labels_known(problems.get(name), at)
        if not labels:
            return None
        return f"first: nothing has been trained yet, {labels} labels are known" if looked(name) else "there is no champion"
    if not looked(name) and registry.champion(name) is None:
        return "there is no champion"
    if slot(cadence, trained) == slot(cadence, at):
        return None
    return f"schedule: a {cadence} training; the last was as of {trained}"


def held(name: str, at: datetime) -> str | None:
    """What holds a training as of an instant, in words: a source of the labels that is silent, and was then; None without one.

    Labels that became known since say that nothing happened, where nobody told.
    """
    if not warehouse.has_table("monitoring", "mon_silent_labels"):
        return None
    found = warehouse.rows(
        "select source, known_through, hours_usual from monitoring.mon_silent_labels where problem = ? and known_through < ? "
        "order by known_through, source",
        [name, at],
    )
    told = [
        f"{row['source']} has brought nothing newer than {row['known_through']:%Y-%m-%d %H:%M} UTC, usually within "
        f"{row['hours_usual']:,.0f} hours"
        for row in found
    ]
    return f"{HELD}labels wait for their source: {'; '.join(told)}" if told else None


def lacking(name: str, at: datetime) -> str | None:
    """In which part a training as of an instant would have no label, so that it must fail, in words; None where in none."""
    problem = problems.get(name)
    try:
        split_of(problem, *problems.label_instants(problem, at), at)
    except Refused as error:
        return f"{HELD}{error}"
    return None


def said(name: str) -> str | None:
    """What the latest look said that a training lacks; None where it did not, or a training has succeeded since."""
    found = warehouse.rows(
        "select message from ledger.runs where problem = ? and status = 'succeeded' "
        "and phase in ('retraining', 'triggers', 'training') order by started_at desc, phase limit 1",
        [name],
    )
    message = found[0]["message"] if found else None
    return message if message and message.startswith(HELD) else None


def trained_as_of(name: str) -> datetime | None:
    """As of when a problem was last trained."""
    return _latest(name, "training")


def looked(name: str) -> datetime | None:
    """As of when somebody last looked whether a training was due by the calendar."""
    return _latest(name, "retraining")


def _latest(name: str, phase: str) -> datetime | None:
    sql = "select max(as_of) as at from ledger.runs where problem = ? and phase = ? and status = 'succeeded'"
    return warehouse.rows(sql, [name, phase])[0]["at"]


@step()
def due(problem: str) -> str | None:
    """Why a training of a problem should start now by `mon_retraining`, in words: all causes that are due; None where none is.

    What triggers look at changes only when the monitors have been read. AsofError before the first build.
    """
    if not warehouse.has_table("monitoring", "mon_retraining"):
        raise AsofError(f"no model says whether a training of {problem} is due: run `python -m flows build`")
    found = warehouse.rows(
        "select trigger, why from monitoring.mon_retraining where problem = ? and is_due "
        "order by trigger not in ('first', 'schedule'), trigger",
        [problem],
    )
    return "; ".join(f"{row['trigger'].replace('_', ' ')}: {row['why']}" for row in found) or None
