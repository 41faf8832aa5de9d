"""Our own monitors: what `mon_findings` says of each world, and whom it would call in a stretch without a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from flows.steps import warehouse
from flows.steps.alerting import lineage
from flows.steps.simulating.bench import findings
from flows.steps.simulating.lived import Lived, days
from flows.steps.simulating.past import Past
from flows.steps.simulating.plan import Plan
from flows.steps.simulating.worlds import Made, World
from ml.alerts.finding import Finding
from ml.injecting import noticed
from ml.injecting.noticed import Alarm
from ml.injecting.tally import Calm

WATCHER = "asof"
# The monitors of worlds that have so many days together are built at once: a million served rows, which fit into memory.
DAYS = 2000


def batches(made: Sequence[Made]) -> Iterator[tuple[list[Made], bool]]:
    """The worlds in lots that share a bench, and whether it has what landed: where that counts, a world is alone."""
    shared: list[Made] = []
    for one in made:
        # the twin without a fault is compared with both
        if one.landing or one.world.fault is None:
            yield [one], True
            continue
        if shared and sum((each.world.end - each.world.start).days for each in [*shared, one]) > DAYS:
            yield shared, False
            shared = []
        shared.append(one)
    if shared:
        yield shared, False


def watch(
    plan: Plan, lived: Lived, made: Sequence[Made], landed: bool, past: Past | None = None
) -> tuple[dict[str, list[Finding]], Past]:
    """Findings by world, with the name of the problem in the place of the world's own; the past that other worlds share.

    Sources have no problem.
    """
    found: dict[str, list[Finding]] = {one.world.name: [] for one in made}
    rows, past = findings(plan, lived, made, landed, past)
    for row in rows:
        world = row["problem"] or (made[0].world.name if landed else None)
        if world in found:
            found[world].append(_renamed(Finding(**row), world, lived.problem.name))
    return found, past


def _renamed(one: Finding, world: str, problem: str) -> Finding:
    texts = {name: getattr(one, name) for name in ("subject", "alert_id", "node")}
    texts = {name: text and text.replace(world, problem) for name, text in texts.items()}
    return replace(one, problem=one.problem and problem, **texts)


def alarms(found: Iterable[Finding], weeks: frozenset[str], end: date) -> list[Alarm]:
    """Each finding as an alarm: known when its day or week is over, at the latest when the world ends."""
    return [Alarm((one.kind, one.subject, one.seen_at), min(noticed.known(one, weeks), end)) for one in found]


def calm(
    found: Sequence[Finding], weeks: frozenset[str], lived: Lived, turn: date, since: date
) -> tuple[list[Calm], list[tuple]]:
    """What the monitors say from `since` on where no fault was: before `turn` and after; and every alert (day, name).

    Kinds that do not age tell how the project is run today, not what a day was like; they are not counted.
    """
    ages = {
        row["kind"]: row["closes_after_days"]
        for row in warehouse.rows("select kind, closes_after_days from seeds.alert_kinds where closes_after_days is not null")
    }
    dated = [(one, noticed.known(one, weeks)) for one in found if one.kind in ages]
    opened = noticed.alerts(dated, days(lived.first, lived.end), ages, lineage.read(set()))
    return [
        Calm(
            WATCHER, before, (end - start).days,
            len({at for one, at in dated if start < at <= end and one.severity != "info"}),
            sum(start < day <= end for day, _ in opened),
        )
        for before, start, end in ((True, since, turn), (False, turn, lived.end))
    ], [(day, name) for day, name in opened if day > since]  # fmt: skip


def whole(lived: Lived) -> Made:
    """The world in which nothing happens, from the first day to the last."""
    world = World("world_calm", None, lived.first, lived.end, lived.end, False)
    return Made(world, lived.rows.slice(0, 0), None, [], {})
