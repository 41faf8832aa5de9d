"""Worlds: what was lived up to a day, with one fault, or none, from that day on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from flows.steps.simulating.lived import Lived, days
from ml import profile
from ml.errors import AsofError
from ml.injecting.faults import CATALOGUE, WINDOW, Fault
from ml.injecting.inject import Injected, inject

# What a fault is measured against: four weeks, every weekday four times.
BEFORE = 28
# Companions are known after twelve weeks, and a week later every limit stands that the life of this length will have.
WATCHED = 91


@dataclass(frozen=True)
class World:
    """`name` stands for the problem in this world. It begins at `start`; a fault begins at `at`; it ends at `end`."""

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
    """A world with what differs in it: served rows from `at` on, profile counts of the columns that the fault changed, and
    `landing`, by source the factor on its rows while the fault lasts."""

    world: World
    rows: pa.Table
    injected: Injected | None
    counts: list[dict]
    landing: dict[str, float]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that differ from what was lived."""
        return self.injected.columns if self.injected else ()


def dates(lived: Lived, turn: date, count: int, seed: int) -> list[date]:
    """`count` days on which faults begin, half of them before `turn` (where limits were chosen) and half after.

    Drawn without replacement from the days on which the limits stand and that have two weeks after them; where the life was too
    short for that, from those that have four weeks before them.
    """
    rng = np.random.default_rng([seed, 0])
    for before in (WATCHED, BEFORE + 7):
        fit = days(lived.first + timedelta(days=before), lived.end - timedelta(days=WINDOW))
        halves = [
            [day for day in fit if day + timedelta(days=WINDOW) <= turn],
            [day for day in fit if day >= turn + timedelta(days=1)],
        ]
        if all(len(half) >= count for half in halves):
            break
    else:
        halves = [fit[: len(fit) // 2], fit[len(fit) // 2 :]]
    if min(len(half) for half in halves) < -(-count // 2):
        raise AsofError(f"only {len(fit)} days have four weeks before and two weeks after them: ask for fewer --dates")
    drawn = [rng.choice(len(half), size, replace=False) for half, size in zip(halves, (-(-count // 2), count // 2), strict=True)]
    return sorted(half[int(place)] for half, places in zip(halves, drawn, strict=True) for place in places)


def drawn(lived: Lived, at: Sequence[date], turn: date, faults: Sequence[Fault] = CATALOGUE) -> list[World]:
    """A world for every fault on every day, and one without a fault for every day, which they are compared with."""
    made = []
    for day in at:
        end = day + timedelta(days=WINDOW)
        for fault in (None, *faults):
            made.append(World(f"world_{len(made):03}", fault, lived.first, day, end, day < turn))
    return made


def make(lived: Lived, world: World, sources: Sequence[str], seed: int) -> Made:
    """The world with its fault: the same for the same seed."""
    rows = lived.between(world.at, world.end)
    if world.fault is None:
        return Made(world, rows, None, [], {})
    # the same columns are drawn whatever the size, so that sizes can be compared
    rng = np.random.default_rng([seed, world.at.toordinal(), *world.fault.kind.encode()])
    hit, rest = lived.between(world.at, world.until), lived.between(world.until, world.end)
    before = lived.between(max(lived.first, world.at - timedelta(days=BEFORE)), world.at)
    gains = lived.gains[hit["model_version"][0].as_py()]
    injected = inject(world.fault, before, hit, lived.problem, gains, rng)
    if world.fault.hits == "feature":
        injected = Injected(lived.rescored(injected.rows), (*injected.columns, "score"), injected.about)
    rest = rest.select(injected.rows.column_names)
    joined = pa.concat_tables([injected.rows, rest], promote_options="permissive") if len(rest) else injected.rows
    return Made(world, joined, injected, list(_counts(lived, world, injected)), _landing(world, sources, rng))


def _landing(world: World, sources: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    fault = world.fault
    if fault.hits == "landing":
        return {sources[int(rng.integers(len(sources)))]: fault.amount}
    # rows that were not served had not landed either
    return dict.fromkeys(sources, 1 - fault.amount) if fault.hits == "rows" else {}


def _counts(lived: Lived, world: World, injected: Injected) -> Iterator[dict]:
    """The profile of the rows that the fault changed, as serving writes it, for the columns that it changed."""
    if world.fault.hits not in ("feature", "rows"):
        return
    names = injected.columns or (*lived.problem.feature_names, "score")
    seen: Counter = Counter()
    rows = injected.rows
    ordinal = rows["day"].to_numpy().astype("datetime64[D]")
    version = np.asarray(rows["model_version"].to_pylist())
    for day in np.unique(ordinal):
        for one in np.unique(version[ordinal == day]):
            part = rows.filter(pa.array((ordinal == day) & (version == one))).select(list(names))
            for feature, cell, number in profile.counts({n: lived.cells[one][n] for n in names}, part):
                seen[one, day.item(), feature, cell] += number
    for (one, day, feature, cell), number in seen.items():
        yield {
            "problem": world.name, "model_version": one, "stage": "serving", "day": day, "feature": feature, "cell": cell,
            "rows": number,
        }  # fmt: skip
