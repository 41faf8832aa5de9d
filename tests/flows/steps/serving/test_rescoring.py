"""Predictions that are replaced, on a tiny problem whose entity is a number: readers see one per row, the old one is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from flows.runtime import warehouse
from flows.runtime.settings import PROJECT
from flows.steps.serving import rescoring
from flows.store import ledger

PUMPS = SimpleNamespace(name="pumps", entity="pump", as_of="asked_at", task="binary", classes=())
AT = datetime(1987, 2, 1)
SHAPE = "model_version varchar, score double, raw_score double, rule_score double, flagged boolean, reasons varchar"
STAGED, THERE = "ledger.staged_pumps", "problems.pumps__predictions"


@pytest.fixture(autouse=True)
def pumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three pumps, scored by the model `old`."""
    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "pumps.duckdb"))
    models = {one["name"]: one for one in yaml.safe_load((PROJECT / "models" / "ledger" / "_ledger.yml").read_text())["models"]}
    with warehouse.transaction() as con:
        con.execute("create schema ledger; create schema problems")
        for name in ("ledger_runs", "ledger_replaced_predictions"):
            columns = ", ".join(f"{one['name']} {one['data_type']}" for one in models[name]["columns"])
            con.execute(f"create table ledger.{name.removeprefix('ledger_')} ({columns})")
        con.execute(f"create table {THERE} (pump integer, asked_at timestamp, {SHAPE}, run_id varchar, scored_at timestamp)")
        for pump in (1, 2, 3):
            con.execute(f"insert into {THERE} values (?, ?, 'old', 0.{pump}, 0.5, 0.5, false, null, 'r', ?)", [pump, AT, AT])
    yield
    warehouse.close()


def replace(scores: dict[int, float], version: str = "new") -> int:
    with warehouse.cursor() as con:
        con.execute(f"create or replace table {STAGED} (entity varchar, as_of timestamp, {SHAPE})")
        for pump, score in scores.items():
            con.execute(f"insert into {STAGED} values (?, ?, ?, ?, 0.5, 0.5, false, null)", [str(pump), AT, version, score])
    return rescoring._replace(PUMPS, STAGED, ledger.Run("rescoring", "pumps", AT), "late data", "rows")


def scores(table: str, columns: str) -> list[tuple]:
    return [tuple(row.values()) for row in warehouse.rows(f"select {columns} from {table} order by all")]


def test_only_what_comes_out_otherwise_is_replaced_and_again_nothing() -> None:
    assert replace({1: 0.1, 2: 0.9}, "old") == 1
    assert scores(THERE, "pump, model_version, score") == [(1, "old", 0.1), (2, "old", 0.9), (3, "old", 0.3)]
    assert replace({1: 0.1, 2: 0.9}, "old") == 0
    kept = scores("ledger.replaced_predictions", "number, problem, entity_id, as_of, score, run_id, reason")
    assert kept == [(1, "pumps", "2", AT, 0.2, "r", "late data")]


def test_what_is_replaced_twice_is_kept_twice_in_order() -> None:
    replace({3: 0.4})
    replace({3: 0.5}, "newer")
    assert scores(THERE, "pump, model_version, score")[2] == (3, "newer", 0.5)
    assert scores("ledger.replaced_predictions", "number, model_version, score") == [(1, "old", 0.3), (2, "new", 0.4)]


def test_a_failure_while_replacing_leaves_everything_as_it_was() -> None:
    before = scores(THERE, "*")
    with warehouse.cursor() as con:
        con.execute("drop table ledger.runs")
    with pytest.raises(warehouse.Error):
        replace({1: 0.7, 2: 0.8})
    assert scores(THERE, "*") == before
    assert scores("ledger.replaced_predictions", "*") == []
