"""What was to be reached, and whether it was: read from results, never from memory."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

Case = dict
DRIFT = "25 columns"
SIZES = ("quick", "1M", "3M", "10M", "30M")


class Promise(NamedTuple):
    """One bound and what was found; `reached` is None where nothing was measured."""

    what: str
    bound: str
    found: str
    reached: bool | None


def cost(case: Case, label: str, unit: str = "wall") -> float | None:
    """What a contestant whose label starts so took in a case; None if it was not measured or did not finish."""
    for row in case["contestants"]:
        if row["contestant"].startswith(label):
            return row.get(unit)
    return None


def ratio(case: Case, label: str, other: str, unit: str = "wall") -> float | None:
    """How many times the one costs of the other; None if either is missing."""
    one, two = cost(case, label, unit), cost(case, other, unit)
    return one / two if one and two else None


def _of_landing(cases: list[Case]) -> list[Promise]:
    found = []
    for case in (c for c in cases if c["case"] == "one file"):
        clean, bad = "landed, no line bad", "landed, 1 % of lines bad"
        found.append(_at_most("a CSV lands, CPU, of DuckDB's read_csv", 2.5, ratio(case, clean, "DuckDB read_csv", "cpu")))
        found.append(_at_most("a CSV with 1 % of bad lines, wall, of one with none", 1.3, ratio(case, bad, clean)))
    for case in (c for c in cases if c["case"] == "many"):
        each = 1000 * cost(case, "landed") / case["files"]
        found.append(Promise(f"{case['files']:,} small files, each", "≤ 8 ms", f"{each:.1f} ms", each <= 8))
    grown = sorted((c for c in cases if c["case"] == "growth"), key=lambda c: c["rows"])
    if len(grown) > 1:
        found.append(_at_most(f"peak memory of landing {grown[-1]['megabytes']:,} MB, of {grown[0]['megabytes']:,} MB", 2.0,
                              cost(grown[-1], "landed", "peak_mb") / cost(grown[0], "landed", "peak_mb")))  # fmt: skip
    return found


def judged(results: dict[str, list[Case]]) -> list[Promise]:
    """Every promise, in the order in which they were made."""
    found = []
    for case in (c for c in results.get("asof", []) if c["case"] == "daily tables"):
        found.append(
            _at_most(f"as-of joins, {case['size']} × 5 tables, wall, of polars", 1.1, ratio(case, "macros, eq", "polars"))
        )
        found.append(
            _at_least(f"as-of joins, {case['size']} × 5 tables, wall, faster than pandas", 2, ratio(case, "pandas", "macros, eq"))
        )
    survived = [case for case in results.get("feast", []) if cost(case, "Feast")]
    if survived:
        case = max(survived, key=lambda c: c["rows"])
        found.append(_at_least(f"as-of joins, {case['rows']:,} rows, faster than Feast", 100, ratio(case, "Feast", "macros")))
    windows = sorted(results.get("trailing", []), key=lambda c: (c["case"], SIZES.index(c["size"])))
    for case in windows:
        bounds = {"wall": 1.0} if case["case"].endswith("per midnight") else {"cpu": 1.0, "wall": 1.4}
        for unit, bound in bounds.items():
            what = f"{case['case']}, {case['size']}, {unit}, of polars rolling"
            found.append(_at_most(what, bound, ratio(case, "macros", "polars rolling", unit)))
    for name in dict.fromkeys(case["case"] for case in windows):
        per_row = {
            c["size"]: cost(c, "macros", "cpu") / c["rows"] for c in windows if c["case"] == name and cost(c, "macros", "cpu")
        }
        if {"1M", "30M"} <= per_row.keys():
            found.append(_at_most(f"{name}: CPU per row at 30M, of that at 1M", 1.5, per_row["30M"] / per_row["1M"]))
    landed = seconds_of_a_day(results)
    if {"1x", "30x"} <= landed.keys():
        found.append(
            _at_most("a day's increment at 30× history, of that at 1×", 1.3, landed["30x"]["models"] / landed["1x"]["models"])
        )
    largest = [c for c in windows if c["size"] == "30M"]
    if largest:
        peaks = [cost(c, "macros", "peak_mb") for c in largest]
        problems = [
            r["problem"] for c in largest for r in c["contestants"] if r["contestant"].startswith("macros") and r["problem"]
        ]
        gigabytes = max((p for p in peaks if p), default=0) / 1024
        found.append(Promise("30M flights, peak memory of the macros", "< 8 GB, never killed",
                             "; ".join(problems) or f"{gigabytes:.1f} GB", not problems and 0 < gigabytes < 8))  # fmt: skip
    found += _of_monitoring(results)
    found += _of_landing(results.get("landing", []))
    every = [case for kept in results.values() for case in kept]
    cases = [case for case in every if "within" not in case]
    pairs = [(case, label, what) for case in cases for label, what in case["differences"].items()]
    unequal = [f"{case['case']} {case['size']} {label}" for case, label, what in pairs if any(what.values())]
    compared = len(pairs)
    agree = f"{compared - len(unequal)}" + (f" (not: {'; '.join(unequal)})" if unequal else "")
    found.append(
        Promise("answers equal, bit for bit, every row kept", f"{compared} of {compared} comparisons", agree, not unequal)
    )
    judged_within = [(case, label, what) for case in every if "within" in case for label, what in case["differences"].items()]
    if judged_within:
        beyond = [f"{case['case']} {label}: {', '.join(what)}" for case, label, what in judged_within if what]
        within = f"{len(judged_within) - len(beyond)}" + (f" (not: {'; '.join(beyond)})" if beyond else "")
        bound = f"{len(judged_within)} of {len(judged_within)} comparisons"
        found.append(Promise("distances and metrics within their stated error", bound, within, not beyond))
    return found


def _of_monitoring(results: dict[str, list[Case]]) -> list[Promise]:
    found = []
    for case in results.get("drift", []):
        if case["case"] == DRIFT:
            one_shot, rows = "macros, one shot on cells", "drift of 25 columns, 1M + 1M rows"
            for peer, bound in (("Evidently", 50), ("NumPy", 4)):
                for unit in ("wall", "cpu"):
                    found.append(_at_least(f"{rows}, {unit}, cheaper than {peer}", bound, ratio(case, peer, one_shot, unit)))
        for who in ("macros, stored counts", "production, stored profile"):
            if case["case"] == DRIFT:
                found.append(_at_least(f"{who}, wall, faster than Evidently", 150, ratio(case, "Evidently", who)))
            cpu, peak = cost(case, who, "cpu"), cost(case, who, "peak_mb")
            of = "10M" if "10M" in case["case"] else "1M"
            per_million = cpu / case["rows"] * 1e6 if cpu else None
            found.append(_below(f"{who}, reference of {of}: CPU per million new rows", 0.5, per_million, "cpu-s"))
            found.append(_below(f"{who}, reference of {of}: peak memory", 250, peak, "MB"))
    for suite, name, peer, bounds in (("estimation", "one period", "NannyML", (10, 25)),
                                      ("metrics", "a model's scores", "scikit-learn", (7, 30))):  # fmt: skip
        for case in (c for c in results.get(suite, []) if c["case"] == name):
            what = "quality without labels, 1M rows" if suite == "estimation" else "realised quality, 10M rows"
            for who, bound in zip(("macros, exact", "macros, on"), bounds, strict=True):
                how = "exact" if who.endswith("exact") else "on cells"
                found.append(_at_least(f"{what}, {how}, wall, faster than {peer}", bound, ratio(case, peer, who)))
    return found


def seconds_of_a_day(results: dict[str, list[Case]]) -> dict[str, dict[str, float]]:
    """History → medians over the days that landed: `models` (seconds of the models), `cpu` (of the whole dbt run), `peak_mb`."""
    found: dict[str, dict[str, list[float]]] = {}
    for case in results.get("increment", []):
        for row in case["contestants"] if case["case"].startswith("day") else []:
            if not row["problem"]:
                kept = found.setdefault(row["contestant"].removeprefix("history of "), {"models": [], "cpu": [], "peak_mb": []})
                kept["models"].append(row["turns"][0]["models"])
                kept["cpu"].append(row["cpu"])
                kept["peak_mb"].append(row["peak_mb"])
    return {name: {unit: median(values) for unit, values in kept.items()} for name, kept in found.items()}


def _at_most(what: str, bound: float, value: float | None) -> Promise:
    return Promise(
        what, f"≤ {bound:g}×", "not measured" if value is None else f"{value:.2f}×", None if value is None else value <= bound
    )


def _below(what: str, bound: float, value: float | None, unit: str) -> Promise:
    return Promise(what, f"≤ {bound:g} {unit}", "not measured" if value is None else f"{value:,.3g} {unit}",
                   None if value is None else value <= bound)  # fmt: skip


def _at_least(what: str, bound: float, value: float | None) -> Promise:
    return Promise(
        what, f"≥ {bound:g}×", "not measured" if value is None else f"{value:,.1f}×", None if value is None else value >= bound
    )
