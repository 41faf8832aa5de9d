"""Scores and labels, and what can be seen before labels are known."""

from __future__ import annotations

from datetime import date

import numpy as np

from flows.pages.html import parts
from flows.pages.html.chart import COLOURS, dates, figure, small, svg
from flows.pages.html.parts import Html, day
from flows.pages.html.words import of_one
from flows.pages.report.facts import RECENT, Report
from ml.models import tasks
from ml.problem.split import days
from ml.statistics.histogram import rebin
from ml.statistics.reliability import Bin, reliability

# Fewer rows make bins whose intervals say nothing.
FEWEST = 200
FLAGGED, ROWS = ("share_flagged", "Flagged, % of rows", 100), ("rows", "Predictions a day", 1)
# By task: what moves before quality can be measured; how often a claim comes true, of a training that says so, and in words.
PROXIES = {
    "binary": [FLAGGED, ("mean_score", "Mean score, 0 to 1", 1), ("entropy", "How undecided scores are (entropy), bits", 1),
               ROWS],
    "regression": [FLAGGED, ("mean_number", "Mean prediction", 1), ("share_distinct", "Distinct predictions, % of rows", 100),
                   ROWS],
    "multiclass": [FLAGGED, ("mean_score", "Mean probability of the predicted class", 1),
                   ("entropy", "How undecided it is (entropy), bits", 1), ROWS],
}  # fmt: skip
CAME_TRUE = {
    "binary": "How often the label was true (orange), and the mean score (blue) of the same predictions, %.",
    "regression": "How often the truth lay in the interval of 80 % (orange), and what that claims (blue), %.",
    "multiclass": "How often the predicted class was the true one (orange), and its mean probability (blue), %.",
}


def distributions(report: Report) -> Html:
    """Are scores what they say, how are they spread, and how often is the label true?"""
    if not report.cells:
        return parts.section("scores", "Scores and labels", parts.text("Nothing has been scored by a champion yet."))
    label, task = report.known["label"].to_numpy(), tasks.of(report.problem)
    drawn = []
    if task.span is None and len(label) >= FEWEST:
        drawn.append(_numbers(report))
    elif len(label) >= FEWEST and 0 < label.mean() < 1:
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
    facts = f"{CAME_TRUE[report.problem.task]}{usual}"
    return parts.small(_labels(report, trained), "Labels by day", facts)


def _numbers(report: Report) -> Html:
    said, truth = (report.known[name].to_numpy() for name in ("number", "outcome"))
    edges = np.unique(np.quantile(said, np.linspace(0, 1, 11)[1:-1]))
    cell = np.searchsorted(edges, said, side="right")
    spans = [(said[cell == at].mean(), *np.quantile(truth[cell == at], [0.1, 0.5, 0.9])) for at in np.unique(cell)]
    with figure(3.3, 2.3) as (fig, axes):
        x, low, middle, high = np.array(spans).T
        axes.plot([x.min(), x.max()], [x.min(), x.max()], color=COLOURS["rule"], linewidth=1, linestyle="--")
        reach = [middle - low, high - middle]
        axes.errorbar(x, middle, yerr=reach, color=COLOURS["champion"], marker="o", markersize=3.5, linewidth=1.3)
        axes.set(xlabel="mean prediction", ylabel="median truth")
        drawn = svg(fig, "Predicted and true", "; ".join(f"of {one[0]:.3g} the median was {one[2]:.3g}" for one in spans))
    facts = f"{len(said):,} predictions whose outcome is known; bars hold eight truths in ten."
    return parts.small(drawn, "Predicted and true", facts)


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
        span = tasks.of(report.problem).span
        found = rebin(report.histogram("score"), 40, span)
        axes.set(xlabel="score", ylabel="% of rows", **({} if span is None else {"xlim": span}))
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
    if not tasks.of(report.problem).decides_flags:
        return None
    cells = [row for row in report.cells.get("label", []) if row["kind"] == "inside"]
    total = sum(row["rows_trained"] for row in cells)
    return sum(row["rows_trained"] for row in cells if row["low"] >= 1) / total if total else None


def proxies(report: Report) -> Html:
    """Small lines by day: what moves before quality can be measured."""
    rows, title = report.proxies, "Before labels are known"
    if not rows:
        return parts.section("proxies", title, parts.text("Nothing has been scored yet."))
    at, drawn = [row["day"] for row in rows], []
    for name, what, factor in PROXIES[report.problem.task]:
        values = [row[name] * factor for row in rows]
        usual = float(np.median(values))
        facts = f"{_number(values[-1])} on {day(at[-1])}, median {_number(usual)}"
        drawn.append(parts.small(_line(at, values, usual, what, facts), what, facts))
    known = [row for row in rows if row["label_delay_hours"] is not None]
    delay = f" Half of the labels come within {parts.hours(known[-1]['label_delay_hours'])}." if known else ""
    lead = (
        f"What can be seen at once, by day, {parts.many(len(rows), 'day')}; dashed is their median. "
        f"A line that leaves it for long asks why.{delay}"
    )
    return parts.section("proxies", title, parts.text(lead), f'<div class="smalls">{"".join(drawn)}</div>')


def reasons(report: Report) -> Html:
    """The highest scores of the last day, each with what moved it, in words."""
    title = "What moved the scores"
    if not report.explained:
        return parts.section("reasons", title, parts.text("No prediction of the champion is explained yet."))
    last = report.explained[0]["as_of"]
    lead = f"The highest explained scores of {day(last)}, each with what moved it most."
    # An instant is read on one line.
    rows = [
        [one["entity_id"], parts.instant(one["as_of"]).replace(" ", "\u00a0"), f"{one['score']:.2f}", one["reasons"]]
        for one in report.explained
    ]
    header = [of_one(report.problem), "as of", "score", "what moved the score"]
    return parts.section("reasons", title, parts.text(lead), parts.table(title, header, rows, right=[2]))


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
