"""What would run, and what it would cost: from earlier rows, or from one fold as a probe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from flows.runtime import warehouse
from flows.store import problems
from flows.studies import plans
from flows.studies.experiments import folds, record, time_box
from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.studies.experiment import Experiment, Nothing, changed


@dataclass(frozen=True)
class Planned:
    """The experiments that would run, and those that would not with the reason."""

    experiments: tuple[Experiment, ...]
    left: dict[str, str]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.experiments]


@dataclass(frozen=True)
class Cost:
    """Seconds and megabytes that a walk-forward of the baseline takes with all its seeds, and how that is known."""

    seconds: float
    memory_mb: float
    known_from: str


def planned(problem: str, names: Sequence[str], every: bool) -> Planned:
    """The named experiments, or with `every` all that have not finished; AsofError when neither or a change is refused."""
    declared = problems.get(problem)
    plan = plans.plan(declared)
    if not names and not every:
        listed = ", ".join(one.name for one in plan.experiments)
        raise AsofError(f"name an experiment of {plan.path}, or say --all; there are {listed}")
    finished = {
        row["name"]
        for row in warehouse.rows("select name from ledger.experiments where problem = ? and status = 'finished'", [problem])
    }
    chosen, left = [], {}
    for one in [plan.named(name) for name in names] or plan.experiments:
        if not names and one.name in finished:
            left[one.name] = "has finished"
            continue
        try:
            changed(one, declared)
        except Nothing as why:
            if names:
                raise
            left[one.name] = str(why)
            continue
        chosen.append(one)
    return Planned(tuple(chosen), left)


def cost(problem: str) -> Cost:
    """What one walk-forward costs here: measured by the latest baseline of the same problem, else by a probe."""
    earlier = warehouse.rows(
        "select seconds, peak_memory_mb, started_at from ledger.experiments "
        "where problem = ? and dimension = 'baseline' order by started_at desc limit 1",
        [problem],
    )
    if earlier:
        row = earlier[0]
        return Cost(row["seconds"], row["peak_memory_mb"], f"the baseline of {row['started_at']:%d %b %Y %H:%M}")
    with folds.study_data(problems.get(problem)) as on:
        recipe = Recipe.of(on.problem)
        seeds = record.seeds_of(on, recipe)
        outcome = time_box.run(on, recipe, seeds[:1], None, first_folds=1)
        if not outcome.lines:
            raise AsofError(f"the probe failed: {outcome.error}")
        # Fitting takes as long as there are rows to fit on.
        share = sum(len(fold.usable) for fold in on.through) / len(on.through[0].usable)
        return Cost(outcome.lines[0]["seconds"] * share * len(seeds), outcome.memory_mb, "a probe of the first fold")


def shown(what: Planned, expected: Cost) -> Table:
    """The plan as a table for the terminal."""
    table = Table(title="what would run", title_justify="left", box=None, header_style="dim", pad_edge=False)
    for name, right in (("experiment", False), ("dimension", False), ("change", False), ("expected", True), ("box", True)):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    total = 0.0
    for one in what.experiments:
        seconds = one.budget_seconds if one.dimension == "search" else min(expected.seconds, one.budget_seconds)
        total += seconds
        tight = "  too small" if expected.seconds > one.budget_seconds else ""
        table.add_row(
            one.name, one.dimension, json.dumps(dict(one.change)), f"{seconds:.0f} s", f"{one.budget_seconds:.0f} s{tight}"
        )
    for name, why in what.left.items():
        table.add_row(name, "", f"left out: {why}", "", "")
    table.caption = (
        f"about {total / 60:.0f} minutes, {expected.memory_mb:.0f} MB in a child process; expected from {expected.known_from}, "
        "as if every change cost what the baseline does"
    )
    table.caption_justify = "left"
    return table
