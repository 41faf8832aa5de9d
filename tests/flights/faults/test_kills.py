"""Kills with SIGKILL at every point of a batch: afterwards it is the old state or the new one, and the next run completes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests import children
from tests.children import House
from tests.faults.equal import differences
from tests.flights.conftest import Lived
from tests.flights.faults import state, striking

UNTIL = "2013-03-06"
CYCLE = ("cycle", "--until", UNTIL, "--step", "day")
SERVE = "tests.flights.faults.points:serve"
# When the files of a house say that a run is there. The scores and what the model saw are staged by a commit each, then promoted.
OLD = {
    "before the write": lambda house: striking.at_once,
    "after the staged write": lambda house: striking.committed(house, 1),
    "before the promotion": lambda house: striking.committed(house, 2),
}
NEW = {
    "after the commit": lambda house: striking.settled(house, 3),
    "before the rename": striking.writing_the_published_file,
    "after the publication": striking.published_again,
}
# On a busy machine a child may run past the point before it is seen: then the house is made anew.
TRIES = 15


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


def state_of(house: House) -> tuple:
    return state.predictions(house), state.counted(house), state.published(house)


def killed(house: House, folder: Path, when: Callable[[House], striking.Holds], wanted: Callable[[House], bool]) -> House:
    """A copy of a house whose serving was killed at a point, with the state that is wanted."""
    for number in range(TRIES):
        copy = house.copy(folder / f"try{number}")
        died = striking.kill_when(children.start(copy, calling=SERVE), when(copy))
        if died and wanted(copy):
            return copy
        assert state_of(copy)[:2] in (state_of(house)[:2], both(copy, house)), "old or new, nothing between"
    raise AssertionError(f"not killed there in {TRIES} tries")


def both(house: House, old: House) -> tuple:
    """Predictions and counts of a house; what both have more than an old one must be of as many rows."""
    more, counted_more = (rows(house) - rows(old) for rows in (_predicted, _counted))
    assert more == counted_more
    return state.predictions(house), state.counted(house)


def _predicted(house: House) -> int:
    return len(state.predictions(house))


def _counted(house: House) -> int:
    return sum(one[-1] for one in state.counted(house) if one[2] == "score")


@pytest.mark.parametrize("point", OLD)
def test_a_kill_before_the_commit_leaves_the_old_state(serving: House, lived: Lived, tmp_path: Path, point: str) -> None:
    before = state_of(serving)
    torn = killed(serving, tmp_path, OLD[point], lambda house: len(state.predictions(house)) == len(before[0]))
    assert state_of(torn) == before
    completes(torn, lived.day)


@pytest.mark.parametrize("point", NEW)
def test_a_kill_after_the_commit_leaves_the_new_state(serving: House, lived: Lived, tmp_path: Path, point: str) -> None:
    old, whole = state.published(serving), len(state.predictions(lived.day))
    published = point == "after the publication"
    torn = killed(
        serving, tmp_path, NEW[point],
        lambda house: len(state.predictions(house)) == whole and (state.published(house) != old) == published,
    )  # fmt: skip
    before = state.predictions(torn), state.counted(torn)
    completes(torn, lived.day)
    assert (state.predictions(torn), state.counted(torn)) == before, "nothing is scored twice"


def test_a_kill_while_a_challenger_is_judged_leaves_verdict_and_promotion_or_neither(copied: House) -> None:
    seconds = state.ask(copied, "select max(seconds) from ledger.runs where phase = 'validation'")[0][0]
    with duckdb.connect(str(copied.warehouse)) as con:
        for table in ("promotions", "verdicts", "verdict_gates"):
            con.execute(f"delete from ledger.{table}")
    written = "select (select count(*) from ledger.verdicts), (select count(*) from ledger.promotions)"
    validate = "tests.flights.faults.points:validate"
    for share in (0.3, 0.6, 0.8, 0.95):
        striking.kill_when(children.start(copied, calling=validate), striking.after(share * seconds))
        assert state.ask(copied, written) in ([(0, 0)], [(1, 1)])
        if state.ask(copied, written) == [(1, 1)]:
            return
    again = children.run(copied, calling=validate)
    assert again.code == 0, again.err
    assert state.ask(copied, written) == [(1, 1)]


@pytest.mark.parametrize("delay", [0, 0.003, 0.01, 0.03])
def test_a_kill_during_a_checkpoint_loses_no_acknowledged_batch(copied: House, delay: float, tmp_path: Path) -> None:
    acknowledged, before = tmp_path / "acknowledged", state.predictions(copied)
    acknowledged.touch()
    child = children.start(copied, str(acknowledged), calling="tests.flights.faults.points:checkpoint")
    late: list[striking.Holds] = []

    def all_are_acknowledged() -> bool:
        if not late and len(acknowledged.read_text().split()) == 20:
            late.append(striking.after(delay))
        return bool(late) and late[0]()

    assert striking.kill_when(child, all_are_acknowledged)
    batches = [(number, 20000) for number in range(20)]
    assert state.ask(copied, "select batch, count(*) from ledger.batches_of_a_test group by all order by all") == batches
    assert state.predictions(copied) == before


@pytest.fixture(scope="module")
def landed(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The next day has landed."""
    house = lived.day.copy(tmp_path_factory.mktemp("landed") / "house")
    done = children.run(house, "land", "--until", UNTIL)
    assert done.code == 0, done.err
    return house


@pytest.fixture(scope="module")
def whole(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The next day was lived by a cycle that nobody killed."""
    house = lived.day.copy(tmp_path_factory.mktemp("whole") / "house")
    done = children.run(house, *CYCLE)
    assert done.code == 0, done.err
    return house


@pytest.mark.parametrize("models", [1, 3, 5])
def test_a_kill_of_dbt_between_models_publishes_nothing_and_the_next_build_completes(
    lived: Lived, landed: House, whole: House, tmp_path: Path, models: int
) -> None:
    torn = landed.copy(tmp_path / "torn")
    before = state.published(torn)
    assert striking.kill_when(children.start(torn, "build"), striking.committed(torn, models))
    assert state.published(torn) == before
    for verb in ("build", "score"):
        done = children.run(torn, verb)
        assert done.code == 0, done.err
    tables = ["intermediate.int_flights__events", "intermediate.int_flights__daily", "problems.flight_disruption__features"]
    for table in tables:
        sql = f"select count(*) from {table}"
        assert state.ask(torn, sql) == state.ask(whole, sql) > state.ask(lived.day, sql)
    features = "select * from problems.flight_disruption__features order by flight_id"
    assert state.ask(torn, features) == state.ask(whole, features)
    assert state.predictions(torn) == state.predictions(whole)


@pytest.mark.parametrize("commits", [1, 12, 30])
def test_what_a_killed_cycle_left_is_done_by_the_next(lived: Lived, whole: House, tmp_path: Path, commits: int) -> None:
    torn = lived.day.copy(tmp_path / "torn")
    assert striking.kill_when(children.start(torn, *CYCLE), striking.committed(torn, commits))
    again = children.run(torn, *CYCLE)
    assert again.code == 0, again.err
    assert state.predictions(torn) == state.predictions(whole)
    looks = frozenset({"ledger.runs", "ledger.reconciliations", "ledger.file_checks", "ledger.alert_events"})
    assert differences(whole, torn, besides=looks) == []
