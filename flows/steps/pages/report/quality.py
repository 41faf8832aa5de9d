"""Quality over time, scores and labels, and what can be seen before labels are known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from flows.steps.pages import parts
from flows.steps.pages.card import METRICS
from flows.steps.pages.chart import COLOURS, THEME, figure, svg
from flows.steps.pages.parts import Html, day, interval
from flows.steps.reports import RECENT, WEEKS, Report
from ml.histogram import rebin
from ml.reliability import reliability
from ml.split import days

TINT = next(colour for colour, name in THEME.items() if name == "tint")


def over_time(report: Report) -> Html:
    """Champion and rule by week, with intervals, estimates where labels are missing, and changes of champion as lines."""
    weeks = _weeks(report)
    if not weeks:
        return parts.section(
            "quality",
            "Quality over time",
            parts.text(
                "No label of a prediction is known yet. As soon as labels arrive, champion and rule are compared here week by week."
            ),
        )
    metric = METRICS[report.problem.metric]
    measured = {(row["scorer"], row["period"]): row for row in report.quality}
    estimated = {row["period"]: row for row in report.estimates}
    rows = []
    for week in reversed(weeks[-8:]):
        one, rule, guess = measured.get(("champion", week)), measured.get(("rule", week)), estimated.get(week)
        rows.append([
            day(week), one and one["rows_labelled"], one and interval(one["value"], one["low"], one["high"]),
            rule and interval(rule["value"], rule["low"], rule["high"]), _estimate(guess),
        ])  # fmt: skip
    return parts.section(
        "quality", "Quality over time",
        parts.figure(_by_week(report, weeks, measured, estimated, metric),
                     f"{metric} of each week's predictions{', lower is better' if report.problem.metric == 'log_loss' else ''}. Bars are 95 % intervals by day; a ring is the estimate made "
                     f"at the week's end, before its labels were in. Dashed lines: a new champion."),
        parts.table("Quality by week", ["week of", "rows with labels", f"champion, {metric}", "rule", "estimated at its end"], rows, right=[1]),
    )  # fmt: skip


def _weeks(report: Report) -> list[date]:
    there = {row["period"] for row in report.quality if row["value"] is not None} | {
        row["period"] for row in report.estimates if row["estimate"] is not None
    }
    return sorted(there)[-WEEKS:]


def _estimate(row: dict[str, Any] | None) -> object:
    if row is None:
        return None
    return f"BLIND: {row['blind_because']}" if row["state"] == "BLIND" else interval(row["estimate"], row["low"], row["high"])


def _by_week(report: Report, weeks: list[date], measured: dict, estimated: dict, metric: str) -> str:
    with figure(9.6, 3.1) as (fig, axes):
        for scorer, shift in (("rule", 1.0), ("champion", 0.0)):
            rows = [
                measured[scorer, week]
                for week in weeks
                if (scorer, week) in measured and measured[scorer, week]["value"] is not None
            ]
            at = [row["period"] + timedelta(days=3 + shift) for row in rows]
            value = np.array([row["value"] for row in rows])
            reach = np.array(
                [
                    [
                        row["value"] - (row["low"] if row["low"] is not None else row["value"]),
                        (row["high"] if row["high"] is not None else row["value"]) - row["value"],
                    ]
                    for row in rows
                ]
            )
            if rows:
                axes.errorbar(
                    at,
                    value,
                    yerr=reach.T,
                    color=COLOURS[scorer],
                    label=scorer,
                    marker="o",
                    markersize=4,
                    elinewidth=1.1,
                    linewidth=1.4,
                )
        guessed = [(week, estimated[week]) for week in weeks if week in estimated and estimated[week]["state"] == "ESTIMATED"]
        if guessed:
            at = [week + timedelta(days=5) for week, _ in guessed]
            value = np.array([row["estimate"] for _, row in guessed])
            reach = np.array([[row["estimate"] - row["low"], row["high"] - row["estimate"]] for _, row in guessed])
            axes.errorbar(
                at,
                value,
                yerr=reach.T,
                color=COLOURS["challenger"],
                label="estimated",
                marker="o",
                markersize=4.5,
                markerfacecolor="#ffffff",
                elinewidth=0.9,
                linewidth=0,
            )
        first, last = weeks[0], weeks[-1] + timedelta(days=7)
        axes.set(xlim=(first - timedelta(days=1), last + timedelta(days=1)), ylabel=metric)
        _offices(report, axes, first, last)
        _dates(axes, (last - first).days)
        axes.grid(axis="x", visible=False)
        axes.legend(loc="lower left", ncols=3, bbox_to_anchor=(0, 1.0), borderaxespad=0.2)
        said = "; ".join(
            f"week of {day(week)}: "
            + ", ".join(
                f"{scorer} {measured[scorer, week]['value']:.3f}"
                for scorer in ("champion", "rule")
                if (scorer, week) in measured and measured[scorer, week]["value"] is not None
            )
            for week in weeks
        )
        return svg(fig, f"{metric} by week", said)


def _offices(report: Report, axes: Any, first: date, last: date) -> None:
    """A line and a name where a champion took office."""
    top = axes.get_ylim()[1]
    for number, row in enumerate(report.promotions):
        at = row["effective_at"].date()
        if first <= at <= last:
            axes.axvline(at, color=COLOURS["ink"], linewidth=0.8, linestyle=(0, (4, 3)))
            late = (last - at).days < 0.2 * (last - first).days
            axes.text(
                at,
                top,
                f" {row['model_version'].rsplit('-', 1)[0]} ",
                fontsize=8,
                va="top" if number % 2 == 0 else "bottom",
                ha="right" if late else "left",
                color="#52606d",
            )


def _dates(axes: Any, span: int) -> None:
    """Ticks at days or at months, with a month and no year twice."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=8 if span > 20 else 5)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def scores(report: Report) -> Html:
    """Are scores what they say, how are they spread, and how often is the label true?"""
    if not report.cells:
        return parts.section("scores", "Scores and labels", parts.text("Nothing has been scored by the champion yet."))
    label = report.known["label"].to_numpy() if report.known.num_rows else np.array([])
    drawn = [parts.figure(_spread(report), f"Scores of the last {RECENT} days, beside those on the holdout.", "half")]
    if len(label) > 200 and 0 < label.mean() < 1:
        bins = reliability(label, report.known["score"].to_numpy(), days(report.known["as_of"]))
        drawn.insert(
            0,
            parts.figure(
                _reliability(bins),
                f"Reliability of {len(label):,} predictions whose outcome is known: on the line, a score of .3 comes true in 3 of 10.",
                "half",
            ),
        )
    drawn.append(
        parts.figure(
            _labels(report), "How often the label was true, by day, beside the mean score of the same predictions.", "half"
        )
    )
    return parts.section("scores", "Scores and labels", '<div class="halves">' + "".join(drawn) + "</div>")


