"""The page of figures: `docs/benchmarks.md` and its charts, from `benchmarks/results/` alone."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.promises import SIZES, Case, cost, judged, ratio, seconds_of_a_day
from flows.steps.pages import chart
from flows.steps.pages.page import table

MARK = {True: "reached", False: "**not reached**", None: "not measured"}
METHOD = """Every measurement is a process of its own. Contestants take turns (A B A B), and the figures are medians over the turns; ratios are
of the same run. The clock runs from opening Parquet files to having the answer in memory. Peak is the kernel's high-water mark of the
process; one that needs more than 8 GB or ten minutes is ended. Each answer is compared with the macros', column by column,
bit for bit. Peers are locked with hashes in environments of their own (`benchmarks/peers/`). The macros are measured as dbt compiles them, in
DuckDB with a memory limit of 5 GB.

The flights are New York's of 2013, shifted by whole weeks into further years and flown by parallel networks, with a little noise of delay per
copy, day and origin (`benchmarks/flights.py`). They are good for costs, and say nothing about models."""


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page and its charts; returns the files. A suite without results is left out."""
    kept = {name: json.loads((results / f"{name}.json").read_text()) for name in ("asof", "feast", "trailing", "increment")
            if (results / f"{name}.json").exists()}  # fmt: skip
    if not kept:
        raise SystemExit(f"{results} holds no results: run `python -m benchmarks run`")
    pictures = {}
    if kept.get("trailing"):
        pictures["benchmarks-windows"] = _windows_chart(kept["trailing"])
    if len(seconds_of_a_day(kept)) > 1:
        pictures["benchmarks-day"] = _day_chart(kept)
    page = docs / "benchmarks.md"
    (docs / "pictures").mkdir(parents=True, exist_ok=True)
    page.write_text(_page(kept, pictures))
    files = [page]
    for name, text in pictures.items():
        files.append(docs / "pictures" / f"{name}.svg")
        files[-1].write_text(text)
    return files


