"""Limits of the machine: a full disk, too little memory, too little time."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.runtime import warehouse
from flows.runtime.database_errors import QueryTooLong
from flows.runtime.step import step
from tests import children
from tests.children import House
from tests.flights.conftest import PROBLEM, Lived
from tests.flights.faults import state

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(lived: Lived, tmp_path: Path) -> Iterator[House]:
    """The house on a disk of its own that has room for little more."""
    disk, size = tmp_path / "disk", sum(f.stat().st_size for f in lived.day.folder.rglob("*") if f.is_file())
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size + 48 * 2**20}", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, text=True) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        house = lived.day.copy(disk / "house")
        state.forget_the_last_day(house)
        (tmp_path / "logs").mkdir()
        (house.folder / "logs").symlink_to(tmp_path / "logs")  # or what a child says would find no room either
        yield house
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """A file that takes all the room but `leave` bytes."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - leave)
    return filler


def test_a_full_disk_while_promoting_or_publishing_leaves_the_old_predictions_and_the_old_file(small_disk: House) -> None:
    before = state.predictions(small_disk), state.counted(small_disk), state.published(small_disk)
    for leave in (64 * 2**10, 256 * 2**10):
        filler = fill(small_disk.folder, leave)
        line = state.refusal(children.run(small_disk, "score"))
        assert "space" in line or "write" in line
        assert "what was being written is rolled back" in line and "run it again" in line
        filler.unlink()
        assert (state.predictions(small_disk), state.counted(small_disk), state.published(small_disk)) == before
    done = children.run(small_disk, "score")
    assert done.code == 0, done.err
    assert len(state.predictions(small_disk)) > len(before[0])

    old = state.published(small_disk)
    filler = fill(small_disk.folder, 64 * 2**10)
    line = state.refusal(children.run(small_disk, "publish"))
    assert "space" in line or "write" in line
    filler.unlink()
    assert state.published(small_disk) == old
    assert [file.name for file in small_disk.published.parent.iterdir() if file.is_file()] == [small_disk.published.name]
    assert children.run(small_disk, "publish").code == 0


