"""Alerts, sources, runs and quotas."""

from __future__ import annotations

from flows.pages.html import parts
from flows.pages.html.chart import COLOURS, dates, small, svg
from flows.pages.html.parts import Html, bar, day, hours, link, pill
from flows.pages.report.facts import RECENT, Report
from ml.monitoring.alerts.message import costing, measured, share

SEVERITY = {"critical": "bad", "warning": "warn", "info": "calm"}
QUOTA = {"fine": "good", "soon": "warn", "near": "warn", "over": "bad"}
CLOSED = 5
# In robust standard deviations of the same weekday: one ordinary day in 370 lies farther away.
UNUSUAL = 3


def alerts(report: Report) -> Html:
    """What stands, the worst first, then what was closed recently; each with its page, cause and state."""
    standing = [row for row in report.alerts if row["state"] != "closed"]
    closed = [row for row in report.alerts if row["state"] == "closed"]
    closed = sorted(closed, key=lambda row: row["last_seen"], reverse=True)[:CLOSED]
    if not standing and not closed:
        return parts.section("alerts", "Alerts", parts.text("No alert has ever been opened."))
    words = "" if standing else parts.text("No alert stands. Closed recently:")
    items = "".join(_alert(report, row) for row in [*standing, *closed])
    return parts.section("alerts", "Alerts", words, f'<ul class="alerts">{items}</ul>')


def _alert(report: Report, row: dict) -> str:
    stands = row["state"] != "closed"
    tone = SEVERITY.get(row["severity"], "calm") if stands else "calm"
    span = sorted({row["first_seen"], row["last_seen"]})
    facts = [" to ".join(day(at) for at in span), "seen once" if row["times_seen"] == 1 else f"seen {row['times_seen']} times"]
    facts += [measured(row)] if row["value"] is not None else []
    facts += [f"{share(row['damage'])} of the decisions in doubt"] if row["damage"] is not None else []
    facts += [costing(row["cost"])] if row["cost"] is not None else []
    state = row["state"] + (f" by {row['by_whom']}" if row["by_whom"] else "")
    page = f"{report.pages.rstrip('/')}/{row['page'].removeprefix('docs/alerts/')}"
    said = f"Likely cause: {row['cause']}." + (f" {row['advice']}" if stands and row["advice"] else "")
    return (
        f'<li class="{tone}"><h3>{pill(row["severity"], tone)} {parts.html(row["title"] or row["kind"])}: '
        f"{report.told(row['subject'])} <small>{parts.html(state)} · {parts.html(row['short_id'])}</small></h3>"
        f'<p class="facts">{report.told(" · ".join(facts))}</p><p>{report.told(said)}</p>'
        f"<p>{link(page, 'What it means and what to do')}</p></li>"
    )


def sources(report: Report) -> Html:
    """What landed and how fresh it is, against the same weekday before."""
    if not report.volumes:
        words = "Nothing has landed by the day yet: months that land at once say nothing about a day."
        return parts.section("sources", "Sources", parts.text(words))
    refused = {row["source"]: row for row in report.refused}
    usual = {row["source"]: row["hours_usual"] for row in report.ages}
    by_source: dict[str, list[dict]] = {}
    for row in report.volumes:
        by_source.setdefault(row["source"], []).append(row)
    table = [_source(source, rows[-1], refused.get(source), usual.get(source)) for source, rows in sorted(by_source.items())]
    drawn = [_volume(source, rows) for source, rows in sorted(by_source.items()) if rows[-1]["rows_shown"]]
    lead = (
        f"{day(report.volumes[-1]['day'])}, the last day on which the clock moved, against the median of the same weekday in the "
        "eight weeks before; how far a source is behind, against what it usually was at most in a quarter, where it comes often "
        "enough to say. Lines: rows by day; dashed: what is usual."
    )
    header = ["source", "rows", "usual", "", "behind", "usually up to", f"refused in {RECENT} days"]
    return parts.section(
        "sources",
        "Sources",
        parts.text(lead),
        parts.table("Sources", header, table, right=[1, 2, 4, 5, 6]),
        f'<div class="smalls">{"".join(drawn)}</div>',
    )


def _source(source: str, last: dict, lost: dict | None, hours_usual: float | None) -> list[object]:
    z = last["rows_z"]
    state = pill("too young to say", "calm")
    if z is not None:
        state = pill("unusual", "warn") if abs(z) > UNUSUAL else pill("as usual", "good")
    usual = None if last["rows_usual"] is None else round(last["rows_usual"])
    share = f"{lost['quarantined'] / lost['received']:.2%}" if lost and lost["received"] else None
    return [source, last["rows"], usual, state, hours(last["hours_behind"]), hours(hours_usual), share]


def _volume(source: str, rows: list[dict]) -> Html:
    # what lands a week at once is not what a day brings
    at, count = zip(*((row["day"], row["rows"]) for row in rows if row["rows"] is not None), strict=True)
    usual = [(row["day"], row["rows_usual"]) for row in rows if row["rows_usual"] is not None]
    facts = f"{count[-1]:,} rows on {day(at[-1])}"
    with small() as (fig, axes):
        if usual:
            axes.plot(*zip(*usual, strict=True), color=COLOURS["rule"], linewidth=0.9, linestyle="--")
        axes.plot(at, count, color=COLOURS["champion"], linewidth=1.3, marker="o" if len(at) < 8 else "", markersize=3)
        axes.set_ylim(0, max(1, *count) * 1.12)
        axes.locator_params(axis="y", nbins=3)
        dates(axes, at[0], at[-1])
        return parts.small(svg(fig, f"Rows of {source} by day", facts), source, facts)


def runs(report: Report) -> Html:
    """The last run of each phase."""
    if not report.runs:
        return parts.section("runs", "Runs", parts.text("Nothing has run yet."))
    rows = [
        [row["phase"], pill(row["status"], "good" if row["status"] == "succeeded" else "bad"), parts.instant(row["as_of"]),
         f"{row['seconds']:.1f}", None if row["peak_memory_mb"] is None else f"{row['peak_memory_mb']:,.0f}", row["runs"],
         row["message"]]
        for row in report.runs
    ]  # fmt: skip
    header = ["phase", "last", "as of", "seconds", "memory, MB", "runs", "it said"]
    return parts.section("runs", "Runs", parts.table("Last runs", header, rows, right=[3, 4, 5]))


def quotas(report: Report) -> Html:
    """Use against limits, and the day on which each will be reached."""
    if not report.quotas:
        return parts.section("quotas", "Quotas", parts.text("No quota is declared in seeds/quotas.csv."))
    rows = []
    for row in report.quotas:
        tone, share = QUOTA[row["status"]], row["share"]
        used = None if share is None else Html(f"{bar(share, tone)}{share:.1%}")
        limit = f"{_amount(row['limit_value'])} {row['unit']} a {row['period']}"
        rows.append([row["quota"], pill(row["status"], tone), used, _amount(row["used"]), limit, _reached(row)])
    header = ["quota", "", "used", "now", "limit", "reached"]
    return parts.section("quotas", "Quotas", parts.table("Quotas", header, rows, right=[3]))


def _reached(row: dict) -> str:
    if row["reached_on"] is None:
        return row["outlook"]
    latest = "never" if row["reached_latest"] is None else day(row["reached_latest"])
    return f"{day(row['reached_on'])} (95 %: {day(row['reached_earliest'])} to {latest})"


def _amount(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value / 1e9:,.3g} billion" if value >= 1e9 else f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
