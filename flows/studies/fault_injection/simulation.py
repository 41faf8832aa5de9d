"""The simulation as a whole: scenarios are made, every watcher looks at them, and what they detect is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from flows.store import ledger, problems
from flows.studies.fault_injection import elementary, monitors, scenarios, serving_history
from flows.studies.fault_injection.plan import Plan, plan
from flows.studies.fault_injection.scenarios import Made, Scenario
from flows.studies.fault_injection.serving_history import ServingHistory
from ml.errors import AsofError
from ml.models.learn import Progress
from ml.monitoring.alerts.finding import Finding
from ml.studies.fault_injection import detection
from ml.studies.fault_injection.detection import Alarm
from ml.studies.fault_injection.detection_rates import Calm, Outcome
from ml.studies.fault_injection.faults import CATALOGUE, Fault


class Answers(Protocol):
    """What another tool detected: its alarms by watcher, in a scenario or (None) in all that was served, start <= day < end."""

    version: str
    agrees: bool

    def alarms(self, scenario: str | None, start: date, end: date) -> dict[str, list[Alarm]]: ...


# Another tool that looks at the same scenarios meanwhile: what it yields waits for its answers, or raises AsofError.
Peer = Callable[[ServingHistory, Sequence[Made]], AbstractContextManager[Callable[[], Answers]]]


@dataclass
class Simulation:
    """What came out: `outcomes` by fault and watcher, `calm` stretches by watcher, `called` our alerts where no fault was."""

    history: ServingHistory
    faults: list[Fault]
    dates: list[date]
    boundary: date
    seed: int
    scenarios: int
    outcomes: list[Outcome]
    calm: list[Calm]
    called: list[tuple[date, str]]
    kinds: dict[str, dict[str, int]]
    rows_differing: int
    findings_differing: int
    peer: tuple[str, bool] | None
    code: str
    seconds: float
    watchers: list[str] = field(default_factory=list)
    failed: str | None = None


def simulate(
    problem: str,
    count: int,
    seed: int,
    boundary: date | None,
    kinds: Sequence[str],
    on_progress: Progress,
    peer: Peer | None = None,
) -> Simulation:
    """Put every fault of the catalogue, or those of some `kinds`, into the serving history, on `count` days; ask all watchers.

    `boundary` parts the days on which limits were chosen from those on which they were not; by default it is the middle.
    Nothing is written to the warehouse. `peer` is another tool that looks at the same scenarios.
    """
    began = time.perf_counter()
    history = serving_history.read(problems.get(problem))
    boundary = boundary or history.first + (history.end - history.first) // 2
    sources = serving_history.sources(history)
    at = scenarios.dates(history, boundary, count, seed)
    faults = [fault for fault in CATALOGUE if not kinds or fault.kind in kinds]
    drawn = scenarios.drawn(history, at, boundary, faults)
    made = []
    for place, scenario in enumerate(drawn):
        on_progress("scenarios", place, len(drawn))
        made.append(scenarios.make(history, scenario, sources, seed))
    on_progress("scenarios", len(drawn), len(drawn))
    answers, failed = None, None
    with ExitStack() as stack:
        asked = stack.enter_context(peer(history, made)) if peer else None
        found = _watched(plan(), history, made, on_progress)
        other = elementary.Elementary(history, sources)
        if asked:
            on_progress("peer", 0, 1)
            try:
                answers = asked()
            except AsofError as error:
                # half of the figures are better than none after so many minutes; who asked for all is told in the end
                failed = str(error)
            on_progress("peer", 1, 1)
    weeks = detection.weekly([one for several in found.values() for one in several])
    since = history.first + timedelta(days=scenarios.BEFORE)
    calm, called = monitors.calm(found["scenario_calm"], weeks, history, boundary, since)
    quiet = {elementary.WATCHER: other.calm(), **(answers.alarms(None, since, history.end) if answers else {})}
    for watcher, alarms in quiet.items():
        calm += _calm(watcher, alarms, history, boundary, since)
    outcomes = list(_outcomes(made, found, weeks, other, answers))
    return Simulation(
        history, faults, at, boundary, seed, len(drawn), outcomes, calm, called, _by_kind(made, found, weeks),
        serving_history.differing(history),
        _differing(made, found, weeks),
        (answers.version, answers.agrees) if answers else None, ledger.code_version(), time.perf_counter() - began,
        [monitors.WATCHER, *quiet], failed,
    )  # fmt: skip


def _watched(plan: Plan, history: ServingHistory, made: Sequence[Made], on_progress: Progress) -> dict[str, list[Finding]]:
    on_progress("monitors", 0, len(made) + 1)
    found, past = monitors.watch(plan, history, [monitors.whole(history)], landed=True)
    done = 1
    for lot, landed in monitors.batches(made):
        on_progress("monitors", done, len(made) + 1)
        found |= monitors.watch(plan, history, lot, landed, past)[0]
        done += len(lot)
    on_progress("monitors", done, len(made) + 1)
    return found


def _calm(watcher: str, alarms: Sequence[Alarm], history: ServingHistory, boundary: date, since: date) -> list[Calm]:
    """A peer's calm stretches; its alarms open and close as our alerts do: one alert, sent again after two quiet weeks."""
    days = sorted({alarm.known for alarm in alarms if alarm.known > since})
    opened = [day for place, day in enumerate(days) if not place or (day - days[place - 1]).days > scenarios.WINDOW]
    return [
        Calm(
            watcher,
            before,
            (end - start).days,
            sum(start < day <= end for day in days),
            sum(start < day <= end for day in opened),
        )
        for before, start, end in ((True, since, boundary), (False, boundary, history.end))
    ]


