"""Our own monitors: what `mon_findings` says of each scenario, and whom it would call in a stretch without a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from flows.runtime import warehouse
from flows.steps.monitoring.alerting import lineage
from flows.studies.fault_injection.database import findings
from flows.studies.fault_injection.past import Past
from flows.studies.fault_injection.plan import Plan
from flows.studies.fault_injection.scenarios import Made, Scenario
from flows.studies.fault_injection.serving_history import ServingHistory, days
from ml.monitoring.alerts.finding import Finding
from ml.studies.fault_injection import detection
from ml.studies.fault_injection.detection import Alarm
from ml.studies.fault_injection.detection_rates import Calm

WATCHER = "asof"
# The monitors of scenarios that have so many days together are built at once: a million served rows, which fit into memory.
DAYS = 2000


def batches(made: Sequence[Made]) -> Iterator[tuple[list[Made], bool]]:
    """The scenarios in lots that share a database, and whether it has what landed: where that counts, a scenario is alone."""
    shared: list[Made] = []
    for one in made:
        # the control is compared with both
        if one.landing or one.scenario.fault is None:
            yield [one], True
            continue
        if shared and sum((each.scenario.end - each.scenario.start).days for each in [*shared, one]) > DAYS:
            yield shared, False
            shared = []
        shared.append(one)
    if shared:
        yield shared, False


def watch(
    plan: Plan, history: ServingHistory, made: Sequence[Made], landed: bool, past: Past | None = None
) -> tuple[dict[str, list[Finding]], Past]:
    """Findings by scenario, with the name of the problem in the place of the scenario's own; the past that other scenarios share.

    Sources have no problem.
    """
    found: dict[str, list[Finding]] = {one.scenario.name: [] for one in made}
    rows, past = findings(plan, history, made, landed, past)
    for row in rows:
        scenario = row["problem"] or (made[0].scenario.name if landed else None)
        if scenario in found:
            found[scenario].append(_renamed(Finding(**row), scenario, history.problem.name))
    return found, past


def _renamed(one: Finding, scenario: str, problem: str) -> Finding:
    texts = {name: getattr(one, name) for name in ("subject", "alert_id", "node")}
    texts = {name: text and text.replace(scenario, problem) for name, text in texts.items()}
    return replace(one, problem=one.problem and problem, **texts)


def alarms(found: Iterable[Finding], weeks: frozenset[str], end: date) -> list[Alarm]:
    """Each finding as an alarm: known when its day or week is over, at the latest when the scenario ends."""
    return [Alarm((one.kind, one.subject, one.seen_at), min(detection.known(one, weeks), end)) for one in found]


def calm(
    found: Sequence[Finding], weeks: frozenset[str], history: ServingHistory, boundary: date, since: date
) -> tuple[list[Calm], list[tuple]]:
    """What the monitors say from `since` on where no fault was: before `boundary` and after; and every alert (day, name).

    Kinds that do not age tell how the project is run today, not what a day was like; they are not counted.
    """
    ages = {
        row["kind"]: row["closes_after_days"]
        for row in warehouse.rows("select kind, closes_after_days from seeds.alert_kinds where closes_after_days is not null")
    }
    dated = [(one, detection.known(one, weeks)) for one in found if one.kind in ages]
    opened = detection.alerts(dated, days(history.first, history.end), ages, lineage.read(set()))
    return [
        Calm(
            WATCHER, before, (end - start).days,
            len({at for one, at in dated if start < at <= end and one.severity != "info"}),
            sum(start < day <= end for day, _ in opened),
        )
        for before, start, end in ((True, since, boundary), (False, boundary, history.end))
    ], [(day, name) for day, name in opened if day > since]  # fmt: skip


def whole(history: ServingHistory) -> Made:
    """The scenario in which nothing happens, from the first day to the last."""
    scenario = Scenario("scenario_calm", None, history.first, history.end, history.end, False)
    return Made(scenario, history.rows.slice(0, 0), None, [], {})
