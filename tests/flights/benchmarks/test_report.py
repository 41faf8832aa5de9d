"""The page says what was measured: ratios, what was reached, and losses by name."""

import json
from pathlib import Path

import pytest

from benchmarks.promises import judged
from benchmarks.report import write

MACHINE = {"processor": "one", "cores": 2, "load_before": 0.1}


def case(name: str, size: str, rows: int, differences: dict | None = None, **seconds: float | str) -> dict:
    rows_of = [
        {"contestant": who.replace("_", " "), "wall": None, "cpu": None, "peak_mb": None, "problem": wall, "turns": []}
        if isinstance(wall, str)
        else {
            "contestant": who.replace("_", " "),
            "wall": wall,
            "cpu": wall,
            "peak_mb": 100.0,
            "problem": None,
            "turns": [{"models": wall}],
        }
        for who, wall in seconds.items()
    ]
    return {"case": name, "size": size, "rows": rows, "contestants": rows_of, "differences": differences or {},
            "measured": "2030-01-01 00:00", "machine": MACHINE}  # fmt: skip


RESULTS = {
    "asof": [
        case("daily tables", "1M", 1_000_000, {"polars join_asof": {}}, macros__equality=1.0, polars_join_asof=0.8, pandas=2.5)
    ],
    "feast": [
        case("100 rows", "1M", 100, macros=0.01, Feast=5.0),
        case("200 rows", "1M", 200, macros=0.01, Feast="needed more than 8 GB"),
    ],
    "trailing": [
        case("few facts", "1M", 1_000_000, {"polars rolling": {"n": 3}}, macros=2.0, polars_rolling=1.0),
        case("few facts", "30M", 30_000_000, macros=120.0, polars_rolling="killed by signal 9"),
    ],
}


MONITORING = {
    "drift": [
        case("25 columns", "1M", 2_000_000, {"NumPy, sorted once": {}}, **{
            "macros, one shot on cells": 1.0, "macros, stored counts": 0.4, "NumPy, sorted once": 3.0, "Evidently, PSI": 60.0})
        | {"within": {}, "apart": {"NumPy, sorted once": {"ks": 1e-12}, "Evidently, PSI": {"psi": 0.2}}},
    ],
    "estimation": [
        case("one period", "1M", 1_000_000, {"NannyML CBPE": {"roc_auc": 0.1}}, **{
            "macros, exact": 0.5, "macros, on 65,536 cells": 0.1, "NannyML CBPE": 2.5})
        | {"within": {}, "apart": {"NannyML CBPE": {"roc_auc": 0.1}}},
    ],
}  # fmt: skip


def test_monitoring_is_judged_by_ratio_cpu_memory_and_agreement(tmp_path: Path) -> None:
    found = {promise.what: (promise.found, promise.reached) for promise in judged(MONITORING)}
    for unit in ("wall", "cpu"):
        assert found[f"drift of 25 columns, 1M + 1M rows, {unit}, cheaper than Evidently"] == ("60.0×", True)
        assert found[f"drift of 25 columns, 1M + 1M rows, {unit}, cheaper than NumPy"] == ("3.0×", False)
    assert found["macros, stored counts, wall, faster than Evidently"] == ("150.0×", True)
    assert found["macros, stored counts, reference of 1M: CPU per million new rows"] == ("0.2 cpu-s", True)
    assert found["macros, stored counts, reference of 1M: peak memory"] == ("100 MB", True)
    assert found["production, stored profile, reference of 1M: peak memory"] == ("not measured", None)
    assert found["quality without labels, 1M rows, exact, wall, faster than NannyML"] == ("5.0×", False)
    assert found["quality without labels, 1M rows, on cells, wall, faster than NannyML"] == ("25.0×", True)
    assert found["distances and metrics within their stated error"] == ("1 (not: one period NannyML CBPE: roc_auc)", False)
    for name, cases in MONITORING.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(cases))
    page = write(tmp_path, tmp_path / "docs")[0].read_text()
    assert "## Drift" in page and "1e-12" in page and "## Quality without labels" in page and "## Realised quality" not in page


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name, cases in RESULTS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(cases).replace("macros  equality", "macros, equality"))
    return tmp_path


def test_each_promise_is_judged_by_its_ratio(results: Path) -> None:
    kept = {name: json.loads((results / f"{name}.json").read_text()) for name in RESULTS}
    found = {promise.what: (promise.found, promise.reached) for promise in judged(kept)}
    assert found["as-of joins, 1M × 5 tables, wall, of polars"] == ("1.25×", False)
    assert found["as-of joins, 1M × 5 tables, wall, faster than pandas"] == ("2.5×", True)
    assert found["as-of joins, 100 rows, faster than Feast"] == ("500.0×", True)
    assert found["few facts, 1M, cpu, of polars rolling"] == found["few facts, 1M, wall, of polars rolling"] == ("2.00×", False)
    assert found["few facts, 30M, wall, of polars rolling"] == ("not measured", None)
    assert found["few facts: CPU per row at 30M, of that at 1M"] == ("2.00×", False)
    assert found["answers equal, bit for bit, every row kept"][1] is False


def test_the_page_names_losses_and_the_same_results_give_the_same_page(results: Path, tmp_path: Path) -> None:
    files = write(results, tmp_path / "docs")
    page = files[0].read_text()
    assert "**not reached**" in page and "killed by signal 9" in page and "needed more than 8 GB" in page
    assert all(f"pictures/{file.name}" in page for file in files[1:])
    before = [file.read_bytes() for file in files]
    assert [file.read_bytes() for file in write(results, tmp_path / "docs")] == before
