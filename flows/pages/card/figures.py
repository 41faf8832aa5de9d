"""The pictures of a model card."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import numpy as np

from flows.pages.html.chart import COLOURS, figure, legend, svg
from ml.models.shap import Shap
from ml.problem.words import Words
from ml.statistics.slices import Slice
from ml.validation.card import BINS, Classes, Evidence, Numbers

# Which rows, and how they are drawn: the holdout model on its holdout, the rule there, and the model itself in production.
LOOK = {
    "holdout": (COLOURS["challenger"], "the model on the holdout"),
    "rule": (COLOURS["rule"], "the rule on the holdout"),
    "live": (COLOURS["champion"], "the model in production"),
}
TOP = 12


def quality(found: dict[str, Evidence]) -> str:
    """Reliability, gains, ROC and precision over recall, each of the rows in `found` ("holdout", "rule", "live")."""
    with figure(9.2, 7.6, rows=2, columns=2) as (fig, axes):
        calibration, gain, roc, pr = axes.flat
        for axis in (calibration, gain, roc, pr):
            axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        for axis in (calibration, roc, gain):
            axis.plot([0, 1], [0, 1], color=COLOURS["pale"], linewidth=1.2, zorder=0)
        for name, one in found.items():
            colour, label = LOOK[name]
            style = {"color": colour, "label": label, "linewidth": 1.2 if name == "rule" else 1.8}
            bins = np.array([tuple(b) for b in one.reliability])
            if name != "rule":
                calibration.errorbar(
                    bins[:, 0], bins[:, 1], yerr=[bins[:, 1] - bins[:, 2], bins[:, 3] - bins[:, 1]], marker="o", markersize=3.5,
                    elinewidth=0.9, **style,
                )  # fmt: skip
            gain.plot(one.gains.x, one.gains.y, **style)
            roc.plot(one.roc.x, one.roc.y, **style)
            pr.plot(one.precision_recall.x, one.precision_recall.y, **style)
            pr.axhline(one.positives / one.rows, color=colour, linewidth=0.7, linestyle=":")
        calibration.set(title="Reliability", xlabel="mean score", ylabel="share that came true")
        gain.set(title="Gains", xlabel="share of rows flagged", ylabel="share of positives found")
        roc.set(title="ROC", xlabel="false positive rate", ylabel="true positive rate")
        pr.set(title="Precision and recall", xlabel="recall", ylabel="precision")
        legend(gain, loc="lower right")
        areas = ", ".join(f"{LOOK[name][1]} ROC AUC {one.metrics['roc_auc'].estimate:.3f}" for name, one in found.items())
        return svg(fig, "Reliability, gains, ROC, precision and recall", areas)


def numbers(found: dict[str, Numbers]) -> str:
    """The mean truth by bins of predictions, and how often intervals held it."""
    with figure(9.2, 3.6, columns=2) as (fig, (middle, covered)):
        ends = [value for one in found.values() for bin in one.middle for value in (bin.score, bin.rate)]
        middle.plot([min(ends), max(ends)], [min(ends), max(ends)], color=COLOURS["pale"], linewidth=1.2, zorder=0)
        for name, one in found.items():
            colour, label = LOOK[name]
            bins = np.array([tuple(bin) for bin in one.middle])
            reach = np.nan_to_num([bins[:, 1] - bins[:, 2], bins[:, 3] - bins[:, 1]], posinf=0.0)
            middle.errorbar(
                bins[:, 0], bins[:, 1], yerr=reach, color=colour, label=label, marker="o", markersize=3.5, linewidth=1.2
            )
            for level, held in one.covered.items():
                low, high = max(held.low, 0), min(held.high, 1)
                covered.plot([level / 100] * 2, [low, high], color=colour, linewidth=1.6)
                covered.plot(level / 100, held.estimate, "o", color=colour, markersize=4.5)
        covered.plot([0.7, 1], [0.7, 1], color=COLOURS["pale"], linewidth=1.2, zorder=0)
        middle.set(title="Predicted and true", xlabel="mean prediction", ylabel="mean truth")
        covered.set(title="Intervals", xlabel="share that they claim", ylabel="share that they held", xlim=(0.7, 1))
        middle.legend(loc="upper left")
        said = [
            f"{LOOK[name][1]} {level} %: {held.estimate:.3f}"
            for name, one in found.items()
            for level, held in one.covered.items()
        ]
        return svg(fig, "Predicted and true, and what intervals held", "; ".join(said))


def classes(found: dict[str, Classes], names: Sequence[str]) -> str:
    """How often each class came true at which probability."""
    with figure(9.2, 2.6 * -(-len(names) // 3), rows=-(-len(names) // 3), columns=3) as (fig, axes):
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        for axis, name in zip(axes.flat, names, strict=False):
            axis.plot([0, 1], [0, 1], color=COLOURS["pale"], linewidth=1.2, zorder=0)
            for kind, one in found.items():
                bins, (colour, label) = np.array([tuple(bin) for bin in one.reliability[name]]), LOOK[kind]
                reach = [bins[:, 1] - bins[:, 2], bins[:, 3] - bins[:, 1]]
                axis.errorbar(
                    bins[:, 0], bins[:, 1], yerr=reach, color=colour, label=label, marker="o", markersize=3, linewidth=1.1
                )
            axis.set(title=name, xlim=(0, 1), ylim=(0, 1))
        axes.flat[0].legend(loc="upper left", fontsize=7)
        losses = ", ".join(f"{LOOK[kind][1]} log loss {one.metrics['log_loss'].estimate:.3f}" for kind, one in found.items())
        return svg(fig, "Reliability of each class", losses)


def histogram(one: Evidence, threshold: float) -> str:
    """How many rows have which score, by what happened; the threshold as a line."""
    edges = np.linspace(0, 1, BINS + 1)
    negatives, positives = one.histogram
    with figure(9.2, 2.4) as (fig, axes):
        width = edges[1]
        axes.bar(edges[:-1], negatives, width, align="edge", color="#cbd2d9", label="did not happen", linewidth=0)
        axes.bar(
            edges[:-1], positives, width, align="edge", bottom=negatives, color=COLOURS["bad"], label="happened", linewidth=0
        )
        axes.axvline(threshold, color=COLOURS["ink"], linewidth=1)
        axes.text(threshold + 0.008, axes.get_ylim()[1] * 0.93, f"flagged from {threshold:.2f} on", va="top")
        axes.set(xlim=(0, 1), xlabel="score", ylabel="rows")
        axes.grid(axis="x", visible=False)
        legend(axes, loc="center right")
        return svg(fig, "Scores", f"{one.rows} rows, {one.positives} positive; threshold {threshold:.3f}")


def slices(found: list[Slice], overall: float, metric: str, words: Callable[[str], Words]) -> str:
    """The metric of each slice with its interval, beside the one of all rows."""
    drawn = [one for one in found if one.quality is not None]
    names = [words(one.column).say(one.value) for one in drawn]
    with figure(9.2, 0.9 + 0.22 * max(len(drawn), 3)) as (fig, axes):
        for place, one in enumerate(reversed(drawn)):
            low, high = one.quality.low, one.quality.high
            axes.plot([low, high], [place, place], color=COLOURS["champion"], linewidth=1.4)
            axes.plot([one.quality.estimate], [place], "o", color=COLOURS["champion"], markersize=4)
        axes.axvline(overall, color=COLOURS["rule"], linewidth=1, linestyle="--")
        axes.set_yticks(
            range(len(drawn)), _wrapped([f"{name}  ({one.rows:,})" for name, one in zip(names, drawn, strict=True)][::-1])
        )
        axes.set(xlabel=f"{metric}; dashed: all rows")
        axes.grid(axis="y", visible=False)
        said = "; ".join(f"{name} {one.quality.estimate:.3f}" for name, one in zip(names, drawn, strict=True))
        return svg(fig, f"{metric} by slice", said)


def looks_at(shap: Shap, importances: dict[str, float], moved: str, words: Callable[[str], Words]) -> str:
    """SHAP values of the sampled rows for the strongest features, coloured by the feature's value; beside them, gain."""
    top = shap.strongest(TOP)
    names = [shap.features[at] for at in reversed(top)]
    told = _wrapped([words(name).name for name in names])
    draw = np.random.default_rng(0)
    high = max(0.3, 0.14 * max(1 + name.count("\n") for name in told))
    with figure(9.2, 0.9 + high * len(top), columns=2, width_ratios=[3, 1], sharey=True) as (fig, (cloud, bars)):
        for place, at in enumerate(reversed(top)):
            value = shap.matrix[:, at].astype(float)
            known = ~np.isnan(value)
            rank = np.full(len(value), np.nan)
            rank[known] = value[known].argsort().argsort() / max(1, known.sum() - 1)
            spread = place + draw.uniform(-0.28, 0.28, len(value))
            cloud.scatter(shap.values[~known, at], spread[~known], s=5, color="#cbd2d9", linewidths=0)
            cloud.scatter(
                shap.values[known, at], spread[known], s=5, c=rank[known], cmap="coolwarm", vmin=0, vmax=1, linewidths=0
            )
        cloud.axvline(0, color=COLOURS["rule"], linewidth=0.8)
        cloud.set_yticks(range(len(names)), told, fontsize=8, linespacing=1.05)
        cloud.set(
            title=moved,
            xlabel="blue: low values of the feature, red: high, grey: missing or category unknown",
        )
        cloud.grid(axis="y", visible=False)
        bars.barh(range(len(names)), [importances.get(name, 0.0) for name in names], color=COLOURS["champion"], height=0.6)
        bars.set(title="Share learned")
        bars.xaxis.set_major_formatter(lambda at, _: f"{100 * at:g} %")
        bars.grid(axis="y", visible=False)
        said = "; ".join(f"{words(shap.features[at]).name} {shap.weight[at]:.3f}" for at in top)
        return svg(fig, "What the model looks at", f"mean absolute SHAP value: {said}")


def _wrapped(names: list[str]) -> list[str]:
    """Names beside a picture, on lines that leave room for it."""
    return ["\n".join(textwrap.wrap(name, 50)) for name in names]
