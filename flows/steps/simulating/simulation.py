"""The simulation as a whole: worlds are made, every watcher looks at them, and what they noticed is counted."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from flows.steps import ledger, problems
from flows.steps.simulating import elementary, ours, peer, worlds
from flows.steps.simulating import lived as lives
from flows.steps.simulating.lived import Lived
from flows.steps.simulating.plan import Plan, plan
from flows.steps.simulating.worlds import Made, World
from ml.alerts.finding import Finding
from ml.errors import AsofError
from ml.injecting import noticed
from ml.injecting.faults import CATALOGUE, Fault
from ml.injecting.noticed import Alarm
from ml.injecting.tally import Calm, Outcome

Report = Callable[[str, int, int], None]


@dataclass
class Simulation:
    """What came out: `outcomes` by fault and watcher, `calm` stretches by watcher, `called` our alerts where no fault was."""

    lived: Lived
    faults: list[Fault]
    dates: list[date]
    turn: date
    seed: int
    worlds: int
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
    problem: str, count: int, seed: int, turn: date | None, evidently: bool, kinds: Sequence[str], report: Report
) -> Simulation:
    """Put every fault of the catalogue, or those of some `kinds`, on `count` days, into what was lived, and ask all watchers.

    `turn` parts the days on which limits were chosen from those on which they were not; by default it is the middle.
    Nothing is written to the warehouse.
    """
    began = time.perf_counter()
    lived = lives.read(problems.get(problem))
    turn = turn or lived.first + (lived.end - lived.first) // 2
    sources = lives.sources(lived)
    at = worlds.dates(lived, turn, count, seed)
    faults = [fault for fault in CATALOGUE if not kinds or fault.kind in kinds]
    drawn = worlds.drawn(lived, at, turn, faults)
    made = []
    for place, world in enumerate(drawn):
        report("worlds", place, len(drawn))
        made.append(worlds.make(lived, world, sources, seed))
    report("worlds", len(drawn), len(drawn))
    answers, failed = None, None
    with ExitStack() as stack:
        if evidently:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asof-evidently-")))
            process = peer.start(peer.interpreter(), folder, lived, made)
            stack.callback(process.kill)
        found = _watched(plan(), lived, made, report)
        other = elementary.Elementary(lived, sources)
        if evidently:
            report("evidently", 0, 1)
            try:
                answers = peer.Answers(process, folder)
            except AsofError as error:
                # half of the figures are better than none after so many minutes; who asked for all is told in the end
                failed = str(error)
            report("evidently", 1, 1)
    weeks = noticed.weekly([one for several in found.values() for one in several])
    since = lived.first + timedelta(days=worlds.BEFORE)
    calm, called = ours.calm(found["world_calm"], weeks, lived, turn, since)
    quiet = {elementary.WATCHER: other.calm(), **(answers.alarms(None, since, lived.end) if answers else {})}
    for watcher, alarms in quiet.items():
        calm += _calm(watcher, alarms, lived, turn, since)
    outcomes = list(_outcomes(made, found, weeks, other, answers))
    return Simulation(
        lived, faults, at, turn, seed, len(drawn), outcomes, calm, called, _by_kind(made, found, weeks), lives.differing(lived),
        _differing(made, found, weeks),
        (answers.version, answers.agrees) if answers else None, ledger.code_version(), time.perf_counter() - began,
        [ours.WATCHER, *quiet], failed,
    )  # fmt: skip


def _watched(plan: Plan, lived: Lived, made: Sequence[Made], report: Report) -> dict[str, list[Finding]]:
    report("monitors", 0, len(made) + 1)
    found, past = ours.watch(plan, lived, [ours.whole(lived)], landed=True)
    done = 1
    for lot, landed in ours.batches(made):
        report("monitors", done, len(made) + 1)
        found |= ours.watch(plan, lived, lot, landed, past)[0]
        done += len(lot)
    report("monitors", done, len(made) + 1)
    return found


def _calm(watcher: str, alarms: Sequence[Alarm], lived: Lived, turn: date, since: date) -> list[Calm]:
    """A peer's calm stretches; its alarms are given the life of our alerts: one alert, told again after two quiet weeks."""
    days = sorted({alarm.known for alarm in alarms if alarm.known > since})
    opened = [day for place, day in enumerate(days) if not place or (day - days[place - 1]).days > worlds.WINDOW]
    return [
        Calm(
            watcher,
            before,
            (end - start).days,
            sum(start < day <= end for day in days),
            sum(start < day <= end for day in opened),
        )
        for before, start, end in ((True, since, turn), (False, turn, lived.end))
    ]


def _outcomes(made, found, weeks, other, answers):
    """Per world with a fault, an outcome for each watcher."""
    twins: dict[date, World] = {one.world.at: one.world for one in made if one.world.fault is None}
    quiet = {at: other.world(one) for at, one in ((one.world.at, one) for one in made if one.world.fault is None)}
    for one in made:
        world = one.world
        if world.fault is None:
            continue
        twin = twins[world.at]
        sides = {
            ours.WATCHER: (
                ours.alarms(found.get(world.name, []), weeks, world.end),
                ours.alarms(found.get(twin.name, []), weeks, world.end),
            ),
            elementary.WATCHER: (other.world(one), quiet[world.at]),
        }
        if answers:
            theirs, calm = answers.alarms(world.name, world.at, world.end), answers.alarms(None, world.at, world.end)
            sides |= {watcher: (theirs[watcher], calm[watcher]) for watcher in theirs}
        for watcher, side in sides.items():
            yield Outcome(world.fault, watcher, world.chosen, noticed.delay(*side, world.at, world.end))


def _differing(made, found, weeks) -> int:
    """How many findings of worlds without a fault are not those of the whole that was lived, over the same days."""
    wrong = 0
    for one in made:
        if one.world.fault is None:
            sides = (
                {
                    (each.kind, each.subject, each.seen_at)
                    for each in found[name]
                    if each.seen_at.date() >= one.world.at and noticed.known(each, weeks) <= one.world.end
                }
                for name in (one.world.name, "world_calm")
            )
            wrong += len(set.symmetric_difference(*sides))
    return wrong


def _by_kind(made, found, weeks) -> dict[str, dict[str, int]]:
    """By fault, how many of its worlds each kind of finding noticed."""
    twins = {one.world.at: found.get(one.world.name, []) for one in made if one.world.fault is None}
    counted: dict[str, dict[str, int]] = {}
    for one in made:
        world = one.world
        if world.fault is None:
            continue
        there = set(ours.alarms(twins[world.at], weeks, world.end))
        new = {
            alarm.about[0]
            for alarm in ours.alarms(found.get(world.name, []), weeks, world.end)
            if alarm not in there and world.at < alarm.known
        }
        for kind in new:
            by_kind = counted.setdefault(world.fault.kind, {})
            by_kind[kind] = by_kind.get(kind, 0) + 1
    return counted
