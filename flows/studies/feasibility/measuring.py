"""Everything the document rests on, measured one after the other."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from checks import border
from flows.runtime import memory, settings, warehouse
from flows.runtime.step import step
from flows.store import ledger, problems
from flows.studies.feasibility import batch, counting, of_task
from ml.errors import AsofError
from ml.models import tasks
from ml.models.learn import Progress
from ml.problem.problem import Problem
from ml.problem.split import step_days
from ml.statistics.interval import Interval
from ml.studies.feasibility import bill, recommend, trial
from ml.studies.feasibility.findings import Findings, find

# Rows of the measured batch: some seconds of work, so that the start of the process does not blur it.
ROWS, QUICK_ROWS = 100_000, 20_000


@dataclass(frozen=True)
class Tried:
    """What needed models: the findings, what each fit took, the most memory held meanwhile, and a batch by the newest."""

    findings: Findings
    fits: tuple[trial.Fit, ...]
    memory_mb: float
    batch: batch.Batch


@dataclass(frozen=True)
class Measured:
    """All of it. `tried` is None where there is not enough to try a model on, with `refused` saying why.

    `feature_seconds` is what building the features of a row took, as far as builds were recorded.
    """

    problem: Problem
    now: datetime
    quick: bool
    counts: counting.Counts
    tried: Tried | None
    refused: str
    feature_seconds: float | None
    machine: str
    code_version: str
    seconds: float

    @property
    def rows_per_month(self) -> float:
        return self.problem.framing.needs.rows_per_month or self.counts.per_month

    @property
    def fit_seconds(self) -> float | None:
        """Seconds of the last fit: of the processor or of the clock, whichever is less, so that a busy machine adds nothing."""
        return min(self.tried.fits[-1].seconds, self.tried.fits[-1].cpu_seconds) if self.tried else None

    @property
    def batch_seconds(self) -> float | None:
        """Seconds of the batch that production would have: a month's rows over the declared batches, or the measured one."""
        if self.tried is None:
            return None
        one, number = self.tried.batch, self.problem.framing.needs.batches_per_month
        rows = self.rows_per_month / number if number else one.rows
        return one.process_seconds - one.seconds + one.seconds / max(1, one.rows) * rows

    @cached_property
    def bill(self) -> bill.Bill | None:
        if self.tried is None:
            return None
        one = self.tried.batch
        busy = one.cpu_seconds / one.process_seconds
        usage = bill.Usage(
            fit_seconds=self.tried.fits[-1].cpu_seconds,
            start_seconds=(one.process_seconds - one.seconds) * busy,
            row_seconds=one.seconds * busy / max(1, one.rows),
            feature_seconds=self.feature_seconds,
            rows_per_month=self.rows_per_month,
        )
        return bill.bill(self.problem, usage)

    def money(self, found: Interval | None) -> Interval | None:
        """An interval of costs a row, as money a month; None where no costs are declared, or no price of their unit."""
        unit = self.problem.framing.prices.cost_unit
        if unit is None or found is None:
            return None
        return found.times(unit * self.rows_per_month)

    @cached_property
    def recommendation(self) -> recommend.Recommendation:
        """What follows from all this, by the criteria of `ml/studies/feasibility/recommend.py`."""
        counts, declared = self.counts, self.problem.framing
        # Of both kinds there are at least as many as of the rarer one.
        evidence = {"metric": self.problem.metric, "positives": counts.rarer, "negatives": counts.rarer}
        evidence |= {"clusters": counts.days, "folds": 0, "kind": of_task.of(self.problem).kind}
        if self.tried:
            found = self.tried.findings
            evidence |= {"folds": len(found.periods), "better": found.better, "won": found.won}
            evidence |= {"late": found.late, "late_days": found.fold_days}
            evidence |= {"gain": self.money(found.gain), "extra_cost": self.bill.extra, "currency": declared.prices.currency}
            evidence |= {"train_seconds": bill.FITS * self.fit_seconds, "memory_mb": self.tried.memory_mb}
            evidence |= {"batch_seconds": self.batch_seconds}
        budget = self.problem.budget
        evidence |= {"train_limit": budget.train_seconds, "memory_limit": budget.train_memory_mb}
        evidence |= {"batch_limit": declared.needs.batch_seconds}
        evidence |= {"ml_hours": declared.upkeep.ml_hours, "capacity_hours": declared.upkeep.capacity_hours}
        return recommend.recommend(recommend.Evidence(**evidence))


@step()
def measure(problem: Problem, now: datetime, quick: bool = False, on_progress: Progress = lambda *_: None) -> Measured:
    """Measure a problem as of `now`, as a run of the phase planning; `on_progress(stage, at, total)` hears how far it is."""
    started = time.perf_counter()
    with ledger.run("planning", now, problem.name) as run:
        on_progress("counting", 0, 1)
        counts = counting.count(problem, now)
        on_progress("counting", 1, 1)
        tried, refused = None, ""
        try:
            tried = _try(problem, now, trial.QUICK if quick else trial.FULL, QUICK_ROWS if quick else ROWS, on_progress)
        except AsofError as error:
            refused = str(error)
        if tried is None and not refused:
            refused = _too_short(problem, counts)
        measured = Measured(
            problem, now, quick, counts, tried, refused, _feature_seconds(problem),
            f"{os.cpu_count()} cores, {settings.threads()} used, {platform.machine()}", ledger.code_version(),
            time.perf_counter() - started,
        )  # fmt: skip
        run.rows, run.message = counts.rows, f"recommended: {measured.recommendation.answer}"
    return measured


def _try(problem: Problem, now: datetime, effort: trial.Effort, rows: int, on_progress: Progress) -> Tried | None:
    table = problems.training_rows(problem, now)
    if table.num_rows == 0:
        return None
    attempted = trial.attempt(border.read(table, problem), now, effort, settings.threads(), on_progress)
    if attempted is None:
        return None
    findings, memory_mb = find(attempted, problem, on_progress), memory.most_mb()
    limit = findings.worth["model"].threshold if "model" in findings.worth else np.nan
    task = tasks.of(problem)
    if np.isnan(limit):
        limit = task.limit(problem, attempted.scores["model"])
    on_progress("a batch", 0, 1)
    scored = batch.measure(problem, attempted.newest, min(limit, 1.0) if task.decides_flags else limit, rows)
    on_progress("a batch", 1, 1)
    return Tried(findings, attempted.fits, memory_mb, scored)


def _too_short(problem: Problem, counts: counting.Counts) -> str:
    step = step_days(counts.day)
    if step > problem.validation_days:
        return (
            f"it asks every {step:.3g} days, and a validation part of {problem.validation_days} days holds no question: declare "
            f"validation_days of {int(np.ceil(step))} or more"
        )
    return (
        f"{counts.days} days with labels are too few for {trial.FEWEST_FOLDS} folds of {trial.SHORTEST_DAYS} days "
        f"behind {2 * problem.validation_days} days to learn and stop on"
    )


def _feature_seconds(problem: Problem) -> float | None:
    """Seconds a row that builds took, of all recorded builds of this warehouse; None before the first."""
    (built,) = warehouse.rows("select sum(seconds) as seconds from ledger.runs where phase = 'features' and status = 'succeeded'")
    (cohort,) = warehouse.rows(f"select count(*) as rows from {problems.SCHEMA}.{problem.name}__scoring_set")
    return built["seconds"] / cohort["rows"] if built["seconds"] and cohort["rows"] else None
