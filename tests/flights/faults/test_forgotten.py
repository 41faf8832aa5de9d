"""What could be forgotten in silence: rows that land while the clock steps back, that wait for a partner, or that come twice."""

from __future__ import annotations

import csv

import pytest

from tests import children
from tests.children import House
from tests.flights.conftest import Lived
from tests.flights.faults import state

TABLES = {
    "intermediate.int_flights__scheduled": "flight_id",
    "intermediate.int_flights__departures": "flight_id",
    "intermediate.int_flights__outcomes": "flight_id, fate",
    "intermediate.int_flights__events": "flight_id, kind, known_at",
    "features.ftr_weather__hourly": "origin, known_at, rain_3h, pressure",
    "problems.flight_disruption__features": "*",
}


def run(house: House, *verbs: tuple[str, ...]) -> None:
    for verb in verbs:
        done = children.run(house, *verb)
        assert done.code == 0, done.err


def look(house: House) -> None:
    done = children.run(house, calling="tests.flights.faults.points:look")
    assert done.code == 0, done.err


def built(house: House) -> dict[str, list[tuple]]:
    return {table: state.ask(house, f"select {columns} from {table} order by all") for table, columns in TABLES.items()}


def alerts(house: House) -> list[tuple]:
    return state.ask(
        house, "select kind, subject, value from monitoring.alerts where state <> 'closed' and kind = 'unreconciled'"
    )


@pytest.fixture(scope="module")
def whole(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The next day as it should be."""
    house = lived.day.copy(tmp_path_factory.mktemp("whole") / "house")
    run(house, ("land", "--until", "2013-03-06"), ("build",), ("score",))
    return house


def test_what_lands_after_the_clock_has_stepped_back_two_hours_is_built_and_scored(copied: House, whole: House) -> None:
    """Whatever lands, lands two hours before what stands there already."""
    state.live_ahead(copied, hours=2)
    newest = "select max(landed_at) from ledger.batches where landing_number {} (select max(landing_number) from ledger.batches)"
    run(copied, ("land", "--until", "2013-03-06"))
    assert state.ask(copied, newest.format("="))[0][0] < state.ask(copied, newest.format("<"))[0][0]
    run(copied, ("build",), ("score",))
    look(copied)
    assert built(copied) == built(whole)
    assert state.predictions(copied) == state.predictions(whole)
    assert alerts(copied) == []


def test_facts_whose_plan_is_refused_are_an_alert_and_are_built_when_it_is_corrected(copied: House, whole: House) -> None:
    """The file with the plans of the 3rd is spoilt: departures of that day find no partner, until the file is mended."""
    expected = whole.copy(copied.folder.with_name("expected"))
    run(expected, ("land", "--until", "2013-03-07"), ("build",))
    for until in ("2013-03-06", "2013-03-07"):
        ended = children.run(copied, "land", "--until", until, first="tests.flights.faults.points:plans_of_the_third_are_spoilt")
        assert "lacks column carrier" in state.refusal(ended)
        run(copied, ("build",))
    look(copied)
    departed = "select count(*) from landing.flights__departures where flight_date = '2013-03-06'"
    waiting = state.ask(copied, departed)[0][0]
    assert ("unreconciled", "flights.departures", waiting) in alerts(copied)
    assert "landed and not where it must be: flights.departures" in children.run(copied, "status", COLUMNS="300").out
    spoilt = copied.folder / "landing" / "flights" / "schedules" / "2013-03-06T05_24h.csv"
    spoilt.write_bytes((expected.folder / "landing" / "flights" / "schedules" / spoilt.name).read_bytes())
    run(copied, ("land", "--until", "2013-03-07"), ("build",))
    look(copied)
    assert alerts(copied) == []
    for table in list(TABLES)[:4]:
        assert built(copied)[table] == built(expected)[table], table


def test_the_same_batch_in_other_bytes_changes_no_count(copied: House, whole: House) -> None:
    """Delivered again in other order, other quotes and another name; byte for byte under another name; and by itself."""
    folder = copied.folder / "landing" / "flights" / "departures"
    first = max(folder.glob("*.csv"))
    with first.open(newline="") as file:
        header, *rows = csv.reader(file)
    with (folder / "again.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *rows[::-1]])
    (folder / "copy.csv").write_bytes(first.read_bytes())
    for _ in range(2):
        line = state.refusal(children.run(copied, "land", "--until", "2013-03-06"))
        assert "again.csv" in line and "is landed already" in line and "copy.csv" not in line
    (folder / "again.csv").unlink()
    run(copied, ("land", "--until", "2013-03-06"), ("build",), ("score",))
    assert built(copied) == built(whole)
    assert state.predictions(copied) == state.predictions(whole)
