"""Processes for tests: real ones, forked from a server that has imported and parsed everything once.

A child runs a verb of the command line, or a function by name, on the paths it is given.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

# On a busy machine the shared house takes minutes.
SECONDS = 600
VARIABLES = {
    "ASOF_WAREHOUSE": "warehouse.duckdb",
    "ASOF_PUBLISHED": "published/analytics.duckdb",
    "ASOF_LANDING": "landing",
    "DBT_TARGET_PATH": "target",
}


@dataclass(frozen=True)
class House:
    """A folder with a warehouse, a published file, landed files and dbt's target."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process work on this house."""
        return {name: str(self.folder / part) for name, part in VARIABLES.items()}

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published" / "analytics.duckdb"

    def copy(self, folder: Path) -> House:
        """A copy to change; dbt's parsed project goes along."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return House(folder)


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (negative: the signal that killed it) and what it printed."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Child:
    """A running child."""

    def __init__(self, process: multiprocessing.Process, log: Path) -> None:
        self.process, self._log = process, log

    def wait(self, seconds: float = SECONDS) -> Ended:
        """How it ended. AssertionError when it is still running after `seconds`: then it is killed first."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"still running after {seconds} s: {(self._log / 'err').read_text()[-500:]}")
        return Ended(self.process.exitcode, (self._log / "out").read_text(), (self._log / "err").read_text())


_count = iter(range(1_000_000))


def start(house: House, *arguments: str, first: str | None = None, calling: str | None = None, **more: str) -> Child:
    """Start `python -m flows ARGUMENTS`, or the function `calling` (`module:name`) with them; `more` is environment.

    `first` names a function that the child calls before.
    """
    log = house.folder / "logs" / f"{next(_count)}"
    log.mkdir(parents=True)  # and with it the house
    for name in ("out", "err"):
        (log / name).touch()  # a child that is killed at once has said nothing
    environment = {**house.environment, "ASOF_THREADS": "1", **more}
    process = _server().Process(target=_run, args=(environment, log, arguments, first, calling), daemon=True)
    process.start()
    return Child(process, log)


def run(house: House, *arguments: str, **options) -> Ended:
    """Start a child and wait for its end."""
    return start(house, *arguments, **options).wait()


def _server() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preloaded"])
    return context


def _run(environment: dict[str, str], log: Path, arguments: tuple[str, ...], first: str | None, calling: str | None) -> None:
    """In the child."""
    for number, name in ((1, "out"), (2, "err")):
        handle = os.open(log / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, number)
    os.environ.update(environment)
    if first:
        _resolve(first)()
    if calling:
        _resolve(calling)(*arguments)
    else:
        from flows.cli.main import cli

        cli(list(arguments), prog_name="flows")


def _resolve(name: str) -> Callable:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)