def _outcomes(made, found, weeks, other, answers):
    """Per scenario with a fault, an outcome for each watcher."""
    controls: dict[date, Scenario] = {one.scenario.at: one.scenario for one in made if one.scenario.fault is None}
    quiet = {at: other.scenario(one) for at, one in ((one.scenario.at, one) for one in made if one.scenario.fault is None)}
    for one in made:
        scenario = one.scenario
        if scenario.fault is None:
            continue
        control = controls[scenario.at]
        sides = {
            monitors.WATCHER: (
                monitors.alarms(found.get(scenario.name, []), weeks, scenario.end),
                monitors.alarms(found.get(control.name, []), weeks, scenario.end),
            ),
            elementary.WATCHER: (other.scenario(one), quiet[scenario.at]),
        }
        if answers:
            theirs, calm = (
                answers.alarms(scenario.name, scenario.at, scenario.end),
                answers.alarms(None, scenario.at, scenario.end),
            )
            sides |= {watcher: (theirs[watcher], calm[watcher]) for watcher in theirs}
        for watcher, side in sides.items():
            yield Outcome(scenario.fault, watcher, scenario.chosen, detection.delay(*side, scenario.at, scenario.end))


def _differing(made, found, weeks) -> int:
    """How many findings of scenarios without a fault are not those of the whole serving history, over the same days."""
    wrong = 0
    for one in made:
        if one.scenario.fault is None:
            sides = (
                {
                    (each.kind, each.subject, each.seen_at)
                    for each in found[name]
                    if each.seen_at.date() >= one.scenario.at and detection.known(each, weeks) <= one.scenario.end
                }
                for name in (one.scenario.name, "scenario_calm")
            )
            wrong += len(set.symmetric_difference(*sides))
    return wrong


def _by_kind(made, found, weeks) -> dict[str, dict[str, int]]:
    """By fault, how many of its scenarios each kind of finding detected."""
    controls = {one.scenario.at: found.get(one.scenario.name, []) for one in made if one.scenario.fault is None}
    counted: dict[str, dict[str, int]] = {}
    for one in made:
        scenario = one.scenario
        if scenario.fault is None:
            continue
        there = set(monitors.alarms(controls[scenario.at], weeks, scenario.end))
        new = {
            alarm.about[0]
            for alarm in monitors.alarms(found.get(scenario.name, []), weeks, scenario.end)
            if alarm not in there and scenario.at < alarm.known
        }
        for kind in new:
            by_kind = counted.setdefault(scenario.fault.kind, {})
            by_kind[kind] = by_kind.get(kind, 0) + 1
    return counted
