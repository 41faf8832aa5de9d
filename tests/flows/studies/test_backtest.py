"""What a backtest shows: a page that keeps people's words, a picture, a table, and an error that says what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from flows.runtime import dbt, settings
from flows.studies.backtest import page
from flows.studies.backtest import table as told
from flows.studies.backtest.measuring import Backtest, _limits, _possible, periods
from ml.errors import AsofError
from ml.problem import declaration
from ml.problem.rows import Rows
from ml.studies.backtest.outcome import choose, outcomes
from ml.studies.backtest.policy import instants, policies
from ml.studies.backtest.shared import Drifting, SharedWork
from ml.studies.backtest.simulation import simulate
from tests.ml import conftest as small

pytestmark = pytest.mark.slow
FIRST, UNTIL, NOW = datetime(2013, 5, 22), datetime(2013, 6, 8), datetime(2013, 6, 30)


@pytest.fixture(scope="module")
def found() -> Backtest:
    """A backtest of the small world, without a warehouse."""
    node = {
        "name": "late__training_set", "patch_path": "asof://models/problems/late/_late.yml",
        "config": {"meta": {"problem": small.PROBLEM}}, "columns": {column["name"]: column for column in small.COLUMNS},
    }  # fmt: skip
    problem = declaration.read({"nodes": {"m": node}}, "late")
    prices = replace(problem.framing.prices, currency="EUR", cost_unit=2.0, cpu_hour=0.05)
    problem = replace(problem, framing=replace(problem.framing, prices=prices))
    shared = SharedWork(Rows.of(small.small_table(3000), problem), instants(FIRST, NOW))
    replays = [simulate(shared, one, _limits()) for one in policies(problem)[:6]]
    choice, reported = outcomes(shared, replays, FIRST, UNTIL), outcomes(shared, replays, UNTIL, NOW)
    return Backtest(
        problem, FIRST, UNTIL, NOW, tuple(replays), tuple(choice), tuple(reported), choose(choice, problem),
        choose(choice, problem, gated=False), 1, True, len(shared.trainings), 1.0, 1.0, "2 cores", "abc",
    )  # fmt: skip


def test_a_backtest_looks_at_what_the_monitors_are_declared_to_look_at() -> None:
    declared, limits = dbt.project_vars(), _limits()
    assert limits.estimation._asdict() == declared["estimation"]
    assert limits.drifting == Drifting(declared["weekly_limits"]["drift_psi"], declared["weekly_limits"]["drift_share_of_gain"])


def test_the_page_shows_every_policy_twice_and_keeps_what_people_wrote(found: Backtest, tmp_path: Path) -> None:
    file = page.write(found, tmp_path)
    assert file.with_suffix(".html").exists() and (tmp_path / "late" / "policies.svg").read_text().startswith("<svg")
    for title in ("### Where the choice is made", "### After it"):
        table = file.read_text().split(title)[1].split("\n\n")[1]
        assert table.count("\n") == 1 + len(found.replays) and "in use" in table and "chosen" in table
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
    shared = SharedWork(Rows.of(small.small_table(500), found.problem), instants(datetime(2013, 4, 22), NOW))
    left = {one.holdout for one in asked} - {one.holdout for one in _possible(asked, shared)}
    assert left == {28, 56}, "51 days hold no 28 behind 20 of validation and a week"
    assert _possible(asked, shared)[0] is asked[0]


def test_periods_that_do_not_follow_each_other_are_refused_with_what_to_do(
    found: Backtest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = found.problem
    plan = tmp_path / Path(problem.path).parent / "experiments.yml"
    plan.parent.mkdir(parents=True)
    plan.write_text("walk_forward: {first: 2013-04-01, until: 2013-07-01, seeds: 3, tolerance: 0.001}\nexperiments: []\n")
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    assert periods(problem, None, None, datetime(2014, 1, 1)) == (datetime(2013, 4, 1), datetime(2013, 7, 1))
    with pytest.raises(AsofError, match="--choose-until"):
        periods(problem, None, datetime(2013, 8, 1), datetime(2013, 7, 15))