def _page(kept: dict[str, list[Case]], pictures: dict[str, str]) -> str:
    parts = ["# What it costs", "", "Asof's point-in-time macros beside polars, pandas and Feast: the same rows, the same run, equal answers. Written by",
             "`python -m benchmarks report` from `benchmarks/results/`; `make bench` measures again.", ""]  # fmt: skip
    parts += ["## What was to be reached", "", table(["what", "to reach", "found", ""],
              [[p.what, p.bound, p.found, MARK[p.reached]] for p in judged(kept)]), ""]  # fmt: skip
    if kept.get("asof"):
        parts += ["## As-of joins", "", "Every decision asks five daily tables of fifteen features for their last row before it: joined by equality at the last",
                  "midnight (dense tables, as `trailing_daily` makes them), or by `last_before` (tables that may skip days). `last_flight` asks to the",
                  "instant, with an almost unique key each time, and is the macros' weakest case.", "", _costs(kept["asof"], "polars"), ""]  # fmt: skip
    if kept.get("feast"):
        parts += ["## Feast's own path", "", "The same joins on so many rows of the spine. Feast is asked for more until it does not come back.", "",
                  _costs(kept["feast"], "Feast"), ""]  # fmt: skip
    if kept.get("trailing"):
        parts += ["## Trailing windows of 28 days", "",
                  "Three features. To the instant: the window ends at the decision. Per midnight: it ends at the last midnight before, which is what",
                  "`trailing_daily` tables hold. `form='auto'` took the running form for carriers and routes, the range frame for aircraft.", ""]  # fmt: skip
        if "benchmarks-windows" in pictures:
            parts += ["![Seconds per million rows by size, macros and polars](pictures/benchmarks-windows.svg)", ""]
        parts += [_costs(kept["trailing"], "polars rolling"), "", "### Growth", "", _growth(kept["trailing"]), ""]
    if landed := seconds_of_a_day(kept):
        parts += ["## A day's increment", "", "Three incremental models (trailing windows by carrier, route and aircraft; a daily table; an as-of join) take one more day.",
                  "Seconds are those of the models, without the start of dbt, which does not depend on the history.", ""]  # fmt: skip
        if "benchmarks-day" in pictures:
            parts += ["![Seconds of a day's increment by length of history](pictures/benchmarks-day.svg)", ""]
        built = {c["size"]: c for c in kept["increment"] if c["case"] == "full build"}
        parts += [table(["history", "flights", "full build s", "build peak MB", "a day: models s", "whole dbt run cpu-s", "peak MB"], [
            [name, built[name]["rows"], built[name]["contestants"][0]["models"], built[name]["contestants"][0]["peak_mb"] // 1,
             one["models"], one["cpu"], one["peak_mb"] // 1] for name, one in landed.items()]), ""]  # fmt: skip
    return "\n".join([*parts, "## How it was measured", "", METHOD, "", _machines(kept), ""])


def _costs(cases: list[Case], reference: str) -> str:
    rows = []
    for case in sorted(cases, key=lambda c: (c["case"] if c["size"] in SIZES[1:] and "rows" not in c["case"] else "", c["rows"])):
        for row in case["contestants"]:
            if row["problem"]:
                rows.append([case["case"], case["rows"], row["contestant"], None, None, None, row["problem"]])
                continue
            times = ratio(case, row["contestant"], reference)
            rows.append([case["case"], case["rows"], row["contestant"], row["wall"], row["cpu"], round(row["peak_mb"]),
                         f"{times:.2f}" if times else ""])  # fmt: skip
    return table(["case", "rows", "who", "wall s", "cpu-s", "peak MB", f"wall, × {reference.split(' ')[0]}"], rows)


def _growth(cases: list[Case]) -> str:
    rows = []
    for name in dict.fromkeys(c["case"] for c in cases):
        of_case = sorted((c for c in cases if c["case"] == name), key=lambda c: c["rows"])
        rows.append([name] + [f"{cost(c, 'macros', 'cpu') / c['rows'] * 1e6:.2f} · {cost(c, 'macros', 'peak_mb') / c['rows'] * 1e6:.0f}"
                              if cost(c, "macros", "cpu") else "" for c in of_case])  # fmt: skip
    sizes = sorted({c["rows"] for c in cases})
    rows = [row + [""] * (len(sizes) + 1 - len(row)) for row in rows]
    return table(["macros: cpu-s · MB of peak, per million rows", *(f"{n / 1e6:.1f}M" for n in sizes)], rows)


def _machines(kept: dict[str, list[Case]]) -> str:
    cases = [case for of_suite in kept.values() for case in of_suite if "measured" in case]
    first, last = min(c["measured"] for c in cases), max(c["measured"] for c in cases)
    one = max(cases, key=lambda c: c["measured"])["machine"]
    load = max(c["machine"]["load_before"] for c in cases)
    rows = [[name.replace("_", " "), str(value)] for name, value in one.items() if name != "load_before"]
    rows += [["measured", f"{first} to {last} UTC"], ["load when a run began, at most", str(load)]]
    return table(["machine", ""], rows)


def _windows_chart(cases: list[Case]) -> str:
    names = list(dict.fromkeys(c["case"] for c in cases))
    with chart.figure(rows=1, columns=len(names), width=11, height=3, sharex=True, squeeze=False) as (fig, axes):
        told = []
        for name, axis in zip(names, axes[0], strict=True):
            of_case = sorted((c for c in cases if c["case"] == name), key=lambda c: c["rows"])
            for label, colour in (("macros", "champion"), ("polars rolling", "rule")):
                points = [(c["rows"] / 1e6, cost(c, label) / c["rows"] * 1e6) for c in of_case if cost(c, label)]
                axis.plot(
                    *zip(*points, strict=True) if points else ([], []), marker="o", color=chart.COLOURS[colour], label=label
                )
                told += [f"{name}, {label}, {x:.1f}M rows: {y:.2f} s per million" for x, y in points]
            axis.set_xscale("log")
            axis.set_ylim(bottom=0)
            axis.set_title(name.replace(" facts per key", "").replace(", ", "\n", 1))
            axis.set_xlabel("million rows")
        axes[0][0].set_ylabel("wall s per million rows")
        axes[0][0].legend()
        return chart.svg(fig, "Trailing windows: seconds per million rows by size", "; ".join(told))


def _day_chart(kept: dict[str, list[Case]]) -> str:
    landed = seconds_of_a_day(kept)
    with chart.figure(width=6, height=2.4) as (fig, axis):
        axis.barh(
            [f"history {name}" for name in landed], [one["models"] for one in landed.values()], color=chart.COLOURS["champion"]
        )
        axis.invert_yaxis()
        axis.set_xlabel("seconds of the models, one more day")
        return chart.svg(
            fig, "A day's increment by length of history", "; ".join(f"{n}: {o['models']:.2f} s" for n, o in landed.items())
        )
