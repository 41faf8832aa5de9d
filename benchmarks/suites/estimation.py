"""Quality before any label is in: a million calibrated scores, as one period and by month."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant
from benchmarks.scores import scored

NAME = "estimation"
QUESTION = "What will the quality of a million scores turn out to be, before any label is in?"
# three years of a year of 336,776 flights are a million; the three before, with labels, are what NannyML fits
YEARS = 6
SPLIT = "as_of {} timestamp '2016-01-01'"
# NannyML rounds its running sums to five places, and takes ties in any order
CBPE = {"roc_auc": 1e-6, "pr_auc": 1e-4}
ON_CELLS = {"roc_auc": 1e-5, "pr_auc": 1e-4, "log_loss": 1e-5, "brier": 1e-5}


def run(bench: Bench) -> None:
    """`quality_of_counts` with scores for labels, exact and on cells, and NannyML's CBPE, fitted outside the clock.

    Both take the scores for probabilities, as the scores of this project are; CBPE with its own calibration says something else.
    """
    quick = bench.sizes == ["quick"]
    whole = scored(2 if quick else YEARS, bench.work)
    split = SPLIT.replace("2016", "2014") if quick else SPLIT
    sides = {}
    for side, where in (("reference", split.format("<")), ("current", split.format(">="))):
        sides[side] = whole.with_name(f"{whole.stem}-{side}.parquet")
        if not sides[side].exists():
            _copied(whole, where, sides[side])
    exact, cells = "macros, exact", "macros, on 65,536 cells"
    peer, own = "NannyML CBPE, fitted before", "NannyML CBPE, with its calibration"
    for case, period in {"one period": "1", "by month": "year(as_of) * 100 + month(as_of)"}.items():
        asked = {name: str(file) for name, file in sides.items()} | {"by_month": case == "by month"}
        views = {"scored": f"(select cast({period} as bigint) as period, score from '{sides['current']}')"}
        bench.measure(NAME, case, "quick" if quick else "1M", count(sides["current"]), [
            Contestant(exact, "house", "macros.query", {"views": views, "sql": bench.sql["estimate_exact"]}),
            Contestant(cells, "house", "macros.query", {"views": views, "sql": bench.sql["estimate_cells"]}),
            Contestant(peer, "nannyml", "in_nannyml.estimate", asked | {"calibrate": False}),
            Contestant(own, "nannyml", "in_nannyml.estimate", asked | {"calibrate": True}, turns=1),
        ], key="period", turns=3 if case == "one period" and not quick else 1, within={cells: ON_CELLS, peer: CBPE})  # fmt: skip


def _copied(whole: Path, where: str, file: Path) -> None:
    duckdb.execute(f"copy (select as_of, score, cast(label as integer) as label from '{whole}' where {where}) to '{file}'")
