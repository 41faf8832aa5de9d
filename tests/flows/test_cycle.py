"""The cycle: what an hour brings goes all its way, what failed stops what stands on it, and once more changes nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from flows import cycle
from ml.errors import AsofError
from tests import synthetic
from tests.children import House
from tests.clone import environment, flows
from tests.faults.equal import differences
from tests.synthetic import SHOP

Called = Callable[[str | None], list[str]]
ALL = ["data", "serving", "monitoring", "retraining"]
# Each look leaves rows of its own.
LOOKS = frozenset({"ledger.runs", "ledger.reconciliations", "ledger.file_checks"})
BEGIN, FIRST, SECOND = "2026-02-24", "2026-02-25", "2026-02-26"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, house: House) -> Called:
    """The pipelines that a cycle calls, in order, where one of them fails."""

    def run(failing: str | None) -> list[str]:
        names: list[str] = []

        def call(flow, *args, **kwargs) -> None:
            names.append(flow.name)
            if flow.name == failing:
                raise AsofError(f"shops.csv has no column {failing}; add it")

        monkeypatch.setattr(cycle, "call", call)
        if failing:
            with pytest.raises(AsofError, match=f"^{failing} failed: shops.csv has no column {failing}; add it; .*flows cycle"):
                cycle.cycled()
        else:
            cycle.cycled()
        return names

    return run


def test_the_phases_come_in_their_order(called: Called) -> None:
    assert called(None) == ALL


def test_what_cannot_land_is_neither_scored_nor_learned_from_and_people_are_told(
    called: Callable[[str | None], list[str]],
) -> None:
    assert called("data") == ["data", "monitoring"]


@pytest.mark.parametrize("phase", ALL[1:])
def test_what_nothing_stands_on_stops_nothing(called: Called, phase: str) -> None:
    assert called(phase) == ALL


def test_several_that_fail_are_named_and_the_first_says_why(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    def call(flow, *args, **kwargs) -> None:
        raise AsofError(f"{flow.name} has no disk")

    monkeypatch.setattr(cycle, "call", call)
    with pytest.raises(AsofError, match=r"^data, monitoring failed: data has no disk; "):
        cycle.cycled()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of shops that cycles have brought from nothing to a first model and a first served day."""
    project = synthetic.plant(tmp_path_factory.mktemp("cycle") / "project")
    synthetic.write_visits(project / "data" / "landing")
    told = flows(project, "cycle", "--until", BEGIN, "--step", "month")
    assert "the clock stands at 2026-02-24 00:00 UTC" in told
    flows(project, "promote", "--reason", "to see it serve")
    flows(project, "cycle", "--until", FIRST, "--step", "day")
    return project


@pytest.fixture
def copy(begun: Path, tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: Path(shutil.copytree(begun, tmp_path / name, symlinks=True))


def house_of(project: Path) -> House:
    return House(project / "data")


def asked(project: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(house_of(project).warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


PREDICTED = f"select count(*) from problems.{SHOP.problem}__predictions"


@pytest.mark.slow
def test_cycles_alone_bring_a_project_from_nothing_to_a_served_day(begun: Path) -> None:
    assert asked(begun, PREDICTED)[0][0] > SHOP.shops / 2
    assert (begun / "published" / "analytics.duckdb").exists()
    phases = {row[0] for row in asked(begun, "select distinct phase from ledger.runs where status = 'succeeded'")}
    assert {"data", "features", "serving", "contracts", "publishing", "monitors", "monitoring", "training"} <= phases


@pytest.mark.slow
def test_a_cycle_comes_to_what_its_verbs_come_to(copy: Callable[[str], Path]) -> None:
    whole, parts = copy("whole"), copy("parts")
    flows(whole, "cycle", "--until", SECOND, "--step", "day")
    flows(parts, "land", "--until", SECOND)
    for verb in ("build", "score", "publish"):
        flows(parts, verb)
    flows(parts, "monitor", "--no-tests")
    assert asked(whole, PREDICTED)[0][0] == asked(parts, PREDICTED)[0][0] > SHOP.shops
    assert differences(house_of(whole), house_of(parts), besides=LOOKS) == []


@pytest.mark.slow
def test_a_cycle_for_several_hours_goes_so_far_and_no_further_than_the_feed(copy: Callable[[str], Path]) -> None:
    program = """
from flows.steps.data import landing_zone as zone
from flows.store import clock
at = clock.now()
print(*[(zone.upcoming("hour", steps) - at).total_seconds() / 3600 for steps in (1, 10)])
print(zone.upcoming("day", 10_000) == zone.end())
"""
    project = copy("hours")
    done = subprocess.run([sys.executable, "-c", program], cwd=project, env=environment(), capture_output=True, text=True)
    assert done.stdout.split() == ["1.0", "10.0", "True"], done.stderr


@pytest.mark.slow
def test_a_landing_of_several_hours_that_was_cut_off_is_finished_by_the_next_cycle(copy: Callable[[str], Path]) -> None:
    project = copy("cut")
    with duckdb.connect(str(house_of(project).warehouse)) as con:
        ahead = "(select now + interval 7 hours from landing.clock) as landed_as_of"
        other = (
            "'half a landing' as batch_id, 'shop/visits/half.csv' as file, 0 as rows_loaded, landing_number + 1 as landing_number"
        )
        newest = f"select * replace ({other}, {ahead}) from ledger.batches order by landing_number desc limit 1"
        con.execute(f"insert into ledger.batches {newest}")
        (before,) = con.execute("select now from landing.clock").fetchone()
    flows(project, "cycle")
    assert asked(project, "select now from landing.clock") == [(before + timedelta(hours=7),)]


@pytest.mark.slow
def test_once_more_changes_nothing(begun: Path, copy: Callable[[str], Path]) -> None:
    again = copy("again")
    flows(again, "cycle", "--until", FIRST, "--step", "day")
    assert differences(house_of(begun), house_of(again), besides=LOOKS) == []


@pytest.mark.slow
def test_a_refused_file_stops_scoring_is_told_and_the_next_cycle_goes_on(copy: Callable[[str], Path]) -> None:
    project = copy("refused")
    bad = project / "data" / "landing" / "shop" / "visits" / "2026-02-24.csv"
    bad.parent.mkdir(parents=True, exist_ok=True)
    bad.write_text("visit_id,store\n1,2\n")
    before = asked(project, PREDICTED)
    told = flows(project, "cycle", "--until", SECOND, "--step", "day", code=1)
    assert "data failed: " in told and bad.name in told and "python -m flows cycle" in told
    assert asked(project, PREDICTED) == before
    ((cause,),) = asked(project, "select cause from monitoring.alerts where state = 'open' and kind = 'failed_run'")
    assert bad.name in cause and "AsofError" not in cause, "the alert says what the run said"
    bad.unlink()
    flows(project, "cycle", "--until", SECOND, "--step", "day")
    assert asked(project, PREDICTED)[0][0] > before[0][0]
