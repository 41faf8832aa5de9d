"""Scenarios: the serving history up to a day, with one fault, or none, from that day on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from flows.studies.fault_injection.serving_history import ServingHistory, days
from ml.errors import AsofError
from ml.statistics import profile
from ml.studies.fault_injection.faults import CATALOGUE, WINDOW, Fault
from ml.studies.fault_injection.inject import Injected, inject

# What a fault is measured against: four weeks, every weekday four times.
BEFORE = 28
# The most correlated features are known after twelve weeks; a week later every limit stands that a history of this length has.
WATCHED = 91


@dataclass(frozen=True)
class Scenario:
    """`name` stands for the problem in this scenario. It begins at `start`; a fault begins at `at`; it ends at `end`."""

    name: str
    fault: Fault | None
    start: date
    at: date
    end: date
    chosen: bool

    @property
    def until(self) -> date:
        """The day on which the fault is over."""
        return self.at + timedelta(days=self.fault.days if self.fault else 0)


@dataclass(frozen=True)
class Made:
    """A scenario with what differs in it: served rows from `at` on, profile counts of the columns that the fault changed, and
    `landing`, by source the factor on its rows while the fault lasts."""

    scenario: Scenario
    rows: pa.Table
    injected: Injected | None
    counts: list[dict]
    landing: dict[str, float]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that differ from the serving history."""
        return self.injected.columns if self.injected else ()


def dates(history: ServingHistory, boundary: date, count: int, seed: int) -> list[date]:
    """`count` days on which faults begin, half of them before `boundary` (where limits were chosen) and half after.

    Drawn without replacement from the days on which the limits stand and that have two weeks after them; where the history
    was too short for that, from those that have four weeks before them.
    """
    rng = np.random.default_rng([seed, 0])
    for before in (WATCHED, BEFORE + 7):
        fit = days(history.first + timedelta(days=before), history.end - timedelta(days=WINDOW))
        halves = [
            [day for day in fit if day + timedelta(days=WINDOW) <= boundary],
            [day for day in fit if day >= boundary + timedelta(days=1)],
        ]
        if all(len(half) >= count for half in halves):
            break
    else:
        halves = [fit[: len(fit) // 2], fit[len(fit) // 2 :]]
    if min(len(half) for half in halves) < -(-count // 2):
        raise AsofError(f"only {len(fit)} days have four weeks before and two weeks after them: ask for fewer --dates")
    drawn = [rng.choice(len(half), size, replace=False) for half, size in zip(halves, (-(-count // 2), count // 2), strict=True)]
    return sorted(half[int(place)] for half, places in zip(halves, drawn, strict=True) for place in places)


def drawn(history: ServingHistory, at: Sequence[date], boundary: date, faults: Sequence[Fault] = CATALOGUE) -> list[Scenario]:
    """A scenario for every fault on every day, and one without a fault for every day, which they are compared with."""
    made = []
    for day in at:
        end = day + timedelta(days=WINDOW)
        for fault in (None, *faults):
            made.append(Scenario(f"scenario_{len(made):03}", fault, history.first, day, end, day < boundary))
    return made


def make(history: ServingHistory, scenario: Scenario, sources: Sequence[str], seed: int) -> Made:
    """The scenario with its fault: the same for the same seed."""
    rows = history.between(scenario.at, scenario.end)
    if scenario.fault is None:
        return Made(scenario, rows, None, [], {})
    # the same columns are drawn whatever the size, so that sizes can be compared
    rng = np.random.default_rng([seed, scenario.at.toordinal(), *scenario.fault.kind.encode()])
    hit, rest = history.between(scenario.at, scenario.until), history.between(scenario.until, scenario.end)
    before = history.between(max(history.first, scenario.at - timedelta(days=BEFORE)), scenario.at)
    gains = history.gains[hit["model_version"][0].as_py()]
    injected = inject(scenario.fault, before, hit, history.problem, gains, rng)
    if scenario.fault.hits == "feature":
        injected = Injected(history.rescored(injected.rows), (*injected.columns, "score"), injected.about)
    rest = rest.select(injected.rows.column_names)
    joined = pa.concat_tables([injected.rows, rest], promote_options="permissive") if len(rest) else injected.rows
    return Made(scenario, joined, injected, list(_counts(history, scenario, injected)), _landing(scenario, sources, rng))


def _landing(scenario: Scenario, sources: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    fault = scenario.fault
    if fault.hits == "landing":
        return {sources[int(rng.integers(len(sources)))]: fault.amount}
    # rows that were not served had not landed either
    return dict.fromkeys(sources, 1 - fault.amount) if fault.hits == "rows" else {}


def _counts(history: ServingHistory, scenario: Scenario, injected: Injected) -> Iterator[dict]:
    """The profile of the rows that the fault changed, as serving writes it, for the columns that it changed."""
    if scenario.fault.hits not in ("feature", "rows"):
        return
    names = injected.columns or (*history.problem.feature_names, "score")
    seen: Counter = Counter()
    rows = injected.rows
    ordinal = rows["day"].to_numpy().astype("datetime64[D]")
    version = np.asarray(rows["model_version"].to_pylist())
    for day in np.unique(ordinal):
        for one in np.unique(version[ordinal == day]):
            part = rows.filter(pa.array((ordinal == day) & (version == one))).select(list(names))
            for feature, cell, number in profile.counts({n: history.cells[one][n] for n in names}, part):
                seen[one, day.item(), feature, cell] += number
    for (one, day, feature, cell), number in seen.items():
        yield {
            "problem": scenario.name, "model_version": one, "stage": "serving", "day": day, "feature": feature, "cell": cell,
            "rows": number,
        }  # fmt: skip
