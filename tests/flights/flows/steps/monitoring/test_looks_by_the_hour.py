"""Looks within a day add the day; what speaks of days that are over waits for the next day, or for their labels to be in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flows.cycle import cycled
from flows.pages.report import reports
from flows.runtime import dbt, warehouse
from flows.steps.data import building
from flows.store import clock
from tests.children import House
from tests.faults.equal import differences
from tests.flights.conftest import PROBLEM

GROWING = [f"{building.MONITORS},{kind}" for kind in building.GROWING]


def looked(hour: datetime) -> str:
    cycled(hour)
    return warehouse.rows("select message from ledger.runs where phase = 'monitors' order by rowid desc limit 1")[0]["message"]


def changed_by(house: House, folder: Path, *build) -> list[str]:
    """The tables that a build of monitors changes."""
    warehouse.close()
    before = house.copy(folder)
    dbt.run("run", *build)
    warehouse.close()
    return differences(before, house)


def test_a_look_within_a_day_leaves_what_one_of_five_weeks_would_and_the_next_day_s_first_what_a_build_from_nothing_would(
    inside: House, tmp_path: Path
) -> None:
    looked(datetime(2013, 3, 5, 13))
    assert looked(datetime(2013, 3, 5, 16)) == "built 7 monitors"
    assert changed_by(inside, tmp_path / "within", GROWING, [building.ONCE_A_DAY]) == []
    assert looked(datetime(2013, 3, 6, 1)) == "built 13 monitors"
    assert changed_by(inside, tmp_path / "first", GROWING, (), "--full-refresh") == []


def test_labels_of_yesterday_that_are_in_are_not_kept_until_tomorrow(inside: House, tmp_path: Path) -> None:
    looked(datetime(2013, 3, 6, 1))
    assert looked(datetime(2013, 3, 6, 3)) == "built 7 monitors"
    assert looked(datetime(2013, 3, 6, 12)) == "built 20 monitors"
    assert warehouse.rows("select * from monitoring.mon_settled") == []
    assert looked(datetime(2013, 3, 6, 13)) == "built 7 monitors"


def test_a_report_is_written_where_it_has_news(inside: House) -> None:
    now = clock.now()
    building.watch(now)
    reports.write(PROBLEM, now, thorough=False)
    assert not reports.due(PROBLEM, now)
    assert reports.due(PROBLEM, datetime(2013, 3, 7))
    with warehouse.transaction() as con:
        later = "select * replace (promoted_at + interval 9000 days as promoted_at) from ledger.promotions limit 1"
        con.execute(f"insert into ledger.promotions by name {later}")
    assert reports.due(PROBLEM, now)
    reports.file(PROBLEM).unlink()
    assert reports.due(PROBLEM, now)
