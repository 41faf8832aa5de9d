"""Failed runs: the ledger records them and knows no alerts; who runs a pipeline or a verb has people told of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flows.steps.monitoring.alerting import evaluating
from flows.store import ledger


@contextmanager
def failures_reported() -> Iterator[None]:
    """Open an alert for the runs that failed inside and tell people, once it is left; an error goes on as it is.

    Also the decorator of a pipeline: `@failures_reported()`.
    """
    with ledger.failures() as failed:
        try:
            yield
        finally:
            if failed:
                evaluating.notice(failed[-1])
