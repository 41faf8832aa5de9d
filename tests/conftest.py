"""One small lived warehouse for all tests of flows and faults: made once, copied by those who change it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import children
from tests.children import Child, House

PROJECT = Path(__file__).resolve().parents[1]
PROBLEM = "flight_disruption"
# The least that trains: 28 days to judge on, 21 to stop on, a week to learn from. Three days are lived, and a month
# turns in them.
HISTORY, UNTIL = "2013-02-27", "2013-03-02"
# Two days of hours: midnights of New York and of Greenwich, and the turn of the month.
HOURS = "2013-03-01"


@dataclass(frozen=True)
class Lived:
    """The houses of one session. Nobody changes them: copy one to do so."""

    started: House  # history landed, a first champion in office, no day lived
    day: House  # three days lived day by day
    background: dict[str, tuple[House, Child]]  # others, that live while the tests run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of houses that live in the background come last: by then nobody waits for them."""
    items.sort(key=lambda item: bool({"hour", "daily"} & set(getattr(item, "fixturenames", ()))))


def verb(house: House, *arguments: str) -> None:
    """Run `python -m flows` as people do."""
    done = subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        cwd=PROJECT, env={**os.environ, **house.environment}, capture_output=True, text=True, timeout=children.SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Lived:
    """History, then three days by the command line; beside it, where tests ask for them, two that must come to the same."""
    folder = tmp_path_factory.mktemp("lived")
    day, daily = House(folder / "day"), House(folder / "daily")
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    background = {}
    if "daily" in wanted:
        background["daily"] = daily, children.start(daily, calling="tests.conftest:live_anew")
    verb(day, "replay", "--history", HISTORY, "--until", HISTORY)
    started = day.copy(folder / "started")
    if "hour" in wanted:
        hour = started.copy(folder / "hour")
        background["hour"] = hour, children.start(hour, "replay", "--until", HOURS, "--step", "hour")
    verb(day, "replay", "--until", UNTIL)
    return Lived(started, day, background)


@pytest.fixture(scope="session")
def hour(lived: Lived) -> House:
    """The same days lived hour by hour, from the same beginning."""
    return _awaited(*lived.background["hour"])


@pytest.fixture(scope="session")
def daily(lived: Lived) -> House:
    """Everything made anew: from files of one day each, by the verbs one after the other."""
    return _awaited(*lived.background["daily"])


def _awaited(house: House, child: Child) -> House:
    ended = child.wait()
    assert ended.code == 0, ended.err
    return house


def live_anew() -> None:
    """In a child: what `daily` does."""
    from flows.cli import cli

    cli(["land", "--until", HISTORY, "--step", "day"], standalone_mode=False)
    cli(["build"], standalone_mode=False)
    cli(["replay", "--history", HISTORY, "--until", UNTIL], standalone_mode=False)


@pytest.fixture
def copied(lived: Lived, tmp_path: Path) -> House:
    """A copy of the house that was lived in day by day, to change."""
    return lived.day.copy(tmp_path / "house")


@pytest.fixture
def inside(copied: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The same, with this very process working on it."""
    from flows.steps import warehouse

    for name, value in copied.environment.items():
        monkeypatch.setenv(name, value)
    yield copied
    warehouse.close()
