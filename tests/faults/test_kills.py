"""Kills with SIGKILL at every point of a batch: afterwards it is the old state or the new one, and the next run completes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests import children
from tests.children import House
from tests.conftest import Lived
from tests.faults import state

SERVE = "tests.faults.points:serve"
OLD = ["before_the_write", "after_the_staged_write", "inside_the_promoting_transaction"]
NEW = ["after_the_commit_before_publishing", "before_the_rename", "after_publishing"]


@pytest.fixture
def serving(copied: House) -> House:
    """The last day waits to be scored."""
    assert state.forget_the_last_day(copied) > 800
    return copied


def completes(house: House, expected: House) -> None:
    """Running it again comes to what would have been without the kill, and leaves nothing lying about."""
    again = children.run(house, calling=SERVE)
    assert again.code == 0, again.err
    champion_alone = len({row[2] for row in state.predictions(expected)}) == 1
    assert [row[:2] for row in state.predictions(house)] == [row[:2] for row in state.predictions(expected)]
    if champion_alone:
        assert state.predictions(house) == state.predictions(expected)
    assert state.ask(house, "select table_name from duckdb_tables() where table_name like 'staged_%'") == []
    assert [file.name for file in house.published.parent.iterdir() if file.is_file()] == [house.published.name]
    with duckdb.connect(str(house.published), read_only=True) as con:
        shown = con.execute("select count(*) from flight_disruption_predictions").fetchall()[0][0]
    assert shown == len(state.predictions(house))


@pytest.mark.parametrize("point", OLD)
def test_a_kill_before_the_commit_leaves_the_old_state(serving: House, lived: Lived, point: str) -> None:
    before = state.predictions(serving), state.counted(serving), state.published(serving)
    assert children.run(serving, calling=SERVE, dying=f"tests.faults.points:{point}").killed
    assert (state.predictions(serving), state.counted(serving), state.published(serving)) == before
    completes(serving, lived.day)


@pytest.mark.parametrize("point", NEW)
def test_a_kill_after_the_commit_leaves_the_new_state(serving: House, lived: Lived, point: str) -> None:
    old = state.published(serving)
    assert children.run(serving, calling=SERVE, dying=f"tests.faults.points:{point}").killed
    assert len(state.predictions(serving)) == len(state.predictions(lived.day))
    assert (state.published(serving) == old) == (point != "after_publishing")
    before = state.predictions(serving), state.counted(serving)
    completes(serving, lived.day)
    assert (state.predictions(serving), state.counted(serving)) == before, "nothing is scored twice"


def test_a_kill_between_verdict_and_promotion_leaves_neither_and_the_next_run_writes_both(copied: House) -> None:
    with duckdb.connect(str(copied.warehouse)) as con:
        for table in ("promotions", "verdicts", "verdict_gates"):
            con.execute(f"delete from ledger.{table}")
    written = "select (select count(*) from ledger.verdicts), (select count(*) from ledger.promotions)"
    validate, point = "tests.faults.points:validate", "tests.faults.points:between_verdict_and_promotion"
    assert children.run(copied, calling=validate, dying=point).killed
    assert state.ask(copied, written) == [(0, 0)]
    again = children.run(copied, calling=validate)
    assert again.code == 0, again.err
    assert state.ask(copied, written) == [(1, 1)]


@pytest.mark.parametrize("delay", [0, 0.003, 0.01, 0.03])
def test_a_kill_during_a_checkpoint_loses_no_acknowledged_batch(copied: House, delay: float, tmp_path: Path) -> None:
    acknowledged, before = tmp_path / "acknowledged", state.predictions(copied)
    died = children.run(copied, str(acknowledged), str(delay), calling="tests.faults.points:checkpoint")
    assert died.killed
    batches = [(int(line), 20000) for line in acknowledged.read_text().split()]
    assert len(batches) == 20
    assert state.ask(copied, "select batch, count(*) from ledger.batches_of_a_test group by all order by all") == batches
    assert state.predictions(copied) == before


def test_a_kill_of_dbt_between_models_publishes_nothing_and_the_next_build_completes(lived: Lived, tmp_path: Path) -> None:
    whole, torn = (lived.day.copy(tmp_path / name) for name in ("whole", "torn"))
    for house in (whole, torn):
        landed = children.run(house, "land", "--until", "2013-03-03")
        assert landed.code == 0, landed.err
    before = state.published(torn)
    assert children.run(torn, "build", dying="tests.faults.points:after_five_models").killed
    assert state.published(torn) == before
    tables = ["intermediate.int_flights__events", "intermediate.int_flights__daily", "problems.flight_disruption__features"]
    old = lived.day
    for house in (whole, torn):
        for verb in ("build", "score"):
            done = children.run(house, verb)
            assert done.code == 0, done.err
    for table in tables:
        sql = f"select count(*) from {table}"
        assert state.ask(torn, sql) == state.ask(whole, sql) > state.ask(old, sql)
    features = "select * from problems.flight_disruption__features order by flight_id"
    assert state.ask(torn, features) == state.ask(whole, features)
    assert state.predictions(torn) == state.predictions(whole)
