"""Drift of every feature by week, and features then and now."""

from __future__ import annotations

import textwrap
from datetime import date
from typing import Any

import numpy as np

from flows.pages.html import parts
from flows.pages.html.chart import COLOURS, HEAT, apart, figure, small, svg
from flows.pages.html.parts import Html, day
from flows.pages.report.facts import RECENT, Report
from ml.problem.words import SECONDS, Words
from ml.statistics.histogram import Histogram, rebin

SHOWN, FEATURES, LEVELS = 24, 12, 6
# Letters in a line beside the map, and inches that a line takes.
LINE, HIGH = 58, 0.125
# Letters below a small picture, and the units of durations that are long to write there.
ROOM, SHORT = 30, {"minutes": "min", "seconds": "s"}
# The customary readings of the index, .1 for a look and .25 for another population, then twice and four times the second.
EDGES = (0.1, 0.25, 0.5, 1.0)
LEARNED = (
    "How unlike the rows of each week are to those that the model learned from (population stability index, 0: the same): "
    "score and label, then the features, those first that the champion learned most from, each with its share of what was "
    "learned. The model knows little of rows that are another population: dark rows near the top ask for a look."
)
NOT_LEARNED = (
    "How unlike the rows of each week are to those that were known when the champion was made (population stability index, "
    "0: the same): score and label, then the features, those first that have moved farthest: a rule learns from none of them."
)


def heat(report: Report) -> Html:
    """Features in the order of the report over weeks, the darker the farther from the rows that the champion was made from."""
    weeks = sorted({row["week"] for row in report.drift})
    if not weeks:
        return parts.section("drift", "Drift", parts.text("Nothing has been scored yet, so nothing can have drifted."))
    psi = {(row["feature"], row["week"]): row["psi"] for row in report.drift}
    there = [name for name in report.order if any((name, week) in psi for week in weeks)]
    names, last = there[:SHOWN], weeks[-1]
    # As alerts weigh it: above 1 the shares have little in common any more, and farther apart is not worse.
    doubt = {name: min(psi.get((name, last), 0), 1) * report.importances.get(name, 0) for name in there}
    far = [
        f"“{report.called(name)}” ({psi[name, last]:.2f})"
        for name in sorted(doubt, key=lambda name: -doubt[name])[:3]
        if doubt[name]
    ]
    words = LEARNED if report.has_learned else NOT_LEARNED
    if far:
        words += f" In the week of {day(last)} it matters most for {'; '.join(far)}."
    if max(row["rows_served"] for row in report.drift) < report.fewest:
        words += f" No week holds {report.fewest:,} rows yet, and of fewer chance alone makes some of this."
    if len(there) > SHOWN:
        less = "matter less" if report.has_learned else "have moved less"
        words += f" {len(there) - SHOWN} features that {less} are not shown."
    apart = left_out(report, there)
    caption = f"Weeks begin on Monday. Up to {EDGES[0]:g} is the usual wobble, above {EDGES[1]:g} another population."
    rows = [
        [report.called(name), Html(f"<code>{parts.html(name)}</code>"), *_figures(report, name, psi.get((name, last)))]
        for name in names
    ]
    header = ["in words", "column", *(["share of what was learned"] if report.has_learned else []), f"index, {day(last)}"]
    return parts.section(
        "drift",
        "Drift",
        parts.text(words),
        parts.figure(_map(report, names, weeks, psi), caption),
        *([parts.text(apart)] if apart else []),
        parts.folded(
            "The columns behind these words", parts.table("Columns of the drift", header, rows, right=[2, 3][: len(header) - 2])
        ),
    )


def left_out(report: Report, there: list[str]) -> str:
    """In a line: which features, score or label no drift is said of, and why; empty where that is none."""
    moved = {column.name for column in report.problem.features if not column.drift}
    whys: dict[str, list[str]] = {}
    for name in (name for name in report.order if name not in there):
        if name in moved:
            why = "drift: false is declared, because the calendar moves such values"
        elif name == "label":
            why = "no label of these weeks is known yet"
        elif name in report.cells or name in report.importances:
            why = "no row of these weeks was counted"
        else:
            why = "not learned from by the champion, so there are no rows to compare with"
        whys.setdefault(why, []).append(f"“{report.called(name)}”")
    said = "; ".join(f"{', '.join(names)} ({why})" for why, names in whys.items())
    return f"Not in the picture: {said}." if said else ""


