"""Validation as a step: a challenger against the rule and the champion, on rows that neither has seen."""

from __future__ import annotations

import math
from datetime import datetime

from flows.runtime import warehouse
from flows.runtime.step import step
from flows.steps.validation.evidence import gather, holdout, live, past
from flows.store import allowance, ledger, registry
from ml.errors import AsofError
from ml.problem.problem import Problem
from ml.validation.alpha_spending import Spent, available
from ml.validation.judge import PROMOTE, Verdict
from ml.validation.judge import judge as verdict_on
from ml.validation.prior import RETRAINED


@step()
def judge(
    problem: Problem,
    now: datetime,
    challenger: str | None = None,
    *,
    shadow: bool = False,
    thorough: bool = False,
    promoting: bool = False,
    sequence: bool = False,
) -> dict:
    """Judge a version (the latest by default) as of `now`; returns the row of `verdicts`.

    On the same evidence, by the same declaration, a verdict that was given stands. On any other it is another verdict, which
    spends alpha of its own.

    The challenger's holdout model, which never saw the holdout, and the champion are compared row by row on it; with `shadow`,
    what both said live, as a `sequence` where that is looked at day by day. `thorough` trains the challenger again as a whole.
    With `promoting`, a PROMOTE verdict and the promotion are written in one transaction: never the one without the other.
    """
    version = challenger or registry.latest(problem.name)
    incumbent = registry.rival(problem.name)
    if version == incumbent:
        raise AsofError(f"{version} is the champion already; train a challenger first")
    if registry.row(problem.name, version)["rounds"] == 0:
        raise AsofError(f"{version} is the rule, with which every challenger is compared anyway; train a challenger first")
    with ledger.run("validation", now, problem.name) as run:
        with allowance.within(problem, now, judging=True):
            case = (live if shadow else holdout)(problem, now, version, incumbent)
            # Whether `thorough`: it asks one gate more.
            parts = [
                version,
                incumbent or "no champion",
                now.isoformat(),
                *["live"] * shadow,
                *["thorough"] * thorough,
                *["sequence"] * sequence,
                case.digest,
            ]
            identity = "/".join([problem.name, *parts])
            record, gates = _standing(identity), []
            if record is None:
                start, end = case.span
                known = None if shadow else past(problem, now, version, incumbent)
                # What is believed of a recipe that is known does not depend on how often its rows were looked at.
                used = [] if known and known.kind == RETRAINED else _spent(problem.name)
                alpha = available(problem.alpha, used, start, end)
                verdict = verdict_on(gather(case, alpha, thorough, known, sequence))
                gates = _gates(identity, verdict)
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
                    "past": known and known.kind,
                }
        promotion = None
        if promoting and record["decision"] == PROMOTE:
            promotion = registry.promotion(problem.name, version, now, record["reason"])
        run.rows, run.message = record["rows_judged"], f"{version}: {record['decision']}"
        with warehouse.transaction() as con:
            if gates:
                ledger.append(con, "verdicts", [record], ["verdict_id"])
                ledger.append(con, "verdict_gates", gates, ["verdict_id", "gate"])
            new = promotion and registry.write(con, promotion)
            run.commit(con)
    if new:
        registry.emit(promotion)
    return record


def _standing(identity: str) -> dict | None:
    """The verdict that was given before on the same evidence; None where there is none."""
    found = warehouse.rows("select * from ledger.verdicts where verdict_id = ?", [identity])
    return found[0] if found else None


def _spent(problem: str) -> list[Spent]:
    """The rows of every verdict so far that rested on its rows alone or on a changed recipe, and the alpha it had."""
    found = warehouse.rows(
        "select rows_from, rows_until, alpha from ledger.verdicts "
        "where problem = ? and rows_from is not null and alpha is not null and past is distinct from 'retrained'",
        [problem],
    )
    return [Spent(row["rows_from"], row["rows_until"], row["alpha"]) for row in found]


def _gates(identity: str, verdict: Verdict) -> list[dict]:
    return [
        {"verdict_id": identity, "gate": gate.name, "estimate": _finite(gate.estimate), "low": _finite(gate.low),
         "high": _finite(gate.high), "threshold": _finite(gate.threshold), "passed": gate.passed, "reason": gate.reason,
         "p_value": _finite(gate.p_value), "more_clusters": gate.more, "standard_error": _finite(gate.se),
         "expected": gate.expected, "believed": gate.believed, "probability": gate.probability}
        for gate in verdict.gates
    ]  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
