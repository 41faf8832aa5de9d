"""What the settled days say of versions in the shadow: of one that waits for a decision, and of the champion before this one."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from checks import border
from flows.runtime import warehouse
from flows.runtime.step import step
from flows.steps.validation.evidence import taken, there
from flows.store import ledger, problems, registry, shadows
from flows.store.shadows import Shadow
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.problem.split import usual_wait
from ml.statistics.confidence_sequence import bounds
from ml.statistics.interval import Interval
from ml.statistics.jackknife import difference
from ml.statistics.slices import large_enough
from ml.validation.judge import INCONCLUSIVE, KEEP, PROMOTE

OPEN, ROLLBACK, PROPOSE, OVER = "OPEN", "ROLLBACK", "PROPOSE", "OVER"
# After an INCONCLUSIVE verdict on live rows so many more days are waited for before the next.
AGAIN = timedelta(days=7)


@step()
def look_at_shadows(problem: Problem, now: datetime) -> list[dict]:
    """Compare each version in the shadow that nobody put there with the champion, where another day was settled.

    Returns the rows of `shadow_evidence` as of `now`, also of an earlier call that was cut off: what follows from them is for the
    caller to do, and done twice changes nothing.
    """
    waiting = [one for one in shadows.active(problem.name) if one.purpose != shadows.BY_HAND]
    champion = registry.rival(problem.name)
    if champion is None or not waiting:
        return []
    before = warehouse.rows(
        "select * from ledger.shadow_evidence where problem = ? and champion = ? and looked_as_of = ? order by rowid",
        [problem.name, champion, now],
    )
    names = {one.model_version for one in waiting}
    # Read once, from the day on which the first of them began.
    since = min(one.start for one in waiting)
    rows = border.read(problems.training_rows(problem, now, since), problem)
    theirs, found = problems.live_scores(problem, now, champion, since=since), []
    for one in waiting:
        its = rows.as_of >= np.datetime64(one.start, "us")
        if row := _looked(problem, one, champion, now, rows.take(its), theirs.filter(pa.array(its))):
            found.append(row)
    with warehouse.transaction() as con:
        ledger.append(con, "shadow_evidence", found, ["problem", "model_version", "champion", "settled_until"])
    return [row for row in before if row["model_version"] in names] + found


def _looked(problem: Problem, one: Shadow, champion: str, now: datetime, rows: Rows, theirs: pa.Table) -> dict | None:
    """What the rows since its first say of a version, with the live scores of the champion beside each of them."""
    ours = problems.live_scores(problem, now, one.model_version, shadow=True, since=one.start)
    settled = _settled(rows, now)
    judged = there(ours) & there(theirs) & (rows.as_of < settled)
    at = settled.item() if judged.any() else None
    if at is None or _last(problem.name, one, champion) >= at:
        return None
    part = rows.take(judged)
    found = _compared(problem, part, taken(ours, judged, problem)[0], taken(theirs, judged, problem)[0])
    estimate, low, high = found.shown
    return {
        "problem": problem.name, "model_version": one.model_version, "champion": champion, "purpose": one.purpose,
        "looked_as_of": now, "settled_until": at, "rows": len(part), "clusters": found.clusters, "metric": problem.metric,
        "estimate": _finite(estimate), "low": _finite(low), "high": _finite(high), "margin": problem.margin,
        "said": _said(problem, one, champion, found, part, now),
    }  # fmt: skip


def _settled(rows: Rows, now: datetime) -> np.datetime64:
    """The end of the last day (UTC) whose labels are in."""
    wait = usual_wait(rows.as_of, rows.known_at) if len(rows) else np.timedelta64(0, "us")
    return (np.datetime64(now, "us") - wait).astype("datetime64[D]").astype("datetime64[us]")


def _last(problem: str, one: Shadow, champion: str) -> datetime:
    found = warehouse.rows(
        "select max(settled_until) as at from ledger.shadow_evidence "
        "where problem = ? and model_version = ? and champion = ? and looked_as_of >= ?",
        [problem, one.model_version, champion, one.start],
    )[0]["at"]
    return found or datetime.min


def _compared(problem: Problem, part: Rows, ours: np.ndarray, theirs: np.ndarray) -> Interval:
    """By how much the version in the shadow is better, with the ends of a confidence sequence; nothing where rows are too few."""
    if not large_enough(part.label, part.cluster, problem.metric):
        return Interval(np.nan, -np.inf, np.inf, np.inf, len(part), len(np.unique(part.cluster)))
    found = difference(problem.metric, part.label, ours, theirs, part.cluster, weight=part.weight, overlap=part.overlap)
    return bounds(found, problem.alpha, problem.holdout_days)


def _said(problem: Problem, one: Shadow, champion: str, found: Interval, part: Rows, now: datetime) -> str:
    if one.purpose == shadows.WATCH:
        if found.low > problem.margin:
            return ROLLBACK if problem.validation.rollback == "automatic" else PROPOSE
        return OVER if part.as_of.max().item() >= one.start + timedelta(days=problem.validation.watch_days) else OPEN
    answer = PROMOTE if found.low > -problem.margin else KEEP if found.high < -problem.margin else OPEN
    earlier = warehouse.rows(
        "select max(decided_as_of) as at from ledger.verdicts "
        "where problem = ? and challenger = ? and champion = ? and basis = 'live' and decision = ?",
        [problem.name, one.model_version, champion, INCONCLUSIVE],
    )[0]["at"]
    return OPEN if earlier and now < earlier + AGAIN else answer


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
