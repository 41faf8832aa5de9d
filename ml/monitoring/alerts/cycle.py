"""The life of an alert: what an evaluation of the monitors does to it, and who has to be told.

Both functions only decide. An alert is the sum of its events, so that deciding twice on the same state adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml.monitoring.alerts.finding import Alert, rank
from ml.monitoring.alerts.group import Group

PASSED = "its reason has passed"
# The rest waits in the list until somebody looks.
TOLD = ("warning", "critical")


@dataclass(frozen=True)
class Change:
    """An event to append: `group` for what is seen, none for a closing."""

    event: str
    alert_id: str
    group: Group | None
    note: str | None


def changes(groups: Iterable[Group], alerts: Mapping[str, Alert], kinds: frozenset[str] | None = None) -> list[Change]:
    """What the groups that stand now do to the alerts there are.

    Opened: new; closed and here again; or worse than before, whatever a person said of it. Seen: something new was found of an
    open one. Closed: nothing of it stands any more, or another alert holds it now; what a person has closed is closed once more
    when it has gone, so that it is news when it comes back. `kinds` restricts closing to alerts of kinds that were looked at;
    None means that all were.
    """
    found: list[Change] = []
    standing = {group.alert_id: group for group in groups}
    held = {one.alert_id: group.alert_id for group in standing.values() for one in group.members}
    for alert_id, group in standing.items():
        alert = alerts.get(alert_id)
        if event := _event(group, alert):
            found.append(Change(event[0], alert_id, group, event[1]))
    for alert_id, alert in alerts.items():
        looked_at = kinds is None or alert_id.split("/")[0] in kinds
        if alert_id in standing or not looked_at:
            continue
        if alert.state != "closed":
            found.append(Change("closed", alert_id, None, f"part of {held[alert_id]}" if alert_id in held else PASSED))
        elif alert.closed_by is not None and alert_id not in held:
            found.append(Change("closed", alert_id, None, f"{PASSED}; {alert.closed_by} had closed it"))
    return found


def _event(group: Group, alert: Alert | None) -> tuple[str, str | None] | None:
    if alert is None:
        return "opened", None
    more, worse = len(group.members) > alert.points, rank(group.severity) > rank(alert.severity)
    if alert.state == "closed":
        # Who closed it by hand has seen what there was: only something new opens it again, and to ask again is nothing new.
        new = more or any(one.seen_at.date() > alert.last_seen.date() for one in group.members if one.period_days is not None)
        return ("opened", "it is back") if alert.closed_by is None or new or worse else None
    if worse:
        return "opened", f"worse: {group.severity}"
    newer = more or group.last_seen.date() > alert.last_seen.date()
    return ("seen", None) if newer or group.severity != alert.severity else None


@dataclass(frozen=True)
class Notice:
    """What one channel has been told of one alert."""

    notified_at: datetime | None = None
    notified_number: int | None = None
    notified_severity: str | None = None
    suppressed_number: int | None = None
    is_pending: bool = False


def decide(state: str, severity: str, opened_number: int, again: timedelta, notice: Notice, now: datetime) -> str | None:
    """What to do about one alert and one channel at `now`: "tell", "suppress" or nothing.

    An open alert, unless it is for information only, is told at once, again after the interval `again` for as long as nobody
    acknowledges it, and within the interval only when it has become worse. What could not be delivered is told later, even if it
    has passed meanwhile.
    """
    if notice.is_pending:
        return "tell"
    if state != "open" or severity not in TOLD:
        return None
    if notice.notified_at is None or rank(severity) > rank(notice.notified_severity) or now - notice.notified_at >= again:
        return "tell"
    known = max(notice.notified_number or 0, notice.suppressed_number or 0)
    return "suppress" if opened_number > known else None
