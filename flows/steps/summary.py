"""What the ledger says, in a few numbers: all that `status` shows is read from tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.steps import clock, health, ledger, problems, registry, warehouse


@dataclass(frozen=True)
class Summary:
    """The state of a problem as of the clock."""

    problem: str
    now: datetime
    landed: int
    quarantined: int
    scored: int
    flagged: int
    champion: str | None
    quality: list[dict]
    verdicts: list[dict]
    alerts: list[dict]
    seconds: list[dict]
    unwatched: datetime | None


def of(problem: str) -> Summary:
    """Read it from the ledger and the monitors."""
    one = warehouse.rows(
        "select cast(sum(rows_loaded) as bigint) as landed, cast(sum(rows_quarantined) as bigint) as quarantined "
        "from ledger.batches"
    )[0]
    scores = warehouse.rows(
        f"select count(*) as scored, count_if(flagged) as flagged from {problems.SCHEMA}.{problem}__predictions"
    )[0]
    return Summary(
        problem=problem,
        now=clock.now(),
        landed=one["landed"] or 0,
        quarantined=one["quarantined"] or 0,
        scored=scores["scored"],
        flagged=scores["flagged"] or 0,
        champion=registry.champion(problem),
        quality=warehouse.rows(
            "select * from monitoring.mon_quality where problem = ? and grain = 'all' and scorer in ('rule', 'champion') "
            "and roc_auc is not null order by scorer desc", [problem]),
        verdicts=warehouse.rows(
            "select challenger, champion, decided_as_of, decision, reason from ledger.verdicts where problem = ? "
            "order by decided_as_of, decided_at", [problem]),
        alerts=warehouse.rows(
            "select kind, subject, first_seen, last_seen, value, limit_value from monitoring.alerts "
            "where state <> 'closed' and (problem = ? or problem is null) order by kind, value desc", [problem]),
        seconds=warehouse.rows(
            "select phase, count(*) as runs, sum(seconds) as seconds, count_if(status = 'failed') as failed from ledger.runs "
            "group by phase order by seconds desc"),
        unwatched=_unwatched(problem),
    )  # fmt: skip


def _unwatched(problem: str) -> datetime | None:
    """When the monitors were looked at last, where the next look was due before now; None where it was not."""
    now = ledger.wall_clock()
    row = health.of(problem, now)
    return row["looked_at"] if row and health.overdue(row, now) else None
