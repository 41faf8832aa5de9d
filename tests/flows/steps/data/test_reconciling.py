"""Reconciliation on a tiny problem's tables, and the numbering of what an earlier version landed: no dbt, no flights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.steps.data import counting
from flows.steps.data.landing import numbering
from flows.steps.data.landing.landing import land
from flows.steps.data.reconciling import takers
from ml.errors import AsofError
from tests.flows.steps.data.landed import LEDGER
from tests.gauges import CLOCK, gauges, put

RUNS = "create table ledger.runs (phase varchar, status varchar, landing_number bigint)"
LANDED, BUILT = "landing.river__levels", "main.levels_by_gauge"


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Three files of two rows each, landed and built row by row."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER + RUNS)
        for day in (1, 2, 3):
            put(tmp_path, f"{day}.csv", [[gauge, str(day), f"1987-02-0{day}T06:00:00Z"] for gauge in "ab"])
        land(con, gauges(), tmp_path, CLOCK)
        con.execute(f"create table {BUILT} as select gauge, level, _landing_number as landing_number from {LANDED}")
        yield con


def differences(con: duckdb.DuckDBPyConnection, place: str) -> tuple:
    found = counting.count(con, "river.levels", place)
    return found.rows_expected, found.rows_found, found.rows_missing, found.rows_surplus, found.file


@pytest.mark.parametrize("place", [LANDED, BUILT])
def test_all_of_it_is_there(con, place: str) -> None:
    assert differences(con, place) == (6, 6, 0, 0, None)
    assert counting.count(con, "river.levels", place).told == ""


CHANGES = {
    "a row is gone": ("delete from {0} where gauge = 'a' and {1} = 2", 1, 0, "river/levels/2.csv"),
    "a batch is gone": ("delete from {0} where {1} = 1", 2, 0, "river/levels/1.csv"),
    "a batch is there twice": ("insert into {0} from {0} where {1} = 3", 0, 2, "river/levels/3.csv"),
    "as many are gone as are doubled": (
        "insert into {0} from {0} where {1} = 3; delete from {0} where {1} = 2", 2, 2, "river/levels/2.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", [LANDED, BUILT])
@pytest.mark.parametrize(("sql", "missing", "surplus", "file"), CHANGES.values(), ids=CHANGES)
def test_what_differs_is_counted_and_its_file_is_named(con, place, sql, missing, surplus, file) -> None:
    con.execute(sql.format(place, "_landing_number" if place == LANDED else "landing_number"))
    found = counting.count(con, "river.levels", place)
    assert (found.rows_missing, found.rows_surplus, found.file) == (missing, surplus, file)
    assert place in found.told and file in found.told


def test_rows_that_no_batch_has_brought_are_too_many(con) -> None:
    con.execute(f"insert into {LANDED} values ('a', 1, '1987-02-01', 'by hand', 1, '1987-03-01', 77)")
    assert (
        counting.count(con, "river.levels", LANDED).told == "river.levels in landing.river__levels: 1 too many, from landing 77"
    )


def test_what_landed_after_the_last_build_is_not_missed_and_what_a_build_left_out_is(con) -> None:
    con.execute(f"delete from {BUILT} where landing_number = 3")
    assert differences(con, BUILT)[2] == 0, "nobody has built since"
    con.execute("insert into ledger.runs values ('features', 'failed', 3)")
    assert differences(con, BUILT)[2] == 0, "that build failed"
    con.execute("insert into ledger.runs values ('features', 'succeeded', 3)")
    assert differences(con, BUILT)[2:] == (2, 0, "river/levels/3.csv")


def node(name: str, parents: list[str], materialized: str = "incremental", **meta) -> dict:
    return {
        "resource_type": "model", "schema": "main", "alias": name, "name": name, "depends_on": {"nodes": parents},
        "config": {"materialized": materialized, "meta": meta}, "original_file_path": f"models/{name}.sql",
    }  # fmt: skip


def test_the_models_that_take_a_source_in_are_read_off_the_lineage() -> None:
    manifest = {
        "sources": {"s": {"source_name": "river", "name": "levels"}, "t": {"source_name": "river", "name": "gauges"}},
        "nodes": {
            "staged": node("staged", ["s"], "view"),
            "clean": node("clean", ["staged"], "view"),
            "lookup": node("lookup", ["t"], "view"),
            "built": node("built", ["clean", "lookup"]),
            "above": node("above", ["built"]),
            "by_hour": node("by_hour", ["staged"], landed_rows="combined"),
            "cohort": node("cohort", ["staged"]),
            "not there": node("not there", ["staged"]),
        },
    }
    numbered = {"landing_number"}
    columns = {("main", name): numbered for name in ("staged", "clean", "built", "above", "by_hour")}
    columns |= {("main", "lookup"): {"gauge"}, ("main", "cohort"): {"gauge"}}
    assert list(takers(manifest, gauges(), columns)) == ["main.built"]
    assert list(takers(manifest, gauges("gauges"), columns)) == []
    manifest["nodes"]["built"]["config"]["meta"] = {"landed_rows": "some"}
    with pytest.raises(AsofError, match=r"models/built\.sql: meta\.landed_rows is 'some'; it must be each or combined"):
        list(takers(manifest, gauges(), columns))


def test_what_an_earlier_version_landed_is_numbered_in_its_order_though_its_clock_stepped_back(con) -> None:
    expected = con.execute(f"select gauge, level, _landing_number from {LANDED} order by all").fetchall()
    con.execute("update ledger.batches set landed_at = '1987-03-09'::timestamp - to_hours(landing_number::int)")
    con.execute(f"update {LANDED} set _landed_at = (select landed_at from ledger.batches where batch_id = _batch_id)")
    con.execute(f"create table built as select gauge, level, _landed_at as landed_at from {LANDED}")
    con.execute(f"alter table {LANDED} drop column _landing_number; update ledger.batches set landing_number = null")
    there = {("landing", "river__levels"): {"_batch_id"}, ("main", "built"): {"landed_at"}}
    assert numbering.unnumbered(there, [("main", "built")])
    con.execute("begin")
    numbering.number(con, [gauges()], {("main", "built"): False, ("main", "not there"): False})
    con.execute("commit")
    assert con.execute("select landing_number, file from ledger.batches order by rowid").fetchall() == [
        (day, f"river/levels/{day}.csv") for day in (1, 2, 3)
    ]
    assert con.execute(f"select gauge, level, _landing_number from {LANDED} order by all").fetchall() == expected
    assert con.execute("select gauge, level, landing_number from built order by all").fetchall() == expected
    there = {("landing", "river__levels"): {"_batch_id", "_landing_number"}, ("main", "built"): {"landing_number"}}
    assert not numbering.unnumbered(there, [("main", "built")])
