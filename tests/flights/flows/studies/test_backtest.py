"""What a backtest shows: a page that keeps people's words, a picture, a table, and an error that says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from flows.retraining import NOT_DUE, retraining
from flows.runtime import warehouse
from flows.steps.training import causes
from flows.store import clock, problems
from flows.studies.backtest.measuring import measure
from ml.errors import AsofError
from tests.flights.conftest import PROBLEM, House

pytestmark = pytest.mark.slow


def test_a_warehouse_is_lived_through_and_the_run_recorded(inside: House) -> None:
    # Two months of flights: a holdout model needs the days of holdout and validation before it.
    problem, now = problems.get(PROBLEM), clock.now()
    first = datetime(2013, 2, 22, 5)
    short = replace(problem, holdout_days=14, validation_days=14, training=replace(problem.training, rounds=5))
    found = measure(short, now, first, datetime(2013, 3, 2, 5))
    assert found.trainings >= 2 and found.choice[0].trainings + found.reported[0].trainings == 1
    run = warehouse.rows("select message from ledger.runs where phase = 'planning' order by started_at desc limit 1")[0]
    assert run["message"] == f"of {len(found.replays)} policies the best was {found.chosen.policy.name}"


def test_the_cause_of_a_training_stands_with_its_version_and_what_is_not_due_is_not_trained(inside: House) -> None:
    found = warehouse.rows("select cause from ledger.model_versions order by trained_as_of")
    assert found[0]["cause"] == "there is no champion"
    assert found[1]["cause"].startswith("schedule: a weekly training; the last was as of 2013-03-02")
    assert causes.due(PROBLEM) is None
    assert retraining.fn(PROBLEM) == {PROBLEM: NOT_DUE}
    trained = warehouse.rows("select count(*) as n from ledger.model_versions")
    assert trained == [{"n": 2}], "no third one"


def test_a_first_training_waits_for_a_label_and_keeps_the_daily_maximum(inside: House) -> None:
    def change(statement: str) -> str | None:
        with warehouse.transaction() as con:
            con.execute(statement)
        return causes.due(PROBLEM)

    assert change("delete from ledger.runs where phase = 'training'").startswith("first: nothing has been trained yet, ")
    failed = (
        "insert into ledger.runs by name select * exclude (now) replace ('failed' as run_id, 'training' as phase, "
        f"'{PROBLEM}' as problem, 'failed' as status, now as as_of) "
        "from (select * from ledger.runs limit 1), (select now from landing.clock)"
    )
    assert change(failed) is None, "it failed today"
    assert change("update landing.clock set now = now + interval 1 day").startswith("first: ")
    assert change("update landing.clock set now = timestamp '2013-01-01 05:00'") is None, "no label is known"
    assert retraining.fn(PROBLEM) == {PROBLEM: NOT_DUE}
    with pytest.raises(AsofError, match="python -m flows build"):
        change("drop view monitoring.mon_retraining")
