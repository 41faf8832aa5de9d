"""Detection and its delay: alarms in a scenario with a fault against those of its control, without one; false alerts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ml.monitoring.alerts.cycle import TOLD, changes
from ml.monitoring.alerts.finding import Alert, Finding
from ml.monitoring.alerts.group import group
from ml.monitoring.alerts.lineage import Lineage


class Alarm(NamedTuple):
    """Something that a watcher says of a period, `about` what, and the day at whose beginning it can be read (`known`)."""

    about: Hashable
    known: date


def delay(scenario: Iterable[Alarm], control: Iterable[Alarm], at: date, end: date) -> int | None:
    """Days from `at` to the first alarm that the control does not have; None where there is none up to `end`.

    An alarm over the very day on which the fault begins is known when that day is over: 1.
    """
    there = set(control)
    days = [(alarm.known - at).days for alarm in scenario if alarm not in there and at < alarm.known <= end]
    return min(days, default=None)


def weekly(findings: Iterable[Finding]) -> frozenset[str]:
    """The kinds that speak of whole weeks: all of their findings are named by a Monday."""
    seen: dict[str, set[int]] = {}
    for one in findings:
        seen.setdefault(one.kind, set()).add(one.seen_at.weekday())
    return frozenset(kind for kind, weekdays in seen.items() if weekdays == {0})


def known(finding: Finding, weeks: frozenset[str]) -> date:
    """The day on which the day, or the week, that a finding speaks of is over."""
    return finding.seen_at.date() + timedelta(days=7 if finding.kind in weeks else 1)


def alerts(
    findings: Sequence[tuple[Finding, date]], days: Sequence[date], closes_after: Mapping[str, int], lineage: Lineage
) -> list[tuple[date, str]]:
    """The alerts that call somebody (day, alert), if the monitors are read at the beginning of each of `days`, in order.

    `findings` come with the day on which they are known; one stands for `closes_after` days by its kind. Alerts open and
    close as in production (`ml.monitoring.alerts`): findings with the same cause are one, and only what is new, back or worse
    opens one.
    """
    opened: list[tuple[date, str]] = []
    there: dict[str, Alert] = {}
    for day in days:
        stands = [
            one for one, at in findings
            if at <= day and one.seen_at >= datetime.combine(day - timedelta(days=closes_after[one.kind]), datetime.min.time())
        ]  # fmt: skip
        open_ids = frozenset(name for name, alert in there.items() if alert.state != "closed")
        for change in changes(group(stands, lineage, open_ids), there):
            if change.group is None:
                there[change.alert_id] = replace(there[change.alert_id], state="closed")
                continue
            made = change.group
            there[change.alert_id] = Alert(change.alert_id, "open", made.severity, made.last_seen, len(made.members), None, 0)
            if change.event == "opened" and made.severity in TOLD:
                opened.append((day, change.alert_id))
    return opened
