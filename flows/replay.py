"""A replay: history lands, a first model is judged, then the clock goes on, and at each tick what is due is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flows.pages.report import reports
from flows.retraining import NOT_DUE, look, triggered
from flows.runtime import artifacts, settings
from flows.runtime.errors import explaining
from flows.runtime.step import call
from flows.serving import shadowed
from flows.steps.data import building, feedback, landing_zone, reconciling
from flows.steps.monitoring.alerting import evaluating
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.steps.serving import contracts, publishing, scoring
from flows.store import clock, problems
from flows.store import due as dues
from ml.errors import AsofError
from ml.schedule.due import Due, Plan

Watch = Callable[[str, datetime], None]

# Where a data test fails nothing is published; people are told all the same, and the reports say so.
TOLD_ANYWAY = ("monitoring", "reporting")


@explaining
@failures_reported()
def replay(
    names: Sequence[str],
    until: datetime,
    history: datetime | None = None,
    step: str = "day",
    watch: Watch = lambda phase, at: None,
) -> int:
    """Do everything that is due up to `until`: before `history` files land in months and nothing is scored, then step by step.

    What is due is read from the ledger (`ml.schedule.due`): a call that was cut off is finished by the next one,
    and where nothing is due nothing is done. All `names` go through each tick together. `watch(phase, tick)` is told what
    begins. Returns how many phases were done; AsofError says what could not be done.
    """
    building.prepare()
    building.complete(names)
    plan, done = planned(until, step, history), 0
    begin, at, tried = dues.begin(names, plan), None, set()
    while todo := dues.tick(names, plan, after=at):
        # What is done at a tick may make more due there: a first champion scores, the one before watches.
        if new := [one for one in todo if one not in tried]:
            tried.update(new)
            done += _do(new, plan, begin, watch)
        else:
            at, tried = todo[0].clock, set()
    if left := dues.tick(names, plan):
        raise AsofError(dues.said(left))
    return done


def planned(until: datetime, step: str, history: datetime | None = None) -> Plan:
    """The plan of a replay in this warehouse: from its clock on, or from where its feeds begin."""
    first = clock.now() or (landing_zone.beginning() if landing_zone.feeds() else history or until)
    return Plan(until, step, settings.time_zone(), first, history)


def _do(todo: list[Due], plan: Plan, begin: datetime, told: Watch) -> int:
    """Everything that is due at one tick; returns how much that was."""
    failure: AsofError | None = None
    for one in todo:
        if failure and one.phase not in TOLD_ANYWAY:
            continue
        told("history" if one.phase == "data" and one.clock == begin else one.phase, one.as_of)
        try:
            if perform(one, plan, begin) not in (None, NOT_DUE):
                told("validation", one.as_of)
        except AsofError as error:
            if one.phase != "tests":
                raise
            failure = error
    if failure:
        raise failure
    return len(todo)


def perform(one: Due, plan: Plan, begin: datetime) -> str | None:
    """Do one thing that is due; afterwards its run stands in the ledger. Returns the decision on a challenger."""
    match one.phase:
        case "data":
            landing_zone.land(one.clock, "month" if one.clock == begin else plan.step, strict=True)
        case "features":
            building.build(one.clock)
        case "feedback":
            feedback.receive(one.clock)
        case "retraining":
            return call(look, one.problem, one.as_of)
        case "serving":
            scoring.score(problems.get(one.problem), one.clock)
        case "shadow":
            shadowed(one.problem, one.clock)
        case "reconciliation":
            reconciling.reconcile(one.clock)
        case "monitors":
            building.watch(one.clock)
        case "tests":
            building.test(one.clock)
        case "monitoring":
            artifacts.alerts(evaluating.alerts(one.clock))
        case "triggers":
            return call(triggered, one.problem, one.as_of)
        case "reporting":
            path = reports.write(one.problem, one.clock, thorough=one.clock == plan.until)
            artifacts.report(one.problem, path)
        case "contracts":
            contracts.verify()
        case "publishing":
            artifacts.published(publishing.publish(one.clock))
    return None
