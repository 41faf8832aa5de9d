"""Draw docs/pictures/quality.svg: live quality by month, rule against champion, from a published file.

    .venv/bin/python docs/pictures/make.py [published/analytics.duckdb]

Each month holds the live predictions whose outcome is known, by the UTC month of their `as_of`. The bars are 95 %
intervals over days, as `model_quality` has them.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[2]

MONTHS = """
    select * from model_quality where grain = 'month' and scorer in ('rule', 'champion') and days >= ? order by period_start
"""
PROMOTED = "select cast(date_trunc('month', champion_from) as date) as month from model_versions where champion_from is not null"
# A month with less than a week is a tail of the clock, not a month.
FEWEST_DAYS = 7
COLOURS = {"rule": "#7b8794", "champion": "#1d5fa8"}
PALE = "#e4e7eb"
# Distance of the grid lines, in the unit of the metrics.
STEP = 0.05
WIDTH, HEIGHT, LEFT, TOP, PLOT_W, PLOT_H, GAP = 920, 330, 56, 78, 376, 190, 76
STYLE = (
    "text{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2933}.title{font-size:15px;font-weight:600}"
    ".note{font-size:12px;fill:#7b8794}.legend{font-size:13px}"
)
PANELS = [("roc_auc", "ROC AUC", "higher is better"), ("log_loss", "Log loss", "lower is better")]


def measure(file: Path) -> tuple[list[dict], set]:
    """One dictionary per month (`month`, and (estimate, low, high) by (scorer, metric)), and the months of new champions."""
    with duckdb.connect(str(file), read_only=True) as con:
        rows = con.sql(MONTHS, params=[FEWEST_DAYS]).to_arrow_table().to_pylist()
        promoted = {month for (month,) in con.execute(PROMOTED).fetchall()}
    found: dict = {}
    for row in rows:
        one = found.setdefault(row["period_start"], {"month": row["period_start"], "rows": row["rows_labelled"]})
        for metric, _, _ in PANELS:
            ends = (row[f"{metric}_{end}"] for end in ("low", "high"))  # none in the first days
            one[row["scorer"], metric] = row[metric], *(row[metric] if end is None else end for end in ends)
    return list(found.values()), promoted


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """A line of SVG text; `kind` is one of the classes of STYLE."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    """A straight line of SVG."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'


def dot(x: float, y: float, colour: str) -> str:
    """A filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def promotion(x: float, y: float) -> str:
    """The mark of a new champion, a small triangle whose base is centred at (x, y)."""
    return f'<path d="M{x - 5:.1f} {y:.1f} h10 l-5 -8 z" fill="{COLOURS["champion"]}"/>'


def panel(months: list[dict], promoted: set, metric: str, title: str, note: str, left: float) -> list[str]:
    """The SVG lines of one chart whose plot begins at `left`."""
    ends = [bound for one in months for scorer in COLOURS for bound in one[scorer, metric][1:]]
    low, high = STEP * (min(ends) // STEP), STEP * (max(ends) // STEP + 1)

    def x(number: int) -> float:
        return left + PLOT_W * (number + 0.5) / len(months)

    def y(value: float) -> float:
        return TOP + PLOT_H * (high - value) / (high - low)

    out = [text(left, TOP - 26, title, "title"), text(left, TOP - 10, note, "note")]
    for number in range(round((high - low) / STEP) + 1):
        value = low + number * STEP
        out.append(line(left, y(value), left + PLOT_W, y(value), PALE))
        out.append(text(left - 8, y(value) + 4, f"{value:.2f}", "note", "end"))
    for scorer, colour in COLOURS.items():
        # Side by side by a hair, so that the bars of both can be seen.
        aside = 4 if scorer == "champion" else -4
        points = [(x(i) + aside, *map(y, one[scorer, metric])) for i, one in enumerate(months)]
        out += [line(at, bottom, at, top, colour, 'stroke-opacity=".45" stroke-width="3"') for at, _, bottom, top in points]
        path = " ".join(f"{at:.1f},{middle:.1f}" for at, middle, _, _ in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [dot(at, middle, colour) for at, middle, _, _ in points]
    for number, one in enumerate(months):
        out.append(text(x(number), TOP + PLOT_H + 20, f"{one['month']:%b}", "note", "middle"))
        out += [promotion(x(number), TOP + PLOT_H + 36)] if one["month"] in promoted else []
    return out


def draw(months: list[dict], promoted: set) -> str:
    """The picture as SVG text. Its description holds the numbers, for people who cannot see it."""
    told = []
    for one in months:
        figures = [f"{scorer} {metric} {one[scorer, metric][0]:.3f}" for metric, _, _ in PANELS for scorer in COLOURS]
        told.append(f"{one['month']:%B %Y}: {', '.join(figures)}")
    rows = sum(one["rows"] for one in months)
    footer = f"{rows:,} live predictions of flights from New York, 2013; bars are 95 % intervals over days"
    charts = [line for i, one in enumerate(PANELS) for line in panel(months, promoted, *one, LEFT + i * (PLOT_W + GAP))]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        "<title>Live quality by month: rule and champion</title>", f"<desc>{'; '.join(told)}</desc>", f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
        dot(LEFT + 4, 20, COLOURS["champion"]), text(LEFT + 14, 24, "champion of that day", "legend"),
        dot(LEFT + 154, 20, COLOURS["rule"]), text(LEFT + 164, 24, "rule, no machine learning", "legend"),
        promotion(LEFT + 350, 24), text(LEFT + 362, 24, "a challenger was promoted that month", "legend"),
        *charts, text(LEFT, HEIGHT - 10, footer, "note"), "</svg>", "",
    ])  # fmt: skip


def main() -> None:
    """Read the published file, write the picture beside this script."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "published" / "analytics.duckdb"
    if not file.exists():
        sys.exit(f"{file} is not there: run `make replay`, or name a published file")
    months, promoted = measure(file)
    if not months:
        sys.exit(f"{file} holds no month with {FEWEST_DAYS} days of known outcomes yet")
    target = Path(__file__).with_name("quality.svg")
    target.write_text(draw(months, promoted))
    print(f"drew {len(months)} months into {target.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
