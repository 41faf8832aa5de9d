"""Files without a person, of every format: each other record stays byte by byte, the file lands as that of before, less one."""

from __future__ import annotations

import gzip
import io
import json
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.landing import LandingSource
from flows.runtime import salt
from flows.steps.data.landing.landed import recorded
from flows.steps.data.landing.landing import LandingRefused, land
from flows.steps.data.purging import files
from flows.steps.data.purging.plan import Place, Plan
from flows.steps.data.verifying import verify_landed
from flows.store import purges
from ml.errors import AsofError
from tests.flows.steps.data.landed import LEDGER

CLOCK = datetime(2026, 2, 1)
PURGES = (
    "create table ledger.purges (purge_id varchar, as_of timestamp, purged_at timestamp, by_whom varchar, reason varchar, "
    "subject varchar, key_hash varchar, place varchar, expression varchar, landing_number bigint, run_id varchar, rows bigint, "
    "models varchar)"
)
HEADER = b'id,"who",said,known\r\n'
RECORDS = {
    1: b'1,ann,"two\nlines, and ""quotes""",2026-01-01T00:00:00Z\r\n',
    3: b"2,bob,x,2026-01-01T00:00:00Z\r\n",
    4: b"\r\n",
    5: b'3,"bob","y\n\nz",2026-01-02T00:00:00Z\r\n',
    8: b"4,bobby,x,2026-01-03T00:00:00Z\r\n",
    9: b"5,ann,bob,2026-01-03T00:00:00Z",
}
KEPT = HEADER + RECORDS[1] + RECORDS[8] + RECORDS[9]
ROWS = [(1, "ann"), (2, "bob"), (3, "bob"), (4, "bobby"), (5, "ann")]


def source(ending: str, key: bool = True) -> LandingSource:
    needed = [{"type": "not_null"}]
    columns = [
        {"name": "id", "data_type": "integer", "constraints": needed}, {"name": "who", "data_type": "varchar"},
        {"name": "said", "data_type": "varchar"}, {"name": "known", "data_type": "timestamp", "constraints": needed},
    ]  # fmt: skip
    landing = {
        "path": "crm/calls",
        "format": ending,
        "known_at": "known",
        "max_rejected_share": 0,
        **({"key": ["id"]} if key else {}),
    }
    node = {
        "source_name": "crm", "name": "calls", "identifier": "crm__calls", "schema": "landing", "original_file_path": "crm.yml",
        "columns": {one["name"]: one for one in columns}, "config": {"meta": {"landing": landing}},
    }  # fmt: skip
    return LandingSource.from_manifest({"sources": {"x": node}})[0]


def written(ending: str) -> bytes:
    said = [{"id": number, "who": who, "said": "x", "known": "2026-01-01T00:00:00Z"} for number, who in ROWS]
    if ending.startswith("csv"):
        text = HEADER + b"".join(RECORDS.values())
        return gzip.compress(text) if ending == "csv.gz" else text
    if ending == "jsonl":
        return b"\n\n".join(json.dumps(one).encode() for one in said)
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(said), out)
    return out.getvalue()


def whom(content: bytes, ending: str) -> list[tuple]:
    if ending.startswith("csv"):
        text = gzip.decompress(content) if ending == "csv.gz" else content
        assert text == KEPT
        return [(1, "ann"), (4, "bobby"), (5, "ann")]
    if ending == "jsonl":
        return [(one["id"], one["who"]) for one in map(json.loads, filter(None, content.split(b"\n")))]
    return [(one["id"], one["who"]) for one in pq.read_table(io.BytesIO(content)).to_pylist()]


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        con.execute(PURGES)
        salt.ensure(con)
        con.execute("create temp table purged_values as select 'bob' as value")
        yield con


