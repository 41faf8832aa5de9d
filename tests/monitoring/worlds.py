"""Worlds in which the truth is known: scores that are right until they drift, and labels that come late.

.venv/bin/python -m tests.monitoring.worlds 20    writes docs/estimation.md from twenty worlds of each kind
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

PROJECT = Path(__file__).resolve().parents[2]
MODELS = (
    "mon_label_share", "mon_scored_by_period", "mon_label_delay", "mon_label_arrival", "mon_score_reliability",
    "mon_expected_labels", "mon_quality_expected", "mon_quality_unclaimed", "mon_quality_estimated",
)  # fmt: skip
# What happens to scores and truth after three fifths of the periods.
DRIFTS = {
    "none": "nothing",
    "covariate": "the scores move up by 1 in log-odds, and the truth with them",
    "covariate, slowly": "the same, by 1.5, over a fifth of the time",
    "narrow": "the scores keep 40 % of their spread, and the truth with them",
    "concept": "the truth follows the scores by 30 % only",
    "concept, slowly": "the same, over a fifth of the time",
    "concept, shifted": "positives become more frequent by 1 in log-odds, and the scores do not see it",
}
DRIFT_AFTER, SLOWLY = 0.6, 0.2
# How far a period's truth is off its scores by chance, in log-odds.
MOOD = 0.3


@dataclass(frozen=True)
class Kind:
    """A cohort every `every` days of `rows` rows, over `periods`; labels within hours, or within a fortnight."""

    periods: int
    every: int
    rows: int
    fortnight: bool


KINDS = {
    "daily, labels in hours": Kind(periods=150, every=1, rows=600, fortnight=False),
    "weekly, labels in a fortnight": Kind(periods=80, every=7, rows=1500, fortnight=True),
}


def world(kind: Kind, drift: str, seed: int) -> dict[str, np.ndarray]:
    """The columns of `mon_scored` that an estimate reads, as arrays: a row per prediction."""
    draw, parts = np.random.default_rng(seed), []
    turn = int(kind.periods * DRIFT_AFTER)
    for number in range(kind.periods):
        after = number >= turn
        slowly = min(1.0, max(0, number - turn) / (kind.periods * SLOWLY))
        z = draw.normal(-1.2, 1.2, kind.rows)
        if drift == "covariate":
            z = z + after
        elif drift == "covariate, slowly":
            z = z + 1.5 * slowly
        elif drift == "narrow" and after:
            z = -1.2 + 0.4 * (z + 1.2)
        share = {"concept": float(after), "concept, slowly": slowly}.get(drift, 0.0)
        truth = (1 - 0.7 * share) * z - 0.2 * share + (drift == "concept, shifted" and after) + draw.normal(0, MOOD)
        label = draw.random(kind.rows) < 1 / (1 + np.exp(-truth))
        begin = np.datetime64("2013-01-07T00:00", "us") + np.timedelta64(number * kind.every, "D")
        as_of = begin + (draw.random(kind.rows) * 0.95 * 86_400e6).astype("timedelta64[us]")
        parts.append((as_of, np.full(kind.rows, "m"), 1 / (1 + np.exp(-z)), label, as_of + _delay(kind, label, draw)))
    names = ("as_of", "model_version", "score", "label", "label_known_at")
    return dict(zip(names, (np.concatenate(part) for part in zip(*parts, strict=True)), strict=True))


def _delay(kind: Kind, label: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Positives show themselves as they happen; that nothing happened is known at the end. Hours: both take their time."""
    rows = len(label)
    if kind.fortnight:
        days = np.where(label, draw.uniform(0.5, 14, rows), 14)
        return (days * 86_400e6).astype("timedelta64[us]") + np.timedelta64(1, "s")
    hours = np.where(label, draw.lognormal(np.log(5.5), 0.35, rows), draw.lognormal(np.log(4.6), 0.25, rows))
    return (hours * 3_600e6).astype("timedelta64[us]")


