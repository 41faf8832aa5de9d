"""Landing real files into a real DuckDB: what lands, what is quarantined, what is refused, and that nothing is lost."""

import dataclasses
import gzip
import json
import os
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.landing import LandingSource
from flows.steps.data.landing.landing import LandingRefused, land, land_all
from flows.steps.data.verifying import verify_landed
from ml.errors import AsofError
from tests.gauges import gauges
from tests.gauges import put as put_gauges

CLOCK = datetime(2013, 7, 2)
HEADER = "visit,shop,amount,reported_at"


def source(table="visits", *, ending="csv", share=0.5, path=None) -> LandingSource:
    needed = [{"type": "not_null"}]
    columns = [
        {"name": "visit", "data_type": "integer", "constraints": needed},
        {
            "name": "shop",
            "data_type": "varchar",
            "config": {"meta": {"accepted": {"values": ["north", "south", "a\nb"]}}},
        },
        {"name": "amount", "data_type": "double", "config": {"meta": {"accepted": {"min": 0}}}},
        {"name": "reported_at", "data_type": "timestamp", "constraints": needed},
    ]
    declared = {
        "path": path or f"shop/{table}",
        "format": ending,
        "null": "NA",
        "key": ["visit"],
        "known_at": "reported_at",
    }
    node = {
        "source_name": "shop", "name": table, "identifier": f"shop__{table}", "schema": "landing",
        "original_file_path": "shop.yml", "columns": {one["name"]: one for one in columns},
        "config": {"meta": {"landing": {**declared, "max_rejected_share": share}}},
    }  # fmt: skip
    return LandingSource.from_manifest({"sources": {"x": node}})[0]


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "shop" / "visits").mkdir(parents=True)
    return tmp_path


def row(visit, shop="north", amount="1.5", at="2013-07-01T05:00:00Z") -> str:
    return f"{visit},{shop},{amount},{at}"


def put(folder: Path, *lines: str, name="1.csv", header=HEADER) -> Path:
    path = folder / "shop" / "visits" / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def ask(con, sql):
    return con.execute(sql).fetchall()


def landed(con):
    return ask(con, "select visit, shop, amount, _line from landing.shop__visits order by visit")


def quarantined(con):
    return ask(con, "select line, column_name, reason, raw from ledger.quarantine order by all")


def refused(con, folder, declared=None) -> str:
    """The message of a landing that must be refused, after checking that it changed nothing, in tables or folder."""
    before = sorted(path for path in folder.rglob("*") if path.is_file())
    with pytest.raises(LandingRefused) as error:
        land(con, declared or source(), folder, CLOCK)
    assert "\n" not in str(error.value)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == before
    assert ask(con, "select count(*) from ledger.batches") == [(0,)]
    assert ask(con, "select count(*) from landing.shop__visits") == [(0,)]
    return str(error.value)


def test_a_file_lands_with_its_batch(con, folder):
    path = put(folder, row(1), row(2, "NA", "NA", "2013-07-01T06:00:00Z"))
    seen = []
    (batch,) = land(con, source(), folder, CLOCK, seen.append)
    assert seen == [batch]
    assert landed(con) == [(1, "north", 1.5, 2), (2, None, None, 3)]
    assert (batch.source, batch.file, batch.bytes) == (
        "shop.visits",
        "shop/visits/1.csv",
        path.stat().st_size,
    )
    assert (batch.rows_received, batch.rows_loaded, batch.rows_quarantined) == (2, 2, 0)
    assert (batch.known_from, batch.known_through) == (datetime(2013, 7, 1, 5), datetime(2013, 7, 1, 6))
    assert ask(con, "select distinct _batch_id, _landed_at from landing.shop__visits") == [(batch.batch_id, batch.landed_at)]
    assert ask(con, "select batch_id, landed_as_of from ledger.batches") == [(batch.batch_id, CLOCK)]


