"""The simulation as tables for people, on a terminal or on a page."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table

from flows.studies.fault_injection.simulation import Simulation
from ml.studies.fault_injection.detection_rates import Outcome, Rate, rate
from ml.studies.fault_injection.faults import Fault

CALM = ["watcher", "months", "days", "days with an alarm", "alerts that call somebody", "a quarter"]
MONTHS = {True: "limits chosen", False: "after"}
WHEN = {True: "on which limits were chosen", False: "after them"}


def calm_of(found: Simulation) -> Iterator[list[object]]:
    """Per watcher and half of the months: a row of CALM."""
    for one in found.calm:
        yield [one.watcher, MONTHS[one.chosen], one.days, one.alarm_days, one.pages, f"{one.pages_a_quarter:.1f}"]


def header(found: Simulation) -> list[str]:
    """The columns of `faults_of`."""
    return ["fault", "size", *found.watchers]


def faults_of(found: Simulation) -> Iterator[list[object]]:
    """Per fault and size, what each watcher found: `3 of 6, 1 d` with the days to it by the median."""
    for fault in found.faults:
        yield [fault.kind, fault.size, *(str(rate_of(found, watcher, fault)) for watcher in found.watchers)]


def totals_of(found: Simulation) -> Iterator[list[object]]:
    """Over all faults, by months: how many were found, and how many within a day."""
    for chosen, months in MONTHS.items():
        rates = [rate_of(found, watcher, chosen=chosen) for watcher in found.watchers]
        yield [f"found, {months}", *(f"{one.found} of {one.scenarios}" for one in rates)]
        yield [f"within a day, {months}", *(f"{one.within_a_day} of {one.scenarios}" for one in rates)]


def rate_of(found: Simulation, watcher: str, fault: Fault | None = None, chosen: bool | None = None) -> Rate:
    """The rate of a watcher over the outcomes of one fault, of one half of the months, or of all."""

    def is_meant(one: Outcome) -> bool:
        return one.watcher == watcher and fault in (None, one.fault) and chosen in (None, one.chosen)

    return rate(one for one in found.outcomes if is_meant(one))


def always(found: Simulation) -> str:
    """The sizes of which our monitors found every scenario, by kind: `shift (1 sd)`."""
    sizes: dict[str, list[str]] = {}
    for fault in found.faults:
        one = rate_of(found, found.watchers[0], fault)
        if one.scenarios and one.found == one.scenarios:
            sizes.setdefault(fault.kind, []).append(fault.size)
    return ", ".join(f"{kind} ({'; '.join(there)})" for kind, there in sizes.items()) or "none"


def kinds_of(found: Simulation) -> Iterator[list[object]]:
    """Per fault, in how many of its scenarios which kinds of our findings detected it."""
    for kind in dict.fromkeys(fault.kind for fault in found.faults):
        counts = sorted(found.kinds.get(kind, {}).items(), key=lambda item: (-item[1], item[0]))
        sizes = sum(fault.kind == kind for fault in found.faults)
        yield [kind, sizes * len(found.dates), ", ".join(f"`{name}` {number}" for name, number in counts) or "none"]


def tables(found: Simulation) -> Iterator[Table]:
    """Where no fault was; what was found."""
    yield _table(CALM, calm_of(found))
    yield _table(header(found), faults_of(found))
    yield _table(["", *found.watchers], totals_of(found))


def headline(found: Simulation) -> str:
    """One sentence for the end."""
    ours = rate_of(found, found.watchers[0])
    calm = " and ".join(f"{one.pages} in the {one.days} days {WHEN[one.chosen]}" for one in _own(found))
    return (
        f"{ours.found} of {ours.scenarios} faults were found within two weeks, {ours.within_a_day} of them within a day. "
        f"Without a fault there were alerts: {calm}."
    )


def _own(found: Simulation):
    return [one for one in found.calm if one.watcher == found.watchers[0]]


def _table(names: list[str], rows) -> Table:
    table = Table(*names, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table
