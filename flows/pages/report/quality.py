"""Quality over time, and the changes of champion that it came with."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from flows.pages.html import parts
from flows.pages.html.chart import COLOURS, dates, figure, legend, svg
from flows.pages.html.parts import Html, day, interval_of
from flows.pages.html.words import METRICS, measured, read
from flows.pages.report.facts import WEEKS, Report

TABLE = 8


def over_time(report: Report) -> Html:
    """Champion and rule by week, with intervals, estimates where labels are missing, and changes of champion as lines."""
    found = {(row["scorer"], row["period"]): row for row in report.quality if row["value"] is not None}
    estimated = {row["period"]: row for row in report.estimates if row["grain"] == "week"}
    weeks = sorted({week for _, week in found} | set(estimated))[-WEEKS:]
    title = "Quality over time"
    if not weeks:
        words = (
            "No label of a prediction is known yet. As soon as labels arrive, champion and rule are compared here week by week."
        )
        return parts.section("quality", title, parts.text(words))
    metric = METRICS[report.problem.metric]
    caption = (
        f"{metric} of each week's predictions: {read(report.problem.metric)}. Bars are 95 % "
        "intervals over days. A ring is what was estimated at the end of the week, before its labels were in. "
        "Dashed: a new champion."
    )
    header = ["week of", "rows with labels", f"champion, {metric}", "rule", "estimated at its end"]
    rows = [_row(report.problem.metric, week, found, estimated) for week in reversed(weeks[-TABLE:])]
    return parts.section(
        "quality",
        title,
        parts.figure(_by_week(report, weeks, found, estimated), caption),
        parts.table("Quality by week", header, rows, right=[1]),
    )


def _row(metric: str, week: date, found: dict, estimated: dict) -> list[object]:
    one, rule, guess = found.get(("champion", week)), found.get(("rule", week)), estimated.get(week)
    told = None
    if guess:
        blind = guess["state"] == "BLIND"
        told = f"BLIND: {guess['blind_because']}" if blind else measured(metric, guess["estimate"], guess["low"], guess["high"])
    return [day(week), one and one["rows_labelled"], *(row and interval_of(row, metric) for row in (one, rule)), told]


def _by_week(report: Report, weeks: list[date], measured: dict, estimated: dict) -> str:
    metric = METRICS[report.problem.metric]
    with figure(9.6, 3.3) as (fig, axes):
        for scorer, noon in (("rule", 4), ("champion", 3)):
            rows = [measured[scorer, week] for week in weeks if (scorer, week) in measured]
            at = [row["period"] + timedelta(days=noon) for row in rows]
            _bars(axes, at, [(row["value"], row["low"], row["high"]) for row in rows], COLOURS[scorer], scorer, linewidth=1.5)
        guessed = [estimated[week] for week in weeks if week in estimated and estimated[week]["state"] == "ESTIMATED"]
        at = [row["period"] + timedelta(days=5) for row in guessed]
        spans = [(row["estimate"], row["low"], row["high"]) for row in guessed]
        _bars(axes, at, spans, COLOURS["challenger"], "estimated", linewidth=0, markerfacecolor="#ffffff")
        first, last = weeks[0], weeks[-1] + timedelta(days=7)
        axes.set(xlim=(first - timedelta(days=1), last + timedelta(days=1)), ylabel=metric)
        _champion_changes(report, axes, first, last)
        dates(axes, first, last)
        axes.grid(axis="x", visible=False)
        legend(axes, loc="upper left", ncols=3, bbox_to_anchor=(0, -0.1), borderaxespad=0.2)
        said = [
            f"{scorer} in the week of {day(week)} {measured[scorer, week]['value']:.3f}"
            for week in weeks for scorer in ("champion", "rule") if (scorer, week) in measured
        ]  # fmt: skip
        return svg(fig, f"{metric} by week", "; ".join(said))


def _bars(axes: Any, at: list[date], spans: list[tuple], colour: str, label: str, **style: Any) -> None:
    """Points with intervals; a point without one is a point."""
    if not at:
        return
    value = np.array([one for one, _, _ in spans])
    low, high = (np.array([one[0] if one[end] is None else one[end] for one in spans]) for end in (1, 2))
    reach = np.maximum([value - low, high - value], 0)
    axes.errorbar(at, value, yerr=reach, color=colour, label=label, marker="o", markersize=4.2, elinewidth=1.1, **style)


def _champion_changes(report: Report, axes: Any, first: date, last: date) -> None:
    """A line and a name where a champion began."""
    for row in report.promotions:
        at = row["effective_at"].date()
        if not first <= at <= last:
            continue
        axes.axvline(at, color=COLOURS["ink"], linewidth=0.8, linestyle=(0, (4, 3)))
        late = (last - at).days < 0.15 * (last - first).days
        axes.annotate(
            row["model_version"].rsplit("-", 1)[0], (at, 1), (0, 3), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=8, color="#52606d", ha="right" if late else "left",
        )  # fmt: skip