def _figures(report: Report, name: str, psi: float | None) -> list[str | None]:
    gain = report.importances.get(name)
    learned = [None if gain is None else f"{gain:.1%}"] if report.has_learned else []
    return [*learned, None if psi is None else f"{psi:.2f}"]


def _map(report: Report, names: list[str], weeks: list, psi: dict) -> str:
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    values = np.array([[psi.get((name, week), np.nan) for week in weeks] for name in names])
    told = [textwrap.wrap(_named(report, name), LINE) for name in names]
    ends = np.cumsum([0.0, *(0.08 + HIGH * len(lines) for lines in told)])
    with figure(9.6, 0.75 + ends[-1]) as (fig, axes):
        levels = ListedColormap(HEAT)
        axes.pcolormesh(
            np.arange(len(weeks) + 1), ends, np.ma.masked_invalid(values), cmap=levels,
            norm=BoundaryNorm([-1, *EDGES, 1e9], levels.N), edgecolors="#ffffff", linewidth=1.2,
        )  # fmt: skip
        axes.set_yticks((ends[1:] + ends[:-1]) / 2, ["\n".join(lines) for lines in told], fontsize=8, linespacing=1.05)
        every = -(-len(weeks) // 9)
        axes.set_xticks(np.arange(0, len(weeks), every) + 0.5, [f"{week.day} {week:%b}" for week in weeks[::every]])
        axes.invert_yaxis()
        axes.set_xlim(0, max(len(weeks), 8))
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        spans = [f"up to {EDGES[0]:g}", *(f"to {edge:g}" for edge in EDGES[1:]), f"above {EDGES[-1]:g}"]
        axes.legend(
            handles=[Patch(facecolor=colour, label=span) for colour, span in zip(HEAT, spans, strict=True)],
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, fontsize=8, handlelength=1.2, borderaxespad=0.3,
        )  # fmt: skip
        said = [
            f"{report.called(name)} {value:.2f}" for name, value in zip(names, values[:, -1], strict=True) if not np.isnan(value)
        ]
        return svg(fig, "Drift by feature and week", f"week of {day(weeks[-1])}: {'; '.join(said)}")


def _named(report: Report, name: str) -> str:
    gain = report.importances.get(name) if report.has_learned else None
    # The share stays beside the last word.
    return report.called(name) + ("" if gain is None else f"\u00a0\u00a0{gain:.1%}")


def features(report: Report) -> Html:
    """Small multiples of the features that come first in the report: the rows of then and of the last weeks."""
    learned = report.has_learned
    there = [name for name in report.order[2:] if name in report.cells and (report.importances.get(name) or not learned)]
    names, title = there[:FEATURES], "Features, then and now"
    if not names:
        return parts.section("features", title, parts.text("The champion has not scored anything yet."))
    drawn = "".join(_one(report, name, report.moved.get(name)) for name in names)
    many, champion = "feature" if len(names) == 1 else f"{len(names)} features", report.health["champion"]
    then = "those that it learned from" if learned else f"those that were known when {champion} was made"
    lead = (
        f"The {many} that {champion} learned most from" if learned
        else f"The {many} that moved farthest: a rule learns from none of them"
    ) + (
        "; … stands for the value, which grows to the right. Where the line leaves the grey, rows of today are unlike "
        f"{then}. What lies beyond a picture is counted at its ends. Drift is the index of the last week above."
    )  # fmt: skip
    grey = "training rows" if learned else "rows of then"
    legend = f'<p class="legend"><i class="then"></i> {grey} <i class="now"></i> the last {RECENT} days</p>'
    return parts.section("features", title, parts.text(lead), legend, f'<div class="smalls">{drawn}</div>')


def _one(report: Report, name: str, psi: float | None) -> Html:
    rows = report.cells[name]
    facts = [f"{report.importances[name]:.1%} of what was learned"] if report.has_learned else []
    facts += [f"drift {psi:.2f}"] if psi is not None else []
    missing, unseen = _share(rows, "missing"), _share(rows, "unseen")
    facts += [f"missing {missing[0]:.1%} → {missing[1]:.1%}"] if max(missing) >= 0.0005 else []
    facts += [f"unseen {unseen[1]:.1%}"] if unseen[1] >= 0.0005 else []
    words = report.words(name)
    picture = _levels(words, rows) if any(row["kind"] == "level" for row in rows) else _numbers(report, name, words)
    return parts.small(picture, words.name, " · ".join(facts), name)


def _share(rows: list[dict], kind: str) -> tuple[float, float]:
    """Share of rows of a kind of cell, then and now."""
    then, now = (
        sum(row[column] for row in rows if row["kind"] == kind) / max(1, sum(row[column] for row in rows))
        for column in ("rows_trained", "rows_served")
    )
    return then, now


def _numbers(report: Report, name: str, words: Words) -> str:
    with small() as (fig, axes):
        found = rebin(report.histogram(name))
        if found:
            axes.stairs(found.then, found.edges, fill=True, color="#cbd2d9")
            axes.stairs(found.now, found.edges, color=COLOURS["champion"], linewidth=1.4)
            axes.set_ylim(0)
            axes.set_xlim(found.edges[0], found.edges[-1])
        _bare(axes)
        _units(axes, words, found)
        return svg(fig, words.name, _said(found, words))


def _bare(axes) -> None:
    """Shares are compared by height: a scale would only add digits."""
    axes.figure.subplots_adjust(left=0.05, right=0.94)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _units(axes: Any, words: Words, found: Histogram | None) -> None:
    """The values below a picture, as the unit of the feature has them."""
    low, high = (found.edges[0], found.edges[-1]) if found else (0, 1)
    if words.unit == "time_of_day":
        step = next((one for one in (15, 30, 60, 120, 180) if high - low <= 5 * one), 360)
        at = np.arange(-(-low // step) * step, high + 1, step)
        axes.set_xticks(at, [f"{int(one // 60):02}:{int(one % 60):02}" for one in at])
    elif words.unit in ("weekday", "boolean"):
        at = [one for one in (range(1, 8) if words.unit == "weekday" else (0, 1)) if low <= one <= high]
        axes.set_xticks(at, [words.amount(one)[:3] for one in at])
    elif words.unit == "date":
        axes.xaxis.set_major_formatter(lambda at, _: f"{date.fromordinal(719163 + int(at)):%b %Y}")
    elif words.unit == "share":
        axes.xaxis.set_major_formatter(lambda at, _: f"{100 * at:g} %")
    elif words.unit in SECONDS:
        _durations(axes, SECONDS[words.unit], max(abs(low), abs(high)))
    else:
        axes.xaxis.set_major_formatter(lambda at, _: f"{at:,.10g}".replace("-", "−"))
    apart(axes)


def _durations(axes: Any, seconds: int, greatest: float) -> None:
    """Ticks of a duration whose unit lasts so many seconds, at whole numbers of the unit that people would take."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    unit = next((one for one in ("days", "hours", "minutes") if greatest * seconds >= 2 * SECONDS[one]), "seconds")
    size = SECONDS[unit] / seconds

    class Whole(MaxNLocator):
        """Ticks that are round in another unit than the axis has."""

        def tick_values(self, vmin: float, vmax: float) -> np.ndarray:
            return super().tick_values(vmin / size, vmax / size) * size

    axes.xaxis.set_major_locator(Whole(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at / size:,.10g} {SHORT.get(unit, unit)}".replace("-", "−")))


def _said(found: Histogram | None, words: Words) -> str:
    """The histogram in words: where the middle of the rows lies, then and now."""
    if not found:
        return "no value on one of the two sides"
    middle = (found.edges[1:] + found.edges[:-1]) / 2
    then, now = (words.amount(float(middle @ shares)) for shares in (found.then, found.now))
    return f"mean about {then} then, {now} in the last {RECENT} days"


def _levels(words: Words, rows: list[dict]) -> str:
    then_all, now_all = (max(1, sum(row[column] for row in rows)) for column in ("rows_trained", "rows_served"))
    kept = sorted((row for row in rows if row["kind"] == "level"), key=lambda row: -row["rows_trained"])[:LEVELS]
    with small() as (fig, axes):
        at = np.arange(len(kept))
        then, now = [row["rows_trained"] / then_all for row in kept], [row["rows_served"] / now_all for row in kept]
        axes.bar(at, then, 0.8, color="#cbd2d9")
        axes.hlines(now, at - 0.42, at + 0.42, color=COLOURS["champion"], linewidth=1.8)
        axes.set_xticks(at, [words.amount(row["name"])[: ROOM // len(kept)] for row in kept])
        _bare(axes)
        apart(axes)
        axes.tick_params(axis="x", length=0)
        said = "; ".join(
            f"{words.amount(row['name'])} {a:.1%} then, {b:.1%} now" for row, a, b in zip(kept, then, now, strict=True)
        )
        return svg(fig, words.name, said)
