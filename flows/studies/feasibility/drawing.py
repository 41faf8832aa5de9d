"""The pictures of a design document."""

from __future__ import annotations

from typing import Any

import numpy as np

from flows.pages.html import chart
from flows.studies.feasibility import of_task
from flows.studies.feasibility.counting import WEEK
from flows.studies.feasibility.measuring import Measured
from flows.studies.feasibility.words import NAMES, in_unit, unit
from ml.models import decide
from ml.statistics.evaluate import NAMED
from ml.statistics.influence import mean, share
from ml.statistics.interval import Interval
from ml.studies.feasibility.recommend import SAID
from ml.studies.feasibility.trial import CANDIDATES

COLOURS = {"rule": chart.COLOURS["rule"], "linear": chart.COLOURS["challenger"], "model": chart.COLOURS["champion"]}
# Features below this are drawn by name; above it, a missing value is an exception.
NEARLY_ALWAYS = 0.995
# Beyond this many lines nobody reads names.
MOST_FEATURES = 12


def figures(measured: Measured) -> dict[str, str]:
    """SVG by name: labels and known always, the others where models were tried."""
    drawn = {"labels": labels(measured), "known": known(measured)}
    if measured.tried:
        drawn |= {"summary": summary(measured), "time": through_time(measured)}
        drawn |= {"worth": worth(measured)} if measured.tried.findings.curves else {}
    return drawn


def summary(measured: Measured) -> str:
    """Quality by fold, and what deciding saves: rule, linear model, LightGBM."""
    found = measured.tried.findings
    shape = {"columns": 2, "width_ratios": [3, 2]} if found.worth else {}
    with chart.figure(9.2, 3.1, **shape) as (fig, axes):
        left = axes[0] if found.worth else axes
        for place, name in enumerate(CANDIDATES):
            values = [one.metric[name] for one in found.periods]
            at = np.arange(len(values)) + (place - 1) * 0.13
            _bars(left, at, values, COLOURS[name], NAMES[name])
        left.set_xticks(range(len(found.periods)), [_period(one, found.fold_days) for one in found.periods])
        better = "higher" if NAMED[found.metric].sign > 0 else "lower"
        left.set_title(f"{SAID[found.metric]} on rows not seen ({better} is better)")
        left.grid(axis="x", visible=False)
        left.legend(ncols=3, loc="lower left", bbox_to_anchor=(0, -0.3), borderaxespad=0)
        told = {name: f"{NAMES[name]} {_told(found.pooled[name])}" for name in CANDIDATES}
        if found.worth:
            saved = {name: in_unit(measured, found.worth[name].interval) for name in CANDIDATES}
            _saved(axes[1], saved, unit(measured))
            told = {name: f"{text}, saves {_told(saved[name], 0)}" for name, text in told.items()}
        what = "Quality by period and savings" if found.worth else "Quality by period"
        return chart.svg(fig, f"{what}: rule, linear model, LightGBM", "; ".join(told.values()))


def _saved(axes: Any, saved: dict[str, Interval], name_of_unit: str) -> None:
    """What deciding by each candidate saves, as bars."""
    for place, name in enumerate(reversed(CANDIDATES)):
        one = saved[name]
        axes.barh(place, one.estimate, color=COLOURS[name], height=0.55)
        axes.plot([one.low, one.high], [place, place], color=chart.COLOURS["ink"], linewidth=1.2)
        axes.annotate(f"{one.estimate:,.0f}", (max(one.high, 0), place), (5, 0), textcoords="offset points", va="center")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.locator_params(axis="x", nbins=5)
    axes.set_yticks(range(3), [NAMES[name] for name in reversed(CANDIDATES)])
    axes.margins(x=0.16)
    axes.grid(axis="y", visible=False)
    axes.set_title(f"Saved, {name_of_unit}")


def labels(measured: Measured) -> str:
    """The label rate by month with intervals over days, and rows a day."""
    counts = measured.counts
    months = counts.day.astype("datetime64[M]")
    whole = [month for month in np.unique(months) if (months == month).sum() >= WEEK]
    problem, of = measured.problem, mean if measured.problem.task == "regression" else share
    found = {month: of(counts.day_total[months == month], counts.day_rows[months == month]) for month in whole}
    with chart.figure(9.2, 2.4, 1, 2, width_ratios=[3, 2]) as (fig, (left, right)):
        _bars(left, np.arange(len(found)), list(found.values()), chart.COLOURS["champion"], None)
        left.set_xticks(range(len(found)), [f"{month.item():%b}" for month in found])
        if min((one.low for one in found.values()), default=0) >= 0:
            left.set_ylim(bottom=0)
        left.set_title(f"{of_task.of(problem).shown(problem)} by month, intervals over days")
        right.plot(counts.day, counts.day_rows, color=chart.COLOURS["rule"], linewidth=1)
        right.set_ylim(bottom=0)
        right.set_title("Labelled rows by day")
        _dates(right)
        told = "; ".join(f"{month}: {_told(one)}" for month, one in found.items())
        return chart.svg(fig, "Label rate by month, rows by day", told)


