"""Training as a step: rows in, a row of `model_versions` and its profile out."""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
import numpy as np

from checks import border
from flows.runtime import settings, warehouse
from flows.runtime.step import step
from flows.store import allowance, feature_sql, ledger, problems, registry, retraining_gains
from ml.models import footprint, tasks
from ml.models.learn import Progress
from ml.models.of_rule import of_rule
from ml.models.train import Trained
from ml.models.train import train as fit
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import days, known
from ml.statistics import profile
from ml.validation.retraining_gains import due, measure


@step()
def train(problem: Problem, now: datetime, on_progress: Progress | None = None, cause: str = "by hand") -> str:
    """Train a challenger as of `now`; returns its version. The same rows give the same version and change nothing.

    `cause` says why: what was due by the declared policy, or that a person asked for it.
    """
    footprint.give_back()
    with ledger.run("training", now, problem.name) as run:
        run.limit_seconds, run.limit_memory_mb = problem.budget.train_seconds, problem.budget.train_memory_mb
        feature_sql.check(problem)
        with allowance.within(problem, now):
            rows = border.read(problems.training_rows(problem, now, allowance.since(problem, now)), problem)
            trained = fit(rows, now, threads=settings.threads(), on_progress=on_progress)
            gains = _gains(rows, problem, now, on_progress)
        profiled, compared = _profiled(rows, now, trained), _compared(rows, now, trained)
        version = trained.challenger.name
        run.rows = trained.challenger.spec["rows"]
        run.message = (
            f"trained {version}, {trained.rounds} rounds on {run.rows:,} rows; {cause}{'; ' * bool(trained.doubt)}{trained.doubt}"
        )
        with warehouse.transaction() as con:
            _write(con, trained, problem, profiled, compared, cause)
            ledger.append(con, "retraining_gains", gains, ["problem", "recipe", "fold_from"])
            run.commit(con)
    return version


def _gains(rows: Rows, problem: Problem, now: datetime, on_progress: Progress | None) -> list[dict]:
    """Rows of `retraining_gains` for folds that were not measured yet; none where the champion is of another recipe.

    Nor where the past of challengers counts for nothing.
    """
    champion = registry.rival(problem.name) if problem.validation.past else None
    recipe = retraining_gains.recipe(problem.spec_hash, feature_sql.recorded(problem))
    if champion is None or retraining_gains.recipe_of(registry.row(problem.name, champion)) != recipe:
        return []
    there = {np.datetime64(at, "us") for at in retraining_gains.starts(problem.name, recipe)}
    folds, found = due(rows, np.datetime64(now, "us"), there), []
    for one in measure(rows, folds, np.datetime64(now, "us"), settings.threads()):
        if on_progress:
            on_progress("retraining gains", len(found) + 1, len(folds))
        fold, metric, value = one
        found.append({
            "problem": problem.name, "recipe": recipe, "fold_from": fold.start.item(), "fold_until": fold.end.item(),
            "days": fold.days, "metric": problem.metric, "difference": metric.estimate, "standard_error": metric.se,
            "saved": value and value.estimate, "saved_standard_error": value and value.se,
            "rows": metric.rows, "clusters": metric.clusters, "measured_as_of": now,
        })  # fmt: skip
    return found


@step()
def train_rule(problem: Problem, now: datetime, cause: str) -> str:
    """Make a version of the rule as of `now`, to be served while no model has won; returns it. Nothing is learned."""
    rows = border.read(problems.training_rows(problem, now, allowance.since(problem, now)), problem)
    made = of_rule(rows, now)
    profiled, compared = _profiled(rows, now, made), _compared(rows, now, made)
    with warehouse.transaction() as con:
        _write(con, made, problem, profiled, compared, cause)
    return made.challenger.name


def _profiled(rows: Rows, now: datetime, trained: Trained) -> tuple[Rows, profile.Profile, np.ndarray]:
    """The rows that a model learned from, the cells in which they are counted, and the holdout's scores as they are shown."""
    problem = rows.problem
    number = known(rows.as_of, rows.known_at, now, problem.training.window_days)
    used = rows if len(number) == len(rows) else rows.take(number)
    task, fineness = tasks.of(problem), profile.fineness(len(used), len(np.unique(days(used.as_of))))
    shown = task.headline(problem, trained.holdout_score)
    return used, profile.edges(used, fineness, shown if task.span is None else None), shown


def _compared(rows: Rows, now: datetime, trained: Trained) -> list[dict]:
    """What the version before says of this holdout, in its own cells: beside what it said of its own, the rows alone have moved.

    Nothing where there is none, or it cannot score these rows any more.
    """
    problem, holdout = rows.problem, trained.holdout
    row = registry.before(problem.name, trained.challenger.name, now)
    if row is None or registry.holdout_model(row).lost(problem) or not feature_sql.fits(problem, row.get("feature_sql")):
        return []
    # It has seen what lies before its own holdout.
    unseen = holdout[rows.as_of[holdout] >= np.datetime64(row["holdout_from"], "us")]
    if len(unseen) == 0:
        return []
    score = registry.holdout_model(row).predict(rows.take(unseen), settings.threads())
    counts = profile.counts({"score": registry.cells(row)["score"]}, {"score": tasks.of(problem).headline(problem, score)})
    who = {"problem": problem.name, "model_version": row["model_version"], "stage": "holdout", "day": now.date()}
    return [{**who, "feature": name, "cell": cell, "rows": n} for name, cell, n in counts]


def _write(
    con: duckdb.DuckDBPyConnection,
    trained: Trained,
    problem: Problem,
    profiled: tuple[Rows, profile.Profile, np.ndarray],
    compared: list[dict],
    cause: str,
) -> None:
    """The row of `model_versions` and its profile, once, with what the version before says of its holdout."""
    used, cells, shown = profiled
    if ledger.append(con, "model_versions", [_record(trained, problem, cells) | {"cause": cause}], ["model_version"]):
        counts = profile.counts(cells, used) + profile.counts({"score": cells["score"]}, {"score": shown})
        who = {"problem": problem.name, "model_version": trained.challenger.name, "stage": "training"}
        ledger.insert(con, "profiles", [{**who, "feature": name, "cell": cell, "rows": n} for name, cell, n in counts])
        if compared:
            ledger.insert(con, "profiles", compared)


def _record(trained: Trained, problem: Problem, cells: profile.Profile) -> dict:
    edges = json.dumps(cells)
    return {
        **trained.challenger.to_row(),
        "trained_at": ledger.wall_clock(),
        "code_version": ledger.code_version(),
        "rows_holdout": len(trained.holdout),
        "holdout_from": trained.split.holdout_start.item(),
        "newest_as_of": trained.newest.item(),
        "seconds": trained.seconds,
        "holdout_model": trained.holdout_model.to_json(),
        "importances": json.dumps(trained.importances),
        "edges": edges,
        "edges_sha256": registry.digest(edges),
        "feature_sql": feature_sql.recorded(problem),
    }
