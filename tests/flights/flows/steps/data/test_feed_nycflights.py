"""The year of flights, taken apart by what was known when."""

import csv
from datetime import datetime, timedelta

import pytest

from flows.steps.data.feeds import feed
from ml.errors import AsofError

DAY = datetime(2013, 7, 1), datetime(2013, 7, 2)


@pytest.fixture(scope="module")
def flights():
    return feed("nycflights")


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def of(paths, table):
    return next(read(path) for path in paths if path.parent.name == table)


def find(rows, flight_date, carrier, flight):
    return next(row for row in rows if (row["flight_date"], row["carrier"], row["flight"]) == (flight_date, carrier, flight))


def test_the_feed_begins_with_the_schedule_of_the_first_day(flights):
    assert flights.first == datetime(2012, 12, 31, 18)
    assert datetime(2014, 1, 1) < flights.last < datetime(2014, 1, 2)


def test_every_row_stands_in_the_file_of_the_window_that_holds_its_report(flights, tmp_path):
    paths = flights.drop(tmp_path, *DAY)
    assert {path.parent.name for path in paths} >= {
        "schedules",
        "departures",
        "arrivals",
        "cancellations",
        "weather",
    }
    for path in paths:
        assert path.name == "2013-07-02T00_24h.csv"
        times = [row["reported_at"] for row in read(path)]
        assert times == sorted(times)
        assert all("2013-07-01T00:00:00Z" <= at < "2013-07-02T00:00:00Z" for at in times)


def test_hours_hold_together_what_their_day_holds(flights, tmp_path):
    day = flights.drop(tmp_path / "day", *DAY)
    hours = [DAY[0] + timedelta(hours=hour) for hour in range(24)]
    small = [path for at in hours for path in flights.drop(tmp_path / "hours", at, at + timedelta(hours=1))]
    for table in {path.parent.name for path in day}:
        rows = [row for path in small if path.parent.name == table for row in read(path)]
        assert rows == of(day, table)


def test_nothing_that_happens_later_is_on_disk(flights, tmp_path):
    paths = flights.drop(tmp_path, flights.first, flights.first + timedelta(hours=1))
    assert [path.parent.name for path in paths] == ["schedules"]
    (schedule,) = paths
    assert {row["flight_date"] for row in read(schedule)} == {"2013-01-01"}
    assert sorted(path.parent.name for path in tmp_path.rglob("*.csv")) == ["schedules"]


def test_a_departure_is_known_when_it_happens_and_an_arrival_on_its_own_clock(flights, tmp_path):
    paths = flights.drop(tmp_path, datetime(2013, 1, 1), datetime(2013, 1, 2))
    # UA 1545: due 5:15, left 5:17 in New York; reached Houston at 8:30, an hour behind.
    assert find(of(paths, "departures"), "2013-01-01", "UA", "1545")["reported_at"] == "2013-01-01T10:17:00Z"
    assert find(of(paths, "arrivals"), "2013-01-01", "UA", "1545")["reported_at"] == "2013-01-01T14:30:00Z"


def test_an_arrival_after_the_night_the_clock_went_back_is_an_hour_of_that_zone(flights, tmp_path):
    paths = flights.drop(tmp_path, datetime(2013, 11, 4), datetime(2013, 11, 5))
    # B6 527: left 21:29, 148 minutes in the air, at the gate at 0:01 on 4 November, then 5 hours behind UTC.
    assert find(of(paths, "arrivals"), "2013-11-03", "B6", "527")["reported_at"] == "2013-11-04T05:01:00Z"


def test_puerto_rico_has_a_zone_though_the_package_lacks_it(flights, tmp_path):
    paths = flights.drop(tmp_path, *DAY)
    schedules = {(r["carrier"], r["flight"], r["origin"]) for r in of(paths, "schedules") if r["dest"] in ("SJU", "BQN")}
    assert schedules
    arrived = flights.drop(tmp_path, DAY[1], DAY[1] + timedelta(days=1))
    assert schedules & {(r["carrier"], r["flight"], r["origin"]) for r in of(arrived, "arrivals")}


def test_every_flight_of_the_year_is_scheduled_once_and_has_one_fate(flights, tmp_path):
    paths = flights.drop(tmp_path, flights.first, datetime(2014, 1, 2))
    count = {path.parent.name: path.read_bytes().count(b"\n") - 1 for path in paths}
    assert count["schedules"] == 336_776
    assert count["arrivals"] + count["cancellations"] + count["diversions"] == count["schedules"]
    assert count["departures"] == count["arrivals"] + count["diversions"]
    assert count["weather"] == 26_115


def dropped(flights, folder):
    return {path.relative_to(folder): path.read_bytes() for path in flights.drop(folder, *DAY)}


def test_the_year_is_taken_apart_once_and_again_where_what_was_kept_is_damaged(flights, tmp_path):
    made = dropped(flights, tmp_path / "made")
    assert dropped(feed("nycflights", (), tmp_path), tmp_path / "first") == made
    (kept,) = tmp_path.glob(".*")
    whole, inode = kept.read_bytes(), kept.stat().st_ino
    assert dropped(feed("nycflights", (), tmp_path), tmp_path / "kept") == made
    assert kept.stat().st_ino == inode
    half = len(whole) // 2
    for number, damaged in enumerate((b"", whole[:half], whole[: half // 2] + bytes(half) + whole[half // 2 + half :])):
        kept.write_bytes(damaged)
        assert dropped(feed("nycflights", (), tmp_path), tmp_path / str(number)) == made
        mended = kept.stat().st_ino
        assert dropped(feed("nycflights", (), tmp_path), tmp_path / f"{number} again") == made
        assert kept.stat().st_ino == mended != inode


def test_dropping_again_touches_nothing(flights, tmp_path):
    first = flights.drop(tmp_path, *DAY) + flights.drop_reference(tmp_path)
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in first}
    assert flights.drop(tmp_path, *DAY) + flights.drop_reference(tmp_path) == first
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in first} == before
    assert list(tmp_path.rglob(".*")) == []


def test_windows_of_different_length_have_different_names(flights, tmp_path):
    end = datetime(2013, 7, 1, 5, 30)
    names = {flights.drop(tmp_path, end - timedelta(minutes=long), end)[0].name for long in (30, 60, 1440)}
    assert names == {"2013-07-01T0530_30m.csv", "2013-07-01T0530_1h.csv", "2013-07-01T0530_24h.csv"}


def test_a_window_that_ends_before_it_starts_is_refused(flights, tmp_path):
    with pytest.raises(AsofError, match="no window of whole minutes"):
        flights.drop(tmp_path, DAY[1], DAY[0])


def test_an_unknown_feed_is_refused_by_name():
    with pytest.raises(AsofError, match="feed 'nycflight' is unknown"):
        feed("nycflight")
