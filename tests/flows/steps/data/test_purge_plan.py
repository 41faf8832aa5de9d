"""What a purge takes for the person's: rows that carry the key, its salted hash, or the key of a record of theirs; no other."""

from __future__ import annotations

import duckdb
import pytest

from checks.landing import LandingSource
from flows.runtime import column_lineage, salt
from flows.steps.data import lineage
from flows.steps.data.purging import plan as planning
from flows.steps.data.purging.plan import Subject, plan
from ml.errors import AsofError

CALLS = ["id", "who", "phone", "town", "known", "_batch_id", "_line", "_landed_at", "_landing_number"]
MODELS = {
    "staging.stg_calls": f"select id, who as customer, {salt.hashed('phone')} as phone, town, known as known_at "
    "from landing.crm__calls",
    "intermediate.int_calls": "select id as call, town, known_at from staging.stg_calls",
    "intermediate.int_people": "select customer, count(*) as calls from staging.stg_calls group by all",
    "intermediate.int_towns": "select town, count(*) as calls, max(customer) as last_customer "
    "from staging.stg_calls group by all",
    "features.ftr_phones": "select phone, min(known_at) as first_known_at from staging.stg_calls group by all",
    "features.ftr_keys": "select cast(customer as varchar) || '/' || town as label, calls "
    "from intermediate.int_people cross join (select distinct town from staging.stg_calls)",
}


@pytest.fixture
def con(monkeypatch: pytest.MonkeyPatch):
    needed = [{"type": "not_null"}]
    columns = [
        {"name": "id", "data_type": "integer", "constraints": needed}, {"name": "who", "data_type": "integer"},
        {"name": "phone", "data_type": "varchar"}, {"name": "town", "data_type": "varchar"},
        {"name": "known", "data_type": "timestamp", "constraints": needed},
    ]  # fmt: skip
    node = {
        "source_name": "crm", "name": "calls", "identifier": "crm__calls", "schema": "landing", "original_file_path": "crm.yml",
        "columns": {one["name"]: one for one in columns},
        "config": {"meta": {"landing": {"path": "crm/calls", "format": "csv", "known_at": "known", "key": ["id"]}}},
    }  # fmt: skip
    source = LandingSource.from_manifest({"sources": {"x": node}})
    monkeypatch.setattr(planning.landing_zone, "sources", lambda: source)
    monkeypatch.setattr(planning.problems, "declared", lambda: [])
    with duckdb.connect() as con:
        con.execute(
            "create schema landing; create schema ledger; create schema staging; "
            "create schema intermediate; create schema features"
        )
        salt.ensure(con)
        con.execute(
            "create table ledger.batches (landing_number bigint, file varchar); "
            "insert into ledger.batches values (1, 'a'), (2, 'b')"
        )
        con.execute(
            "create table landing.crm__calls as select range as id, range % 7 as who, concat('+49 ', range % 7) as phone, "
            "concat('town ', range % 3) as town, timestamp '2026-01-01' as known, 'x' as _batch_id, range as _line, "
            "timestamp '2026-01-01' as _landed_at, 1 + range % 2 as _landing_number from range(42)"
        )
        for name, sql in MODELS.items():
            con.execute(f"create table {name} as {sql}")
        yield con


def known() -> lineage.Lineage:
    shape, traced = {"landing.crm__calls": CALLS}, {}
    for name, sql in MODELS.items():
        traced[name] = column_lineage.columns(sql, shape)
        shape[name] = list(traced[name])
    return lineage.Lineage(traced, {})


def found(con: duckdb.DuckDBPyConnection, column: str, key: str) -> dict[str, int]:
    return {one.name: one.rows for one in plan(con, Subject(None, (f"crm.calls.{column}",), key), known()).places if one.rows}


def test_the_key_and_the_records_of_its_rows_are_found_wherever_they_are_carried(con: duckdb.DuckDBPyConnection) -> None:
    assert found(con, "who", "3") == {
        "landing.crm__calls": 6, "staging.stg_calls": 6, "intermediate.int_calls": 6, "intermediate.int_people": 1,
    }  # fmt: skip


@pytest.mark.parametrize("asked", ["value", "hash"])
def test_who_is_hashed_in_staging_is_found_by_value_and_by_hash(con: duckdb.DuckDBPyConnection, asked: str) -> None:
    ((key,),) = con.execute(f"select {salt.hashed(chr(39) + '+49 3' + chr(39))}").fetchall() if asked == "hash" else [("+49 3",)]
    assert found(con, "phone", key) == {
        "landing.crm__calls": 6, "staging.stg_calls": 6, "intermediate.int_calls": 6, "features.ftr_phones": 1,
    }  # fmt: skip


def test_a_key_that_looks_like_other_values_takes_none_of_them(con: duckdb.DuckDBPyConnection) -> None:
    # 3 is an id and a count, too; 41 is an id and nobody.
    assert found(con, "who", "41") == {} and found(con, "who", "'; drop table landing.crm__calls; --") == {}
    assert con.execute("select count(*) from intermediate.int_calls where call = 3").fetchall() == [(1,)]
    before = con.execute("select count(*) from intermediate.int_people").fetchall()[0][0]
    assert found(con, "who", "6")["intermediate.int_people"] == 1 < before


def test_files_are_counted_and_what_has_the_same_key_under_its_name_elsewhere_is_told(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table staging.by_hand as select 3 as customer from range(5)")
    made = plan(con, Subject(None, ("crm.calls.who",), "3"), known())
    assert made.files == {"a": 3, "b": 3}
    assert made.elsewhere == {"staging.by_hand.customer": 5}


@pytest.mark.parametrize(
    ("column", "told"),
    [("crm.calls.nobody", "declares no column 'nobody'"), ("nobody.calls.who", "no source is declared"), ("who", "''|'who'")],
)
def test_a_column_that_is_not_declared_is_named(con: duckdb.DuckDBPyConnection, column: str, told: str) -> None:
    with pytest.raises(AsofError, match=told):
        plan(con, Subject(None, (column,), "3"), known())


def test_a_computed_key_is_followed_to_the_landed_rows() -> None:
    sql = {
        "staging.stg_legs": "select concat(carrier, '/', leg) as leg_id, known as known_at from landing.air__legs",
        "problems.late__cohort": "select leg_id, known_at as as_of from staging.stg_legs",
    }
    shape, traced = {"landing.air__legs": ["carrier", "leg", "known"]}, {}
    for name, one in sql.items():
        traced[name] = column_lineage.columns(one, shape)
        shape[name] = list(traced[name])
    columns, landed = set(), set()
    lineage.Lineage(traced, {})._above(("problems.late__cohort", "leg_id"), columns, landed)
    ((relation, expression),) = landed
    with duckdb.connect() as con:
        con.execute("create schema landing; create table landing.air__legs as select 'AA' as carrier, 7 as leg, now() as known")
        assert relation == "landing.air__legs"
        assert con.execute(f"select {expression} from {relation}").fetchall() == [("AA/7",)]