def test_the_table_exists_before_the_first_file(con, folder):
    assert land(con, source(), folder, CLOCK) == []
    assert landed(con) == []


def test_reordered_columns_are_loaded_by_name(con, folder):
    put(folder, "2013-07-01T05:00:00Z,2.5,south,7", header="reported_at,amount,shop,visit")
    land(con, source(), folder, CLOCK)
    assert landed(con) == [(7, "south", 2.5, 2)]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("visit,shop,amount", "shop/visits/1.csv lacks column reported_at"),
        (HEADER + ",tip", "has undeclared column tip"),
        ("visit,store,amount,reported_at", "lacks column shop and has undeclared column store"),
        (HEADER + ",shop", "repeats column shop"),
    ],
)
def test_a_header_that_differs_is_refused_by_column(con, folder, header, message):
    put(folder, row(1), header=header)
    assert message in refused(con, folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1.csv is empty"),
        (b"<!DOCTYPE html>\n<html><body>502</body></html>\n", "1.csv is an HTML or XML page"),
        (HEADER.encode() + b"\n", "1.csv has a header and no rows"),
        (HEADER.encode(), "1.csv has a header and no rows"),
        (HEADER.encode() + b'\n1,"north,1.5,2013-07-01\n2,south,1,2013-07-01\n', "1.csv is refused"),
    ],
)
def test_what_is_no_such_file_is_refused(con, folder, content, message):
    (folder / "shop/visits/1.csv").write_bytes(content)
    assert message in refused(con, folder)


def test_a_missing_folder_or_file_is_refused(con, folder):
    assert "shop/sales of shop.visits is missing" in refused(con, folder, source(path="shop/sales"))
    assert "shop/visits/all.csv of shop.visits is missing" in refused(con, folder, source(path="shop/visits/all.csv"))


def test_a_file_under_a_strange_name_is_not_passed_over(con, folder):
    put(folder, row(1), name="1.CSV")
    assert "shop/visits/1.CSV is not named *.csv" in refused(con, folder)


def test_an_unfinished_file_is_left_alone(con, folder):
    put(folder, row(1), name=".1.csv.part")
    assert land(con, source(), folder, CLOCK) == []


def test_a_name_that_a_glob_would_read_is_a_name(con, folder):
    put(folder, row(1), name="a[1]*'.csv")
    put(folder, row(2), name="a1.csv")
    assert [batch.rows_loaded for batch in land(con, source(), folder, CLOCK)] == [1, 1]


