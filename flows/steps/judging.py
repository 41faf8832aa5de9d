"""Validation as a step: a challenger against the rule and the champion, on rows that neither has seen."""

from __future__ import annotations

import math
from datetime import datetime

from flows.steps import ledger, registry, settings, warehouse
from flows.steps.evidence import Case, holdout, live
from flows.steps.measuring import measure
from flows.steps.step import step
from ml.drift import drift
from ml.errors import AsofError
from ml.judge import PROMOTE, Verdict
from ml.judge import judge as weigh
from ml.problem import Problem
from ml.spending import Look, available


@step()
def judge(
    problem: Problem,
    now: datetime,
    challenger: str | None = None,
    *,
    shadow: bool = False,
    thorough: bool = False,
    promoting: bool = False,
) -> dict:
    """Judge a version (the latest by default) as of `now`; returns the row of `verdicts`.

    The challenger's twin, which never saw the holdout, and the champion are compared row by row on it; with `shadow`,
    what both said live. `thorough` trains the challenger again as a whole. With `promoting`, a PROMOTE verdict and the
    promotion are written in one transaction: there is never the one without the other.
    """
    version = challenger or registry.latest(problem.name)
    incumbent = registry.champion(problem.name)
    if version == incumbent:
        raise AsofError(f"{version} is the champion already; train a challenger first")
    with ledger.run("validation", now, problem.name) as run:
        case = (live if shadow else holdout)(problem, now, version, incumbent)
        start, end = case.span
        identity = f"{problem.name}/{version}/{incumbent or 'no champion'}/{now.isoformat()}" + ("/live" if shadow else "")
        alpha = available(problem.alpha, _looks(problem.name, identity), start, end)
        verdict = _weigh(problem, case, alpha, thorough)
        record = {
            "verdict_id": identity,
            "problem": problem.name,
            "challenger": version,
            "champion": incumbent,
            "decided_as_of": now,
            "decided_at": ledger.wall_clock(),
            "decision": verdict.decision,
            "rows_judged": verdict.rows,
            "clusters": verdict.clusters,
            "reason": verdict.reason,
            "basis": "live" if shadow else "holdout",
            "rows_from": start,
            "rows_until": end,
            "alpha": verdict.alpha,
            "more_clusters": verdict.more,
        }
        promotion = None
        if promoting and verdict.decision == PROMOTE:
            promotion = registry.promotion(problem.name, version, now, verdict.reason)
        with warehouse.transaction() as con:
            ledger.append(con, "verdicts", [record], ["verdict_id"])
            ledger.append(con, "verdict_gates", _gates(identity, verdict), ["verdict_id", "gate"])
            if promotion:
                registry.write(con, promotion)
        run.rows, run.message = verdict.rows, f"{version}: {verdict.decision}"
    return record


def _weigh(problem: Problem, case: Case, alpha: float, thorough: bool) -> Verdict:
    return weigh(
        case.label,
        case.cluster,
        case.challenger,
        case.rule,
        case.champion,
        problem=problem,
        weight=case.weight,
        flags=case.flags,
        slices=case.slices,
        drift=drift(case.cells, case.table, case.judged, problem, case.importances),
        measured=measure(problem, case, settings.threads(), thorough),
        alpha=alpha,
    )


def _looks(problem: str, identity: str) -> list[Look]:
    """The rows of every other verdict, and the alpha it had; the same verdict may be computed again for nothing."""
    found = warehouse.rows(
        "select rows_from, rows_until, alpha from ledger.verdicts "
        "where problem = ? and verdict_id <> ? and rows_from is not null and alpha is not null",
        [problem, identity],
    )
    return [Look(row["rows_from"], row["rows_until"], row["alpha"]) for row in found]


def _gates(identity: str, verdict: Verdict) -> list[dict]:
    return [
        {"verdict_id": identity, "gate": gate.name, "estimate": _finite(gate.estimate), "low": _finite(gate.low),
         "high": _finite(gate.high), "margin": _finite(gate.margin), "passed": gate.passed, "reason": gate.reason,
         "p_value": _finite(gate.p_value), "more_clusters": gate.more}
        for gate in verdict.gates
    ]  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
