"""What people are told: what, since when, how bad, why probably, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from ml.monitoring.alerts.finding import rank

# More in one message are not read; the rest is a line that says how to list them.
MOST = 10


def message(rows: list[Mapping[str, Any]], pages: str) -> tuple[str, str]:
    """Title and body, in plain text, for rows of `alerts`; `pages` is where the pages of alerts are found."""
    ranked = sorted(rows, key=order)
    worst = ranked[0]
    title = f"{worst['severity']}: {worst['title']} ({worst['subject']})"
    title += f" and {len(ranked) - 1} more" if len(ranked) > 1 else ""
    body = "\n\n".join(_one(row, pages) for row in ranked[:MOST])
    if len(ranked) > MOST:
        body += f"\n\n{len(ranked) - MOST} more: python -m flows alerts"
    return title, body


def order(row: Mapping[str, Any]) -> tuple:
    """The sort key of alerts: critical first, then the dearest, then the greatest damage, then the oldest.

    Decisions in doubt that nobody can price come first: nobody knows that they are cheap.
    """
    cost = inf if row["cost"] is None and row["damage"] is not None else row["cost"] or 0
    return -rank(row["severity"]), -cost, -(row["damage"] or 0), row["first_seen"], row["alert_id"]


def _one(row: Mapping[str, Any], pages: str) -> str:
    bad = measured(row)
    if row["damage"] is not None:
        bad += f"; {share(row['damage'])} of the decisions are in doubt"
    if row["cost"] is not None:
        bad += f", {costing(row['cost'])} in the period"
    passed = f"\nIt has passed meanwhile ({row['note']})." if row["state"] == "closed" else ""
    seen = "once" if row["times_seen"] == 1 else f"{row['times_seen']} times"
    of = f" of {row['problem']}" if row["problem"] else ""
    return (
        f"{row['title']}: {row['subject']}{of}{passed}\n"
        f"Severity: {row['severity']}, {bad}\n"
        f"Since: {row['first_seen']}, last seen {row['last_seen']}, {seen}\n"
        f"Found: {row['findings']}\n"
        f"Likely cause: {row['cause']}\n"
        f"What to do: {row['advice']}\n"
        f"Owner: {row['owner'] or 'nobody is declared'}\n"
        f"Page: {pages.rstrip('/')}/{row['page'].removeprefix('docs/alerts/')}\n"
        f"Take it: python -m flows alerts ack {row['short_id']} --by YOU"
    )


def measured(row: Mapping[str, Any]) -> str:
    """What was measured, which way it went, and how far it may go: `share of missing values rose to 0.3, allowed up to 0.05`."""
    what, value, limit = row["measure"] or "it", row["value"], row["limit_value"]
    if value is None or limit is None or value == limit:
        return f"{what} reached {_number(value)}"
    went, way = ("rose", "up") if value > limit else ("fell", "down")
    # What differs is shown to differ.
    digits = next((n for n in range(4, 17) if _number(value, n) != _number(limit, n)), 17)
    return f"{what} {went} to {_number(value, digits)}, allowed {way} to {_number(limit, digits)}"


def share(value: float) -> str:
    """A share in percent; what is little is not told as nothing."""
    return "less than 1%" if 0 < value < 0.01 else f"{value:.0%}"


def costing(value: float) -> str:
    """What alerts may cost at most: `at most 720 units of cost`; what is little is not told as nothing."""
    whole = round(value)
    if whole == 0 < value:
        return "less than 1 unit of cost"
    return f"at most {whole:,} unit{'' if whole == 1 else 's'} of cost"


def _number(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}g}"
