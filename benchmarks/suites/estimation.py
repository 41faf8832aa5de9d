"""Quality before any label is in: a million scores, as one period, by month and by week."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb

from benchmarks.bench import Bench
from benchmarks.flights import count
from benchmarks.measure import Contestant, once
from benchmarks.scores import scored

NAME = "estimation"
QUESTION = "What will the quality of a million scores turn out to be, before any label is in?"
# three years of a year of 336,776 flights are a million; the three before, with labels, are what is fitted
YEARS = 6
SPLIT = "as_of {} timestamp '2016-01-01'"
# How a user cuts time: SQL for a period, and what NannyML calls it. Production estimates weeks and months.
PERIODS = {
    "one period": ("date '1970-01-01'", {"chunk_number": 1}),
    "by month": ("cast(date_trunc('month', as_of) as date)", {"chunk_period": "M"}),
    "by week": ("cast(date_trunc('week', as_of) as date)", {"chunk_period": "W"}),
}
SHARED = ["roc_auc", "average_precision"]
ALL = [*SHARED, "f1", "precision", "recall", "specificity", "accuracy"]
# NannyML rounds its running sums to five places, and takes ties in any order: more of them in a small period
CBPE = {"roc_auc": 1e-5, "pr_auc": 1e-3}
# the two scores of a pair that share a cell count as a tie, and in the seven thousand rows of a week one pair weighs more
ON_CELLS = {"roc_auc": 2e-5, "pr_auc": 1e-4, "log_loss": 1e-5, "brier": 1e-5}


def run(bench: Bench) -> None:
    """`quality_of_counts` with probabilities for labels, exact and on cells, and NannyML's CBPE.

    The scores are a model's own. CBPE fits an isotonic calibration on three years of labels, outside the clock; the macros read
    its knots, so that both calibrate within the clock, alike, and their areas agree.
    """
    quick = bench.sizes == ["quick"]
    size, turns = ("quick", 1) if quick else ("1M", 3)
    sides = _sides(bench, quick)
    exact, cells, peer = "macros, exact", "macros, on 65,536 cells", "NannyML CBPE, fitted before"
    for case, (period, chunks) in PERIODS.items():
        asked = {name: str(file) for name, file in sides.items()} | {"chunks": chunks, "metrics": SHARED}
        knots = _fitted(bench, asked)
        views = {"scored": f"(select {period} as period, score from '{sides['current']}')", "knots": f"(select * from '{knots}')"}
        every = asked | {"metrics": ALL}
        bench.measure(NAME, case, size, count(sides["current"]), [
            Contestant(exact, "house", "macros.query", {"views": views, "sql": bench.sql["estimate_exact"]}),
            Contestant(cells, "house", "macros.query", {"views": views, "sql": bench.sql["estimate_cells"]}),
            _peer(peer, asked, knots),
            _peer("NannyML CBPE, its seven metrics, fitted before", every, _fitted(bench, every), turns=1),
            Contestant("NannyML CBPE, fitted and asked", "nannyml", "in_nannyml.fit_and_estimate", asked, turns=1),
        ], key="period", turns=turns, within={cells: ON_CELLS, peer: CBPE})  # fmt: skip


def _sides(bench: Bench, quick: bool) -> dict[str, Path]:
    whole = scored(2 if quick else YEARS, bench.work)
    split = SPLIT.replace("2016", "2014") if quick else SPLIT
    sides = {"reference": split.format("<"), "current": split.format(">=")}
    for side, where in sides.items():
        sides[side] = whole.with_name(f"{whole.stem}-{side}.parquet")
        if not sides[side].exists():
            columns = "as_of, score, cast(score >= 0.5 as integer) as flagged, cast(label as integer) as label"
            duckdb.execute(f"copy (select {columns} from '{whole}' where {where}) to '{sides[side]}'")
    return sides


def _fitted(bench: Bench, asked: dict) -> Path:
    # made once per question, outside every clock
    told = hashlib.sha256(json.dumps([asked["chunks"], asked["metrics"]]).encode()).hexdigest()[:8]
    knots = Path(asked["reference"]).with_suffix(f".{told}.parquet")
    if not knots.exists():
        part = knots.with_suffix(".part")
        once(Contestant("fit", "nannyml", "in_nannyml.fit", asked), part, bench.work)
        part.replace(knots)
    return knots


def _peer(label: str, asked: dict, knots: Path, turns: int | None = None) -> Contestant:
    return Contestant(label, "nannyml", "in_nannyml.estimate", asked | {"fitted": str(knots.with_suffix(".pickle"))}, turns)
