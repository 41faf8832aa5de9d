"""What monitors find, and what is known of an alert."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# From bad to worst.
SEVERITIES = ("info", "warning", "critical")


def rank(severity: str | None) -> int:
    """0 for `info`, 2 for `critical`, -1 for none: greater is worse."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def short_id(alert_id: str) -> str:
    """Six letters and digits that stand for an alert, the same everywhere: a hundred share one in 3,400 houses."""
    return hashlib.sha256(alert_id.encode()).hexdigest()[:6]


@dataclass(frozen=True)
class Finding:
    """A row of `mon_findings` that stands: one monitor, beyond its limit, at one instant."""

    problem: str | None
    kind: str
    subject: str
    alert_id: str
    node: str | None
    seen_at: datetime
    value: float | None
    limit_value: float | None
    severity: str
    damage: float | None
    rows_at_stake: int | None
    # Days of which it speaks; None where it tells how things stand at the clock.
    period_days: int | None = 1
    # What is measured, in words.
    measure: str | None = None


def weigh(one: Finding) -> tuple[float, float]:
    """How bad a finding is among those of its kind: by its damage, then by what was measured."""
    return one.damage if one.damage is not None else -1.0, abs(one.value or 0)


def latest(members: Iterable[Finding]) -> list[Finding]:
    """Of each kind, problem and subject the finding that was seen last."""
    last: dict[tuple, Finding] = {}
    for one in members:
        key = (one.kind, one.problem, one.subject)
        if key not in last or (one.seen_at, weigh(one)) > (last[key].seen_at, weigh(last[key])):
            last[key] = one
    return list(last.values())


@dataclass(frozen=True)
class Alert:
    """What a row of `alerts` says that decides what happens next."""

    alert_id: str
    state: str
    severity: str
    last_seen: datetime
    points: int
    closed_by: str | None
    opened_number: int
