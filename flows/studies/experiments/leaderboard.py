"""The leaderboard: every experiment with its decision, for the terminal and as a page with the progress over time."""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from flows.pages.html import chart, page
from flows.runtime import settings, warehouse
from flows.store import ledger, problems
from flows.studies import plans
from ml.statistics.evaluate import METRICS
from ml.studies.experiment import Plan

COLOURS = {"accepted": chart.COLOURS["good"], "rejected": chart.COLOURS["bad"], "undecided": chart.COLOURS["rule"]}
STYLES = {"accepted": "green", "rejected": "red", "undecided": "dim"}


def rows(problem: str) -> list[dict]:
    """Every row of `ledger.experiments`, in the order in which they were run; `metrics` and `change` as data."""
    found = warehouse.rows("select * from ledger.experiments where problem = ? order by started_at", [problem])
    return [{**row, "metrics": _parsed(row, "metrics"), "change": _parsed(row, "change")} for row in found]


def _parsed(row: dict, column: str) -> dict:
    where = f"ledger.experiments, experiment {row['name']!r}"
    return ledger.parsed(row, column, where) if row[column] or column != "metrics" else {}


def table(problem: str) -> Table:
    """The leaderboard for the terminal: accepted ones first, then by what was gained."""
    ranked = sorted(rows(problem), key=_rank)
    shown = Table(title=f"experiments on {problem}", title_justify="left", box=None, header_style="dim", pad_edge=False)
    for name in ("experiment", "dimension", "decision", "gain", "interval", "noise", "ROC AUC", "log loss", "seconds"):
        shown.add_column(name, justify="left" if name in ("experiment", "dimension", "decision") else "right")
    for row in ranked:
        shown.add_row(
            row["name"],
            row["dimension"],
            Text.assemble((row["decision"] or "", STYLES.get(row["decision"], "bold")), _how(row)),
            _signed(row["estimate"]),
            _interval(row),
            _plain(row["noise"]),
            _plain(row["metrics"].get("roc_auc")),
            _plain(row["metrics"].get("log_loss")),
            f"{row['seconds']:.0f}",
        )
    return shown


def _rank(row: dict) -> tuple:
    # Where there is no estimate the row stands last; a gain of exactly 0 is an estimate.
    return row["dimension"] != "baseline", row["decision"] != "accepted", -(-9 if row["estimate"] is None else row["estimate"])


def write(problem: str, file: Path | None = None) -> list[Path]:
    """Write the page and its HTML version; beside the published file unless `file` says where. Returns the written files."""
    file = file or settings.published_file().parent / "experiments" / f"{problem}.md"
    declared = plans.plan(problems.get(problem))
    found = rows(problem)
    title = f"Experiments on {problem}"
    pictured = any(row["estimate"] is not None for row in found)
    figures = {"progress": _progress(found), "gains": _gains(found)} if pictured else {}
    return page.write(file, title, f"# {title}\n\n{_text(problem, declared, found, bool(figures))}", figures)


def _text(problem: str, declared: Plan, found: list[dict], pictured: bool) -> str:
    metric = problems.get(problem).metric
    counted = {decision: sum(row["decision"] == decision for row in found) for decision in COLOURS}
    parts = [
        "Each experiment changes one thing of the declared recipe. Both are trained before each month from "
        f"{declared.first:%d %B %Y} on, with {declared.seeds} seeds, and compared on the same rows of that month, up to "
        f"{declared.until:%d %B %Y}. The interval is over days and seeds; the noise is what seeds alone bring. How and why: "
        "`docs/how-to/run-experiments.md`.",
        ", ".join(f"{number} {decision}" for decision, number in counted.items()) + ".",
    ]
    if pictured:
        parts.append("![Gain of each experiment over its baseline, with intervals, in the order they were run](gains.svg)")
        parts.append("![The metric of the baseline, and of each experiment, over the series](progress.svg)")
    baselines = [row for row in found if row["dimension"] == "baseline"]
    if baselines:
        header = ["baseline", *METRICS, "rows", "days"]
        figures = [
            [f"{at}", *(round(row["metrics"][name], 4) for name in METRICS), row["rows"], row["clusters"]]
            for at, row in enumerate(baselines, 1)
        ]
        parts += ["## Baselines", page.table(header, figures)]
    header = ["experiment", "dimension", "decision", f"gain in {metric}", "interval", "noise of seeds", *METRICS, "seconds", "MB"]
    tried = [row for row in found if row["dimension"] != "baseline"]
    lines = [
        [
            row["name"], row["dimension"], f"{row['decision']}{_how(row)}", _signed(row["estimate"]), _interval(row),
            _plain(row["noise"]),
            *(_plain(row["metrics"].get(name)) for name in METRICS), round(row["seconds"]), round(row["peak_memory_mb"] or 0),
        ]
        for row in tried
    ]  # fmt: skip
    parts += [
        "## All experiments, in the order they were run",
        page.table(header, lines),
        "## What was thought, and what came of it",
    ]
    learned = {one.name: one.learned for one in declared.experiments}
    for row in tried:
        parts += [
            f"### {row['name']}",
            f"{row['hypothesis']}",
            f"Change: `{json.dumps(row['change'])}`. **{(row['decision'] or '').capitalize()}**: {row['reason']}.",
        ]
        if learned.get(row["name"]):
            parts.append(learned[row["name"]])
    left = [one.name for one in declared.experiments if one.name not in {row["name"] for row in found}]
    if left:
        parts += ["## Declared and not run yet", ", ".join(left)]
    return "\n\n".join(parts) + "\n"


