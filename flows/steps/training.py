"""Training as a step: rows in, a row of `model_versions` and its profile out."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np

from checks.border import check_rows
from flows.steps import ledger, memory, problems, settings, warehouse
from flows.steps.step import step
from ml import profile
from ml.learn import Progress
from ml.problem import Problem
from ml.split import days, known
from ml.train import Trained
from ml.train import train as fit


@step()
def train(problem: Problem, now: datetime, on_progress: Progress | None = None, cause: str = "by hand") -> str:
    """Train a challenger as of `now`; returns its version. The same rows give the same version and change nothing.

    `cause` says why: what was due by the declared policy, or that a person asked for it.
    """
    memory.give_back()
    with ledger.run("training", now, problem.name) as run:
        run.limit_seconds, run.limit_memory_mb = problem.budget
        rows = problems.training_rows(problem, now)
        check_rows(rows, problem, problem.training_columns, f"{problem.name}__training_set")
        trained = fit(rows, problem, now, threads=settings.threads(), on_progress=on_progress)
        used = rows.take(known(rows[problem.as_of], rows[problem.label_known_at], now, problem.training.window_days))
        cells = profile.edges(used, problem, profile.fineness(used.num_rows, len(np.unique(days(used[problem.as_of])))))
        version = trained.challenger.name
        with warehouse.transaction() as con:
            new = ledger.append(con, "model_versions", [_record(trained, problem, cells) | {"cause": cause}], ["model_version"])
            counts = profile.counts(cells, _with_label(used, problem)) + profile.counts(
                {"score": cells["score"]}, {"score": trained.holdout_score}
            )
            if new:
                who = {"problem": problem.name, "model_version": version, "stage": "training"}
                ledger.insert(con, "profiles", [{**who, "feature": name, "cell": cell, "rows": n} for name, cell, n in counts])
        run.rows = trained.challenger.spec["rows"]
        run.message = f"trained {version}, {trained.rounds} rounds on {run.rows:,} rows; {cause}"
    return version


def _with_label(rows, problem: Problem):
    return rows.rename_columns(["label" if name == problem.label else name for name in rows.column_names])


def _record(trained: Trained, problem: Problem, cells: profile.Profile) -> dict:
    return {
        **trained.challenger.to_row(),
        "trained_at": ledger.wall_clock(),
        "code_version": ledger.code_version(),
        "rows_holdout": len(trained.holdout),
        "holdout_from": trained.split.holdout_start.item(),
        "seconds": trained.seconds,
        "twin": trained.twin.to_json(),
        "importances": json.dumps(trained.importances),
        "edges": json.dumps(cells),
    }
