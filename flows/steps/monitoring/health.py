"""Whether a model is healthy, and whether anybody has looked."""

from __future__ import annotations

from datetime import datetime

from flows.runtime import warehouse


def of(problem: str, wall: datetime) -> dict | None:
    """The row of `mon_health`, judged by the clock of who reads it, `wall` (UTC): UNWATCHED where the next look was due before.

    None where there are no monitors yet. What was broken or missing at the last look is worse, and is said as it was.
    """
    if not warehouse.has_table("monitoring", "mon_health"):
        return None
    row = warehouse.rows("select * from monitoring.mon_health where problem = ?", [problem])[0]
    return {**row, "state": "UNWATCHED"} if overdue(row, wall) and row["state"] not in ("FAILING", "NO MODEL") else row


def overdue(row: dict, wall: datetime) -> bool:
    """Whether the next look at the monitors was due before `wall`; never where looks do not come by a schedule."""
    return row["look_due_at"] is not None and wall > row["look_due_at"]
