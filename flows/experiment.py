"""Experiments: each is walked in its time box, weighed against the baseline on the same rows, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefect import flow

from flows.steps import problems
from flows.steps.experimenting import bench, export, running


@flow(name="experiment")
def experiment(problem: str, names: Sequence[str], told: Callable[[str], None] = lambda text: None) -> list[dict]:
    """Run experiments one after the other; returns their rows of `ledger.experiments`."""
    export.check()
    with bench.bench(problems.get(problem)) as on:
        rows = []
        for name in names:
            rows.append(running.run(on, on.plan.named(name), told))
            export.export(rows[-1])
    return rows
