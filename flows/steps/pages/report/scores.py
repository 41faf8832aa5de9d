"""Scores and labels, and what can be seen before labels are known."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.steps.pages import parts
from flows.steps.pages.chart import COLOURS, dates, figure, small, svg
from flows.steps.pages.parts import Html, day
from flows.steps.reports import RECENT, Report
from ml.histogram import rebin
from ml.reliability import Bin, reliability
from ml.split import days

# Fewer rows make bins whose intervals say nothing.
FEWEST = 200
PROXIES = [
    ("share_flagged", "Flagged, % of rows", 100),
    ("mean_score", "Mean score", 1),
    ("entropy", "Entropy of the scores, bits", 1),
    ("rows", "Predictions a day", 1),
]


def distributions(report: Report) -> Html:
    """Are scores what they say, how are they spread, and how often is the label true?"""
    if not report.cells:
        return parts.section("scores", "Scores and labels", parts.text("Nothing has been scored by a champion yet."))
    label = report.known["label"].to_numpy()
    drawn = []
    if len(label) >= FEWEST and 0 < label.mean() < 1:
        bins = reliability(label, report.known["score"].to_numpy(), days(report.known["as_of"]))
        facts = f"{len(label):,} predictions whose outcome is known. On the line, a score of .3 comes true in 3 of 10."
        drawn.append(parts.small(_reliability(bins), "Reliability", facts))
    drawn.append(parts.small(_spread(report), "Scores", f"The last {RECENT} days (line) beside the holdout (grey), % of rows."))
    if any(row["label_rate"] is not None for row in report.proxies):
        drawn.append(_labels_by_day(report))
    return parts.section("scores", "Scores and labels", f'<div class="thirds">{"".join(drawn)}</div>')


def _labels_by_day(report: Report) -> Html:
    trained = _trained_rate(report)
    usual = "" if trained is None else f" Dashed: {trained:.1%} of the training rows."
    facts = f"How often the label was true (orange), and the mean score (blue) of the same predictions, %.{usual}"
    return parts.small(_labels(report, trained), "Labels by day", facts)


def _reliability(bins: list[Bin]) -> str:
    with figure(3.3, 2.3) as (fig, axes):
        found = np.array([tuple(one) for one in bins])
        end = min(1.0, 1.05 * max(found[:, 0].max(), found[:, 3].max()))
        reach = [found[:, 1] - found[:, 2], found[:, 3] - found[:, 1]]
        axes.plot([0, end], [0, end], color=COLOURS["rule"], linewidth=1, linestyle="--")
        axes.errorbar(found[:, 0], found[:, 1], yerr=reach, color=COLOURS["champion"], marker="o", markersize=3.5, linewidth=1.3)
        axes.set(xlim=(0, end), ylim=(0, end), xlabel="mean score", ylabel="came true")
        return svg(fig, "Reliability", "; ".join(f"scores of {one.score:.2f} came true in {one.rate:.2f}" for one in bins))


def _spread(report: Report) -> str:
    with figure(3.3, 2.3) as (fig, axes):
        found = rebin(report.histogram("score"), 40, (0, 1))
        axes.set(xlim=(0, 1), xlabel="score", ylabel="% of rows")
        axes.grid(axis="x", visible=False)
        said = "no score on one of the two sides"
        if found:
            axes.stairs(found.then * 100, found.edges, fill=True, color="#cbd2d9")
            axes.stairs(found.now * 100, found.edges, color=COLOURS["champion"], linewidth=1.6)
            axes.set_ylim(0)
            middle = (found.edges[1:] + found.edges[:-1]) / 2
            said = f"mean {middle @ found.then:.3f} on the holdout, {middle @ found.now:.3f} in the last {RECENT} days"
        return svg(fig, "Scores", said)


def _labels(report: Report, trained: float | None) -> str:
    known = [row for row in report.proxies if row["label_rate"] is not None]
    with figure(3.3, 2.3) as (fig, axes):
        axes.grid(axis="x", visible=False)
        axes.set(ylabel="% of rows")
        if trained is not None:
            axes.axhline(trained * 100, color=COLOURS["rule"], linewidth=1, linestyle="--")
        at = [row["day"] for row in known]
        style = {"linewidth": 1.2, "marker": "o" if len(at) < 8 else "", "markersize": 3}
        axes.plot(at, [row["mean_score_labelled"] * 100 for row in known], color=COLOURS["champion"], **style)
        axes.plot(at, [row["label_rate"] * 100 for row in known], color=COLOURS["challenger"], **style)
        dates(axes, at[0], at[-1])
        axes.set_ylim(0)
        return svg(fig, "Labels by day", f"true in {known[-1]['label_rate']:.1%} on {day(at[-1])}")


def _trained_rate(report: Report) -> float | None:
    """Share of true labels among the training rows: the cells of a label hold 0 and 1."""
    cells = [row for row in report.cells.get("label", []) if row["kind"] == "inside"]
    total = sum(row["rows_trained"] for row in cells)
    return sum(row["rows_trained"] for row in cells if row["low"] >= 1) / total if total else None


def proxies(report: Report) -> Html:
    """Small lines by day: what moves before quality can be measured."""
    rows, title = report.proxies, "Before labels are known"
    if not rows:
        return parts.section("proxies", title, parts.text("Nothing has been scored yet."))
    at, drawn = [row["day"] for row in rows], []
    for name, what, factor in PROXIES:
        values = [row[name] * factor for row in rows]
        usual = float(np.median(values))
        facts = f"{_number(values[-1])} on {day(at[-1])}, median {_number(usual)}"
        drawn.append(parts.small(_line(at, values, usual, what, facts), what, facts))
    known = [row for row in rows if row["label_delay_hours"] is not None]
    delay = f" Half of the labels come within {parts.hours(known[-1]['label_delay_hours'])}." if known else ""
    lead = f"By day, {parts.many(len(rows), 'day')}; dashed is their median.{delay}"
    return parts.section("proxies", title, parts.text(lead), f'<div class="smalls">{"".join(drawn)}</div>')


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _line(at: list[date], values: list[float], usual: float, title: str, said: str) -> str:
    with small() as (fig, axes):
        axes.axhline(usual, color=COLOURS["rule"], linewidth=0.8, linestyle="--")
        axes.plot(at, values, color=COLOURS["champion"], linewidth=1.3, marker="o" if len(at) < 8 else "", markersize=3)
        axes.set_ylim(min(0, *values), max(values) * 1.12 or 1)
        axes.locator_params(axis="y", nbins=3)
        dates(axes, at[0], at[-1])
        return svg(fig, title, said)
