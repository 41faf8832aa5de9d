"""Evaluating: what the monitors find now against the alerts there are."""

from __future__ import annotations

from datetime import datetime

from flows.steps import ledger, problems, warehouse
from flows.steps.alerting import events, lineage, telling
from flows.steps.step import step
from ml.alerts.cycle import Change, changes
from ml.alerts.group import Group, group
from ml.alerts.lineage import Lineage
from ml.errors import AsofError


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
        with warehouse.transaction() as con:
            events.append(con, [_record(change) for change in made], now, wall)
    return made


def notice(now: datetime) -> None:
    """Open an alert for a run that has just failed and tell people, as far as that is possible: its own error is what counts."""
    try:
        if warehouse.has_table("monitoring", "mon_findings__failed_run"):
            evaluate(now, ledger.wall_clock(), frozenset({"failed_run"}))
            telling.tell(now, ledger.wall_clock())
    except Exception:  # a full disk or a damaged file has failed the run, too
        return


def _record(change: Change) -> dict:
    record = {"alert_id": change.alert_id, "event": change.event, "note": change.note}
    return {**record, **_facts(change.group)} if change.group else record


def _facts(made: Group) -> dict:
    root, worst, cost = made.root, made.worst, None
    owner = _declared(root.problem)
    if owner and made.damage is not None and made.rows_at_stake is not None:
        cost = made.damage * made.rows_at_stake * max(owner.costs)
    return {
        "problem": root.problem,
        "kind": root.kind,
        "subject": root.alert_id.removeprefix(f"{root.kind}/{root.problem}/" if root.problem else f"{root.kind}/"),
        "severity": made.severity,
        "owner": owner.owner if owner else None,
        "first_seen": made.first_seen.date(),
        "last_seen": made.last_seen.date(),
        "points": len(made.members),
        "value": worst.value,
        "limit_value": worst.limit_value,
        "damage": made.damage,
        "cost": cost,
        "cause": made.cause,
        "findings": made.findings,
    }


def _declared(problem: str | None):
    """The declaration of a problem; None where there is none, or no longer."""
    try:
        return problems.get(problem) if problem else None
    except AsofError:
        return None


def _said(told: dict[str, int]) -> str:
    down = sorted(name for name, n in told.items() if not n)
    sent = sum(told.values())
    return (f", {sent} told" if sent else "") + (f", waiting for {', '.join(down)}" if down else "")
