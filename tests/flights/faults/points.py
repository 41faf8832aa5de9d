"""What children of the tests run, and a feed that does wrong. Kills from outside stand in `tests/flights/faults/striking.py`."""

from __future__ import annotations

import time
from pathlib import Path


def plans_of_the_third_are_spoilt() -> None:
    """A feed writes one file with another header."""
    from flows.steps.data.feeds import windows

    write = windows.write

    def spoil(path: Path, content: bytes) -> Path:
        if "schedules" in path.parts and path.name.startswith("2013-03-06"):
            content = content.replace(b"carrier", b"airline", 1)
        return write(path, content)

    windows.write = spoil


def serve() -> None:
    """The serving pipeline, as the scheduler runs it."""
    from flows.serving import serving
    from tests.flights.conftest import PROBLEM

    serving.fn(PROBLEM)


def look() -> None:
    """A look at the monitors as `monitor --no-tests` takes it, without the reports."""
    from flows.monitoring import monitoring

    monitoring.fn(tests=False, reporting=False)


def validate() -> None:
    """The validation pipeline, as the scheduler runs it."""
    from flows.validation import validation
    from tests.flights.conftest import PROBLEM

    validation.fn(PROBLEM)


def checkpoint(acknowledged: str) -> None:
    """Commit batches and note each as acknowledged, then write them all into the file."""
    from flows.runtime import warehouse

    with warehouse.cursor() as con:
        con.execute("set checkpoint_threshold = '1 TB'")
        con.execute("create or replace table ledger.batches_of_a_test (batch bigint, value double)")
    for batch in range(20):
        with warehouse.transaction() as con:
            con.execute("insert into ledger.batches_of_a_test select ?, random() from range(20000)", [batch])
        with Path(acknowledged).open("a") as file:
            file.write(f"{batch}\n")
    with warehouse.cursor() as con:
        con.execute("checkpoint")
    time.sleep(60)
