"""The picture of a backtest: what each policy reached, against the trainings that it took."""

from __future__ import annotations

import numpy as np

from flows.pages.html import chart
from flows.studies.backtest.measuring import Backtest

GATES = {"none": ("o", chart.COLOURS["challenger"], "no gate"), "margin": ("s", chart.COLOURS["champion"], "gates")}


def policies(found: Backtest) -> str:
    """Trainings across, the metric up, on the rows after the choice; bars: intervals of the difference to the one in use."""
    metric, rows = found.problem.metric, found.reported
    base = rows[0].quality[metric].estimate
    named = {id(rows[0]): "in use", id(found.later): "chosen"}
    with chart.figure(9.2, 4.2) as (fig, axes):
        shift = _apart([one.trainings for one in rows])
        for one, across in zip(rows, shift, strict=True):
            marker, colour, _ = GATES["none" if one.policy.gate is None else "margin"]
            value = one.quality[metric].estimate
            reach = [[max(0, one.gained.estimate - one.gained.low)], [max(0, one.gained.high - one.gained.estimate)]]
            if one is not rows[0] and np.isfinite(reach).all():
                axes.errorbar(across, value, yerr=reach, color=chart.COLOURS["pale"], linewidth=0, elinewidth=2, zorder=1)
            axes.plot(across, value, marker, color=colour, markersize=7 if id(one) in named else 4.5, zorder=3)
            if id(one) in named or one.policy.when == "never":
                text = named.get(id(one), "never again")
                axes.annotate(text, (across, value), (6, 6), textcoords="offset points", fontsize=8, weight="bold")
        axes.axhline(base, color=chart.COLOURS["rule"], linewidth=1, linestyle=(0, (4, 3)))
        for marker, colour, text in GATES.values():
            axes.plot([], [], marker, color=colour, label=text, markersize=5)
        axes.legend(loc="lower right")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel(f"trainings from {found.until:%d %B} to {found.now:%d %B %Y}")
        axes.set_title(f"{metric}; bars: interval of the difference to the policy in use")
        told = "; ".join(f"{one.policy.name}: {one.trainings} trainings, {one.quality[metric].estimate:.4f}" for one in rows)
        return chart.svg(fig, "What each policy reached, against its trainings", told)


def _apart(trainings: list[int]) -> list[float]:
    """Where to draw each: policies of as many trainings side by side."""
    seen: dict[int, int] = {}
    places = []
    for number in trainings:
        at = seen[number] = seen.get(number, -1) + 1
        places.append(number + 0.09 * ((at + 1) // 2) * (-1 if at % 2 else 1))
    return places
