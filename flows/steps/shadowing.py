"""Shadow scoring as a step: challengers score what the champion scored, where no reader looks."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from flows.steps import ledger, problems, registry, shadows, warehouse
from flows.steps.scoring import audit, stage, staging
from flows.steps.step import step
from ml.errors import AsofError
from ml.problem import Problem


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
    scored = 0
    for one in shadows.active(problem.name):
        try:
            scored += _score(problem, one, now)
        except AsofError:
            continue  # ledger.run has written down why
    return scored


def _score(problem: Problem, one: shadows.Shadow, now: datetime) -> int:
    pending = problems.unshadowed(problem, one.model_version, one.start, now)
    with warehouse.cursor() as con:
        due = con.execute(f"select count(*) from ({pending})").fetchall()[0][0]
    if not due:
        return 0
    with ledger.run("shadow", now, problem.name) as run, staging(f"{problem.name}_shadow") as staged:
        # What it sees is what the champion sees, and that is profiled already.
        stage(problem, one.model_version, pending, staged, Counter())
        audit(staged, due)
        run.rows, run.message = due, f"{one.model_version} scored {due:,} rows in the shadow"
        with warehouse.transaction() as con:
            con.execute(
                "insert into ledger.shadow_predictions (problem, entity_id, as_of, model_version, score, raw_score, flagged, "
                "run_id, scored_at) select ?, entity, as_of, model_version, score, raw_score, flagged, ?, ? "
                f"from {staged} order by as_of, entity",
                [problem.name, run.run_id, ledger.wall_clock()],
            )
            run.commit(con)
    return due
