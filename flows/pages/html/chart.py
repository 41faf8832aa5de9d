"""Charts as SVG text: one look for every page, the same bytes for the same numbers, figures in words for screen readers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from html import escape
from itertools import pairwise
from typing import Any

# What stands for what, on every page: the model blue, the rule grey, a challenger orange, trouble red, relief green.
COLOURS = {
    "champion": "#1d5fa8",
    "rule": "#7b8794",
    "challenger": "#c2620a",
    "bad": "#c0392b",
    "good": "#2b8a5a",
    "pale": "#e4e7eb",
    "ink": "#1f2933",
}
# Further series, told apart by people with any colour vision (after Okabe and Ito 2008).
SERIES = ("#1d5fa8", "#c2620a", "#2b8a5a", "#8e5aa8", "#b7791f", "#56b4e9", "#7b8794")
# What a page may show in other colours when it is dark: `page.css` names both.
THEME = {
    "#ffffff": "paper",
    "#e4e7eb": "pale",
    "#cbd2d9": "mist",
    "#9aa5b1": "edge",
    "#52606d": "soft",
    "#1f2933": "ink",
    "#7b8794": "rule",
    "#1d5fa8": "champion",
    "#c2620a": "challenger",
    "#c0392b": "bad",
    "#2b8a5a": "good",
    "#8e5aa8": "plum",
    "#b7791f": "amber",
    "#dbe8f5": "tint",
    **{colour: f"heat{level}" for level, colour in enumerate(("#eef2f6", "#fbe3b4", "#f4b266", "#df7244", "#a92e2b"))},
}
HEAT = tuple(colour for colour, name in THEME.items() if name.startswith("heat"))
BETWEEN = 6  # points of a picture between two labels that are read as two
STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": COLOURS["pale"],
    "grid.linewidth": 0.8,
    "xtick.color": "#52606d",
    "ytick.color": "#52606d",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "text.parse_math": False,  # levels and names are text, whatever they contain
    "svg.hashsalt": "asof",  # ids that repeat, so that the same numbers are the same file
}


@contextmanager
def figure(
    width: float = 9.2, height: float = 3.2, rows: int = 1, columns: int = 1, layout: str | None = "constrained", **options: Any
) -> Iterator[tuple[Any, Any]]:
    """A matplotlib figure of so many inches and its axes, in the common style; closed at the end.

    `axes` is one Axes, or an array of them when there are several. Draw, then pass the figure to `svg`.
    """
    import matplotlib

    matplotlib.use("Agg")
    from cycler import cycler
    from matplotlib import pyplot

    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=SERIES)}):
        fig, axes = pyplot.subplots(rows, columns, figsize=(width, height), layout=layout, **options)
        try:
            yield fig, axes
        finally:
            pyplot.close(fig)


@contextmanager
def small() -> Iterator[tuple[Any, Any]]:
    """One of many small figures: margins are fixed, because to find the best ones takes as long as to draw."""
    with figure(2.9, 1.2, layout=None) as (fig, axes):
        fig.subplots_adjust(left=0.13, right=0.96, top=0.96, bottom=0.19)
        axes.grid(axis="x", visible=False)
        axes.tick_params(labelsize=8)
        yield fig, axes


def apart(axes: Any, most: int = 5) -> None:
    """Ticks below a picture whose labels neither touch each other nor leave it: fewer where they are long, at most `most`.

    Ticks that somebody has set stay, and of labels that would touch the first ones are shown.
    """
    from matplotlib.ticker import FixedLocator

    if not isinstance(axes.xaxis.get_major_locator(), FixedLocator):
        for bins in range(most, 0, -1):
            axes.locator_params(axis="x", nbins=bins)
            if all(gap >= 0 for gap in _gaps(axes)):
                return
    shown: list[Any] = []
    for label in _labels(axes):
        label.set_visible(not shown or _box(label).x0 - _box(shown[-1]).x1 >= BETWEEN)
        shown += [label] if label.get_visible() else []


def _labels(axes: Any) -> list[Any]:
    """The labels within the axis, those at its ends turned to the inside where they would leave the picture."""
    low, high = sorted(axes.get_xlim())
    found = [one for one in axes.get_xticklabels() if one.get_text() and low <= one.get_position()[0] <= high]
    for one in found:
        one.set_ha("center")
        box = _box(one)
        one.set_ha("left" if box.x0 < 0 else "right" if box.x1 > axes.figure.bbox.x1 else "center")
    return found


def _gaps(axes: Any) -> list[float]:
    boxes = [_box(one) for one in _labels(axes)]
    return [after.x0 - before.x1 - BETWEEN for before, after in pairwise(boxes)]


def _box(label: Any) -> Any:
    return label.get_window_extent(label.figure.canvas.get_renderer())


def legend(axes: Any, **place: Any) -> None:
    """A legend, where there is anything to name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(**place)


def dates(axes: Any, first: date, last: date) -> None:
    """Ticks of an axis between two days, at days or at months; the year is said elsewhere."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    days = (last - first).days
    if days < 3:  # by themselves such axes would name hours, or years around a single point
        at = [first + timedelta(days=number) for number in range(days + 1)]
        axes.set_xticks(at, [f"{one.day} {one:%b}" for one in at])
        axes.set_xlim(first - timedelta(days=1), last + timedelta(days=1))
        return
    locator = AutoDateLocator(minticks=3, maxticks=7 if days > 20 else 5)
    axes.xaxis.set_major_locator(locator)
    formats = ["%Y", "%b", "%-d %b", "%H:%M", "%H:%M", "%S"]
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(locator, show_offset=False, formats=formats, zero_formats=["", *formats[:-1]])
    )


def svg(fig: Any, title: str, description: str = "") -> str:
    """The figure as SVG text. `title` names it, `description` says its numbers for people who cannot see it."""
    out = io.StringIO()
    fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    said = f"<title>{escape(title)}</title>" + (f"<desc>{escape(description)}</desc>" if description else "")
    head, rest = text.split(">", 1)
    return f'{head} role="img">{said}{rest}'


def themed(text: str) -> str:
    """The same picture for the inside of a page: colours as variables of its style, and no ids but those that are referred to."""
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    return re.sub(
        r"#[0-9a-f]{6}\b", lambda found: f"var(--{THEME[found[0]]}, {found[0]})" if found[0] in THEME else found[0], text
    )
