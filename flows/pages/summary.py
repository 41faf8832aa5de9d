"""What the ledger says, in a few numbers: all that `status` shows is read from tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.runtime import warehouse
from flows.steps.data import counting
from flows.steps.monitoring import health
from flows.steps.training import causes
from flows.store import clock, feature_sql, ledger, problems, registry, shadows


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
    shadows: list[dict]
    alerts: list[dict]
    seconds: list[dict]
    unwatched: datetime | None
    refused: str
    held: str | None
    forgotten: list[str]
    health: dict | None
    others: dict[str, str]

    @property
    def asks(self) -> list[str]:
        """What asks for somebody beside the problem's own state of health, in words."""
        found = {
            "rows landed and are not where they must be": self.forgotten,
            "scoring is refused": self.refused,
            "training is held": self.held,
            "the monitors are not looked at": self.unwatched,
            **{f"{name} is {word}": word != "HEALTHY" for name, word in self.others.items()},
        }
        return [what for what, is_so in found.items() if is_so]

    @property
    def well(self) -> bool:
        """Whether nothing asks for anybody."""
        return self.health is not None and self.health["state"] == "HEALTHY" and not self.asks


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
        quality=_quality(problem),
        verdicts=warehouse.rows(
            "select challenger, champion, decided_as_of, decision, reason from ledger.verdicts where problem = ? "
            "order by decided_as_of, decided_at", [problem]),
        shadows=_shadows(problem),
        alerts=warehouse.rows(
            "select kind, subject, first_seen, last_seen, value, limit_value from monitoring.alerts "
            "where state <> 'closed' and (problem = ? or problem is null) order by kind, value desc", [problem]),
        seconds=warehouse.rows(
            "select phase, count(*) as runs, sum(seconds) as seconds, count_if(status = 'failed') as failed from ledger.runs "
            "group by phase order by seconds desc"),
        unwatched=_unwatched(problem),
        refused=_refused(problem),
        held=causes.held(problem, clock.now()) or causes.said(problem),
        forgotten=[one.told for one in counting.differences()],
        health=health.of(problem, ledger.wall_clock()),
        others=_others(problem),
    )  # fmt: skip


# The metrics that are shown, by task.
SHOWN = {
    "binary": ("roc_auc", "pr_auc", "log_loss"),
    "regression": ("mae", "rmse", "coverage_80", "coverage_95"),
    "multiclass": ("log_loss", "macro_roc_auc", "accuracy"),
}


def _quality(problem: str) -> list[dict]:
    """A row per scorer: how many labels, and (value, low, high) by metric, in the order in which they are shown."""
    declared = problems.get(problem)
    names = dict.fromkeys([*([] if declared.task == "binary" else [declared.metric]), *SHOWN[declared.task]])
    found: dict[str, dict] = {}
    for row in warehouse.rows(
        "select * from monitoring.mon_quality_by_metric where problem = ? and grain = 'all' and scorer in ('rule', 'champion') "
        "and value is not null order by scorer desc", [problem],
    ):  # fmt: skip
        one = found.setdefault(row["scorer"], {"scorer": row["scorer"], "rows_labelled": row["rows_labelled"], "metrics": {}})
        one["metrics"][row["metric"]] = (row["value"], row["low"], row["high"])
    return [{**one, "metrics": {name: one["metrics"].get(name) for name in names}} for one in found.values()]


def _shadows(problem: str) -> list[dict]:
    """A row per version in the shadow: since when, for which purpose, and what the settled days say, None before any is."""
    last = {row["model_version"]: row for row in shadows.evidence(problem)}
    return [
        {"version": one.model_version, "start": one.start, "purpose": one.purpose, "evidence": last.get(one.model_version)}
        for one in shadows.active(problem)
    ]


def _others(problem: str) -> dict[str, str]:
    """The state of health of each other problem that the monitors know."""
    known = {name: health.of(name, ledger.wall_clock()) for name in problems.declared() if name != problem}
    return {name: row["state"] for name, row in known.items() if row}


def _unwatched(problem: str) -> datetime | None:
    """When the monitors were looked at last, where the next look was due before now; None where it was not."""
    now = ledger.wall_clock()
    row = health.of(problem, now)
    return row["looked_at"] if row and health.overdue(row, now) else None


def _refused(problem: str) -> str:
    """Why scoring would be refused now because of the SQL of the features; empty where it would not."""
    champion = registry.champion(problem)
    return feature_sql.told(problems.get(problem), champion or "", registry.learned_from(problem, champion) if champion else None)
