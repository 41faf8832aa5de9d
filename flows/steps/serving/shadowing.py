"""Shadow scoring as a step: challengers score what the champion scored, where no reader looks."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from flows.runtime import warehouse
from flows.runtime.step import step
from flows.steps.serving.scoring import answer, audit, stage, staging
from flows.store import ledger, problems, registry, shadows
from ml.errors import AsofError
from ml.models import tasks
from ml.problem.problem import Problem


@step()
def declare(problem: Problem, version: str, now: datetime, reason: str = "") -> bool:
    """Let a version score in the shadow from `now` on; returns whether that is new. AsofError when it cannot score."""
    if version == registry.champion(problem.name):
        raise AsofError(f"{version} is the champion: it scores in the open already")
    registry.model(problem.name, version).check(problem)
    return shadows.begin(problem.name, version, now, reason)


@step()
def score_shadows(problem: Problem, now: datetime) -> int:
    """Score the rows of each shadow's time that the champion has scored and it has not; returns how many scores.

    A shadow that fails leaves a failed run for the alerts and holds up nobody else.
    """
    active = shadows.scoring(problem.name, now)
    if not active:
        return 0
    failures: list[AsofError] = []
    try:
        with ledger.run("shadow", now, problem.name) as run:
            for one in active:
                try:
                    run.rows += _score(problem, one, now, run)
                except AsofError as error:
                    failures.append(error)
            run.message = f"{', '.join(one.model_version for one in active)} scored {run.rows:,} rows in the shadow"
            if failures:
                raise failures[0]
    except AsofError:
        pass  # ledger.run has written down why
    return run.rows


def _score(problem: Problem, one: shadows.Shadow, now: datetime, run: ledger.Run) -> int:
    task, pending = tasks.of(problem), problems.unshadowed(problem, one.model_version, one.start, now)
    with warehouse.cursor() as con:
        due = con.execute(f"select count(*) from ({pending})").fetchall()[0][0]
    if not due:
        return 0
    with staging(f"{problem.name}_shadow", task.columns(problem)) as staged:
        # What it sees is what the champion sees, and that is profiled already.
        stage(problem, one.model_version, pending, staged, Counter())
        audit(staged, due, task.span)
        with warehouse.transaction() as con:
            con.execute(
                "insert into ledger.shadow_predictions (problem, entity_id, as_of, model_version, score, raw_score, flagged, "
                "answer, run_id, scored_at) "
                f"select ?, entity, as_of, model_version, score, raw_score, flagged, {answer(problem)}, ?, ? "
                f"from {staged} order by as_of, entity",
                [problem.name, run.run_id, ledger.wall_clock()],
            )
    return due
