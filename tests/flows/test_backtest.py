"""What a backtest shows: a page that keeps people's words, a picture, a table, and an error that says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from flows.retraining import NOT_DUE, retraining
from flows.steps import clock, dbt, due, problems, warehouse
from flows.steps.backtesting import page, told
from flows.steps.backtesting.measuring import Backtest, _limits, _possible, measure, periods
from ml.backtest.living import live
from ml.backtest.outcome import choose, outcomes
from ml.backtest.policy import instants, policies
from ml.backtest.world import Drifting, World
from ml.errors import AsofError
from ml.problem import Problem
from tests.conftest import PROBLEM, House
from tests.ml import conftest as small

FIRST, UNTIL, NOW = datetime(2013, 5, 22), datetime(2013, 6, 8), datetime(2013, 6, 30)


@pytest.fixture(scope="module")
def found() -> Backtest:
    """A backtest of the small world, without a warehouse."""
    node = {
        "name": "late__training_set", "patch_path": "asof://models/problems/late/_late.yml",
        "config": {"meta": {"problem": small.PROBLEM}}, "columns": {column["name"]: column for column in small.COLUMNS},
    }  # fmt: skip
    problem = Problem.from_manifest({"nodes": {"m": node}}, "late")
    prices = replace(problem.framing.prices, currency="EUR", cost_unit=2.0, cpu_hour=0.05)
    problem = replace(problem, framing=replace(problem.framing, prices=prices))
    world = World(small.small_table(3000), problem, instants(FIRST, NOW))
    lives = [live(world, one, _limits()) for one in policies(problem)[:6]]
    choice, report = outcomes(world, lives, FIRST, UNTIL), outcomes(world, lives, UNTIL, NOW)
    return Backtest(
        problem, FIRST, UNTIL, NOW, tuple(lives), tuple(choice), tuple(report), choose(choice, problem),
        choose(choice, problem, gated=False), 1, True, len(world.trainings), 1.0, 1.0, "2 cores", "abc",
    )  # fmt: skip


def test_a_backtest_looks_at_what_the_monitors_are_declared_to_look_at() -> None:
    declared, limits = dbt.project_vars(), _limits()
    assert limits.estimation._asdict() == declared["estimation"]
    assert limits.drifting == Drifting(declared["alert_limits"]["drift_psi"], declared["alert_limits"]["drift_share_of_gain"])


def test_the_page_shows_every_policy_twice_and_keeps_what_people_wrote(found: Backtest, tmp_path: Path) -> None:
    file = page.write(found, tmp_path)
    assert file.with_suffix(".html").exists() and (tmp_path / "late" / "policies.svg").read_text().startswith("<svg")
    for title in ("### Where the choice is made", "### After it"):
        table = file.read_text().split(title)[1].split("\n\n")[1]
        assert table.count("\n") == 1 + len(found.lives) and "in use" in table and "chosen" in table
    mine = "## Decision\n\nMonthly, because the cost of a look is not declared."
    file.write_text(file.read_text().replace(page.DECISION, mine))
    page.write(replace(found, cpu_seconds=2.0), tmp_path)
    assert mine in file.read_text() and "2 processor seconds" in file.read_text()


def test_a_page_whose_figures_somebody_changed_is_not_written_over(found: Backtest, tmp_path: Path) -> None:
    file = page.write(found, tmp_path)
    file.write_text(file.read_text().replace("| never |", "| sometimes |"))
    with pytest.raises(AsofError, match="block tried was"):
        page.check("late", tmp_path)


def test_the_terminal_shows_the_policy_in_use_and_the_chosen_one(found: Backtest) -> None:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as said:
        for table in told.tables(found):
            console.print(table)
    assert said.get().count("in use") >= 2 and said.get().count("chosen") >= 2


def test_a_policy_whose_first_twin_would_have_nothing_to_learn_from_is_left_out(found: Backtest) -> None:
    asked = policies(found.problem)
    world = World(small.small_table(500), found.problem, instants(datetime(2013, 4, 22), NOW))
    left = {one.holdout for one in asked} - {one.holdout for one in _possible(asked, world)}
    assert left == {28, 56}, "51 days hold no 28 behind 20 of validation and a week"
    assert _possible(asked, world)[0] is asked[0]


def test_periods_that_do_not_follow_each_other_are_refused_with_what_to_do() -> None:
    problem = replace(problems.get(PROBLEM))
    assert periods(problem, None, None, datetime(2014, 1, 1)) == (datetime(2013, 4, 1), datetime(2013, 7, 1))
    with pytest.raises(AsofError, match="--choose-until"):
        periods(problem, None, datetime(2013, 8, 1), datetime(2013, 7, 15))


def test_a_warehouse_is_lived_through_and_the_run_recorded(inside: House) -> None:
    # Two months of flights: a twin needs the days of holdout and validation before it.
    problem, now = problems.get(PROBLEM), clock.now()
    first = datetime(2013, 2, 22, 5)
    short = replace(problem, holdout_days=14, validation_days=14, training=problem.training._replace(rounds=5))
    found = measure(short, now, first, datetime(2013, 2, 27, 5))
    assert found.trainings >= 2 and found.choice[0].trainings + found.report[0].trainings == 1
    run = warehouse.rows("select message from ledger.runs where phase = 'planning' order by started_at desc limit 1")[0]
    assert run["message"] == f"of {len(found.lives)} policies the best was {found.chosen.policy.name}"


def test_the_cause_of_a_training_stands_with_its_version_and_what_is_not_due_is_not_trained(inside: House) -> None:
    causes = warehouse.rows("select cause from ledger.model_versions order by trained_as_of")
    assert causes[0]["cause"] == "there is no champion"
    assert causes[1]["cause"].startswith("schedule: a monthly training; the last was as of 2013-02-27")
    assert due.due(PROBLEM) is None
    assert retraining.fn(PROBLEM) == NOT_DUE
    trained = warehouse.rows("select count(*) as n from ledger.model_versions")
    assert trained == [{"n": 2}], "no third one"


def test_a_first_training_waits_for_a_label_and_keeps_the_daily_maximum(inside: House) -> None:
    def change(statement: str) -> str | None:
        with warehouse.transaction() as con:
            con.execute(statement)
        return due.due(PROBLEM)

    assert change("delete from ledger.runs where phase = 'training'").startswith("first: nothing has been trained yet, ")
    failed = (
        "insert into ledger.runs by name select * exclude (now) replace ('failed' as run_id, 'training' as phase, "
        f"'{PROBLEM}' as problem, 'failed' as status, now as as_of) "
        "from (select * from ledger.runs limit 1), (select now from landing.clock)"
    )
    assert change(failed) is None, "it failed today"
    assert change("update landing.clock set now = now + interval 1 day").startswith("first: ")
    assert change("update landing.clock set now = timestamp '2013-01-01 05:00'") is None, "no label is known"
    assert retraining.fn(PROBLEM) == NOT_DUE
    with pytest.raises(AsofError, match="python -m flows build"):
        change("drop view monitoring.mon_retraining")
