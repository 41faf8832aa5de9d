"""Scaled flights are real flights in further years and networks: weekday, hour, keys and order survive."""

from pathlib import Path

import duckdb
import pytest

from benchmarks.flights import YEAR, count, scaled

LOCALLY = "timezone('America/New_York', timezone('UTC', departs_at))"


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # past the second Sunday of March, so that summer time begins inside, a day later in the copy's calendar
    return scaled(2, 2, days=75, work=tmp_path_factory.mktemp("scaled"))


def rows(sql: str) -> list[tuple]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(sql).fetchall()


def test_each_copy_has_every_flight_once(flights: Path) -> None:
    counted = rows(f"select flight_row % 1000, count(*), count(distinct flight_row) from '{flights}' group by all")
    assert len(counted) == 4
    assert len({(n, distinct) for _, n, distinct in counted}) == 1
    assert count(flights) == 4 * counted[0][1]


def test_a_copy_keeps_weekday_and_local_hour(flights: Path) -> None:
    moved = f"""select dayname(a.at) = dayname(b.at) and a.at::time = b.at::time and b.at = a.at + to_days({YEAR})
        from (select flight_row, {LOCALLY} as at from '{flights}') as a
        inner join (select flight_row - 10 as flight_row, {LOCALLY} as at from '{flights}') as b using (flight_row)
        where flight_row % 1000 = 0"""
    # 02:00 to 03:00 does not exist on the morning on which summer time begins: nothing departs then
    assert set(rows(moved)) == {(True,)}


def test_summer_time_is_that_of_the_copys_own_year(flights: Path) -> None:
    # 10 March 2013 is in summer time, its copy of 9 March 2014 too; 9 March 2013 is not, nor is 8 March 2014
    offsets = rows(f"""select distinct year(departs_at), cast({LOCALLY} as date)::varchar,
        datediff('hour', {LOCALLY}, departs_at) from '{flights}'
        where cast({LOCALLY} as date) in ('2013-03-09', '2013-03-10', '2014-03-08', '2014-03-09')
            and hour({LOCALLY}) between 5 and 20""")
    assert {(day, hours) for _, day, hours in offsets} == {
        ("2013-03-09", 5), ("2013-03-10", 4), ("2014-03-08", 5), ("2014-03-09", 4)}  # fmt: skip


def test_networks_share_no_key_and_the_original_has_no_noise(flights: Path) -> None:
    shared = rows(f"""select count(*) from (select tail from '{flights}' where flight_row % 10 = 0)
        where tail in (select tail from '{flights}' where flight_row % 10 = 1)""")
    assert shared == [(0,)]
    noise = rows(f"""select true, b.dep_delay - a.dep_delay from '{flights}' as a
        inner join '{flights}' as b on a.flight_row + 11 = b.flight_row
        where a.flight_row % 1000 = 0 and a.dep_delay is not null""")
    assert {delay for _, delay in noise} == set(range(-5, 6))


def test_nothing_is_known_before_it_departs_by_more_than_its_delay(flights: Path) -> None:
    assert rows(f"select count(*) from '{flights}' where known_at is null or as_of <> departs_at - interval 2 hour") == [(0,)]
