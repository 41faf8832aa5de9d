"""Experiments: each runs in its time box, compared with the baseline on the same rows, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows.store import problems
from flows.studies.experiments import export, folds, running


def experiment(problem: str, names: Sequence[str], on_progress: Callable[[str], None] = lambda text: None) -> list[dict]:
    """Run experiments one after the other; returns their rows of `ledger.experiments`."""
    export.check()
    with folds.study_data(problems.get(problem)) as on:
        rows = []
        for name in names:
            rows.append(running.run(on, on.plan.named(name), on_progress))
            export.export(rows[-1])
    return rows
