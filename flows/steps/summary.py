"""What the ledger says, in a few numbers: all that `status` shows is read from tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.steps import clock, problems, registry, warehouse
from ml.bootstrap import interval
from ml.split import days


@dataclass(frozen=True)
class Quality:
    """Live quality of one scorer on predictions whose outcome is known; each metric with its 95 % interval."""

    scorer: str
    rows: int
    roc_auc: tuple[float, float, float]
    pr_auc: tuple[float, float, float]
    log_loss: tuple[float, float, float]


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
    quality: list[Quality]
    verdicts: list[dict]
    alerts: list[dict]
    seconds: list[dict]


def of(problem: str) -> Summary:
    """Read it from the ledger and the monitors; intervals are bootstrapped by day."""
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
        quality=quality(problem),
        verdicts=warehouse.rows(
            "select challenger, champion, decided_as_of, decision, reason from ledger.verdicts where problem = ? "
            "order by decided_as_of, decided_at", [problem]),
        alerts=warehouse.rows(
            "select kind, subject, first_seen, last_seen, value, limit_value from monitoring.alerts "
            "where state <> 'closed' and (problem = ? or problem is null) order by kind, value desc", [problem]),
        seconds=warehouse.rows(
            "select phase, count(*) as runs, sum(seconds) as seconds, count_if(status = 'failed') as failed from ledger.runs "
            "group by phase order by seconds desc"),
    )  # fmt: skip


def quality(problem: str) -> list[Quality]:
    """Rule and champion on the same rows: every live prediction whose outcome is known."""
    known = warehouse.table(
        "select as_of, score, rule_score, cast(label as double) as label from monitoring.mon_scored "
        "where problem = ? and label is not null order by as_of, entity_id", [problem],
    )  # fmt: skip
    if known.num_rows == 0 or len(known["label"].unique()) < 2:
        return []
    label, cluster = known["label"].to_numpy(), days(known["as_of"])
    found = []
    for scorer, column in (("rule", "rule_score"), ("champion", "score")):
        spans = [interval(metric, label, known[column].to_numpy(), cluster) for metric in ("roc_auc", "pr_auc", "log_loss")]
        found.append(Quality(scorer, known.num_rows, *((span.estimate, span.low, span.high) for span in spans)))
    return found
