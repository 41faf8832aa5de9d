"""Scoring again: predictions of some days are replaced by those of the champion that is in force now, and kept as history.

Readers see one prediction per row, before and after. What was said at the time stays in `ledger.replaced_predictions`, and it is
what monitors and verdicts go on judging: a model that was trained later may know how the rows ended.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from flows.runtime import warehouse
from flows.runtime.step import step
from flows.steps.serving.scoring import VALUES, answer, audit, stage, staging
from flows.store import ledger, problems, registry
from ml.errors import AsofError, Refused
from ml.models import tasks
from ml.problem.problem import Problem


@step()
def score_again(problem: Problem, start: datetime, end: datetime, now: datetime, reason: str) -> int:
    """Score the rows with start <= as_of < end that have a prediction by the champion of now; returns how many others came out.

    Only predictions that come out otherwise are replaced, so that running it again replaces nothing. AsofError without a
    reason, without a champion, and when no row of that time has a prediction.
    """
    if not reason.strip():
        raise AsofError("predictions are replaced for a reason: say it with --reason")
    version, task = registry.champion(problem.name), tasks.of(problem)
    if version is None:
        raise AsofError(f"{problem.name} has no champion: train, judge and promote a model first")
    with ledger.run("rescoring", now, problem.name) as run, staging(f"{problem.name}_again", task.columns(problem)) as staged:
        due = stage(problem, version, problems.predicted(problem, start, end), staged, Counter())
        if not due:
            raise Refused(f"no row with {start} <= {problem.as_of} < {end} has a prediction; give other instants with --again")
        audit(staged, due, task.span)
        run.rows = _replace(problem, staged, run, reason.strip(), f"{due:,} rows from {start} to {end} by {version}")
    return run.rows


def _replace(problem: Problem, staged: str, run: ledger.Run, reason: str, what: str) -> int:
    """Old predictions into the history, new ones into their place, and the run itself: all of it or nothing."""
    there, entity, as_of = f"{problems.SCHEMA}.{problem.name}__predictions", problem.entity, problem.as_of
    same = f"cast(old.{entity} as varchar) = new.entity and old.{as_of} = new.as_of"
    values = [*VALUES.split(", "), *tasks.of(problem).columns(problem)]
    old, new = (", ".join(f"{side}.{name}" for name in values) for side in ("old", "new"))
    kept = ", ".join(f"old.{name}" for name in VALUES.split(", "))
    with warehouse.transaction() as con:
        con.execute(
            f"create or replace temp table other as select new.* from {staged} as new join {there} as old on {same} "
            f"where ({old}) is distinct from ({new})"
        )
        run.rows = con.execute(
            f"insert into ledger.replaced_predictions by name select "
            f"(select coalesce(max(number), 0) + 1 from ledger.replaced_predictions) as number, "
            f"? as problem, new.entity as entity_id, new.as_of as as_of, {kept}, {answer(problem, 'old.')} as answer, "
            f"old.run_id, old.scored_at, "
            f"? as replaced_by, ?::timestamp as replaced_at, ? as reason from {there} as old join other as new on {same}",
            [problem.name, run.run_id, ledger.wall_clock(), reason],
        ).fetchall()[0][0]
        con.execute(f"delete from {there} as old using other as new where {same}")
        con.execute(
            f"insert into {there} ({entity}, {as_of}, {', '.join(values)}, run_id, scored_at) "
            f"select entity, as_of, {', '.join(values)}, ?, ? "
            "from other order by as_of, entity",
            [run.run_id, ledger.wall_clock()],
        )
        con.execute("drop table other")
        run.message = f"scored {what} again, {run.rows:,} came out otherwise: {reason}"
        run.commit(con)
    return run.rows
