"""What is due, asked of the ledger of this warehouse; `ml.schedule.due` says what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from flows.runtime import settings, warehouse
from flows.store import clock, problems, shadows
from ml.schedule import due as rules
from ml.schedule.due import Done, Due, Ledger, Plan, Scheduled


def tick(names: Sequence[str], plan: Plan, after: datetime | None = None) -> list[Due]:
    """Everything that is due at the first tick that has anything due; empty when all is done. `after` passes over ticks."""
    found = (one for one in rules.due(ledger(), [scheduled(n) for n in names], plan) if after is None or one.clock > after)
    first = next(found, None)
    return [first, *takewhile(lambda one: one.clock == first.clock, found)] if first else []


def said(left: Sequence[Due]) -> str:
    """What could not be done, with what it failed with."""
    one = left[0]
    failed = warehouse.rows(
        "select message from ledger.runs where phase = ? and problem is not distinct from ? and as_of = ? and status = 'failed' "
        "order by rowid desc limit 1",
        [one.phase, one.problem, one.as_of],
    )
    what = ", ".join(sorted({each.phase for each in left}))
    return f"not everything that is due could be done: {what}; {failed[0]['message'] if failed else 'run it again'}"


def begin(names: Sequence[str], plan: Plan) -> datetime:
    """The first tick that is lived; what is known before it is history."""
    return rules.first_tick(ledger(), [scheduled(name) for name in names], plan)


def ledger() -> Ledger:
    """The clock, and the succeeded runs that matter: those as of the clock, and all looks, trainings and landings before it."""
    now = clock.now()
    if not warehouse.has_table("ledger", "runs"):
        return Ledger(now, frozenset())
    rows = warehouse.rows(
        "select phase, problem, as_of from ledger.runs where status = 'succeeded' and as_of >= ? union "
        "select phase, problem, as_of from ledger.runs where status = 'succeeded' and phase = 'retraining' union all "
        "select phase, problem, max(as_of) from ledger.runs where status = 'succeeded' "
        "and (phase = 'training' or (phase = 'monitoring' and as_of < ?)) group by all union all "
        "select phase, problem, min(as_of) from ledger.runs where status = 'succeeded' and phase = 'features' group by all",
        [now, now],
    )
    return Ledger(now, frozenset(Done(**row) for row in rows))


def scheduled(name: str) -> Scheduled:
    """A problem as far as it matters for what is due."""
    policy = problems.get(name).retraining
    first = "select min(effective_at) as at from ledger.promotions where problem = ?"
    there = warehouse.has_table("ledger", "promotions")
    return Scheduled(
        name,
        policy.cadence,
        bool(policy.triggers),
        warehouse.rows(first, [name])[0]["at"] if there else None,
        min((one.start for one in shadows.active(name)), default=None) if there else None,
    )


def missed(name: str, older: timedelta = timedelta(0)) -> list[datetime]:
    """As of when a problem is still to be looked at, in order: by the turns of the calendar since the last look.

    A turn has its own look where nothing was scored since: then it is as if it had come in time. What has been scored keeps its
    champion, and the look is as of the clock. `older` leaves out turns that are younger: their own run will come.
    """
    now = clock.now()
    found = rules.due(ledger(), [scheduled(name)], Plan(now, "day", settings.time_zone(), now))
    turns = [one.as_of for one in found if one.phase == "retraining" and one.as_of + older <= now]
    scored = problems.scored_through(problems.get(name))
    return sorted({at if scored is None or scored < at else now for at in turns})
