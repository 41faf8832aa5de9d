"""Alerts: rows of the model `alerts`, told to people."""

from __future__ import annotations

from datetime import datetime

from flows.steps import ledger, warehouse
from flows.steps.step import step


@step()
def alerts(now: datetime) -> list[dict]:
    """The rows of `monitoring.alerts`, the most recent first."""
    with ledger.run("monitoring", now) as run:
        found = warehouse.rows("select * from monitoring.alerts order by last_seen desc, kind, subject")
        run.rows, run.message = len(found), f"{len(found)} alerts are open"
    return found