def _reliability(bins: list) -> str:
    with figure(4.6, 3.1) as (fig, axes):
        found = np.array([tuple(one) for one in bins])
        end = min(1.0, 1.08 * max(found[:, 0].max(), found[:, 3].max()))
        axes.plot([0, end], [0, end], color=COLOURS["rule"], linewidth=1, linestyle="--")
        axes.errorbar(
            found[:, 0],
            found[:, 1],
            yerr=[found[:, 1] - found[:, 2], found[:, 3] - found[:, 1]],
            color=COLOURS["champion"],
            marker="o",
            markersize=4,
            elinewidth=1,
            linewidth=1.4,
        )
        axes.set(xlim=(0, end), ylim=(0, end), xlabel="mean score", ylabel="share that came true", title="Reliability")
        said = "; ".join(f"score {one.score:.2f} came true in {one.rate:.2f}" for one in bins)
        return svg(fig, "Reliability", said)


def _spread(report: Report) -> str:
    with figure(4.6, 3.1) as (fig, axes):
        found = rebin(report.histogram("score"), 40)
        axes.set(title="Scores", xlabel="score", ylabel="share of rows, %")
        if found:
            axes.stairs(found.then * 100, found.edges, fill=True, color="#cbd2d9", label="holdout")
            axes.stairs(found.now * 100, found.edges, color=COLOURS["champion"], linewidth=1.6, label=f"last {RECENT} days")
            axes.legend()
            axes.set_ylim(0)
        axes.grid(axis="x", visible=False)
        return svg(fig, "Scores", _middle(report, "score"))


