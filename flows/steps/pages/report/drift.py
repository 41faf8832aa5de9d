"""Drift of every feature by week, and features then and now."""

from __future__ import annotations

from html import escape

import numpy as np

from flows.steps.pages import parts
from flows.steps.pages.chart import COLOURS, HEAT, figure, svg
from flows.steps.pages.parts import Html, day
from flows.steps.reports import RECENT, Report
from ml.histogram import rebin

SHOWN, FEATURES, LEVELS = 24, 12, 6
# The customary readings of the index, and twice and four times the second: .1 is worth a look, .25 another population.
EDGES = (0.1, 0.25, 0.5, 1.0)


def heat(report: Report) -> Html:
    """Features by importance over weeks, the darker the farther from the rows that the model was trained on."""
    weeks = sorted({row["week"] for row in report.drift})
    if not weeks:
        return parts.section("drift", "Drift", parts.text("Nothing has been scored yet, so nothing can have drifted."))
    psi = {(row["feature"], row["week"]): row["psi"] for row in report.drift}
    there = {feature for feature, _ in psi}
    names = [name for name in report.order if name in there][:SHOWN]
    left = sorted((psi[name, weeks[-1]], name) for name in report.order if (name, weeks[-1]) in psi and name not in names)
    farthest = sorted(((psi.get((name, weeks[-1]), 0.0), name) for name in names), reverse=True)[:3]
    lead = (
        f"Distance of each week's rows from the training rows (population stability index), the features that the champion learned "
        f"most from first. In the week of {day(weeks[-1])} farthest: "
        + ", ".join(f"{name} {value:.2f}" for value, name in farthest)
        + "."
    )
    more = (
        f" {len(left)} less important features are left out; of them {left[-1][1]} is farthest, {left[-1][0]:.2f}."
        if left
        else ""
    )
    gain = {name: report.importances.get(name) for name in names}
    return parts.section(
        "drift", "Drift", parts.text(lead + more), parts.figure(_map(names, weeks, psi, gain), f"Weeks begin on Monday. {_key()}")
    )


def _key() -> str:
    return f"Up to {EDGES[0]:g} is the usual wobble, above {EDGES[1]:g} another population."


