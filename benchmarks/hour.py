"""What an hour asks of dbt and of the database, counted and not timed: a busy machine keeps this budget, too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BUDGET = Path(__file__).with_name("hour.json")


@contextmanager
def counted() -> Iterator[Counter]:
    """Counts what happens inside: dbt's invocations by command, nodes run, statements of dbt, cursors that Python opens."""
    from dbt.adapters.sql.connections import SQLConnectionManager

    from flows.runtime import dbt, warehouse

    counts: Counter = Counter()

    def counting(function: Callable, name: Callable[..., str], many: Callable[..., int] = lambda done: 1) -> Callable:
        def call(*args, **kwargs):
            done = function(*args, **kwargs)
            counts[name(*args)] += many(done)
            return done

        return call

    patched = [
        (dbt, "_invoke", lambda arguments, *rest: f"dbt {arguments[0]}", lambda done: 1),
        (dbt, "run", lambda *rest: "nodes", len),
        (SQLConnectionManager, "add_query", lambda *rest: "statements", lambda done: 1),
        (warehouse, "cursor", lambda *rest: "cursors", lambda done: 1),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, *_ in patched]
    for owner, name, *how in patched:
        setattr(owner, name, counting(getattr(owner, name), *how))
    try:
        yield counts
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def beyond(counts: Counter) -> list[str]:
    """What is more than `hour.json` allows, or is not in it."""
    budget = json.loads(BUDGET.read_text())
    return [
        f"{name}: {count}, allowed are {budget.get(name, 0)}" for name, count in counts.items() if count > budget.get(name, 0)
    ]


def measure(file: str) -> None:
    """Live one hour of this process's warehouse, and write its counts to a file as JSON."""
    from flows.cycle import cycled

    with counted() as counts:
        cycled()
    Path(file).write_text(json.dumps(counts, indent=2))
