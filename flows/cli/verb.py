"""What every verb has: --problem, one line for any error, instants in its options."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from flows.runtime import terminal
from flows.runtime.one_line import in_one_line
from ml.schedule.calendar import STEPS, in_utc


def verb(function: Callable) -> Callable:
    """A command with --problem. Any error is printed as one line and exits with 1, Ctrl-C with 130."""

    def chosen(problem: str | None) -> dict:
        from flows.store import problems

        return {"problem": problems.named(problem)}

    return _command(function, chosen, "A problem of `vars: problems:`; the first one by default.")


def verb_for_all(function: Callable) -> Callable:
    """The same for a command that works on `names`: all declared problems, or the one that --problem names."""

    def chosen(problem: str | None) -> dict:
        from flows.store import problems

        return {"names": problems.chosen(problem)}

    return _command(function, chosen, "A problem of `vars: problems:`; all of them by default.")


def verb_for_one_or_all(function: Callable) -> Callable:
    """The same for a command that works on `problem`, or on all of them where that is None."""

    def chosen(problem: str | None) -> dict:
        from flows.store import problems

        return {"problem": problem and problems.named(problem)}

    return _command(function, chosen, "A problem of `vars: problems:`; all of them by default.")


def verb_of_the_project(function: Callable) -> Callable:
    """The same for a command that is about no problem, and has no --problem."""
    return _command(function)


def _command(function: Callable, chosen: Callable[[str | None], dict] = lambda problem: {}, told: str | None = None) -> Callable:
    @functools.wraps(function)
    def run(problem: str | None = None, **kwargs) -> None:
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", module="pydantic")  # prefect's own schemas, nothing that people can mend
        with in_one_line():
            from flows.runtime import settings, warehouse
            from flows.steps.monitoring.alerting.failures import failures_reported

            settings.load()
            settings.check()
            os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
            try:
                with failures_reported():
                    function(**chosen(problem), **kwargs)
                terminal.flush()
            finally:
                warehouse.close()

    option = click.option("--problem", metavar="NAME", help=told) if told else lambda run: run
    return click.command(cls=Verb)(option(run))


class Verb(click.Command):
    """A command whose options may be wrong for a reason that is no fault of usage, such as a setting that they need."""

    def make_context(self, *args, **kwargs) -> click.Context:
        with in_one_line():
            return super().make_context(*args, **kwargs)


def verbs(function: Callable) -> click.Group:
    """A verb that does something by itself and has verbs below it, which are added with `add_command(verb(…), name)`."""
    alone = verb(function)

    def run(**kwargs) -> None:
        if click.get_current_context().invoked_subcommand is None:
            alone.callback(**kwargs)

    return click.Group(alone.name, callback=run, params=alone.params, help=alone.help, invoke_without_command=True)


class Instant(click.ParamType):
    """A day (local midnight) or an instant, in UTC where it names no offset."""

    name = "instant"

    def convert(self, value, param, ctx) -> datetime:
        if isinstance(value, datetime):
            return value
        from flows.runtime import settings
        from flows.store.clock import midnight

        settings.load()
        settings.time_zone()
        try:
            return midnight(value) if len(value) == 10 else in_utc(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is neither a day (2026-07-01) nor an instant (2026-07-01T05:00 in UTC, or 2026-07-01T00:00-05:00)",
                param, ctx,
            )  # fmt: skip


class ExportTarget(click.ParamType):
    """Where tables are exported to; a relative path counts from the folder in which the command is typed."""

    name = "target"

    def convert(self, value, param, ctx):
        from flows.runtime import export_targets

        try:
            return export_targets.read(value, Path.cwd())
        except ValueError:
            if "://" in value:
                self.fail("a connection string holds a password: set ASOF_POSTGRES, and write --to postgres", param, ctx)
            self.fail(f"{value!r} is none of {export_targets.ALLOWED}", param, ctx)


def step_of(usual: str, told: str) -> Callable:
    """The option --step."""
    return click.option("--step", type=click.Choice(STEPS), default=usual, show_default=True, help=told)


STEP = step_of("day", "How far the clock moves at a time; production moves by the hour.")


def clock() -> datetime:
    """The clock of the warehouse; AsofError saying how to begin when nothing has landed."""
    from flows.store import clock as clocks

    return clocks.begun()
