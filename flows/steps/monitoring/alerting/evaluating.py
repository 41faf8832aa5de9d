"""Evaluating: what the monitors find now against the alerts there are."""

from __future__ import annotations

from datetime import datetime

from flows.runtime import prefect_events, warehouse
from flows.runtime.step import step
from flows.steps.monitoring.alerting import events, lineage, telling
from flows.store import ledger, problems
from ml.errors import AsofError
from ml.models import tasks
from ml.monitoring.alerts.cycle import Change, changes
from ml.monitoring.alerts.group import Group, group
from ml.monitoring.alerts.lineage import Lineage
from ml.monitoring.alerts.stake import Stake, cost, owner

# What Prefect is told when an alert of a kind is opened; of other kinds people are told alone.
EVENTS = {
    **dict.fromkeys(("feature_drift", "prediction_drift", "label_drift", "proxies"), prefect_events.DRIFT_DETECTED),
    **dict.fromkeys(("quality_below_rule", "quality_estimated", "quality_realised"), prefect_events.QUALITY_DEGRADED),
    "quota": prefect_events.QUOTA_NEAR,
}


@step()
def alerts(now: datetime) -> list[dict]:
    """Read the monitors, open, renew and close alerts, tell people; returns the alerts that are not closed, the worst first."""
    with ledger.run("monitoring", now) as run:
        evaluate(now, ledger.wall_clock())
        told = telling.tell(now, ledger.wall_clock())
        found = events.standing()
        run.rows, run.message = len(found), f"{len(found)} alerts are open{_said(told)}"
    return found


def evaluate(now: datetime, wall: datetime, kinds: frozenset[str] | None = None) -> list[Change]:
    """Append what the findings change, in one transaction; `kinds` looks at some monitors only."""
    found = events.findings(kinds)
    there = events.alerts()
    open_ids = frozenset(name for name, alert in there.items() if alert.state != "closed")
    nodes = {one.node for one in found if one.node}
    graph = lineage.read(nodes) if nodes else Lineage({})  # a failed run has no place there, and dbt may be what has failed
    made = changes(group(found, graph, open_ids), there, kinds)
    if made:
        stakes = _stakes()
        with warehouse.transaction() as con:
            events.append(con, [_record(change, stakes, graph) for change in made], now, wall)
        _emit(made)
    return made


def _emit(made: list[Change]) -> None:
    for change in made:
        root = change.group and change.group.root
        if change.event == "opened" and (event := EVENTS.get(root.kind)):
            about = ("problem", root.problem) if root.problem else ("alert", root.kind)
            worst = change.group.worst
            facts = {"alert": change.alert_id, "measure": worst.measure, "value": worst.value, "limit": worst.limit_value}
            prefect_events.emit(event, *about, **facts)


def notice(now: datetime) -> None:
    """Open an alert for a run that has just failed and tell people, as far as that is possible: its own error is what counts."""
    try:
        if warehouse.has_table("monitoring", "mon_findings__failed_run"):
            evaluate(now, ledger.wall_clock(), frozenset({"failed_run"}))
            telling.tell(now, ledger.wall_clock())
    except Exception:  # a full disk or a damaged file has failed the run, too
        return


def _record(change: Change, stakes: dict[str, Stake], graph: Lineage) -> dict:
    record = {"alert_id": change.alert_id, "event": change.event, "note": change.note}
    return {**record, **_facts(change.group, stakes, graph)} if change.group else record


def _facts(made: Group, stakes: dict[str, Stake], graph: Lineage) -> dict:
    root, worst = made.root, made.worst
    subject = root.alert_id.removeprefix(f"{root.kind}/{root.problem}/" if root.problem else f"{root.kind}/")
    return {
        "problem": root.problem,
        "kind": root.kind,
        "subject": subject,
        "severity": made.severity,
        "owner": owner(root, stakes, graph),
        "first_seen": made.first_seen.date(),
        "last_seen": made.last_seen.date(),
        "points": len(made.members),
        "measure": worst.measure if worst.subject == subject else f"{worst.subject}: {worst.measure}",
        "value": worst.value,
        "limit_value": worst.limit_value,
        "damage": made.damage,
        "cost": cost(made.members, stakes, graph),
        "cause": _cause(made, subject),
        "findings": made.findings,
    }


def _cause(made: Group, subject: str) -> str:
    """The likely cause; a run that failed has said itself why, and mostly what to do."""
    failed = made.root.kind == "failed_run" and ledger.failed_with(subject, made.root.problem)
    return failed or made.cause


def _stakes() -> dict[str, Stake]:
    """What the decisions of each declared problem are worth; a usual day is the median of the last four weeks of them."""
    days = {}
    if warehouse.has_table("monitoring", "mon_proxies"):
        rows = warehouse.rows(
            "select problem, median(rows) as rows from (select problem, day, sum(rows) as rows from monitoring.mon_proxies "
            "group by problem, day qualify row_number() over (partition by problem order by day desc) <= 28) group by problem"
        )
        days = {row["problem"]: row["rows"] for row in rows}
    try:
        declared = {name: problems.get(name) for name in problems.declared()}
    except AsofError:
        return {}  # a declaration may be what has failed
    return {name: Stake(days.get(name), tasks.of(one).dearest(one), one.owner) for name, one in declared.items()}


def _said(told: dict[str, int]) -> str:
    down = sorted(name for name, n in told.items() if not n)
    sent = sum(told.values())
    return (f", {sent} told" if sent else "") + (f", waiting for {', '.join(down)}" if down else "")
