"""Telling people: one message per channel with everything that is due; what a channel did not take waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.runtime import settings, warehouse
from flows.steps.monitoring.alerting import events
from flows.steps.monitoring.alerting.channels import Channel, channels, send
from ml.monitoring.alerts.cycle import Notice, decide
from ml.monitoring.alerts.message import message

PAGES = "docs/alerts/"


def tell(now: datetime, wall: datetime) -> dict[str, int]:
    """Tell each channel what is due; returns the number of alerts it was told of by channel, 0 where it is down.

    A message is recorded after it was taken: a process killed between the two tells it again, and never loses it.
    """
    told = {}
    for channel in channels():
        due = _due(channel.name, wall)
        if due["tell"]:
            told[channel.name] = len(due["tell"]) if _tell(channel, due["tell"], now, wall) else 0
        if due["suppress"]:
            _record(due["suppress"], "suppressed", channel.name, now, wall)
    return told


def text(rows: list[dict]) -> tuple[str, str]:
    """Title and body of a message about rows of `alerts`."""
    return message(rows, settings.pages() or PAGES)


def waiting() -> int:
    """How many messages wait for a channel that is down."""
    return warehouse.rows("select count(*) as n from monitoring.mon_notices where is_pending")[0]["n"]


def _due(channel: str, wall: datetime) -> dict[str, list[dict]]:
    """The alerts to tell and those whose message is suppressed."""
    notices = {row.pop("alert_id"): row for row in warehouse.rows(
        "select alert_id, notified_at, notified_number, notified_severity, suppressed_number, is_pending "
        "from monitoring.mon_notices where channel = ?", [channel])}  # fmt: skip
    kinds = warehouse.rows("select kind, tell_again_hours from seeds.alert_kinds")
    again = {row["kind"]: timedelta(hours=row["tell_again_hours"]) for row in kinds}
    due: dict[str, list[dict]] = {"tell": [], "suppress": []}
    for row in events.standing(now=False):
        notice = Notice(**notices.get(row["alert_id"], {}))
        decision = decide(row["state"], row["severity"], row["opened_number"], again[row["kind"]], notice, wall)
        if decision:
            due[decision].append(row)
    return due


def _tell(channel: Channel, rows: list[dict], now: datetime, wall: datetime) -> bool:
    title, body = text(rows)
    taken = send(channel, title, body)
    if taken:
        _record(rows, "notified", channel.name, now, wall)
    else:
        pending = {row["alert_id"] for row in warehouse.rows(
            "select alert_id from monitoring.mon_notices where channel = ? and is_pending", [channel.name])}  # fmt: skip
        _record([row for row in rows if row["alert_id"] not in pending], "undelivered", channel.name, now, wall)
    return taken


def _record(rows: list[dict], event: str, channel: str, now: datetime, wall: datetime) -> None:
    names = ("alert_id", "problem", "kind", "subject", "severity", "owner")
    with warehouse.transaction() as con:
        events.append(con, [{**{n: row[n] for n in names}, "event": event, "channel": channel} for row in rows], now, wall)
