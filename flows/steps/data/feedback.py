"""What people say of predictions: remarks wait in an inbox, become immutable files, and land like any other file.

A remark is written down where it can be lost to nobody: the row that a tool or the verb inserts moves into a file below
`feedback/remarks`, so that remarks have what all landed rows have: a sha256, a batch, a quarantine, one way in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from checks.landing import LandingSource
from flows.runtime import settings, warehouse
from flows.runtime.step import step
from flows.steps.data import inbox, landing_zone
from flows.steps.data.landing.landed import Batch, ensure_tables
from flows.steps.data.landing.landing import LandingRefused, land_all
from flows.steps.data.landing.read import Reject
from flows.store import ledger, problems
from ml.errors import AsofError

SOURCE, INBOX = "feedback.remarks", inbox.INBOX
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Received:
    """What a landing of remarks came to: rows loaded and quarantined, and a line for each file that was refused."""

    loaded: int = 0
    quarantined: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def told(self) -> str:
        """In words; empty when nothing came."""
        told = [f"{self.loaded} remarks landed"] if self.loaded else []
        return ", ".join(told + ([f"{self.quarantined} are quarantined"] if self.quarantined else []))

    def refuse(self) -> None:
        """AsofError, as a landing of any other source ends, where a file or a remark was refused."""
        if self.refusals:
            raise LandingRefused([], self.refusals)


def source() -> LandingSource:
    """The declaration of remarks."""
    return next(one for one in landing_zone.sources() if one.name == SOURCE)


@step()
def receive(now: datetime, tell: Callable[[str], None] = landing_zone.nothing) -> Received:
    """Land the remarks that were made before `now`: files that were dropped, and rows of the inbox.

    `tell` gets a line for each file of which rows were quarantined. It comes after the build, when the rows that remarks are
    about are there. A file that cannot be read stops nothing: the run is recorded as failed, so that an alert says so until the
    file is mended or removed.
    """
    remarks = source()
    with _ready() as con:
        try:
            inbox.refuse_other_shape(con, remarks)
            quarantined = inbox.empty(con, remarks, settings.landing_folder() / remarks.path, now)
            refusals = list(quarantined)
        except AsofError as error:
            quarantined, refusals = [], [str(error)]
        try:
            batches = land_all(con, [remarks], settings.landing_folder(), now, check=misdirected)
        except LandingRefused as refused:
            batches, refusals = refused.batches, refusals + refused.refusals
        landing_zone.tell_quarantined(con, batches, tell)
        landing_zone.emit_landed(batches, refusals)
    received = Received(_sum(batches, "rows_loaded"), _sum(batches, "rows_quarantined") + len(quarantined), refusals)
    _record(now, received)
    return received


def _sum(batches: list[Batch], name: str) -> int:
    return sum(getattr(batch, name) for batch in batches)


def _record(now: datetime, received: Received) -> None:
    try:
        with ledger.run("feedback", now) as run:
            run.rows, run.message = received.loaded, received.told or "no remark landed"
            if received.refusals:
                raise AsofError("; ".join(received.refusals[:5]))
    except AsofError:
        pass  # it stands in the ledger, and `alerts` shows it


@contextmanager
def _ready() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor in a warehouse that has the landed table and the inbox, and the folder for files."""
    remarks = source()
    (settings.landing_folder() / remarks.path).mkdir(parents=True, exist_ok=True)
    with warehouse.cursor() as con:
        ensure_tables(con, [remarks])
        inbox.create(con, remarks)
        yield con


def misdirected(con: duckdb.DuckDBPyConnection, rows: str) -> list[Reject]:
    """The rows (SQL after `from`, with `_line`) that name no problem or no row of it, that come too early, or say nothing."""
    names = problems.declared()
    known = ", ".join(f"'{name}'" for name in ["", *names])  # where none is declared all of them are none
    found = [
        Reject(line, "problem", f"{problem!r} is no problem; it must be one of {', '.join(names) or 'those that are declared'}")
        for line, problem in con.execute(f"select _line, problem from {rows} and problem not in ({known})").fetchall()
    ]
    silent = con.execute(f"select _line from {rows} and label is null and comment is null").fetchall()
    found += [
        Reject(line, "label", "is empty, and so is comment; give a label, true or false, or a comment") for (line,) in silent
    ]
    early = con.execute(f"select _line, as_of from {rows} and reported_at < as_of").fetchall()
    found += [
        Reject(line, "reported_at", f"lies before the prediction itself, {as_of}; correct one of them") for line, as_of in early
    ]
    for name in names:
        if con.execute(f"select count(*) from {rows} and problem = '{name}'").fetchall()[0][0]:
            found += _strangers(con, rows, name)
    return found