def test_bad_gzip_is_refused_and_good_gzip_lands(con, folder):
    declared, path = source(ending="csv.gz"), folder / "shop/visits/1.csv.gz"
    whole = gzip.compress((HEADER + "\n" + "\n".join(row(n) for n in range(500)) + "\n").encode())
    path.write_bytes(whole[: len(whole) // 2])
    assert "1.csv.gz is damaged gzip" in refused(con, folder, declared)
    path.write_bytes(whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:])
    assert "CRC" in refused(con, folder, declared)
    path.write_bytes(whole)
    assert land(con, declared, folder, CLOCK)[0].rows_loaded == 500


def test_lines_that_cannot_be_read_are_quarantined_with_their_raw_text(con, folder):
    put(
        folder,
        row(1),
        "x,north,1,2013-07-01T05:00:00Z",
        "3,north",
        row(4),
        "5,north,y,2013-13-01",
        row(6),
        row(7),
        row(8),
    )
    (batch,) = land(con, source(), folder, CLOCK)
    assert (batch.rows_received, batch.rows_loaded, batch.rows_quarantined) == (8, 5, 3)
    assert [(line, column, raw) for line, column, _, raw in quarantined(con)] == [
        (3, "visit", "x,north,1,2013-07-01T05:00:00Z"),
        (4, None, "3,north"),
        (6, "amount", "5,north,y,2013-13-01"),
        (6, "reported_at", "5,north,y,2013-13-01"),
    ]
    assert quarantined(con)[0][2] == "'x' is not an integer; expected a whole number such as 42, from -2147483648 to 2147483647"
    assert [line for *_, line in landed(con)] == [2, 5, 7, 8, 9]


def test_lines_are_those_of_the_file_where_records_span_several_or_are_blank(con, folder):
    put(
        folder,
        '1,"a\nb",1,2013-07-01T05:00:00Z',
        "x,north,1,2013-07-01T05:00:00Z",
        "",
        row(4),
        '"5","a\nb",-1,2013-07-01T05:00:00Z',
        row(6),
        row(7),
    )
    (batch,) = land(con, source(), folder, CLOCK)
    assert (batch.rows_received, batch.rows_loaded) == (6, 4)
    assert [(visit, line) for visit, _, _, line in landed(con)] == [(1, 2), (4, 6), (6, 9), (7, 10)]
    assert [(line, raw) for line, _, _, raw in quarantined(con)] == [
        (4, "x,north,1,2013-07-01T05:00:00Z"),
        (7, '"5","a\nb",-1,2013-07-01T05:00:00Z'),
    ]


def test_windows_line_ends_and_a_byte_order_mark_are_fine(con, folder):
    content = "\ufeff" + "\r\n".join([HEADER, row(1), row("x"), row(3)]) + "\r\n"
    (folder / "shop/visits/1.csv").write_bytes(content.encode())
    assert land(con, source(), folder, CLOCK)[0].rows_loaded == 2
    assert [(line, raw) for line, _, _, raw in quarantined(con)] == [(3, row("x"))]


def test_bytes_that_are_not_utf8_are_quarantined(con, folder):
    path = put(folder, row(1), row(2, "M"), row(3))
    path.write_bytes(path.read_bytes().replace(b"M", b"\xff\xfe"))
    assert land(con, source(), folder, CLOCK)[0].rows_loaded == 2
    assert [line for line, *_ in quarantined(con)] == [3]


def test_rows_that_break_the_declaration_are_quarantined(con, folder):
    put(folder, row(1), row("NA"), row(3, "west"), row(4, amount="-1"), row(5, at="2013-07-02T00:00:00Z"), row(1),
        *[row(n) for n in range(10, 20)])  # fmt: skip
    (batch,) = land(con, source(), folder, CLOCK)
    assert (batch.rows_received, batch.rows_loaded, batch.rows_quarantined) == (16, 11, 5)
    assert [found[:3] for found in quarantined(con)] == [
        (3, "visit", "is null; expected a value"),
        (4, "shop", "'west' is none of north, south, a\nb"),
        (5, "amount", "'-1' is less than 0"),
        (6, "reported_at", "is not before the clock, 2013-07-02 00:00:00"),
        (7, "visit", "the key is repeated in the file"),
    ]


def test_a_key_that_is_landed_already_is_quarantined(con, folder):
    put(folder, row(1), row(2))
    land(con, source(), folder, CLOCK)
    put(folder, row(2, "south"), row(3), name="2.csv")
    land(con, source(), folder, CLOCK)
    assert [visit for visit, *_ in landed(con)] == [1, 2, 3]
    assert [(line, reason) for line, _, reason, _ in quarantined(con)] == [(2, "the key is landed already")]


def test_one_bad_row_in_a_hundred_is_quarantined_and_two_refuse_the_batch(con, folder):
    declared = source(share=0.01)
    put(folder, row("x"), row("y"), *[row(n) for n in range(98)])
    message = refused(con, folder, declared)
    assert "2 of 100 rows are bad, more than the declared share of 0.01; the first is line 2, column visit" in message
    assert quarantined(con) == []
    put(folder, row("x"), *[row(n) for n in range(99)])
    assert land(con, declared, folder, CLOCK)[0].rows_quarantined == 1


def test_a_single_bad_line_refuses_no_file_however_small_unless_none_may_be_bad(con, folder):
    put(folder, row("x"), *[row(n) for n in range(44)])
    assert "1 of 45 rows are bad" in refused(con, folder, source(share=0))
    assert land(con, source(share=0.01), folder, CLOCK)[0].rows_quarantined == 1
    put(folder, row(100), row("y"), row("z"), name="2.csv")
    with pytest.raises(LandingRefused, match=r"2 of 3 rows are bad, more than the declared share of 0\.01"):
        land(con, source(share=0.01), folder, CLOCK)
    put(folder, row("y"), name="2.csv")
    assert land(con, source(share=0.01), folder, CLOCK)[0].rows_quarantined == 1, "a file of a single line holds a single slip"


def test_the_same_batch_delivered_again_changes_nothing(con, folder):
    path = put(folder, row(1), row("x"))
    land(con, source(), folder, CLOCK)
    before = landed(con), quarantined(con), ask(con, "from ledger.batches")
    put(folder, row(1), row("x"), name="copy.csv")
    os.utime(path, ns=(1, 1))
    assert land(con, source(), folder, CLOCK) == []
    assert (landed(con), quarantined(con), ask(con, "from ledger.batches")) == before


def test_a_landed_file_that_did_not_change_is_not_read_again(con, folder):
    path = put(folder, row(1))
    land(con, source(), folder, CLOCK)
    stat = path.stat()
    path.write_bytes(b"\0" * stat.st_size)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert land(con, source(), folder, CLOCK) == []


def test_a_landed_file_with_other_content_is_refused_and_noted_once(con, folder):
    put(folder, row(1))
    land(con, source(), folder, CLOCK)
    put(folder, row(1), row(2))
    for _ in range(2):
        with pytest.raises(AsofError, match=r"shop/visits/1\.csv has changed after it was landed.*restore it"):
            land(con, source(), folder, CLOCK)
    assert [visit for visit, *_ in landed(con)] == [1]
    assert [line for line, *_ in quarantined(con)] == [None]


def test_a_flipped_bit_that_left_size_and_time_alone_is_found_by_verifying(con, folder):
    path = put(folder, row(1))
    land(con, source(), folder, CLOCK)
    assert verify_landed(con, folder) == 1
    stat, content = path.stat(), bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(AsofError, match=r"shop/visits/1\.csv has changed"):
        verify_landed(con, folder)
    assert [line for line, *_ in quarantined(con)] == [None]


def test_a_bad_file_keeps_no_other_from_landing_and_all_bad_ones_are_named(con, folder):
    put(folder, row(1), name="0.csv", header="a,b")
    put(folder, row(2), name="1.csv")
    (folder / "shop/sales").mkdir()
    (folder / "shop/sales/1.csv").write_text(f"{HEADER}\n{row(3)}\n")
    declared = [source(), source("returns"), source("sales")]
    with pytest.raises(LandingRefused, match=r"0\.csv lacks.*; shop/returns of shop\.returns is missing") as error:
        land_all(con, declared, folder, CLOCK)
    assert [batch.file for batch in error.value.batches] == ["shop/visits/1.csv", "shop/sales/1.csv"]
    assert len(error.value.refusals) == 2
    assert ask(con, "select count(*) from ledger.batches") == [(2,)]


def test_a_failure_while_writing_leaves_nothing(con, folder):
    put(folder, row(1), row("x"))
    con.execute("drop table ledger.quarantine")
    with pytest.raises(duckdb.CatalogException):
        land(con, source(), folder, CLOCK)
    assert landed(con) == []
    assert ask(con, "select count(*) from ledger.batches") == [(0,)]


def test_a_table_of_another_shape_is_refused(con, folder):
    con.execute("create schema landing; create table landing.shop__visits (visit integer)")
    with pytest.raises(AsofError, match=r"landing\.shop__visits has columns visit, but shop\.yml declares"):
        land(con, source(), folder, CLOCK)


def test_parquet_lands_and_what_does_not_cast_is_quarantined(con, folder):
    at = [datetime(2013, 7, 1)] * 4
    table = pa.table({"reported_at": at, "visit": ["1", "x", "3", "4"], "shop": ["north"] * 4, "amount": [1, 2, -3, None]})
    pq.write_table(table, folder / "shop/visits/1.parquet", write_page_checksum=True)
    assert land(con, source(ending="parquet"), folder, CLOCK)[0].rows_loaded == 2
    assert [visit for visit, *_ in landed(con)] == [1, 4]
    assert [found[:3] for found in quarantined(con)] == [
        (2, "visit", "'x' is not an integer; expected a whole number such as 42, from -2147483648 to 2147483647"),
        (3, "amount", "'-3' is less than 0"),
    ]


def test_a_flipped_bit_in_a_parquet_page_is_refused(con, folder):
    count = 1000
    table = pa.table({"visit": range(count), "shop": ["north"] * count, "amount": [1.0] * count,
                      "reported_at": [datetime(2013, 7, 1)] * count})  # fmt: skip
    path = folder / "shop/visits/1.parquet"
    pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    assert "1.parquet is no readable parquet" in refused(con, folder, source(ending="parquet"))
    path.write_bytes(b"<html>")
    assert "1.parquet is no readable parquet" in refused(con, folder, source(ending="parquet"))


def test_jsonl_lands_and_odd_lines_are_quarantined(con, folder):
    good = {"visit": 1, "shop": "NA", "amount": 2.5, "reported_at": "2013-07-01T05:00:00Z"}
    lines = [good, {**good, "visit": 2, "shop": None}, {**good, "visit": "x"}, {"visit": 4}, [1]]
    text = "\n".join(json.dumps(line) for line in lines) + "\n{broken\n"
    (folder / "shop/visits/1.jsonl").write_text(text)
    (batch,) = land(con, source(ending="jsonl", share=0.9), folder, CLOCK)
    assert (batch.rows_received, batch.rows_loaded, batch.rows_quarantined) == (6, 2, 4)
    assert landed(con) == [(1, None, 2.5, 1), (2, None, 2.5, 2)]
    assert [(line, column) for line, column, *_ in quarantined(con)] == [
        (3, "visit"),
        (4, None),
        (5, None),
        (6, None),
    ]


def test_jsonl_with_other_keys_is_refused_by_column(con, folder):
    (folder / "shop/visits/1.jsonl").write_text('{"visit": 1, "store": "north"}\n')
    assert "lacks column shop, amount, reported_at and has undeclared column store" in refused(
        con, folder, source(ending="jsonl")
    )


@pytest.mark.parametrize("form", [None, "%d.%m.%Y %H:%M"])
def test_a_time_that_clocks_left_out_is_told_so(con, folder, form):
    declared = gauges(timezone="Europe/Berlin", max_rejected_share=1.0)
    at = declared.columns[2]
    declared = dataclasses.replace(
        declared, columns=(*declared.columns[:2], dataclasses.replace(at, written=dataclasses.replace(at.written, format=form)))
    )
    skipped, there = ("29.03.1987 02:30", "29.03.1987 03:30") if form else ("1987-03-29 02:30:00", "1987-03-29 03:30:00")
    put_gauges(folder, "a.csv", [["a", "1", skipped], ["a", "2", there], ["a", "3", "29-03-1987"]])
    land(con, declared, folder, datetime(1987, 4, 1))
    assert [str(one) for (one,) in ask(con, "select read_at from landing.river__levels")] == ["1987-03-29 01:30:00"]
    (_, _, why, _), (_, _, other, _) = quarantined(con)
    assert why == f"'{skipped}' is no time in Europe/Berlin: clocks were put forward over it; write it with its offset"
    assert "is not a timestamp" in other
