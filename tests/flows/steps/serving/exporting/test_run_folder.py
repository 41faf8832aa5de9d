"""A folder of exports: the run before or the new one at every instant, also after a kill; nothing of others is touched."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flows.steps.serving.exporting import run_folder
from flows.steps.serving.publishing import Shown
from ml.errors import AsofError
from tests.flows.steps.serving.exporting.conftest import BEGAN, run_id

TABLES = ("shops", "visits/month=2026-01", "visits/month=2026-02")
# What an export does to a file system, as Python tells of it.
EVENTS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir", "shutil.rmtree"}


def run(number: int) -> Shown:
    return Shown(run_id(number), BEGAN, BEGAN + timedelta(seconds=number))


def export(place: Path, number: int, kind: str = "csv") -> bool:
    def fill(folder: Path) -> dict[str, int]:
        for table in TABLES:
            (folder / table).parent.mkdir(parents=True, exist_ok=True)
            (folder / f"{table}.csv").write_text(f"{number}\n" * 3)
        return {"shops": 3, "visits": 6}

    return run_folder.write(place, kind, run(number), fill)


def shown(place: Path) -> set[int]:
    """The numbers that a reader of `current` finds; every file is there and whole."""
    found = [(place / "current" / f"{table}.csv").read_text().split() for table in TABLES]
    assert all(len(lines) == 3 for lines in found)
    return {int(line) for lines in found for line in lines}


def runs(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name != "current")


@pytest.fixture(autouse=True)
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASOF_LANDING", str(tmp_path / "landing"))
    return tmp_path / "landing"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "a lake"


def test_the_run_before_stays_until_the_next_export_and_older_ones_go(place: Path) -> None:
    for number in (1, 2):
        assert export(place, number)
        assert shown(place) == {number}
    before = place.joinpath("current").resolve()
    assert export(place, 3)
    assert (shown(place), len(runs(place))) == ({3}, 2)
    assert {path.read_text() for path in before.rglob("*.csv")} == {"2\n" * 3}, "who resolved `current` goes on reading it"


def test_the_same_run_is_written_once_and_again_where_it_is_damaged(place: Path) -> None:
    assert [export(place, 1), export(place, 1)] == [True, False]
    (place / "current" / "shops.csv").unlink()
    assert export(place, 1)
    assert shown(place) == {1}


def test_what_was_published_before_comes_back_by_its_run(place: Path) -> None:
    for number in (1, 2, 1):
        export(place, number)
    assert (shown(place), len(runs(place))) == ({1}, 2)


@pytest.mark.parametrize(
    "name", ["notes.txt", "visits/old.parquet", "current/mine.txt", ".hidden", "20260227T100001Z-000000000001x/a"]
)
def test_a_folder_that_holds_anything_else_is_refused_and_stays_as_it_is(place: Path, name: str) -> None:
    for number in (1, 2):
        export(place, number)
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_text("mine")
    with pytest.raises(AsofError, match=r"was not written by an export, and .* may hold nothing else: move it away, or name"):
        export(place, 3)
    assert (shown(place), (place / name).read_text()) == ({2}, "mine")


def test_what_comes_into_a_stale_run_meanwhile_is_not_removed(place: Path) -> None:
    for number in (1, 2):
        export(place, number)
    stale = place / runs(place)[0]

    def fill(folder: Path) -> dict[str, int]:
        (stale / "mine.txt").write_text("mine")
        return {}

    assert run_folder.write(place, "csv", run(3), fill)
    assert (stale / "mine.txt").read_text() == "mine"


def test_a_folder_of_another_kind_the_landing_folder_and_a_second_export_at_once_are_refused(place: Path, landing: Path) -> None:
    export(place, 1)
    with pytest.raises(AsofError, match="holds an export of the kind csv: name another folder for parquet"):
        export(place, 2, "parquet")
    for inside in (landing, landing / "lake"):
        with pytest.raises(AsofError, match="is in the landing folder"):
            export(inside, 1)

    def fill(folder: Path) -> dict[str, int]:
        export(place, 3)
        return {}

    with pytest.raises(AsofError, match="another process is exporting to"):
        run_folder.write(place, "csv", run(2), fill)
    assert shown(place) == {1}


def test_an_export_that_fails_leaves_what_was_there(place: Path) -> None:
    export(place, 1)

    def fill(folder: Path) -> dict[str, int]:
        (folder / "half.csv").write_text("1")
        raise OSError(28, "No space left on device", "half.csv")

    with pytest.raises(OSError, match="No space"):
        run_folder.write(place, "csv", run(2), fill)
    assert (shown(place), len(runs(place))) == ({1}, 1)


def dies_at(place: Path, event: int) -> None:
    """Export run 3, and die before the so manieth thing that is done to the folder."""
    seen = 0

    def hook(name: str, arguments: tuple) -> None:
        nonlocal seen
        if name in EVENTS and any(str(place) in str(one) for one in arguments):
            seen += 1
            if seen == event:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    export(place, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="kills")
def test_a_kill_at_any_point_leaves_the_run_before_or_the_new_one_and_the_next_export_is_whole(tmp_path: Path) -> None:
    made, killed = tmp_path / "made", 0
    for number in (1, 2):
        export(made, number)
    while True:
        place = tmp_path / f"killed {killed}"
        shutil.copytree(made, place, symlinks=True)
        child = multiprocessing.get_context("fork").Process(target=dies_at, args=(place, killed + 1))
        child.start()
        child.join()
        assert shown(place) in ({2}, {3})
        if child.exitcode == 0:
            break
        killed += 1
        assert child.exitcode == -signal.SIGKILL
        export(place, 4)
        assert (shown(place), len(runs(place))) == ({4}, 2)
        shutil.rmtree(place)
    assert killed > 15, "it was killed at each of these points"