@contextmanager
def warehouse_of(worlds: dict[str, dict[str, np.ndarray]]) -> Iterator[None]:
    """A warehouse of its own that holds nothing but `mon_scored`, by world, and a clock behind it; gone in the end."""
    from flows.runtime import warehouse

    before = os.environ.get("ASOF_WAREHOUSE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ASOF_WAREHOUSE"] = str(Path(folder) / "warehouse.duckdb")
        try:
            with warehouse.cursor() as con:
                con.execute("create schema monitoring; create schema staging")
                con.execute("create table staging.stg_asof__clock as select timestamp '2100-01-01' as now")
                con.execute(
                    "create table monitoring.mon_scored (problem varchar, entity_id varchar, as_of timestamp, "
                    "model_version varchar, score double, rule_score double, flagged boolean, label boolean, "
                    "label_known_at timestamp, task varchar default 'binary', number double, rule_number double, outcome double, "
                    "outcome_class varchar)"
                )
                for name, columns in worlds.items():
                    con.register("rows", pa.table({"problem": pa.array([name] * len(columns["as_of"])), **columns}))
                    con.execute("insert into monitoring.mon_scored by name select * from rows")
            yield
        finally:
            warehouse.close()
            if before is None:
                os.environ.pop("ASOF_WAREHOUSE")
            else:
                os.environ["ASOF_WAREHOUSE"] = before


def estimates(worlds: dict[str, dict[str, np.ndarray]]) -> list[dict]:
    """The rows of `mon_quality_estimated` (metric roc_auc and log_loss, days) for worlds by name, from the real models."""
    from flows.runtime import dbt, warehouse

    with warehouse_of(worlds):
        dbt.run("run", select=MODELS)
        return warehouse.rows(
            "select problem, period, metric, state, blind_because, estimate, low, high, realised "
            "from monitoring.mon_quality_estimated where grain = 'day' and metric in ('roc_auc', 'log_loss') "
            "and realised is not null order by all"
        )


def honest(row: dict) -> bool:
    """Whether an estimate said BLIND, or held the truth."""
    return row["state"] == "BLIND" or row["low"] <= row["realised"] <= row["high"]


def simulate(seeds: int) -> list[dict]:
    """All kinds and drifts, `seeds` worlds of each; the rows carry `kind`, `drift`, and `phase` of the drift."""
    found = []
    for label, kind in KINDS.items():
        for drift in DRIFTS:
            rows = estimates({str(seed): world(kind, drift, seed) for seed in range(seeds)})
            first = min(row["period"] for row in rows)
            for row in rows:
                number = (row["period"] - first).days // kind.every
                turn = int(kind.periods * DRIFT_AFTER)
                phase = "before" if number < turn else "first tenth after" if number < turn + kind.periods // 10 else "later"
                found.append({**row, "kind": label, "drift": drift, "phase": phase})
    return found


def share(rows: list[dict], test) -> float:
    """The share of rows that pass a test."""
    return sum(map(test, rows)) / len(rows) if rows else float("nan")


def tables(found: list[dict]) -> str:
    """Markdown: how honest and how sure the estimates were, by kind of drift and, where it hurts, by phase."""
    from flows.pages.html.page import table

    sure = lambda row: row["state"] == "ESTIMATED"  # noqa: E731
    lines = []
    for kind in KINDS:
        for drift, told in DRIFTS.items():
            mine = [row for row in found if row["kind"] == kind and row["drift"] == drift]
            areas = [row for row in mine if row["metric"] == "roc_auc"]
            losses = [row for row in mine if row["metric"] == "log_loss"]
            by_phase = [
                share([r for r in areas if r["phase"] == phase], honest) for phase in ("before", "first tenth after", "later")
            ]
            lines.append(
                [
                    kind,
                    told,
                    *(f"{value:.1%}" for value in (share(areas, honest), share(losses, honest), share(areas, sure), *by_phase)),
                ]
            )
    header = [
        "cohort",
        "what happens",
        "area: held or BLIND",
        "log loss: held or BLIND",
        "not BLIND",
        "before",
        "first tenth after",
        "later",
    ]
    return table(header, lines)


def main() -> None:
    """Simulate, and put the table into the page."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    found = simulate(seeds)
    text = tables(found)
    page = PROJECT / "docs" / "estimation.md"
    begin, end = "<!-- table:simulated -->", "<!-- /table:simulated -->"
    if page.exists() and begin in page.read_text():
        old = page.read_text()
        page.write_text(f"{old[: old.index(begin) + len(begin)]}\n{text}\n{old[old.index(end) :]}")
    print(text)
    print(f"{share(found, honest):.2%} of {len(found):,} estimates held the truth or said BLIND")


if __name__ == "__main__":
    main()
