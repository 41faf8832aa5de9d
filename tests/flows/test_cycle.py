"""The cycle: what an hour brings goes all its way, what failed stops what stands on it, and once more changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from flows import cycle
from ml.errors import AsofError
from tests import forked
from tests.children import House
from tests.clone import environment, flows
from tests.faults.equal import differences
from tests.synthetic import SHOP
from tests.verbs import in_turn

Called = Callable[[str | None], list[str]]
ALL = ["data", "serving", "monitoring", "retraining"]
# Each look leaves rows of its own.
LOOKS = frozenset({"ledger.runs", "ledger.reconciliations", "ledger.file_checks"})
# A question was asked at each midnight; no label of its day is in yet, so nothing is trained.
FIRST, SECOND = "2026-02-26 00:30", "2026-02-27 00:30"
SERVING = ("promote", "--reason", "to see it serve")


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
def begun(lived_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shop in which a cycle has served a model's first day."""
    project = shutil.copytree(lived_shop, tmp_path_factory.mktemp("cycle") / "project")
    in_turn(project, SERVING, ("cycle", "--until", FIRST))
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
def test_a_cycle_comes_to_what_its_verbs_come_to(begun: Path, shop_project: Path) -> None:
    in_turn(shop_project, SERVING, ("land", "--until", FIRST), ("build",), ("score",), ("publish",), ("monitor", "--no-tests"))
    by_models = f"{PREDICTED} where model_version in (select model_version from ledger.model_versions where rounds > 0)"
    assert asked(begun, by_models)[0][0] == asked(shop_project, by_models)[0][0] > SHOP.shops / 2
    assert differences(house_of(begun), house_of(shop_project), besides=LOOKS) == []


@pytest.mark.slow
def test_a_cycle_for_several_hours_goes_so_far_and_no_further_than_the_feed(begun: Path) -> None:
    program = """
from flows.steps.data import landing_zone as zone
from flows.store import clock
at = clock.now()
print(*[(zone.upcoming("hour", steps) - at).total_seconds() / 3600 for steps in (1, 10)])
print(zone.upcoming("day", 10_000) == zone.end())
"""
    done = forked.run(["-c", program], begun, environment())
    assert done.stdout.split() == ["0.5", "9.5", "True"], f"from half past to full hours: {done.stderr}"


@pytest.mark.slow
def test_once_more_changes_nothing(begun: Path, copy: Callable[[str], Path]) -> None:
    again = copy("again")
    flows(again, "cycle", "--until", FIRST)
    assert differences(house_of(begun), house_of(again), besides=LOOKS) == []


@pytest.mark.slow
def test_a_refused_file_stops_scoring_is_told_and_the_next_cycle_finishes_the_landing_of_several_hours(
    copy: Callable[[str], Path],
) -> None:
    project = copy("refused")
    bad = project / "data" / "landing" / "shop" / "visits" / "2026-02-24.csv"
    bad.parent.mkdir(parents=True, exist_ok=True)
    bad.write_text("visit_id,store\n1,2\n")
    before = asked(project, PREDICTED)
    told = flows(project, "cycle", "--until", SECOND, code=1)
    assert "data failed: " in told and bad.name in told and "python -m flows cycle" in told
    assert asked(project, PREDICTED) == before
    ((cause,),) = asked(project, "select cause from monitoring.alerts where state = 'open' and kind = 'failed_run'")
    assert bad.name in cause and "AsofError" not in cause, "the alert says what the run said"
    # the files beside it have landed, and the clock waits for it
    first, second = map(datetime.fromisoformat, (FIRST, SECOND))
    reached = "select now, (select max(landed_as_of) from ledger.batches) from landing.clock"
    assert asked(project, reached) == [(first, second)]
    bad.unlink()
    flows(project, "cycle")
    assert asked(project, reached) == [(second, second)]
    assert asked(project, PREDICTED)[0][0] > before[0][0]