def _progress(found: list[dict]) -> str:
    """The baseline's metric as steps over the series, and each experiment's own as a point; those far below are cut off."""
    metric = found[0]["metric"]
    sign = METRICS[metric].sign
    with chart.figure(height=2.6) as (fig, axes):
        at = [number for number, row in enumerate(found) if row["dimension"] == "baseline"]
        level = [found[number]["metrics"][metric] for number in at]
        axes.step([*at, len(found) - 1], [*level, level[-1]], where="post", color=chart.COLOURS["champion"], label="baseline")
        worst, room = min(sign * one for one in level), 4 * max(0.002, max(level) - min(level))
        for number, row in enumerate(found):
            value = row["metrics"].get(metric)
            # A search is judged on one fold: its area is of other rows than the baseline's.
            if row["dimension"] in ("baseline", "search") or value is None or sign * value < worst - room:
                continue
            axes.plot([number], [value], "o", color=COLOURS[row["decision"]], markersize=4)
        axes.set_ylabel(metric)
        axes.set_xlabel("experiments in the order they were run")
        axes.legend(loc="upper left")
        said = "; ".join(f"baseline {number + 1}: {value:.4f}" for number, value in enumerate(level))
        return chart.svg(fig, "Progress over the series", said)


def _gains(found: list[dict]) -> str:
    """A point and an interval per experiment, coloured by its decision, in the order they were run; far losses are cut off."""
    tried = [row for row in found if row["estimate"] is not None]
    reach = 1.2 * max([row["high"] for row in tried] + [0.002])
    with chart.figure(height=max(2.4, 0.26 * len(tried) + 0.8)) as (fig, axes):
        for at, row in enumerate(tried):
            colour = COLOURS[row["decision"]]
            low, high, estimate = (max(row[key], -2 * reach) for key in ("low", "high", "estimate"))
            axes.plot([low, high], [at, at], color=colour, linewidth=2, solid_capstyle="round")
            axes.plot([estimate], [at], "o" if row["estimate"] > -2 * reach else "<", color=colour, markersize=5)
        axes.axvline(0, color=chart.COLOURS["ink"], linewidth=1)
        axes.set_yticks(range(len(tried)), [row["name"] for row in tried])
        axes.invert_yaxis()
        axes.set_xlim(-2.1 * reach, reach)
        axes.set_xlabel(f"gain in {tried[0]['metric']} over its baseline (an arrow lies further left)")
        for name, colour in COLOURS.items():
            axes.plot([], [], "o", color=colour, label=name, markersize=5)
        axes.legend(loc="lower left")
        said = "; ".join(f"{row['name']} {row['decision']} {row['estimate']:+.4f}" for row in tried)
        return chart.svg(fig, "Experiments in the order they were run", said)


def _how(row: dict) -> str:
    return "" if row["status"] == "finished" else f" ({row['status'].replace('_', ' ')})"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4f}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _interval(row: dict) -> str:
    return "" if row["low"] is None else f"{row['low']:+.4f} to {row['high']:+.4f}"
