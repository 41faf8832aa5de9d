"""Serving as a step: stream the pending rows through their champion, stage, audit, and promote in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from checks.border import check_rows
from flows.runtime import settings, warehouse
from flows.runtime.step import step
from flows.steps.serving import served
from flows.store import feature_sql, ledger, problems, registry
from ml.errors import AsofError
from ml.models import tasks
from ml.models.model import Model
from ml.models.score import audit_scores, score_batches
from ml.problem.problem import Problem
from ml.statistics import profile

BATCH = 100_000
LEFT = "rows of former champions stay without a score: the SQL of their features has changed since"
# What a prediction of every task holds.
VALUES = "model_version, score, raw_score, rule_score, flagged, reasons"
Log = Callable[[pa.RecordBatch], None]
OUT = [("entity", pa.string()), ("as_of", pa.timestamp("us")), ("score", pa.float64()), ("raw_score", pa.float64()),
       ("flagged", pa.bool_()), ("reasons", pa.string()), ("rule_score", pa.float64())]  # fmt: skip
NOTHING: Mapping[str, str] = {}
ARROW = {"double": pa.float64(), "varchar": pa.string()}


@step()
def score(problem: Problem, now: datetime) -> int:
    """Score every row that is due and has no prediction, each by the champion as of its own `as_of`; returns how many.

    Running it again scores nothing. Rows before the first promotion are never scored, nor are those that a former champion left
    over, where features have come to be of other SQL than it learned from: nobody who judged as of then could score them.
    AsofError where that is so of the champion or of the rows that are there.
    """
    periods = registry.champion_periods(problem.name)
    if not periods:
        raise AsofError(f"{problem.name} has no champion: train, judge and promote a model first")
    with ledger.run("serving", now, problem.name) as run, staging(problem.name, tasks.of(problem).columns(problem)) as staged:
        seen: dict[str, Counter] = {}
        due = left = 0
        learned = {period.model_version: registry.learned_from(problem.name, period.model_version) for period in periods}
        feature_sql.check(problem, periods[-1].model_version, learned[periods[-1].model_version])
        for period in periods:
            if period.start < min(period.end or now, now):
                seen[period.model_version] = seen.get(period.model_version, Counter())
                pending = problems.pending(problem, period.start, min(period.end or now, now))
                if feature_sql.fits(problem, learned[period.model_version]):
                    due += stage(problem, period.model_version, pending, staged, seen[period.model_version])
                else:
                    left += _count_rows(pending)
        run.message = (f"scored {due:,} rows" if due else "nothing to score") + (f"; {left:,} {LEFT}" if left else "")
        if due:
            audit(staged, due, tasks.of(problem).span)
            run.rows = due
            _promote(problem, staged, seen, run)
    return run.rows


def _count_rows(query: str) -> int:
    with warehouse.cursor() as con:
        return con.execute(f"select count(*) from ({query})").fetchall()[0][0]


@contextmanager
def staging(name: str, columns: Mapping[str, str] = NOTHING) -> Iterator[str]:
    """The name of an empty table for scores that nobody may read yet, with the `columns` of their task; it is gone afterwards."""
    staged = f"ledger.staged_{name}"
    more = "".join(f", {column} {kind}" for column, kind in columns.items())
    with warehouse.cursor() as con:
        con.execute(
            f"create or replace table {staged} (model_version varchar, entity varchar, as_of timestamp, score double, "
            f"raw_score double, flagged boolean, reasons varchar, rule_score double{more})"
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
    due = _count_rows(pending)
    if not due:
        return 0
    row = registry.row(problem.name, version)
    feature_sql.check(problem, version, row.get("feature_sql"))
    model, cells = Model.from_row(row), registry.cells(row)
    with warehouse.cursor() as reading, warehouse.cursor() as writing, warehouse.cursor() as logging:
        batches = reading.sql(pending).to_arrow_reader(BATCH)
        refusals: list[Exception] = []

        def log(batch: pa.RecordBatch) -> None:
            served.log(logging, f"{staged}__served", problem, version, batch)

        scored = _keeping(refusals, _scored(model, problem, batches, cells, seen, log))
        writing.register("scored", pa.RecordBatchReader.from_batches(_schema(problem), scored))
        try:
            writing.execute(f"insert into {staged} by name select '{version}' as model_version, * from scored")
        except warehouse.Error:
            # What a batch was refused for went through DuckDB and came out as a page of traceback.
            if refusals:
                raise refusals[0] from None
            raise
        writing.unregister("scored")
    return due


def _keeping(refusals: list[Exception], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except Exception as error:
        refusals.append(error)
        raise


def _schema(problem: Problem) -> pa.Schema:
    return pa.schema([*OUT, *((name, ARROW[kind]) for name, kind in tasks.of(problem).columns(problem).items())])


def answer(problem: Problem, of: str = "") -> str:
    """SQL: what a prediction of this task holds beside those of every task, as JSON; null where that is nothing."""
    more = tasks.of(problem).columns(problem)
    return f"cast(to_json(struct_pack({', '.join(f'{name} := {of}{name}' for name in more)})) as varchar)" if more else "null"


def _scored(model, problem: Problem, batches, cells: dict, seen: Counter, log: Log) -> Iterator[pa.RecordBatch]:
    """Scored batches; counts what the model saw in `seen`, (day, feature, cell) to rows; logs it."""
    for batch in batches:
        check_rows(pa.Table.from_batches([batch]), problem, problem.scoring_columns, f"{problem.name}__scoring_set")
        log(batch)
        for scored in score_batches(model, problem, [batch], threads=settings.threads()):
            _count(cells, batch.append_column("score", scored.column("score")), problem.as_of, seen)
            yield scored.cast(_schema(problem))


def _count(cells: dict, batch: pa.RecordBatch, as_of: str, seen: Counter) -> None:
    day = batch.column(as_of).cast(pa.date32(), safe=False)
    for value in day.unique():
        part = batch.filter(pc.equal(day, value))
        for feature, cell, number in profile.counts(cells, part):
            seen[value.as_py(), feature, cell] += number


def audit(staged: str, due: int, span: tuple[float, float] | None = (0, 1)) -> None:
    """AsofError when staged scores must not reach a reader: rows missing or doubled, scores null, constant, out of range.

    A rule that is champion may say the same of every row.
    """
    learned = f"select count(*) from {staged} inner join ledger.model_versions using (model_version) where rounds > 0"
    with warehouse.cursor() as con:
        rows, distinct = con.execute(f"select count(*), count(distinct (entity, as_of)) from {staged}").fetchall()[0]
        scores = con.sql(f"select score from {staged}").to_arrow_table()["score"]
        may_be_equal = con.execute(learned).fetchall() == [(0,)]
    if rows != due or distinct != due:
        raise AsofError(f"{due} rows were due, {rows} were scored, {distinct} of them distinct; the previous predictions stay")
    audit_scores(scores, span, may_be_equal)


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
    values = ", ".join([VALUES, *tasks.of(problem).columns(problem)])
    with warehouse.transaction() as con:
        con.execute(
            f"insert into {problems.SCHEMA}.{problem.name}__predictions ({problem.entity}, {problem.as_of}, {values}, run_id, "
            f"scored_at) select entity, as_of, {values}, ?, ? "
            f"from {staged} order by as_of, entity",
            [run.run_id, ledger.wall_clock()],
        )
        ledger.insert(con, "profiles", counts)
        con.execute(f"insert into ledger.served by name select ? as problem, * from {staged}__served", [problem.name])
        run.commit(con)
