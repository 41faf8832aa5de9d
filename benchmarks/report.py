"""The page of figures: `docs/benchmarks.md` and its charts, from `benchmarks/results/` alone."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import prose
from benchmarks.promises import SIZES, Case, cost, judged, ratio, seconds_of_a_day
from flows.pages.html import chart
from flows.pages.html.page import table

SUITES = ("asof", "feast", "trailing", "increment", "drift", "estimation", "metrics", "landing")
MARK = {True: "reached", False: "**not reached**", None: "not measured"}


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page and its charts; returns the files. A suite without results is left out."""
    kept = {name: json.loads((results / f"{name}.json").read_text()) for name in SUITES
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
    promises = [[p.what, p.bound, p.found, MARK[p.reached]] for p in judged(kept)]
    parts = [prose.HEAD, "## What was to be reached", table(["what", "to reach", "found", ""], promises)]
    if kept.get("asof"):
        parts += [prose.ASOF, _costs(kept["asof"], "polars")]
    if kept.get("feast"):
        parts += [prose.FEAST, _costs(kept["feast"], "Feast")]
    if kept.get("trailing"):
        picture = "![Seconds per million rows by size, macros and polars](pictures/benchmarks-windows.svg)"
        parts += [prose.TRAILING, picture, _costs(kept["trailing"], "polars rolling"), "### Growth", _growth(kept["trailing"])]
    if seconds_of_a_day(kept):
        picture = "![Seconds of a day's increment by length of history](pictures/benchmarks-day.svg)"
        parts += [prose.INCREMENT, *([picture] if "benchmarks-day" in pictures else []), _days(kept)]
    for suite, words, peer in (("drift", prose.DRIFT, "Evidently"), ("estimation", prose.ESTIMATION, "NannyML"),
                               ("metrics", prose.METRICS, "scikit-learn")):  # fmt: skip
        if kept.get(suite):
            parts += [words, _costs(kept[suite], peer), "How far the answers are from those of the macros' first row, at most:",
                      _apart(kept[suite])]  # fmt: skip
    if kept.get("landing"):
        parts += [
            prose.LANDING,
            _costs([c for c in kept["landing"] if c["case"] == "one file"], "DuckDB read_csv"),
            _landed(kept["landing"]),
        ]
    return "\n\n".join([*parts, prose.METHOD, _machines(kept)]) + "\n"


def _days(kept: dict[str, list[Case]]) -> str:
    built = {c["size"]: c for c in kept["increment"] if c["case"] == "full build"}
    rows = []
    for name, day in seconds_of_a_day(kept).items():
        whole = built[name]["contestants"][0]
        rows.append(
            [
                name,
                built[name]["rows"],
                whole["models"],
                round(whole["peak_mb"]),
                day["models"],
                day["cpu"],
                round(day["peak_mb"]),
            ]
        )
    header = ["history", "flights", "full build: s", "peak MB", "a day: s of the models", "cpu-s of the dbt run", "peak MB"]
    return table(header, rows)


def _landed(cases: list[Case]) -> str:
    rows = []
    for case in (c for c in cases if c["case"] != "one file"):
        row = case["contestants"][0]
        what = f"one file of {case['megabytes']:,} MB" if "megabytes" in case else f"{case['files']:,} files of five rows"
        rows.append([what, case["rows"], round(row["wall"], 1), round(row["cpu"], 1), round(row["peak_mb"])])
    return table(["landed", "rows", "wall s", "cpu-s", "peak MB"], rows)


def _costs(cases: list[Case], reference: str) -> str:
    rows = []
    for case in sorted(cases, key=lambda c: (c["case"] if c["size"] in SIZES[1:] and "rows" not in c["case"] else "", c["rows"])):
        for row in case["contestants"]:
            if row["problem"]:
                rows.append([case["case"], case["rows"], row["contestant"], None, None, None, row["problem"], ""])
                continue
            times = [ratio(case, row["contestant"], reference, unit) for unit in ("wall", "cpu")]
            cells = [row["wall"], row["cpu"], round(row["peak_mb"]), *(f"{one:.2f}" if one else "" for one in times)]
            rows.append([case["case"], case["rows"], row["contestant"], *cells])
    who = reference.split(" ")[0]
    return table(["case", "rows", "who", "wall s", "cpu-s", "peak MB", f"wall, × {who}", f"cpu, × {who}"], rows)


def _apart(cases: list[Case]) -> str:
    told = ("psi", "jensen_shannon", "ks", "wasserstein", "roc_auc", "pr_auc", "log_loss", "brier", "ece")
    names = [n for n in told if any(n in apart for case in cases for apart in case["apart"].values())]
    rows = [
        [case["case"], label, *(f"{apart[n]:.0e}" if n in apart else "" for n in names)]
        for case in cases
        for label, apart in case["apart"].items()
    ]
    return table(["case", "who", *names], rows)


def _growth(cases: list[Case]) -> str:
    sizes, rows = sorted({c["rows"] for c in cases}), []
    for name in dict.fromkeys(c["case"] for c in cases):
        of_case = {c["rows"]: c for c in cases if c["case"] == name}
        cells = []
        for size in sizes:
            seconds, peak = (cost(of_case[size], "macros", unit) if size in of_case else None for unit in ("cpu", "peak_mb"))
            cells.append(f"{seconds / size * 1e6:.2f} · {peak / size * 1e6:.0f}" if seconds else "")
        rows.append([name, *cells])
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
            axis.set_xticks([c["rows"] / 1e6 for c in of_case], [f"{c['rows'] / 1e6:.0f}" for c in of_case])
            axis.minorticks_off()
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
