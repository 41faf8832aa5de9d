"""What a process says of its work on standard error: lines for people, or JSON objects for machines, by Python's logging.

A record says when, how grave, which command or flow it belongs to (`invocation_id`), and inside of a run of the ledger which one.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from flows.runtime import settings
from flows.runtime.terminal import Terminal, one_line, styled

LOGGER = logging.getLogger("asof")
# How people see what is not well; what goes well they are told on standard output.
MARKS = {logging.WARNING: ("!", "yellow"), logging.ERROR: ("✗", "red")}


class ForPeople(Terminal):
    """Standard error for what only people read, such as bars and traces: nothing where it gets JSON."""

    def print(self, *objects: Any, **options: Any) -> None:
        if not settings.logs_as_json():
            super().print(*objects, **options)


err = ForPeople(stderr=True)
# What every record has besides: the run of the ledger that is under way, its phase and its problem.
_context: ContextVar[dict[str, str | None] | None] = ContextVar("context", default=None)


@functools.cache
def invocation_id() -> str:
    """The id of the command or flow that this process does: ASOF_RUN_ID, that of Prefect's flow run, or one of its own."""
    return settings.run_id() or os.environ.get("PREFECT__FLOW_RUN_ID") or str(uuid4())


@contextmanager
def inside(**context: str | None) -> Iterator[None]:
    """Records that are made inside bear this as well."""
    token = _context.set({**(_context.get() or {}), **context})
    try:
        yield
    finally:
        _context.reset(token)


def run_ended(row: Mapping[str, Any]) -> None:
    """Log a run by its row of `ledger.runs`, for machines: people read of one that failed in the line that ends the command."""
    level = logging.INFO if row["status"] == "succeeded" else logging.ERROR
    figures = {name: row[name] for name in ("status", "as_of", "seconds", "rows")}
    with inside(**{name: row[name] for name in ("run_id", "phase", "problem")}):
        LOGGER.log(level, "%s", row["message"] or row["status"], extra={"figures": figures})


def told(record: logging.LogRecord) -> dict:
    """A record as it is written: time (UTC), level, invocation, run, phase and problem where there are any, message, figures."""
    at = datetime.fromtimestamp(record.created, UTC)
    return {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "invocation_id": invocation_id(),
        **getattr(record, "context", {}),
        "message": settings.redacted(record.getMessage()),
        **getattr(record, "figures", {}),
    }


class _Lines(logging.Handler):
    """Writes to standard error in the form that is set."""

    def emit(self, record: logging.LogRecord) -> None:
        if settings.logs_as_json():
            # Not through rich, which would wrap it; ASCII, which every encoding has. That nobody reads it stops no work.
            with suppress(OSError):
                print(json.dumps(told(record), default=str), file=sys.stderr, flush=True)
        elif record.levelno in MARKS and not hasattr(record, "figures"):
            err.print(styled(MARKS[record.levelno], " ", one_line(record.getMessage())), soft_wrap=True)


class _Context(logging.Filter):
    """Notes where a record was made, for whatever handler gets it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.context = _context.get() or {}
        return True


LOGGER.setLevel(logging.INFO)
LOGGER.addHandler(_Lines())
LOGGER.addFilter(_Context())
# Whatever else configures the root, such as Prefect, is not to write them a second time.
LOGGER.propagate = False