def _map(names: list[str], weeks: list, psi: dict, gain: dict) -> str:
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    values = np.array([[psi.get((name, week), np.nan) for week in weeks] for name in names])
    with figure(9.6, 0.75 + 0.2 * len(names)) as (fig, axes):
        levels = ListedColormap(HEAT)
        axes.pcolormesh(
            np.arange(len(weeks) + 1), np.arange(len(names) + 1), np.ma.masked_invalid(values), cmap=levels,
            norm=BoundaryNorm([-1, *EDGES, 1e9], levels.N), edgecolors="#ffffff", linewidth=1.2,
        )  # fmt: skip
        told = [f"{name}  {gain[name]:.1%}" if gain[name] is not None else name for name in names]
        axes.set_yticks(np.arange(len(names)) + 0.5, told, fontsize=8)
        every = max(1, len(weeks) // 9)
        axes.set_xticks(np.arange(0, len(weeks), every) + 0.5, [f"{week.day} {week:%b}" for week in weeks[::every]])
        axes.invert_yaxis()
        axes.set_xlim(0, max(len(weeks), 6))
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        spans = [f"up to {EDGES[0]:g}", *(f"to {edge:g}" for edge in EDGES[1:]), f"above {EDGES[-1]:g}"]
        axes.legend(handles=[Patch(facecolor=colour, label=span) for colour, span in zip(HEAT, spans, strict=True)],
                    loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, fontsize=8, handlelength=1.2, borderaxespad=0.3)  # fmt: skip
        return svg(
            fig,
            "Drift by feature and week",
            "; ".join(f"{name} {value:.2f}" for name, value in zip(names, values[:, -1], strict=True) if not np.isnan(value)),
        )


def features(report: Report) -> Html:
    """Small multiples of the most important features: training rows and the last weeks."""
    names = [name for name in report.order[2:] if name in report.cells][:FEATURES]
    if not names:
        return parts.section("features", "Features, then and now", parts.text("The champion has not scored anything yet."))
    weeks = [row["week"] for row in report.drift]
    psi = {row["feature"]: row["psi"] for row in report.drift if row["week"] == max(weeks, default=None)}
    about = {column.name: column.description for column in report.problem.features}
    drawn = "".join(_one(report, name, psi.get(name), about.get(name, "")) for name in names)
    legend = '<p class="legend"><i class="then"></i> training rows <i class="now"></i> the last 28 days</p>'.replace(
        "28", str(RECENT)
    )
    lead = f"The {len(names)} features that {report.health['champion']} learned most from, over the same bins. What lies beyond the picture is counted at its ends."
    return parts.section("features", "Features, then and now", parts.text(lead), legend, f'<div class="smalls">{drawn}</div>')


def _one(report: Report, name: str, psi: float | None, about: str) -> str:
    rows = report.cells[name]
    categories = any(row["kind"] == "level" for row in rows)
    picture = _levels(name, rows) if categories else _numbers(report, name)
    missing = _share(rows, "missing")
    facts = [f"{report.importances.get(name, 0):.1%} of the gain"]
    facts += [f"PSI {psi:.2f}"] if psi is not None else []
    facts += [f"missing {missing[0]:.1%} → {missing[1]:.1%}"] if max(missing) >= 0.0005 else []
    unseen = _share(rows, "unseen")[1]
    facts += [f"unseen {unseen:.1%}"] if unseen >= 0.0005 else []
    return parts.Html(
        f'<figure class="small"><figcaption title="{escape(about, quote=True)}"><b>{escape(name)}</b> {escape(" · ".join(facts))}</figcaption>'
        f'<div class="picture">{picture}</div></figure>'
    )


def _share(rows: list[dict], kind: str) -> tuple[float, float]:
    """Share of rows of a kind of cell, then and now."""
    return tuple(
        sum(row[column] for row in rows if row["kind"] == kind) / max(1, sum(row[column] for row in rows))
        for column in ("rows_trained", "rows_served")
    )  # fmt: skip


def _numbers(report: Report, name: str) -> str:
    from flows.steps.pages.chart import themed

    with figure(2.9, 1.25) as (fig, axes):
        found = rebin(report.histogram(name))
        if found:
            axes.stairs(found.then, found.edges, fill=True, color="#cbd2d9")
            axes.stairs(found.now, found.edges, color=COLOURS["champion"], linewidth=1.4)
            axes.set_ylim(0)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=5)
        return themed(svg(fig, name, _said(found)))


def _said(found) -> str:
    """The histogram in words: where the middle of the rows lies, then and now."""
    if not found:
        return "no value on one of the two sides"
    middle = (found.edges[1:] + found.edges[:-1]) / 2
    return f"mean about {middle @ found.then:.3g} in training, {middle @ found.now:.3g} in the last {RECENT} days"


def _levels(name: str, rows: list[dict]) -> str:
    from flows.steps.pages.chart import themed

    totals = [max(1, sum(row[column] for row in rows)) for column in ("rows_trained", "rows_served")]
    kept = sorted((row for row in rows if row["kind"] == "level"), key=lambda row: -row["rows_trained"])[:LEVELS]
    with figure(2.9, 1.25) as (fig, axes):
        at = np.arange(len(kept))
        then, now = (
            [row[column] / total for row in kept] for column, total in zip(("rows_trained", "rows_served"), totals, strict=True)
        )
        axes.bar(at, then, 0.8, color="#cbd2d9")
        axes.hlines(now, at - 0.42, at + 0.42, color=COLOURS["champion"], linewidth=1.8)
        axes.set_xticks(at, [str(row["name"])[:9] for row in kept], fontsize=8)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="x", length=0)
        said = "; ".join(f"{row['name']} {a:.1%} then, {b:.1%} now" for row, a, b in zip(kept, then, now, strict=True))
        return themed(svg(fig, name, said))
