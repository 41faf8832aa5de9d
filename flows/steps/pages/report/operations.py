"""Alerts, sources, runs and quotas."""

from __future__ import annotations

from datetime import timedelta

from flows.steps.pages import parts
from flows.steps.pages.chart import COLOURS, figure, svg
from flows.steps.pages.parts import Html, bar, day, hours, link, pill
from flows.steps.reports import RECENT, Report

SEVERITY = {"critical": "bad", "warning": "warn", "info": "calm"}
STATUS = {"fine": ("fine", "good"), "soon": ("soon", "warn"), "near": ("near", "warn"), "over": ("over", "bad")}
CLOSED = 5


def alerts(report: Report) -> Html:
    """What stands, the worst first, then what was closed lately; each with its page, cause and state."""
    standing = [row for row in report.alerts if row["state"] != "closed"]
    closed = sorted((row for row in report.alerts if row["state"] == "closed"), key=lambda row: row["last_seen"], reverse=True)[
        :CLOSED
    ]
    if not standing and not closed:
        return parts.section("alerts", "Alerts", parts.text("No alert has ever been opened."))
    words = "" if standing else parts.text("No alert is open. Closed lately:")
    items = "".join(_alert(report, row) for row in [*standing, *closed])
    return parts.section("alerts", "Alerts", words, f'<ul class="alerts">{items}</ul>')


def _alert(report: Report, row: dict) -> str:
    tone = SEVERITY.get(row["severity"], "calm") if row["state"] != "closed" else "calm"
    state = row["state"] + (f" by {row['by_whom']}" if row["by_whom"] else "")
    page = f"{report.pages.rstrip('/')}/{row['page'].removeprefix('docs/alerts/')}"
    doubt = f" · {row['damage']:.0%} of the decisions in doubt" if row["damage"] is not None else ""
    cost = f" · at most {row['cost']:,.0f} units of cost" if row["cost"] is not None else ""
    measured = "" if row["value"] is None else f" · {row['value']:.4g} against {row['limit_value']:.4g}"
    facts = f"{day(row['first_seen'])} to {day(row['last_seen'])}, seen {row['times_seen']} times{measured}{doubt}{cost}"
    todo = f"<p>{parts.html(row['advice'])}</p>" if row["state"] != "closed" else ""
    return (
        f'<li class="{tone}"><h3>{pill(row["severity"], tone)} {parts.html(row["title"] or row["kind"])}: {parts.html(row["subject"])} '
        f"<small>{parts.html(state)} · {row['short_id']}</small></h3>"
        f'<p class="facts">{parts.html(facts)}</p><p>Likely cause: {parts.html(row["cause"])}</p>{todo}'
        f"<p>{link(page, 'What it means and what to do')}</p></li>"
    )


def sources(report: Report) -> Html:
    """What landed and how fresh it is, against the same weekday before."""
    if not report.volumes:
        return parts.section(
            "sources",
            "Sources",
            parts.text("Nothing has landed by the day yet: months that land at once say nothing about a day."),
        )
    refused = {row["source"]: row for row in report.refused}
    by_source: dict[str, list[dict]] = {}
    for row in report.volumes:
        by_source.setdefault(row["source"], []).append(row)
    table, drawn = [], []
    for source, rows in sorted(by_source.items()):
        last, lost = rows[-1], refused.get(source)
        odd = last["rows_z"] is not None and abs(last["rows_z"]) > 3
        state = (
            pill("unusual", "warn")
            if odd
            else pill("as usual", "good")
            if last["rows_z"] is not None
            else pill("too young to say", "calm")
        )
        table.append([source, last["rows"], None if last["rows_usual"] is None else round(last["rows_usual"]), state, hours(last["hours_behind"]),
                      hours(last["hours_behind_usual"]), f"{lost['quarantined'] / lost['received']:.2%}" if lost and lost["received"] else None])  # fmt: skip
        drawn.append(parts.figure(_volume(source, rows), source, "small"))
    lead = f"The last day on which the clock moved, {day(report.volumes[-1]['day'])}, against the median of the same weekday in the eight weeks before. Lines: rows by day, dashed what is usual."
    return parts.section(
        "sources", "Sources", parts.text(lead),
        parts.table("Sources", ["source", "rows", "usual", "", "behind", "usual", f"refused in {RECENT} days"], table, right=[1, 2, 4, 5, 6]),
        f'<div class="smalls">{"".join(drawn)}</div>',
    )  # fmt: skip


def _volume(source: str, rows: list[dict]) -> str:
    from flows.steps.pages.report.quality import _dates

    with figure(2.9, 1.25) as (fig, axes):
        at = [row["day"] for row in rows]
        usual = [(row["day"], row["rows_usual"]) for row in rows if row["rows_usual"] is not None]
        if usual:
            axes.plot(*zip(*usual, strict=True), color=COLOURS["rule"], linewidth=0.9, linestyle="--")
        axes.plot(
            at,
            [row["rows"] for row in rows],
            color=COLOURS["champion"],
            linewidth=1.3,
            marker="o" if len(at) < 8 else "",
            markersize=3,
        )
        axes.set_ylim(0, max(1, *(row["rows"] for row in rows)) * 1.12)
        axes.locator_params(axis="y", nbins=3)
        axes.grid(axis="x", visible=False)
        axes.set_xlim(at[0] - timedelta(hours=12), at[-1] + timedelta(hours=12))
        _dates(axes, (at[-1] - at[0]).days)
        return svg(fig, f"Rows of {source} by day", f"{rows[-1]['rows']:,} on {day(at[-1])}")


def runs(report: Report) -> Html:
    """The last run of each phase."""
    if not report.runs:
        return parts.section("runs", "Runs", parts.text("Nothing has run yet."))
    rows = [
        [row["phase"], pill(row["status"], "good" if row["status"] == "succeeded" else "bad"), parts.instant(row["as_of"]), f"{row['seconds']:.1f}",
         None if row["peak_memory_mb"] is None else f"{row['peak_memory_mb']:,.0f}", row["runs"], row["message"]]
        for row in report.runs
    ]  # fmt: skip
    return parts.section(
        "runs",
        "Runs",
        parts.table("Last runs", ["phase", "last", "as of", "seconds", "memory, MB", "runs", "it said"], rows, right=[3, 4, 5]),
    )


def quotas(report: Report) -> Html:
    """Use against limits, and the day on which each will be reached."""
    if not report.quotas:
        return parts.section("quotas", "Quotas", parts.text("No quota is declared in seeds/quotas.csv."))
    rows = []
    for row in report.quotas:
        word, tone = STATUS[row["status"]]
        used = None if row["share"] is None else Html(f"{bar(row['share'], tone)} {row['share']:.1%}")
        reached = row["outlook"] if row["reached_on"] is None else f"{day(row['reached_on'])} ({_from(row)})"
        rows.append(
            [
                row["quota"],
                pill(word, tone),
                used,
                _amount(row["used"]),
                _amount(row["limit_value"]),
                row["unit"],
                f"a {row['period']}",
                reached,
            ]
        )
    return parts.section(
        "quotas",
        "Quotas",
        parts.table("Quotas", ["quota", "", "used", "now", "limit", "unit", "period", "limit reached"], rows, right=[3, 4]),
    )


def _from(row: dict) -> str:
    latest = "never" if row["reached_latest"] is None else day(row["reached_latest"])
    return f"{day(row['reached_earliest'])} to {latest}"


def _amount(value: float | None) -> str | None:
    return None if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
