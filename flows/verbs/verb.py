"""What every verb has: --problem, one line for an error, instants in its options."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from datetime import datetime

import click

from flows import console
from ml.errors import AsofError


def verb(function: Callable) -> Callable:
    """A command with --problem, which prints AsofError as one line and exits with 1."""

    @functools.wraps(function)
    def run(problem: str | None, **kwargs) -> None:
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", module="pydantic")  # prefect's own schemas, nothing that people can mend
        from flows.steps import problems, warehouse

        try:
            function(problem=problems.named(problem), **kwargs)
        except AsofError as error:
            console.fail(str(error))
            sys.exit(1)
        except warehouse.Error as error:
            console.fail(warehouse.explained(error))
            sys.exit(1)
        finally:
            warehouse.close()

    option = click.option("--problem", metavar="NAME", help="A problem of `vars: problems:`; the first one by default.")
    return click.command()(option(run))


def verbs(function: Callable) -> click.Group:
    """A verb that does something by itself and has verbs below it, which are added with `add_command(verb(…), name)`."""
    alone = verb(function)

    def run(**kwargs) -> None:
        if click.get_current_context().invoked_subcommand is None:
            alone.callback(**kwargs)

    return click.Group(alone.name, callback=run, params=alone.params, help=alone.help, invoke_without_command=True)


class Instant(click.ParamType):
    """A day (local midnight) or an instant in UTC."""

    name = "instant"

    def convert(self, value, param, ctx) -> datetime:
        if isinstance(value, datetime):
            return value
        from flows.steps.clock import midnight

        try:
            return midnight(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither a day (2013-07-01) nor an instant in UTC (2013-07-01T05:00)", param, ctx)


STEP = click.option("--step", type=click.Choice(["hour", "day", "month"]), default="day", show_default=True,
                    help="How far the clock moves at a time; production moves by the hour.")  # fmt: skip


def clock() -> datetime:
    """The clock of the warehouse; AsofError saying how to begin when nothing has landed."""
    from flows.steps import clock as clocks

    now = clocks.now()
    if now is None:
        raise AsofError("nothing has landed yet: run `make run`, or `python -m flows land --until 2013-02-01 --step month`")
    return now
