"""Memory for a training: what Python will hold is estimated before it begins, and DuckDB keeps within the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flows.runtime import warehouse
from flows.store import problems
from ml.errors import AsofError
from ml.models import footprint
from ml.models.fit import params_of
from ml.problem.problem import Problem

# What a process holds that has imported everything and parsed the project, before it reads a row.
PROGRAM_MB = 380
# Sorting and joining spill to disk from less than this on.
DATABASE_MB = 128
# DuckDB says its limit to a tenth of a gigabyte.
MARGIN_MB = 60


def since(problem: Problem, now: datetime) -> datetime | None:
    """The earliest `as_of` that a training as of `now` looks at; None where it looks at all of history."""
    days = problem.training.window_days
    if days is None:
        return None
    parts = timedelta(days=problem.holdout_days + problem.validation_days + days)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - parts


@contextmanager
def within(problem: Problem, now: datetime, *, judging: bool = False) -> Iterator[None]:
    """Room for reading the rows of a training and fitting them; AsofError where ASOF_MEMORY_LIMIT has none.

    `judging` reads all of history, whatever the window is, and fits as many rows again.
    """
    rows, bytes_a_row = problems.training_size(problem, now, None if judging else since(problem, now))
    params = params_of(problem.training.params, problem.training.seed)
    needed = footprint.training_mb(rows, len(problem.features), bytes_a_row, params)
    limit, least = warehouse.memory_limit_mb(), PROGRAM_MB + DATABASE_MB + needed
    if least > limit:
        fewer = "fewer features" if judging else "a shorter training.window_days or fewer features"
        raise AsofError(
            f"{problem.name}: a training on {rows:,} rows of {len(problem.features)} features takes about {needed:,.0f} MB, "
            f"beside {PROGRAM_MB} of the program and {DATABASE_MB} of the database, but ASOF_MEMORY_LIMIT allows {limit:,.0f}: "
            f"raise it to {least + MARGIN_MB:.0f}MiB, or declare {fewer} in {problem.path}"
        )
    with warehouse.limited(limit - PROGRAM_MB - needed):
        yield
