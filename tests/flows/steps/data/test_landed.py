"""What a landing leaves: numbers that only grow, and no batch twice in whatever bytes. Gauges of a river, without a key."""

from __future__ import annotations

import csv
import gzip
import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.steps.data import verifying
from flows.steps.data.landing import landed
from flows.steps.data.landing.landing import LandingRefused, land
from ml.errors import AsofError
from tests.flows.steps.data.landed import LEDGER
from tests.gauges import CLOCK, ROWS, gauges, put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for table in ("levels", "flows"):
        (tmp_path / "river" / table).mkdir(parents=True)
    return tmp_path


def count(con: duckdb.DuckDBPyConnection) -> int:
    return con.execute("select count(*) from landing.river__levels").fetchall()[0][0]


def test_numbers_grow_over_all_sources_while_the_clock_steps_back(con, folder, monkeypatch) -> None:
    now = datetime(1987, 3, 1, 12)

    class Clock(datetime):
        @classmethod
        def now(cls, zone):
            return now

    monkeypatch.setattr(landed, "datetime", Clock)
    batches = []
    for hour, table in enumerate(["levels", "flows", "levels", "levels"]):
        now = datetime(1987, 3, 1, 12 - 2 * hour)  # each landing is two hours before the last one
        put(folder, f"{hour}.csv", [["a", str(hour), "1987-02-01T06:00:00Z"]], table)
        batches += land(con, gauges(table), folder, CLOCK)
    assert [one.landing_number for one in batches] == [1, 2, 3, 4]
    assert sorted(one.landed_at for one in batches) == [one.landed_at for one in reversed(batches)]
    found = con.execute("select _landing_number from landing.river__levels order by all").fetchall()
    assert found == [(1,), (3,), (4,)]


def test_a_landing_that_fails_takes_no_number(con, folder) -> None:
    put(folder, "1.csv", ROWS)
    land(con, gauges(), folder, CLOCK)
    put(folder, "2.csv", [["a", "x", "never"]])
    with pytest.raises(LandingRefused):
        land(con, gauges(max_rejected_share=0), folder, CLOCK)
    put(folder, "2.csv", [["a", "1", "1987-02-03T06:00:00Z"]])
    assert [one.landing_number for one in land(con, gauges(), folder, CLOCK)] == [2]


STYLES = [{"quoting": csv.QUOTE_ALL}, {"lineterminator": "\r\n"}, {"quoting": csv.QUOTE_NONNUMERIC}, {}]


@pytest.mark.parametrize("style", STYLES)
def test_the_same_rows_in_other_bytes_are_refused_and_the_earlier_file_is_named(con, folder, style) -> None:
    put(folder, "1.csv", ROWS)
    land(con, gauges(), folder, CLOCK)
    put(folder, "again.csv", ROWS[::-1], **style)
    with pytest.raises(LandingRefused, match=r"again\.csv holds the very rows of river/levels/1\.csv.*`repeats: true` in river"):
        land(con, gauges(), folder, CLOCK)
    assert count(con) == 3
    assert con.execute("select count(*) from ledger.batches").fetchall() == [(1,)]


def test_other_bytes_of_a_compressed_file_are_the_same_rows(con, folder) -> None:
    declared = gauges(format="csv.gz")
    for name, level in (("1.csv", 1), ("2.csv", 9)):
        path = put(folder, name, ROWS)
        path.with_name(f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), level))
        path.unlink()
    with pytest.raises(LandingRefused, match=r"2\.csv\.gz holds the very rows"):
        land(con, declared, folder, CLOCK)


def test_where_the_same_rows_may_come_again_they_land(con, folder) -> None:
    put(folder, "1.csv", ROWS)
    put(folder, "2.csv", ROWS[::-1])
    assert len(land(con, gauges(repeats=True), folder, CLOCK)) == 2
    with pytest.raises(AsofError, match=r"river\.yml.*repeats is 'often'"):
        gauges(repeats="often")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6), st.randoms())
def test_any_order_of_the_rows_is_the_same_batch_and_any_other_number_of_one_is_not(
    tmp_path: Path, drawn: list[tuple[str, int, int]], chance: random.Random
) -> None:
    start = datetime(1987, 2, 1)
    rows = [[gauge, str(level), (start + timedelta(hours=hour)).isoformat()] for gauge, level, hour in drawn]
    other = [*rows[1:], rows[chance.randrange(len(rows))]]
    (tmp_path / "river" / "levels").mkdir(parents=True, exist_ok=True)
    for old in (tmp_path / "river" / "levels").iterdir():
        old.unlink()
    with duckdb.connect() as con:
        con.execute(LEDGER)
        put(tmp_path, "1.csv", rows)
        land(con, gauges(), tmp_path, CLOCK)
        put(tmp_path, "2.csv", other, quoting=csv.QUOTE_ALL)
        if sorted(other) == sorted(rows):
            with pytest.raises(LandingRefused, match="the very rows"):
                land(con, gauges(), tmp_path, CLOCK)
        else:
            assert len(land(con, gauges(), tmp_path, CLOCK)) == 1


def test_a_file_whose_time_alone_is_another_is_read_once_and_is_no_fault(con, folder) -> None:
    path = put(folder, "1.csv", ROWS)
    land(con, gauges(), folder, CLOCK)
    path.touch()
    for part in (2, 3):
        assert verifying.look_at_files(con, folder, CLOCK, part) == []
    assert con.execute("select is_as_landed, modified_ns from ledger.file_checks").fetchall() == [(True, path.stat().st_mtime_ns)]


def test_a_changed_file_is_found_told_once_and_found_again_when_it_is_restored(con, folder) -> None:
    path = put(folder, "1.csv", ROWS)
    land(con, gauges(), folder, CLOCK)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1.25", b"1.26"))
    for part in (2, 3):
        assert [line[:40] for line in verifying.look_at_files(con, folder, CLOCK, part)] == [
            "river/levels/1.csv has changed after it "
        ]
    path.write_bytes(content)
    assert verifying.look_at_files(con, folder, CLOCK, 4) == []
    assert con.execute("select is_as_landed from ledger.file_checks order by number").fetchall() == [(False,), (True,)]
    path.unlink()
    assert verifying.look_at_files(con, folder, CLOCK, 5) == []


def test_a_bit_that_flips_unseen_is_found_within_seven_looks(con, folder) -> None:
    for day in range(1, 10):
        put(folder, f"{day}.csv", [["a", str(day), f"1987-02-0{day}T06:00:00Z"]])
    land(con, gauges(), folder, CLOCK)
    path = folder / "river/levels/5.csv"
    stat, content = path.stat(), bytearray(path.read_bytes())
    content[-4] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    found = [bool(verifying.look_at_files(con, folder, CLOCK, part)) for part in range(1, 8)]
    assert any(found)
    assert found == sorted(found), "what is found stays found"
