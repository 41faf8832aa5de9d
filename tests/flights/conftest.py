"""One small lived warehouse of the flights for all tests of flows and faults: made once, copied by those who change it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import children
from tests.children import House
from tests.conftest import PROJECT

PROBLEM = "flight_disruption"
# The least that trains: 28 days to judge on, 21 to stop on, a week to learn from. Three days are lived, and a week
# turns in them, which is when a challenger is due.
HISTORY, UNTIL = "2013-03-02", "2013-03-05"
# Two days of hours: midnights of New York and of Greenwich, and the turn of the week.
HOURS = "2013-03-04"
# A machine that does other things as well makes a house all the same.
HOUSE_SECONDS = 900


@dataclass(frozen=True)
class Lived:
    """The houses of one run of the tests. Nobody changes them: copy one to do so."""

    started: House  # history landed, a first champion, no day lived
    day: House  # three days lived day by day


def verb(house: House, *arguments: str) -> None:
    """Run `python -m flows` as people do."""
    done = subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        cwd=PROJECT, env={**os.environ, **house.environment}, capture_output=True, text=True, timeout=HOUSE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def lived(shared: Callable[[str, Callable[[Path], None]], Path]) -> Lived:
    """History, then three days by the command line."""

    def live(folder: Path) -> None:
        day = House(folder / "day")
        verb(day, "replay", "--history", HISTORY, "--until", HISTORY)
        day.copy(folder / "started")
        verb(day, "replay", "--until", UNTIL)

    folder = shared("lived", live)
    return Lived(House(folder / "started"), House(folder / "day"))


@pytest.fixture(scope="session")
def hour(lived: Lived, shared: Callable[[str, Callable[[Path], None]], Path]) -> House:
    """The same days lived hour by hour, from the same beginning."""
    return House(shared("hour", lambda folder: verb(lived.started.copy(folder), "replay", "--until", HOURS, "--step", "hour")))


@pytest.fixture(scope="session")
def daily(shared: Callable[[str, Callable[[Path], None]], Path]) -> House:
    """Everything made anew: from files of one day each, by the verbs one after the other."""

    def live(folder: Path) -> None:
        ended = children.start(House(folder), calling="tests.flights.conftest:live_anew").wait(HOUSE_SECONDS)
        assert ended.code == 0, ended.err

    return House(shared("daily", live))


def live_anew() -> None:
    """In a child: what `daily` does."""
    from flows.cli.main import cli

    cli(["land", "--until", HISTORY, "--step", "day"], standalone_mode=False)
    cli(["build"], standalone_mode=False)
    for until in (HOURS, UNTIL):  # a stop on the way changes nothing
        cli(["replay", "--history", HISTORY, "--until", until], standalone_mode=False)


@pytest.fixture
def copied(lived: Lived, tmp_path: Path) -> House:
    """A copy of the house that was lived in day by day, to change."""
    return lived.day.copy(tmp_path / "house")


@pytest.fixture
def inside(copied: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The same, with this very process working on it."""
    from flows.runtime import warehouse

    for name, value in copied.environment.items():
        monkeypatch.setenv(name, value)
    yield copied
    warehouse.close()


@pytest.fixture
def two(inside: House) -> tuple[str, str]:
    """The first champion, champion all the time, and a challenger that is not."""
    from flows.runtime import warehouse

    with warehouse.transaction() as con:
        con.execute("delete from ledger.promotions where effective_at > (select min(effective_at) from ledger.promotions)")
        con.execute("delete from ledger.verdicts")
        for table in ("verdict_gates", "shadows", "shadow_predictions", "shadow_evidence"):
            con.execute(f"delete from ledger.{table}")
    both = warehouse.rows("select model_version from ledger.model_versions order by trained_as_of")
    first, second = both[0]["model_version"], both[1]["model_version"]
    with warehouse.transaction() as con:
        con.execute(f"update problems.{PROBLEM}__predictions set model_version = ?", [first])
    return first, second
