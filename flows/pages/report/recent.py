"""Recent changes: everything that happened to the model, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape

from flows.pages.html import parts
from flows.pages.html.parts import Html, day
from flows.pages.report.facts import RECENT, Report

SHOWN = 12
TITLE = "Recent changes"


def recent(report: Report) -> Html:
    """The events of the last four weeks."""
    since = report.now - timedelta(days=RECENT)
    # What stands later in `_events` came later where the instant is the same.
    recent = sorted((one for one in _events(report) if one[0] >= since), key=lambda one: one[0])[::-1]
    if not recent:
        words = "Nothing in the last four weeks: no training, no verdict, no alert, no failed run."
        return parts.section("recent", TITLE, parts.text(words))
    items = "\n".join(
        f"<li><time>{day(at)}</time> <b>{escape(what)}</b> <span>{report.told(words)}</span></li>"
        for at, what, words in recent[:SHOWN]
    )
    more = f"{len(recent) - SHOWN} more in the ledger." if len(recent) > SHOWN else ""
    return parts.section("recent", TITLE, f'<ol class="recent">\n{items}\n</ol>', parts.text(more))


def _events(report: Report) -> Iterator[tuple[datetime, str, str]]:
    """What happened, cause before effect: one clock may stand at the same instant for a whole cycle."""
    for row in report.failures:
        yield row["as_of"], "failed run", f"{row['phase']}: {row['message']}"
    for row in report.versions:
        made = (
            f"is trained on {row['rows_trained']:,} rows"
            if row["rounds"]
            else "is made of the rule, to be served until a model wins"
        )
        yield row["trained_as_of"], "training" if row["rounds"] else "rule", f"{row['model_version']} {made}"
    for row in report.verdicts:
        yield row["decided_as_of"], "verdict", f"{row['challenger']} is judged {row['decision']}"
    for row in report.promotions:
        before = f" after {row['previous']}" if row["previous"] else ""
        yield row["effective_at"], row["kind"], f"{row['model_version']} becomes champion{before}"
    told = [(row, f"{row['title'] or row['kind']}: {row['subject']}") for row in report.alerts]
    yield from ((row["opened_at"], row["severity"], what) for row, what in told)
    yield from ((row["closed_at"], "closed", what) for row, what in told if row["closed_at"])
