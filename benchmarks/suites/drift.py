"""Drift of twenty-five columns: a million rows against a million, and against counts that were stored."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant, once
from benchmarks.observed import CATEGORIES, NUMBERS, observed

NAME = "drift"
QUESTION = "How far are a million rows of 25 columns from the million before, and from counts of it that were kept?"
# Halves of a year are about 166,000 rows, so six are a million and sixty are ten.
COPIES, MANY = 6, 60
# A grid of 4,096 cells against the exact distances; Wasserstein relative. JS is no further off than the PSI it resembles.
ON_CELLS = {"psi": 1e-3, "jensen_shannon": 1e-3, "ks": 2e-4, "wasserstein": 1e-2}
EXACT = dict.fromkeys(ON_CELLS, 1e-9)
# Production counts what is missing as a group of its own in psi and jensen_shannon, so only ks can be compared.
PROFILED = {"ks": 2e-4}


def run(bench: Bench) -> None:
    """The macros in one shot and over a stored profile, Evidently, NannyML and NumPy; then ten times the reference."""
    quick = bench.sizes == ["quick"]
    size, copies = ("quick", 1) if quick else ("1M", COPIES)
    current = observed("current", copies, bench.work)
    asked = _asked(observed("reference", copies, bench.work), current)
    profiled, cells, stored = "production, stored profile", "macros, one shot on cells", "macros, stored counts"
    peers = [
        Contestant("NumPy, sorted once", "frames", "in_numpy.drift", asked),
        Contestant("NannyML, KS + JS + Wasserstein", "nannyml", "in_nannyml.drift", asked, turns=1),
        Contestant("Evidently, PSI", "evidently", "in_evidently.drift", asked | {"method": "psi"}, turns=1),
        Contestant("Evidently, its own choice", "evidently", "in_evidently.drift", asked | {"method": None}, turns=1),
    ]
    bench.measure(NAME, "25 columns", size, count(current), [
        _macros(bench, "macros, one shot exact", "drift_exact", asked), _macros(bench, cells, "drift_on_cells", asked),
        _stored(bench, stored, asked), _profile(bench, profiled, asked), *peers,
    ], key="feature", turns=1 if quick else 3,
        within={cells: ON_CELLS, stored: ON_CELLS, profiled: PROFILED, "NumPy, sorted once": EXACT})  # fmt: skip
    if not quick:
        asked = _asked(observed("reference", MANY, bench.work), current)
        bench.measure(NAME, "25 columns, reference of 10M", size, count(current), [
            _macros(bench, cells, "drift_on_cells", asked), _stored(bench, stored, asked), _profile(bench, profiled, asked),
        ], key="feature", within={stored: dict.fromkeys(ON_CELLS, 1e-9), profiled: PROFILED})  # fmt: skip


def _asked(reference: Path, current: Path) -> dict:
    return {"reference": str(reference), "current": str(current), "numbers": list(NUMBERS), "categories": list(CATEGORIES)}


def _macros(bench: Bench, label: str, model: str, asked: dict) -> Contestant:
    views = {"reference": f"(select * from '{asked['reference']}')", "current_rows": f"(select * from '{asked['current']}')"}
    return Contestant(label, "house", "macros.query", {"views": views, "sql": bench.sql[model]})


def _stored(bench: Bench, label: str, asked: dict) -> Contestant:
    # the counts of the reference are made once, outside every clock
    reference = Path(asked["reference"])
    kept = reference.with_name(f"{reference.stem}-counts.parquet")
    if not kept.exists():
        part = kept.with_suffix(".part")
        once(_macros(bench, "counts", "drift_counts", asked), part, bench.work)
        part.replace(kept)
    views = {"kept": f"(select * from '{kept}')", "current_rows": f"(select * from '{asked['current']}')"}
    return Contestant(label, "house", "macros.query", {"views": views, "sql": bench.sql["drift_stored"]})


def _profile(bench: Bench, label: str, asked: dict) -> Contestant:
    # what a training leaves is made once per reference, outside every clock
    reference = Path(asked["reference"])
    stored = reference.with_name(f"{reference.stem}-profile.parquet")
    models = {name: bench.models[name] for name in ("mon_cells", "mon_drift_by_day")}
    if not stored.exists():
        part = stored.with_suffix(".part")
        once(Contestant("training", "house", "profiles.train", asked | models), part, bench.work)
        part.replace(stored)
    return Contestant(label, "house", "profiles.drift", asked | models | {"stored": str(stored)})
