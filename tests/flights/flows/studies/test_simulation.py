"""Scenarios of the simulation: one without a fault is the serving history, and one with a fault differs in what the fault hit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from flows.store import problems
from flows.studies.fault_injection import database as scratch
from flows.studies.fault_injection import elementary, monitors, page, plan, report, scenarios, serving_history
from flows.studies.fault_injection.scenarios import Scenario
from flows.studies.fault_injection.simulation import Simulation
from ml.errors import AsofError
from ml.studies.fault_injection.detection_rates import Calm, Outcome
from ml.studies.fault_injection.faults import CATALOGUE, Fault
from tests.flights.conftest import PROBLEM

BASE = f"'{PROBLEM}'"
# What the monitors make of served rows: their inputs, a sum over days, and the reasons.
COMPARED = {
    "mon_scored": "problem, entity_id, as_of, model_version, score, rule_score, flagged, label, label_known_at",
    "mon_profiles": "*",
    "mon_drift_by_day": "problem, model_version, feature, day, rows_trained, rows_served, round(psi, 9), missing, unseen",
    "mon_proxies": "problem, day, rows, share_flagged, round(mean_score, 12)",
}


@pytest.fixture
def history(inside) -> Iterator[serving_history.ServingHistory]:
    """What the small house has served: two whole days."""
    yield serving_history.read(problems.get(PROBLEM), fewest=1)


def _scenario(history: serving_history.ServingHistory, fault: Fault | None, name: str = "scenario_000") -> Scenario:
    return Scenario(name, fault, history.first, history.first + timedelta(days=1), history.end, True)


def _differing(con, table: str, columns: str, history: serving_history.ServingHistory) -> int:
    """Rows of a monitor that only the warehouse or only the scenarios' database has, over the days of the scenario."""
    day = "cast(as_of as date)" if table == "mon_scored" else "day"
    sides = [
        f"select {columns} from (select * replace ({BASE} as problem) from {database}monitoring.{table}) "
        f"where {day} >= date '{history.first}' and {day} < date '{history.end}'"
        for database in (f"{scratch.DATABASE}.", "")
    ]
    one, other = sides
    return con.sql(f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))").fetchall()[0][0]


def _wanted() -> plan.Plan:
    """The plan, with the monitors that are compared here built as well."""
    return plan.plan([*COMPARED][1:])


def test_a_world_without_a_fault_is_what_was_lived_and_so_is_one_whose_fault_changes_nothing(history):
    nothing = Fault("shift", "by nothing", 0.0, "feature")
    made = [
        scenarios.make(history, _scenario(history, None), [], 7),
        # scored, counted and explained again by the simulation, from the values that were served
        scenarios.make(history, _scenario(history, nothing, "scenario_001"), [], 7),
    ]
    assert made[1].counts and set(made[1].columns) > {"score"}
    for one in made:
        with scratch.built(_wanted(), history, [one], landed=True) as con:
            differing = {table: _differing(con, table, columns, history) for table, columns in COMPARED.items()}
            assert differing == dict.fromkeys(COMPARED, 0)
            assert con.sql(f"select count(*) from {scratch.DATABASE}.monitoring.mon_drift_by_day").fetchall()[0][0] > 0
    assert serving_history.differing(history) == 0


def test_what_a_fault_hits_differs_and_nothing_else(history):
    nulls = Fault("nulls", "all rows", 1.0, "feature")
    half = Fault("missing part of a day", "half", 0.5, "rows", days=1)
    sources = serving_history.sources(history)
    made = [scenarios.make(history, _scenario(history, fault), sources, 7) for fault in (nulls, half)]
    with scratch.built(_wanted(), history, made[:1], landed=False) as con:
        gone = "select distinct feature from {}monitoring.mon_drift_by_day where missing = 1"
        there = {row[0] for row in con.sql(gone.format(f"{scratch.DATABASE}.")).fetchall()}
        assert there == {made[0].columns[0]} | {row[0] for row in con.sql(gone.format("")).fetchall()}
    with scratch.built(_wanted(), history, made[1:], landed=True) as con:
        served = "select sum(rows) from {}monitoring.mon_proxies where day = ?"
        landed = "select sum(rows_received) from {}ledger.batches where cast(landed_as_of as date) = ? and source = ?"

        def both(sql: str, *values) -> list[int]:
            return [con.execute(sql.format(where), values).fetchall()[0][0] for where in (f"{scratch.DATABASE}.", "")]

        left, whole = both(served, made[1].scenario.at)
        assert left == whole - round(0.5 * whole)
        for source in sources:
            left, whole = both(landed, made[1].scenario.at, source)
            assert left == pytest.approx(whole / 2, abs=24)  # each file of the day is rounded


def test_elementary_sees_a_column_vanish_only_in_the_world_where_it_does(history):
    other = elementary.Elementary(history, serving_history.sources(history))
    assert ("rows", "row_count") in other.names and ("score", "average") in other.names
    control = scenarios.make(history, _scenario(history, None), [], 7)
    assert other.scenario(control) == []  # two days are fewer than it needs


def test_too_short_a_life_is_refused_with_what_to_do(inside):
    with pytest.raises(AsofError, match=r"days of flight_disruption have been served, and a simulation needs 52: go on"):
        serving_history.read(problems.get(PROBLEM))


def test_the_page_tells_every_fault_and_every_watcher(history):
    watchers = [monitors.WATCHER, elementary.WATCHER]
    outcomes = [Outcome(fault, who, chosen, 1) for fault in CATALOGUE for who in watchers for chosen in (True, False)]
    calm = [Calm(who, chosen, 91, 3, 1) for who in watchers for chosen in (True, False)]
    found = Simulation(
        history, list(CATALOGUE), [history.first], history.end, 7, 2 * len(CATALOGUE), outcomes, calm,
        [(history.first, "volume/x")],
        {"shift": {"feature_drift": 2}}, 0, 0, None, "abc", 60.0, watchers,
    )  # fmt: skip
    text, drawing = page.text(found), page.picture(found)
    for fault in CATALOGUE:
        assert f"| {fault.kind} | {fault.size} | 2 of 2, 1 d | 2 of 2, 1 d |" in text
        assert f"elementary, {fault.kind}: " in drawing
    assert report.headline(found).startswith(f"{2 * len(CATALOGUE)} of {2 * len(CATALOGUE)} faults were found within two weeks")
    assert "`feature_drift` 2" in text and "$" not in text
    missed = [replace(one, delay=None) if one.fault.size == "1 sd" and not one.chosen else one for one in outcomes]
    assert "shift (0.25 sd; 0.5 sd; 1 sd)" in report.always(found)
    assert "shift (0.25 sd; 0.5 sd)," in report.always(replace(found, outcomes=missed))
    assert "None of the logged scores" in text
    assert "0 of" in page.text(replace(found, outcomes=[replace(one, delay=None) for one in outcomes]))