def _middle(report: Report, feature: str) -> str:
    """In words: the means of a number then and now."""
    cells = [cell for cell in report.histogram(feature) if cell.low is not None and cell.high is not None]
    means = []
    for rows in ([cell.then for cell in cells], [cell.now for cell in cells]):
        total = sum(rows)
        means.append(sum((cell.low + cell.high) / 2 * n for cell, n in zip(cells, rows, strict=True)) / total if total else None)
    return "" if None in means else f"mean {means[0]:.3g} in training, {means[1]:.3g} in the last {RECENT} days"


def _labels(report: Report) -> str:
    with figure(4.6, 3.1) as (fig, axes):
        known = [row for row in report.proxies if row["label_rate"] is not None]
        axes.set(title="Labels", ylabel="share of rows, %")
        axes.grid(axis="x", visible=False)
        trained = _trained_rate(report)
        if trained is not None:
            axes.axhline(trained * 100, color=COLOURS["rule"], linewidth=1, linestyle="--", label="training")
        if known:
            at = [row["day"] for row in known]
            axes.plot(
                at,
                [row["mean_score_labelled"] * 100 for row in known],
                color=COLOURS["champion"],
                linewidth=1.3,
                label="mean score",
            )
            axes.plot(
                at, [row["label_rate"] * 100 for row in known], color=COLOURS["challenger"], linewidth=1.3, label="label true"
            )
            _dates(axes, (at[-1] - at[0]).days)
        if known or trained is not None:
            axes.legend(ncols=3, fontsize=8, columnspacing=1, handlelength=1.4)
            axes.set_ylim(0, axes.get_ylim()[1] * 1.18)
        last = f"{known[-1]['label_rate']:.1%} on {day(known[-1]['day'])}" if known else "not known yet"
        return svg(fig, "Labels", f"label true in {last}" + (f"; in training {trained:.1%}" if trained is not None else ""))


def _trained_rate(report: Report) -> float | None:
    """Cells of a label: 2 holds false, 3 true; the last one with an end is the true one."""
    cells = [row for row in report.cells.get("label", []) if row["kind"] == "inside"]
    total = sum(row["rows_trained"] for row in cells)
    return sum(row["rows_trained"] for row in cells if row["low"] >= 1) / total if total else None


PROXIES = [
    ("share_flagged", "Flagged, % of rows", 100),
    ("mean_score", "Mean score", 1),
    ("entropy", "Entropy of the scores, bits", 1),
    ("rows", "Predictions a day", 1),
]


def proxies(report: Report) -> Html:
    """Small lines by day: what moves before quality can be measured."""
    rows = report.proxies
    if not rows:
        return parts.section("proxies", "Before labels are known", parts.text("Nothing has been scored yet."))
    drawn = []
    for name, title, factor in PROXIES:
        values = [row[name] * factor for row in rows]
        usual = float(np.median(values))
        drawn.append(
            parts.figure(
                _line([row["day"] for row in rows], values, usual, title),
                f"{title}: {values[-1]:,.3g} on {day(rows[-1]['day'])}, median {usual:,.3g}",
                "small",
            )
        )
    known = [row for row in rows if row["label_delay_hours"] is not None]
    delay = f" The median label comes {parts.hours(known[-1]['label_delay_hours'])} after the prediction." if known else ""
    lead = f"By day, the last {len(rows)} days; dashed is the median of them.{delay}"
    return parts.section("proxies", "Before labels are known", parts.text(lead), f'<div class="smalls">{"".join(drawn)}</div>')


def _line(at: list[date], values: list[float], usual: float, title: str) -> str:
    with figure(2.9, 1.25) as (fig, axes):
        axes.axhline(usual, color=COLOURS["rule"], linewidth=0.8, linestyle="--")
        axes.plot(at, values, color=COLOURS["champion"], linewidth=1.3, marker="o" if len(at) < 8 else "", markersize=3)
        axes.grid(axis="x", visible=False)
        low, high = min(0, *values), max(values)
        axes.set_ylim(low, high * 1.12 or 1)
        axes.locator_params(axis="y", nbins=3)
        _dates(axes, (at[-1] - at[0]).days)
        return svg(fig, title, f"{values[-1]:.4g} on {day(at[-1])}, median {usual:.4g}")