def known(measured: Measured) -> str:
    """Features that are not always known: their share, and their worst month."""
    rare = [one for one in measured.counts.features if one.share < NEARLY_ALWAYS][:MOST_FEATURES]
    with chart.figure(9.2, max(1.2, 0.6 + 0.19 * len(rare))) as (fig, axes):
        for place, one in enumerate(reversed(rare)):
            axes.plot([one.lowest, one.share], [place, place], color=chart.COLOURS["pale"], linewidth=5, solid_capstyle="butt")
            axes.plot(one.share, place, "o", color=chart.COLOURS["champion"], markersize=4.5)
            axes.plot(one.lowest, place, "|", color=chart.COLOURS["bad"], markersize=8)
        axes.set_yticks(range(len(rare)), [one.name for one in reversed(rare)], fontsize=8)
        axes.set_xlim(max(0, min([one.lowest for one in rare], default=0) - 0.05), 1.005)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_title("Share of rows in which a feature is known (dot), and in its worst month (red)")
        axes.grid(axis="y", visible=False)
        told = "; ".join(f"{one.name} {one.share:.1%}, at worst {one.lowest:.1%} in {one.month:%B}" for one in rare)
        return chart.svg(fig, "Features that are not always known at as_of", told)


def worth(measured: Measured) -> str:
    """Savings by threshold, with the threshold of the declared costs."""
    found = measured.tried.findings
    with chart.figure(9.2, 2.6) as (fig, axes):
        shown = []
        for name in CANDIDATES:
            grid, saved = found.curves[name]
            axes.plot(grid, 1000 * saved, color=COLOURS[name], label=NAMES[name])
            shown.append(1000 * saved.max())
            best = found.worth[name]
            if best.how == "best" and np.isfinite(best.threshold):
                axes.plot(best.threshold, 1000 * best.interval.estimate, "o", color=COLOURS[name], markersize=5)
        top = max([*shown, 1e-9])
        axes.set_ylim(-0.6 * top, 1.15 * top)
        axes.axhline(0, color=chart.COLOURS["ink"], linewidth=0.8)
        decision = measured.problem.decision
        if decision.capacity_share is None:
            limit = decide.threshold(decision, measured.problem.costs)
            axes.axvline(limit, color=chart.COLOURS["ink"], linewidth=0.8, linestyle=(0, (4, 3)))
            axes.annotate("declared", (limit, 1.1 * top), (4, -2), textcoords="offset points", va="top", fontsize=8)
        axes.set_xlabel("flag from this score on")
        axes.set_title("Saved per 1,000 rows, in units of the declared costs, against the better blind answer")
        axes.legend(loc="lower right")
        told = "; ".join(f"{NAMES[name]} at best {1000 * found.curves[name][1].max():.1f} per 1,000" for name in CANDIDATES)
        return chart.svg(fig, "What deciding saves, by threshold", told)


def through_time(measured: Measured) -> str:
    """The learning curve, and what a model loses as it ages."""
    found = measured.tried.findings
    with chart.figure(9.2, 2.7, 1, 2) as (fig, (left, right)):
        history = [one.days for one in found.learning]
        _bars(left, history, [one.metric for one in found.learning], COLOURS["model"], None, line=True)
        left.set_xscale("log", base=2)
        left.set_xticks(history, [f"{days:.0f}" for days in history])
        left.minorticks_off()
        left.set_xlabel("days of history learned from")
        left.set_title(f"Does more data help? {SAID[found.metric]}")
        ages = [age * found.fold_days for age in found.stale]
        _bars(right, ages, list(found.stale.values()), chart.COLOURS["bad"], None, line=True)
        right.axhline(0, color=chart.COLOURS["ink"], linewidth=0.8)
        right.axhline(measured.problem.margin, color=chart.COLOURS["rule"], linewidth=1, linestyle=(0, (4, 3)))
        right.annotate("declared margin", (ages[0], measured.problem.margin), (0, 3), textcoords="offset points", fontsize=8)
        right.set_xticks(ages, [f"{age:.0f}" for age in ages])
        right.set_xlabel("days older than a model that was retrained")
        right.set_title(f"How fast does a frozen model lose? {SAID[found.metric]} lost")
        told = "; ".join(f"{one.days:.0f} days {_told(one.metric)}" for one in found.learning)
        lost = zip(ages, found.stale.values(), strict=True)
        told += "; lost " + ", ".join(f"after {age:.0f} days {_told(one)}" for age, one in lost)
        return chart.svg(fig, "Learning curve and ageing", told)


def _period(one: Any, days: float) -> str:
    start = one.start.astype("datetime64[us]").item()
    return f"{start:%b}" if start.day == 1 and days >= 28 else f"{start:%d %b}"


def _bars(axes: Any, at: Any, values: list[Interval], colour: str, label: str | None, line: bool = False) -> None:
    """Estimates as dots with their intervals; infinite bounds are left out."""
    middle = np.array([one.estimate for one in values])
    low, high = (np.array([getattr(one, end) for one in values]) for end in ("low", "high"))
    reach = np.where(np.isfinite([low, high]), np.abs(np.array([middle - low, high - middle])), 0)
    style = {"fmt": "o-" if line else "o", "markersize": 4.5, "elinewidth": 1.6, "color": colour, "ecolor": colour}
    axes.errorbar(at, middle, yerr=reach, label=label, **style)


def _dates(axes: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _told(one: Interval, digits: int = 3) -> str:
    return f"{one.estimate:,.{digits}f} ({one.low:,.{digits}f} to {one.high:,.{digits}f})"
