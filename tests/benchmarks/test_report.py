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
    assert found["few facts, 1M, wall, of polars rolling"] == ("2.00×", True)
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
