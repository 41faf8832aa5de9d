"""Alerts on a house that was lived in: real monitors, the real lineage, and a warehouse that an earlier version has made."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.cli import tables
from flows.pages import summary
from flows.runtime import warehouse
from flows.steps.data import building
from flows.steps.monitoring import health
from flows.steps.monitoring.alerting import evaluating, events, lineage
from flows.store import clock, ledger
from tests.children import House
from tests.flights.conftest import PROBLEM

FEATURES = "flight_disruption__features"


def test_features_are_traced_to_the_models_they_are_computed_from_once(inside: House) -> None:
    graph = lineage.read({FEATURES})
    assert graph.columns[FEATURES, "temperature"] == ("ftr_weather__hourly",)
    assert graph.columns[FEATURES, "city_gust"] == ("ftr_weather__hourly",), "under another name there, two models further up"
    assert graph.columns[FEATURES, "past_all_28d"] == ("ftr_flights__trailing",)
    assert graph.columns[FEATURES, "plan_slack_minutes"] == ("flight_disruption__cohort", "int_flights__route_norms")
    assert graph.origin(FEATURES, "temperature") == "flights.weather"
    assert "flights.weather" not in graph.above(FEATURES, "past_all_28d")
    assert "flights.weather" in graph.above("flight_disruption__predictions")
    known = warehouse.rows("select count(*) as n from ledger.column_lineage")[0]["n"]
    assert known > 70
    assert lineage.read({FEATURES}).columns == graph.columns
    assert warehouse.rows("select count(*) as n from ledger.column_lineage")[0]["n"] == known


def test_what_stands_on_a_bad_feed_is_one_alert_that_names_the_feed(inside: House) -> None:
    with warehouse.transaction() as con:
        # three weeks like the last whole day, and then a day on which nothing has a value
        last = "stage = 'serving' and day = date '2013-03-04'"
        con.execute(
            "insert into ledger.profiles by name select * exclude (ago) replace (day - cast(ago as integer) as day) "
            f"from ledger.profiles, generate_series(3, 24) as days(ago) where {last}"
        )
        con.execute(f"update ledger.profiles set cell = 0 where feature <> 'score' and {last}")
        con.execute("update ledger.batches set rows_quarantined = rows_received where source = 'flights.weather'")
    building.watch(clock.now())
    evaluating.evaluate(clock.now(), ledger.wall_clock())
    found = {row["alert_id"]: row for row in events.standing()}
    assert set(found) == {"quarantine/flights.weather", "missing_values/flight_disruption/values"}
    bad = found["quarantine/flights.weather"]
    assert "flights.weather" in bad["cause"]
    assert "quarantine flights.weather" in bad["findings"] and "missing_values" in bad["findings"]
    assert bad["owner"] == "operations-analytics", "of the problem that stands on it"
    assert bad["cost"] > found["missing_values/flight_disruption/values"]["cost"] > 0
    traced = lineage.read({FEATURES})
    weather = sum(1 for (_, column) in traced.columns if "flights.weather" in traced.above(FEATURES, column))
    assert bad["points"] > weather > 10, "each feature of the weather, and the files themselves"
    assert found["missing_values/flight_disruption/values"]["owner"] == "operations-analytics"


def test_a_warehouse_of_an_earlier_version_gets_what_is_new_and_keeps_what_it_has(inside: House) -> None:
    with warehouse.transaction() as con:
        con.execute("drop view monitoring.alerts")
        con.execute("create view monitoring.alerts as select 1 as alert_id")
        con.execute("drop table ledger.alert_events")
        con.execute("alter table ledger.runs drop column cpu_seconds")
        con.execute("alter table seeds.alert_kinds drop column period_days")
        con.execute("drop table landing.project")
        con.execute("update ledger.batches set rows_quarantined = rows_received where source = 'flights.weather'")
        con.execute("drop view monitoring.mon_special_days")
    runs = warehouse.rows("select count(*) as n from ledger.runs")[0]["n"]
    building.prepare()
    building.watch(clock.now())
    assert warehouse.has_table("monitoring", "mon_special_days"), "whoever looks first has monitors that are whole"
    building.build(clock.now())
    evaluating.alerts(clock.now())
    found = warehouse.rows("select count(*) as n, count(cpu_seconds) as measured from ledger.runs")
    assert found == [{"n": runs + 3, "measured": 3}]
    assert [row["alert_id"] for row in events.standing()] == ["quarantine/flights.weather"]


def test_the_example_of_a_skew_is_one_row_as_it_was_served_and_as_it_stands(inside: House) -> None:
    with warehouse.transaction() as con:
        least = "(select min(entity_id) from ledger.served where features is not null)"
        other = f"""concat('"plan_hour":', case when entity_id = {least} then 'null' else '99' end)"""
        con.execute(
            "update ledger.served set fingerprint = fingerprint + 1, "
            f"features = regexp_replace(features, '\"plan_hour\":[^,}}]*', {other}) where features is not null"
        )
    found = warehouse.rows("select * from monitoring.mon_skew where feature = 'plan_hour' order by day")[0]
    there = warehouse.rows(
        "select plan_hour from problems.flight_disruption__scoring_set where flight_id = ?", [found["example"]]
    )
    assert found["rows_differing"] > 1
    assert (found["example_served"], found["example_now"]) == (None, str(there[0]["plan_hour"]))


def test_who_reads_later_than_the_next_look_was_due_is_told_that_nobody_has_looked(
    inside: House, capsys: pytest.CaptureFixture
) -> None:
    by_hand = health.of(PROBLEM, ledger.wall_clock() + timedelta(days=9))
    assert (by_hand["look_due_at"], by_hand["state"] == "UNWATCHED") == (None, False), "no schedule, nothing that is due"
    with warehouse.transaction() as con:  # looks in six hours of a day come by a schedule
        con.execute(
            "insert into ledger.runs by name select * exclude (n) replace (concat(run_id, n) as run_id, "
            "started_at - n * interval 1 hour as started_at) from ledger.runs, generate_series(1, 5) as hours(n) "
            "where phase = 'monitoring' and status = 'succeeded'"
        )
    looked = health.of(PROBLEM, ledger.wall_clock())["looked_at"]
    due = looked + timedelta(hours=3)
    assert health.of(PROBLEM, due)["state"] != "UNWATCHED" == health.of(PROBLEM, due + timedelta(seconds=1))["state"]
    assert summary.of(PROBLEM).unwatched is None
    with warehouse.transaction() as con:
        con.execute("update ledger.runs set started_at = started_at - interval 4 hours")
    tables.summary(summary.of(PROBLEM))
    since = f"{looked - timedelta(hours=4):%d %B %Y %H:%M} UTC"
    assert f"not looked at since {since}" in " ".join(capsys.readouterr().out.split())
