"""Realised quality: ten million scores whose labels are in."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant
from benchmarks.scores import scored

NAME = "metrics"
QUESTION = "How good were ten million scores: areas, log loss, Brier score, calibration?"
YEARS = 30
ON_CELLS = {"roc_auc": 1e-5, "pr_auc": 1e-5, "log_loss": 1e-5, "brier": 1e-5, "ece": 1e-4}
EXACT = dict.fromkeys(ON_CELLS, 1e-9)


def run(bench: Bench) -> None:
    """`binary_quality` over distinct scores, `quality_of_counts` over cells, and scikit-learn on the same rows."""
    quick = bench.sizes == ["quick"]
    file = scored(2 if quick else YEARS, bench.work)
    size, rows, turns = ("quick" if quick else "10M"), count(file), 1 if quick else 3
    exact, cells, peer = "macros, exact", "macros, on 65,536 cells", "scikit-learn"
    laid = {"a model's scores": "score"}
    # the macros' weakest case: no two rows share a score, so that nothing can be counted together
    laid |= {"every score distinct": "score * (1 - 1e-9) + 1e-9 * row_number() over () / 2e7"}
    for case, score in laid.items():
        told = file
        if score != "score":
            told = file.with_name(f"{file.stem}-distinct.parquet")
            if not told.exists():
                _copied(file, score, told)
        views = {"scored": f"(select 1 as everything, score, label from '{told}')"}
        bench.measure(NAME, case, size, rows, [
            Contestant(exact, "house", "macros.query", {"views": views, "sql": bench.sql["quality_exact"]}),
            Contestant(cells, "house", "macros.query", {"views": views, "sql": bench.sql["quality_cells"]}),
            Contestant(peer, "house", "in_sklearn.quality", {"scored": str(told)}),
        ], key="everything", turns=turns if told == file else 1, within={cells: ON_CELLS, peer: EXACT})  # fmt: skip


def _copied(whole: Path, score: str, file: Path) -> None:
    duckdb.execute(f"copy (select {score} as score, label from '{whole}') to '{file}'")