def _strangers(con: duckdb.DuckDBPyConnection, rows: str, name: str) -> list[Reject]:
    """The remarks on a problem that are about no row of its cohort."""
    problem = problems.get(name)
    if not warehouse.has_table(problems.SCHEMA, f"{name}__scoring_set"):
        raise AsofError(f"{name} is not built yet: run `python -m flows build`")
    rows_there = f"{problems.SCHEMA}.{name}__scoring_set"
    there = f"select cast({problem.entity} as varchar) as entity_id, {problem.as_of} as as_of from {rows_there}"
    strange = con.execute(
        f"with there as ({there}), asked as (select _line, entity_id, as_of from {rows} and problem = '{name}') "
        f"select _line, entity_id, as_of, (select max(as_of) from there where there.entity_id = asked.entity_id) "
        f"from asked anti join there using (entity_id, as_of) order by _line"
    ).fetchall()
    return [
        Reject(line, "entity_id", f"{entity!r} is no {problem.entity} of {name}; correct it")
        if other is None
        else Reject(line, "as_of", f"{as_of} is no instant at which {entity!r} was due; the last one was {other}")
        for line, entity, as_of, other in strange
    ]


def remark(
    problem: str, entity: str, as_of: datetime | None, label: bool | None, comment: str | None, author: str, now: datetime
) -> dict:
    """Put one remark into the inbox, known from `now` on; returns it. AsofError names the column that will not do, and why.

    Without `as_of` it is the one instant at which the entity was due; AsofError when there are several.
    """
    if not author.strip():
        raise AsofError("author is empty; say who you are with --by")
    said = {
        "problem": problem, "entity_id": entity, "as_of": as_of or _only_instant(problem, entity), "label": label,
        "comment": (comment or "").strip() or None, "author": author.strip(), "reported_at": present(now),
    }  # fmt: skip
    if fault := inbox.unfit(said, source()):
        raise AsofError(" ".join(fault))
    with _ready() as con:
        where = " and ".join(f'"{name}" = ${name}' for name in ("problem", "entity_id", "as_of", "author"))
        named = {name: said[name] for name in ("problem", "entity_id", "as_of", "author")}
        # In a replay the clock stands still: who corrects himself at the same instant does so just after it.
        last = con.execute(
            f"select max(reported_at) from (select {', '.join([*named, 'reported_at'])} from {INBOX} "
            f"union all select {', '.join([*named, 'reported_at'])} from {source().relation}) "
            f"where isfinite(reported_at) and {where}", named,
        ).fetchall()[0][0]  # fmt: skip
        if last is not None and last >= said["reported_at"]:
            said["reported_at"] = last + INSTANT
        con.execute("create or replace temp table said as " + _values(said), said)
        if wrong := misdirected(con, "said where true"):
            raise AsofError(f"{wrong[0].column} {wrong[0].reason}")
        con.execute(f"insert into {INBOX} by name select * exclude (_line) from said")
    return said


def _values(said: dict) -> str:
    types = {column.name: column.data_type for column in source().columns}
    return "select 1 as _line, " + ", ".join(f'${name}::{types[name]} as "{name}"' for name in said)


def present(now: datetime) -> datetime:
    """When something said now is known: the clock where a feed replays the past, else the wall clock, never before the clock."""
    replayed = any(one.feed for one in landing_zone.sources())
    return now if replayed else max(now, ledger.wall_clock())


def _only_instant(name: str, entity: str) -> datetime:
    problem = problems.get(name)
    found = warehouse.rows(
        f"select distinct {problem.as_of} as due_at from {problems.SCHEMA}.{name}__scoring_set "
        f"where cast({problem.entity} as varchar) = ? order by due_at desc",
        [entity],
    )
    if not found:
        raise AsofError(f"entity_id {entity!r} is no {problem.entity} of {name}; correct --entity")
    if len(found) > 1:
        few = ", ".join(f"{row['due_at']:%Y-%m-%dT%H:%M}" for row in found[:3])
        raise AsofError(f"{entity!r} was due {len(found)} times; say which with --as-of: {few}{' …' if len(found) > 3 else ''}")
    return found[0]["due_at"]


def remarks(problem: str | None = None, limit: int = 50) -> list[dict]:
    """The latest remarks on a problem, or on all of them, all as text, with `state` landed or waiting."""
    with _ready() as con:
        inbox.refuse_other_shape(con, source())
    columns, which = inbox.texts(source()), "$problem is null or problem = $problem"
    return warehouse.rows(
        f"select {columns}, 'landed' as state from {source().relation} where {which} "
        f"union all select {columns}, 'waiting' from {INBOX} where {which} "
        f"order by reported_at desc, problem, entity_id, author limit {limit}",
        {"problem": problem},
    )


def effect(problem: str | None = None) -> list[dict]:
    """The rows of `mon_feedback` for a problem, or for all: what was said, and what it changes; empty before anybody spoke."""
    which = "$problem is null or problem = $problem"
    return warehouse.rows(f"select * from monitoring.mon_feedback where {which} order by problem", {"problem": problem})