@pytest.fixture(scope="module")
def landed(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The next day has landed."""
    house = lived.day.copy(tmp_path_factory.mktemp("landed") / "house")
    assert children.run(house, "land", "--until", "2013-03-06").code == 0
    return house


def test_too_little_memory_is_an_error_and_the_spill_is_cleaned_up(landed: House, tmp_path: Path) -> None:
    house = landed.copy(tmp_path / "house")
    before = state.predictions(house), state.published(house)
    line = state.refusal(children.run(house, "build", ASOF_MEMORY_LIMIT="20MB"))
    assert "memory" in line.lower()
    assert [path.name for path in house.folder.glob("*.tmp*")] == []
    assert (state.predictions(house), state.published(house)) == before
    done = children.run(house, "build")
    assert done.code == 0, done.err


def test_a_training_without_room_is_refused_before_it_begins_and_keeps_within_the_room_it_asks_for(copied: House) -> None:
    versions = "select count(*) from ledger.model_versions"
    before = state.ask(copied, versions)
    line = state.refusal(children.run(copied, "train", ASOF_MEMORY_LIMIT="500MB"))
    assert "training.window_days or fewer features" in line and state.ask(copied, versions) == before
    enough = re.search(r"ASOF_MEMORY_LIMIT allows 47\d: raise it to (\d+)MiB", line)[1]
    done = children.run(copied, "train", ASOF_MEMORY_LIMIT=f"{enough}MiB")
    assert done.code == 0, done.err
    peak = "select arg_max(peak_memory_mb, started_at) from ledger.runs where phase = 'training' and status = 'succeeded'"
    assert state.ask(copied, peak)[0][0] <= int(enough)


def test_a_full_disk_while_landing_and_building_keeps_what_was_committed_before(small_disk: House) -> None:
    """Each file and each model is a transaction: after the error some are there as a whole, and the next run brings the rest."""
    until = ("--until", "2013-03-06")
    filler = fill(small_disk.folder, 256 * 2**10)
    ended = children.run(small_disk, "land", *until)
    if ended.code == 0:
        ended = children.run(small_disk, "build")
    line = state.refusal(ended)
    assert "No space left on device" in line and "what was committed before stays" in line
    filler.unlink()
    for table in ("flights__departures", "flights__weather"):
        torn = f"rows_loaded <> (select count(*) from landing.{table} where _batch_id = batch_id)"
        ask = f"select count(*) from ledger.batches where source = '{table.replace('__', '.')}' and {torn}"
        assert state.ask(small_disk, ask) == [(0,)], "a file is there as a whole or not at all"
    for verb in (("land", *until), ("build",), ("score",)):
        done = children.run(small_disk, *verb)
        assert done.code == 0, done.err


SLOW = "(select sum(sin(a.range * b.range)) from range(60000) as a, range(60000) as b) is not null"


def test_a_query_beyond_its_time_limit_is_interrupted_retried_once_and_failed(copied: House) -> None:
    """A real query over a real view that takes minutes."""
    state.forget_the_last_day(copied)
    before, relation = state.predictions(copied), f"problems.{PROBLEM}__scoring_set"
    kind = state.ask(copied, f"select table_type from information_schema.tables where table_name = '{PROBLEM}__scoring_set'")[0][
        0
    ]
    what = "view" if kind == "VIEW" else "table"
    state.change(
        copied,
        f"alter {what} {relation} rename to as_it_was",
        f"create view {relation} as select * from problems.as_it_was where {SLOW}",
    )
    line = state.refusal(children.run(copied, "score", ASOF_QUERY_LIMIT_SECONDS="5"))
    assert "ASOF_QUERY_LIMIT_SECONDS=5" in line and "interrupted twice" in line
    assert state.predictions(copied) == before
    state.change(copied, f"drop view {relation}", f"alter {what} problems.as_it_was rename to {PROBLEM}__scoring_set")
    assert children.run(copied, "score").code == 0


def test_a_model_of_dbt_beyond_the_time_limit_is_run_once_more_and_failed_by_its_name(landed: House, tmp_path: Path) -> None:
    """A real model over a real view that takes minutes."""
    house = landed.copy(tmp_path / "house")
    state.change(
        house,
        "alter view staging.stg_flights__weather rename to as_it_was",
        f"create view staging.stg_flights__weather as select * from staging.as_it_was where {SLOW}",
    )
    before = state.published(house), state.predictions(house)
    line = state.refusal(children.run(house, "build", ASOF_QUERY_LIMIT_SECONDS="5"))
    assert "interrupted twice" in line and "ftr_weather__hourly" in line and "ASOF_QUERY_LIMIT_SECONDS=5" in line
    assert (state.published(house), state.predictions(house)) == before
    failed = state.ask(house, "select phase, message from ledger.runs where status = 'failed'")
    assert len(failed) == 2 and all("ftr_weather__hourly" in message for _, message in failed), "each try is a row"
    assert ("features",) in state.ask(house, "select subject from monitoring.alerts where kind = 'failed_run'")


def test_a_query_that_is_fast_at_its_second_try_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setenv("ASOF_QUERY_LIMIT_SECONDS", "0.3")
    waiting = [SLOW]

    @step()
    def ask() -> list[tuple]:
        with warehouse.cursor() as con:
            return con.execute(f"select 1 as one where {waiting.pop() if waiting else 'true'}").fetchall()

    try:
        assert ask() == [(1,)]
        with pytest.raises(QueryTooLong, match="interrupted twice"):
            warehouse.table(f"select 1 where {SLOW}")
        monkeypatch.setenv("ASOF_QUERY_LIMIT_SECONDS", "0")
        assert warehouse.rows("select current_setting('max_execution_time') as none") == [{"none": 0}]
    finally:
        warehouse.close()