def purge(con: duckdb.DuckDBPyConnection, one: LandingSource, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    monkeypatch.setenv("ASOF_LANDING", str(folder))
    monkeypatch.setattr(files.landing_zone, "sources", lambda: [one])
    place = Place(one.relation, 'cast("who" as varchar) in (select value from temp.purged_values)', ('"who"',))
    con.execute(f"delete from {one.relation} where who = 'bob'")
    con.execute(
        "insert into ledger.purges (purge_id, as_of, place, expression, key_hash, rows) "
        f"select 'p', ?, '{one.relation}', '\"who\"', {salt.recorded(chr(39) + 'bob' + chr(39))}, 0", [CLOCK],
    )  # fmt: skip
    return files.rewrite(con, Plan(None, (place,), {}, (), (), (), {}))


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "parquet"])
def test_only_the_records_of_the_person_are_left_out(con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    one, file = source(ending), tmp_path / "crm" / "calls" / f"a.{ending}"
    file.parent.mkdir(parents=True)
    file.write_bytes(written(ending))
    before = file.read_bytes()
    land(con, one, tmp_path, CLOCK)
    assert purge(con, one, tmp_path, monkeypatch) == {f"crm/calls/a.{ending}": 2}
    assert whom(file.read_bytes(), ending) == [(1, "ann"), (4, "bobby"), (5, "ann")]
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    # Verifying and landing take it for what landed; said again, there is nothing to do.
    assert verify_landed(con, tmp_path, CLOCK) == 1
    assert land(con, one, tmp_path, CLOCK) == []
    assert purge(con, one, tmp_path, monkeypatch) == {}
    # What it was before has landed, too, under whatever name.
    (file.parent / f"b.{ending}").write_bytes(before)
    assert land(con, one, tmp_path, CLOCK) == []
    assert con.execute(f"select id, who from {one.relation} order by id").fetchall() == [(1, "ann"), (4, "bobby"), (5, "ann")]
    file.write_bytes(before)
    with pytest.raises(LandingRefused, match="has changed after it was landed"):
        land(con, one, tmp_path, CLOCK)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("key", [True, False])
def test_in_a_new_warehouse_the_person_does_not_land_and_the_file_is_not_refused_for_it(
    con, tmp_path: Path, ending: str, key: bool
) -> None:
    one, file = source(ending, key), tmp_path / "crm" / "calls" / f"a.{ending}"
    file.parent.mkdir(parents=True)
    file.write_bytes(written(ending))
    con.execute(
        "insert into ledger.purges (purge_id, as_of, place, expression, key_hash, rows) "
        f"select 'p', timestamp '2026-01-02', '{one.relation}', '\"who\"', {salt.recorded(chr(39) + 'bob' + chr(39))}, 0"
    )
    (batch,) = land(con, one, tmp_path, CLOCK)
    # The record of 2 January was not known before that day: who comes anew is new.
    late = [(3,)] if ending == "csv" else []
    assert con.execute(f"select id from {one.relation} where who = 'bob'").fetchall() == late
    assert batch.rows_loaded + batch.rows_quarantined == batch.rows_received == 5
    found = con.execute("select distinct raw, reason from ledger.quarantine").fetchall()
    assert found == [(None, purges.REASON)]


def test_a_file_of_nobody_else_is_removed(con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, file = source("csv"), tmp_path / "crm" / "calls" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(HEADER + RECORDS[3] + RECORDS[5])
    land(con, one, tmp_path, CLOCK)
    assert purge(con, one, tmp_path, monkeypatch) == {"crm/calls/a.csv": 2}
    assert list(file.parent.iterdir()) == [] and verify_landed(con, tmp_path, CLOCK) == 0
    assert recorded(con)["crm.calls"]["crm/calls/a.csv"][1] == len(HEADER + RECORDS[3] + RECORDS[5])


def test_a_line_that_is_no_record_goes_by_its_text_and_a_file_that_cannot_be_read_is_named(
    con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, file = source("csv"), tmp_path / "crm" / "calls" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(HEADER + RECORDS[8])
    land(con, one, tmp_path, CLOCK)
    file.write_bytes(HEADER + RECORDS[8] + b"7,bob\r\n8,bobby\r\n")
    assert purge(con, one, tmp_path, monkeypatch) == {"crm/calls/a.csv": 1}
    assert file.read_bytes() == HEADER + RECORDS[8] + b"8,bobby\r\n"
    file.write_bytes(b'id,who,said,known\n1,"bob')
    with pytest.raises(AsofError, match=r"a\.csv .*whether it holds the person cannot be said"):
        purge(con, one, tmp_path, monkeypatch)
