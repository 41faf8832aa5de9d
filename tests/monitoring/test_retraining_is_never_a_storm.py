"""The policy of retraining: SQL and `ml.schedule.retraining` ask the same, and a storm starts little."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.problem.declared.retraining import CADENCES, Retraining
from ml.schedule.retraining import Window, due, next_slot, slot, slots_a_month

PROJECT = Path(__file__).parents[2]
TURNING = (*CADENCES[1:], "every 360 days", "every 10 days", "every 1 days")
START = datetime(2013, 6, 28, 4)
DAY = timedelta(days=1)
SHAPES = """
    create or replace temp table stg_asof__clock (now timestamp);
    create or replace temp table mon_retraining_policy (
        problem varchar, metric varchar, cadence varchar, triggers varchar, windows int, beyond int, loss double,
        new_labels bigint, cooldown_days int, daily_maximum int);
    create or replace temp table runs (problem varchar, phase varchar, as_of timestamp, status varchar);
    create or replace temp table mon_silent_labels (problem varchar, source varchar);
    create or replace temp table mon_new_labels (problem varchar, labels bigint);
    create or replace temp table mon_retraining_windows (
        problem varchar, trigger varchar, week date, week_end timestamp, value double, limit_value double, is_beyond boolean);
"""


def _macro(name: str, **given) -> jinja2.Template:
    text = (PROJECT / "macros" / "dialect" / f"{name}.sql").read_text()
    return jinja2.Environment(autoescape=False).from_string(text, globals=given).module


TURN = _macro("schedule_slot", days_since_1970=_macro("days_since_1970").default__days_since_1970).schedule_slot
MODEL = (PROJECT / "models" / "monitoring" / "retraining" / "mon_retraining.sql").read_text()
# As dbt would compile it, with tables instead of relations.
TEMPLATE = jinja2.Environment(autoescape=False).from_string(MODEL)
SQL = TEMPLATE.render(ref=lambda name: name.removeprefix("ledger_"), schedule_slot=TURN)


@pytest.fixture(scope="module")
def con():
    with duckdb.connect(config={"threads": 1}) as opened:
        opened.execute(SHAPES)
        yield opened


def asked(
    con: duckdb.DuckDBPyConnection, policy: Retraining, now: datetime, trained: list[datetime], windows: dict, labels: int
) -> list[dict]:
    for table in ("stg_asof__clock", "mon_retraining_policy", "runs", "mon_new_labels", "mon_retraining_windows"):
        con.execute(f"delete from {table}")
    con.execute("insert into stg_asof__clock values (?)", [now])
    con.execute(
        "insert into mon_retraining_policy values ('p', 'roc_auc', ?, ?, ?, ?, ?, ?, ?, ?)",
        [policy.cadence, " ".join(policy.triggers), *astuple(policy)[2:]],
    )
    con.execute("insert into mon_new_labels values ('p', ?)", [labels])
    con.execute("insert into runs select 'p', 'training', unnest(?::timestamp[]), 'succeeded'", [trained])
    weeks = [(trigger, one.end, one.beyond) for trigger, seen in windows.items() for one in seen]
    if weeks:
        con.execute(
            "insert into mon_retraining_windows select 'p', unnest(?::varchar[]), null, unnest(?::timestamp[]), 1, .5, "
            "unnest(?::boolean[])",
            [list(column) for column in zip(*weeks, strict=True)],
        )
        con.execute("update mon_retraining_windows set week = cast(week_end - interval 7 days as date)")
    return con.sql(SQL).to_arrow_table().to_pylist()


@st.composite
def histories(draw: st.DrawFn) -> tuple:
    triggers = tuple(draw(st.lists(st.sampled_from(["drift", "realised_loss", "new_labels"]), unique=True)))
    windows = draw(st.integers(1, 5))
    policy = Retraining(
        draw(st.sampled_from((*CADENCES, "every 10 days"))), triggers, windows, draw(st.integers(1, windows)), 0.03,
        100 if "new_labels" in triggers else None, draw(st.integers(0, 20)), draw(st.integers(1, 2)),
    )  # fmt: skip
    now = START + draw(st.integers(0, 24 * 60)) * timedelta(hours=1)
    trained = sorted(draw(st.lists(st.integers(0, 24 * 40), min_size=1, max_size=3)))
    weeks = [datetime(2013, 7, 1) - at * 7 * DAY for at in range(-9, 6)]
    seen = {
        name: [Window(end, draw(st.booleans())) for end in sorted(weeks) if end <= now] for name in ("drift", "realised_loss")
    }
    return policy, now, [now - hours * timedelta(hours=1) for hours in reversed(trained)], seen, draw(st.integers(98, 102))


@settings(max_examples=25, deadline=None)
@given(history=histories())
def test_sql_and_python_come_to_the_same(con: duckdb.DuckDBPyConnection, history: tuple) -> None:
    found = [row["trigger"] for row in asked(con, *history) if row["is_due"]]
    cause = due(*history)
    assert (cause in found) if cause else not found


@pytest.mark.parametrize("cadence", TURNING)
def test_the_turns_of_python_are_those_of_sql(con: duckdb.DuckDBPyConnection, cadence: str) -> None:
    hours = [START + at * timedelta(hours=5) for at in range(24 * 40)]
    con.execute(
        "create or replace temp table hours as select ?::varchar as cadence, unnest(?::timestamp[]) as moment", [cadence, hours]
    )
    found = con.sql(f"select {TURN('cadence', 'moment')} from hours order by moment").fetchall()
    for (turned,), at in zip(found, hours, strict=True):
        assert turned <= at and slot(cadence, turned) == slot(cadence, at) != slot(cadence, turned - timedelta(microseconds=1))


@pytest.mark.parametrize(("maximum", "cooldown"), [(1, 0), (3, 0), (2, 3)])
def test_a_storm_of_triggers_starts_at_most_the_daily_maximum_and_keeps_the_cooldown(
    con: duckdb.DuckDBPyConnection, maximum: int, cooldown: int
) -> None:
    # Every hour something is beyond every limit, and new labels pour in.
    policy = Retraining("never", ("drift", "realised_loss", "new_labels"), 5, 1, 0.0, 1, cooldown, maximum)
    trained = [START]
    for hour in range(2, 24 * 8, 6):
        now = START + hour * timedelta(hours=1)
        storm = {name: [Window(now, True)] for name in ("drift", "realised_loss")}
        cause, rows = due(policy, now, trained, storm, 1000), asked(con, policy, now, trained, storm, 1000)
        assert bool(cause) == any(row["is_due"] for row in rows)
        if cause:
            trained.append(now)
    per_day = [sum(at.date() == day for at in trained) for day in {at.date() for at in trained}]
    assert max(per_day) == (maximum if cooldown == 0 else 1)
    gaps = [later - earlier for earlier, later in pairwise(trained)]
    assert gaps and min(gaps) >= cooldown * DAY
    assert len(trained) - 1 == pytest.approx(8 * maximum if cooldown == 0 else 8 // cooldown, abs=maximum)


def test_a_training_that_fails_counts_towards_the_daily_maximum_and_not_as_the_last_one(con: duckdb.DuckDBPyConnection) -> None:
    policy = Retraining("monthly", daily_maximum=2)
    now = datetime(2013, 8, 1, 6)
    asked(con, policy, now, [START], {}, 0)
    for hour in (4, 5):
        (row,) = con.sql(SQL).to_arrow_table().to_pylist()
        assert row["is_due"] and row["trained_as_of"] == START
        con.execute("insert into runs values ('p', 'training', ?, 'failed')", [datetime(2013, 8, 1, hour)])
    (row,) = con.sql(SQL).to_arrow_table().to_pylist()
    assert (row["is_due"], row["held_by"]) == (False, "daily maximum")


def test_nothing_that_was_never_trained_is_trained_again() -> None:
    assert due(Retraining("daily"), START, [], {}) is None


@pytest.mark.parametrize("cadence", TURNING)
@given(hours=st.integers(0, 24 * 800))
def test_the_next_turn_is_the_first_instant_of_another_period(cadence: str, hours: int) -> None:
    after = START + hours * timedelta(hours=1)
    at = next_slot(cadence, after)
    assert at > after and slot(cadence, at) != slot(cadence, after)
    assert slot(cadence, at - timedelta(microseconds=1)) == slot(cadence, after)


def test_a_calendar_that_never_turns_has_no_next_turn_and_the_others_turn_as_often_as_a_year_says() -> None:
    assert next_slot("never", START) is None
    a_year = {"never": 0, "yearly": 1, "quarterly": 4, "monthly": 12, "fortnightly": 26.1, "weekly": 52.2, "daily": 365.25}
    assert slots_a_month("every 7 days") == pytest.approx(slots_a_month("weekly"), rel=0.005)
    assert {cadence: 12 * slots_a_month(cadence) for cadence in CADENCES} == pytest.approx(a_year, rel=0.005)
