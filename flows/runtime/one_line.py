"""The end of a process that fails: one line on standard error, and a number that tells an error from a Ctrl-C or a SIGTERM."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from flows.runtime import console, logs, terminal
from ml.errors import AsofError

# How people and service managers stop a program; a shell says 128 more than the signal's number.
STOPPING = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
STOPPED = "stopped by {}: what was being written is rolled back, what was committed before stays; run it again to go on"


@contextmanager
def in_one_line() -> Iterator[None]:
    """End the process with one line on standard error when an error comes through."""
    terminal.prepare()
    with _noticing_signals() as seen:
        try:
            yield
        except (click.exceptions.Exit, click.ClickException):
            raise
        except (Exception, KeyboardInterrupt) as error:
            with suppress(OSError):  # what cannot be printed must not fail once more at exit
                terminal.flush()
            # DuckDB and dbt turn an interruption into errors of their own.
            if seen or isinstance(error, KeyboardInterrupt | click.exceptions.Abort):
                number = seen[0] if seen else signal.SIGINT
                console.fail(STOPPED.format(STOPPING[number]))
                sys.exit(128 + number)
            console.fail(_told(error))
            sys.exit(1)


def _told(error: BaseException) -> str:
    from flows.runtime import errors, settings

    with suppress(AsofError):  # ASOF_DEBUG itself may be what is wrong
        if settings.debugging():
            trace = settings.redacted("".join(traceback.format_exception(error)))
            console.err.print(trace)
            logs.LOGGER.info("%s", trace)
    return errors.line(error)


@contextmanager
def _noticing_signals() -> Iterator[list[signal.Signals]]:
    """A list that is not empty once Ctrl-C was pressed or SIGTERM came; both interrupt what is under way."""
    seen: list[signal.Signals] = []

    def notice(number: int, frame: object) -> None:
        seen.append(signal.Signals(number))
        raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, notice) for number in STOPPING}
    except ValueError:  # only the main thread may
        yield seen
        return
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
