"""Validation as a step: a challenger against the rule and the champion, on rows that neither has seen."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from flows.steps import ledger, problems, registry, settings, warehouse
from flows.steps.step import step
from ml.errors import AsofError
from ml.judge import Verdict
from ml.judge import judge as weigh
from ml.model import Model
from ml.problem import Problem
from ml.rows import labels
from ml.split import days, instants


@step()
def judge(problem: Problem, now: datetime, challenger: str | None = None) -> dict:
    """Judge a version (the latest by default) as of `now`; returns the row of `verdicts`.

    The challenger's twin, which never saw the holdout, and the champion are compared row by row on it.
    """
    version = challenger or registry.latest(problem.name)
    incumbent = registry.champion(problem.name)
    if version == incumbent:
        raise AsofError(f"{version} is the champion already; train a challenger first")
    with ledger.run("validation", now, problem.name) as run:
        verdict = _weigh(problem, now, version, incumbent)
        record = {
            "verdict_id": f"{problem.name}/{version}/{incumbent or 'no champion'}/{now.isoformat()}",
            "problem": problem.name,
            "challenger": version,
            "champion": incumbent,
            "decided_as_of": now,
            "decided_at": ledger.wall_clock(),
            "decision": verdict.decision,
            "rows_judged": verdict.rows,
            "clusters": verdict.clusters,
            "reason": verdict.reason,
        }
        gates = [
            {"verdict_id": record["verdict_id"], "gate": gate.name, "estimate": _finite(gate.estimate), "low": _finite(gate.low),
             "high": _finite(gate.high), "margin": _finite(gate.margin), "passed": gate.passed, "reason": gate.reason}
            for gate in verdict.gates
        ]  # fmt: skip
        with warehouse.transaction() as con:
            ledger.append(con, "verdicts", [record], ["verdict_id"])
            ledger.append(con, "verdict_gates", gates, ["verdict_id", "gate"])
        run.rows, run.message = verdict.rows, f"{version}: {verdict.decision}"
    return record


def _weigh(problem: Problem, now: datetime, version: str, incumbent: str | None) -> Verdict:
    row = registry.row(problem.name, version)
    twin = Model.from_json(row["twin"], f"twin of {version}")
    rows = problems.training_rows(problem, now)
    fresh = instants(rows[problem.as_of]) >= np.datetime64(row["holdout_from"], "us")
    old = registry.model(problem.name, incumbent) if incumbent else None
    if old is not None:
        fresh &= old.unseen(rows[problem.label_known_at].to_numpy())
    holdout = rows.take(np.flatnonzero(fresh))
    if holdout.num_rows == 0:
        raise AsofError(f"no row since {row['holdout_from']} is new to both {version} and {incumbent}; wait for more labels")
    cluster = days(holdout[problem.as_of]) if problem.cluster == "day" else holdout[problem.cluster].to_numpy()
    return weigh(
        labels(holdout, problem, np.arange(holdout.num_rows)),
        cluster,
        twin.predict(holdout, settings.threads()),
        holdout[problem.rule].to_numpy(),
        old.predict(holdout, settings.threads()) if old else None,
        problem=problem,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
