"""Serving as a step: stream the pending rows through their champion, stage, audit, and promote in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from checks.border import check_rows
from flows.steps import ledger, problems, registry, served, settings, warehouse
from flows.steps.step import step
from ml import profile
from ml.errors import AsofError
from ml.model import Model
from ml.problem import Problem
from ml.score import audit_scores, score_batches

BATCH = 100_000
Log = Callable[[pa.RecordBatch], None]
OUT = pa.schema(
    [("entity", pa.string()), ("as_of", pa.timestamp("us")), ("score", pa.float64()), ("raw_score", pa.float64()),
     ("flagged", pa.bool_()), ("reasons", pa.string()), ("rule_score", pa.float64())]
)  # fmt: skip


@step()
def score(problem: Problem, now: datetime) -> int:
    """Score every row that is due and has no prediction, each by the champion as of its own `as_of`; returns how many.

    Running it again scores nothing. Rows before the first promotion are never scored.
    """
    terms = registry.terms(problem.name)
    if not terms:
        raise AsofError(f"{problem.name} has no champion: train, judge and promote a model first")
    with ledger.run("serving", now, problem.name) as run, staging(problem.name) as staged:
        seen: dict[str, Counter] = {}
        due = 0
        for term in terms:
            if term.start < min(term.end or now, now):
                seen[term.model_version] = seen.get(term.model_version, Counter())
                pending = problems.pending(problem, term.start, min(term.end or now, now))
                due += stage(problem, term.model_version, pending, staged, seen[term.model_version])
        if due:
            audit(staged, due)
            run.rows, run.message = due, f"scored {due:,} rows"
            _promote(problem, staged, seen, run)
        else:
            run.message = "nothing to score"
    return run.rows


@contextmanager
def staging(name: str) -> Iterator[str]:
    """The name of an empty table for scores that nobody may read yet; it is gone afterwards."""
    staged = f"ledger.staged_{name}"
    with warehouse.cursor() as con:
        con.execute(
            f"create or replace table {staged} (model_version varchar, entity varchar, as_of timestamp, score double, "
            "raw_score double, flagged boolean, reasons varchar, rule_score double)"
        )
        con.execute(f"create or replace table {staged}__served ({served.SHAPE})")
    try:
        yield staged
    finally:
        with warehouse.cursor() as con:
            con.execute(f"drop table if exists {staged}")
            con.execute(f"drop table if exists {staged}__served")


def stage(problem: Problem, version: str, pending: str, staged: str, seen: Counter) -> int:
    """Score the rows of a query by one version into the staging table; returns how many were due.

    What the model saw is counted in `seen`, (day, feature, cell) to rows.
    """
    with warehouse.cursor() as con:
        due = con.execute(f"select count(*) from ({pending})").fetchall()[0][0]
    if not due:
        return 0
    row = registry.row(problem.name, version)
    model, cells = Model.from_row(row), json.loads(row["edges"])
    with warehouse.cursor() as reading, warehouse.cursor() as writing, warehouse.cursor() as logging:
        batches = reading.sql(pending).to_arrow_reader(BATCH)
        refusals: list[AsofError | warehouse.Error] = []

        def log(batch: pa.RecordBatch) -> None:
            served.log(logging, f"{staged}__served", problem, version, batch)

        scored = _keeping(refusals, _scored(model, problem, batches, cells, seen, log))
        writing.register("scored", pa.RecordBatchReader.from_batches(OUT, scored))
        try:
            writing.execute(f"insert into {staged} by name select '{version}' as model_version, * from scored")
        except warehouse.Error:
            # What a batch was refused for went through DuckDB and came out as a page of traceback.
            if refusals:
                raise refusals[0] from None
            raise
        writing.unregister("scored")
    return due


def _keeping(refusals: list[AsofError | warehouse.Error], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except (AsofError, warehouse.Error) as error:
        refusals.append(error)
        raise


def _scored(model, problem: Problem, batches, cells: dict, seen: Counter, log: Log) -> Iterator[pa.RecordBatch]:
    """Scored batches with the rule beside them; counts what the model saw in `seen`, (day, feature, cell) to rows; logs it."""
    for batch in batches:
        check_rows(pa.Table.from_batches([batch]), problem, problem.scoring_columns, f"{problem.name}__scoring_set")
        log(batch)
        for scored in score_batches(model, problem, [batch], threads=settings.threads()):
            _count(cells, batch.append_column("score", scored.column("score")), problem.as_of, seen)
            rule = batch.column(problem.rule).cast(pa.float64())
            yield pa.RecordBatch.from_arrays([*scored.columns, rule], schema=OUT)


def _count(cells: dict, batch: pa.RecordBatch, as_of: str, seen: Counter) -> None:
    day = batch.column(as_of).cast(pa.date32(), safe=False)
    for value in day.unique():
        part = batch.filter(pc.equal(day, value))
        for feature, cell, number in profile.counts(cells, part):
            seen[value.as_py(), feature, cell] += number


def audit(staged: str, due: int) -> None:
    """AsofError when staged scores must not reach a reader: rows missing or doubled, scores null, constant, out of range."""
    with warehouse.cursor() as con:
        rows, distinct = con.execute(f"select count(*), count(distinct (entity, as_of)) from {staged}").fetchall()[0]
        scores = con.sql(f"select score from {staged}").to_arrow_table()["score"]
    if rows != due or distinct != due:
        raise AsofError(f"{due} rows were due, {rows} were scored, {distinct} of them distinct; the previous predictions stay")
    audit_scores(scores)


def _promote(problem: Problem, staged: str, seen: dict[str, Counter], run: ledger.Run) -> None:
    """Predictions, what the models saw, and the run itself: all of it or nothing."""
    counts = [
        {
            "problem": problem.name,
            "model_version": version,
            "stage": "serving",
            "day": day,
            "feature": feature,
            "cell": cell,
            "rows": rows,
        }
        for version, tally in seen.items()
        for (day, feature, cell), rows in tally.items()
    ]
    with warehouse.transaction() as con:
        con.execute(
            f"insert into {problems.SCHEMA}.{problem.name}__predictions ({problem.entity}, {problem.as_of}, "
            "model_version, score, raw_score, rule_score, flagged, reasons, run_id, scored_at) "
            "select entity, as_of, model_version, score, raw_score, rule_score, flagged, reasons, ?, ? "
            f"from {staged} order by as_of, entity",
            [run.run_id, ledger.wall_clock()],
        )
        ledger.insert(con, "profiles", counts)
        con.execute(f"insert into ledger.served by name select ? as problem, * from {staged}__served", [problem.name])
        run.commit(con)
