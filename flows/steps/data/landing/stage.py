"""The staging table of the file that is being landed: its good rows, and beside them what was rejected and why.

All of it is set-based, so that a bad line costs what a good one costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import duckdb
import pyarrow as pa

from checks.known_at import COLUMN as KNOWN_AT
from checks.landing import LandingColumn, LandingSource
from flows.runtime.sql_text import quoted
from flows.steps.data.landing.values import value, why
from ml.errors import AsofError

STAGED, REJECTS = "temp.landing_staged", "temp.landing_rejects"
REJECTED = pa.schema([("line", pa.int64()), ("column_name", pa.string()), ("reason", pa.string())])


@dataclass(frozen=True)
class Reject:
    """A line that is not loaded: where, which column (None: the whole line) and why."""

    line: int
    column: str | None
    reason: str


@dataclass(frozen=True)
class Staged:
    """What stands in the staging table, once nothing bad is left there."""

    loaded: int
    quarantined: int
    known_from: datetime | None
    known_through: datetime | None


class Stage:
    """Fills the staging table block by block; `finish` leaves only rows that may land."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, source: LandingSource, rows: str = STAGED, staged: Staged | None = None
    ) -> None:
        """`rows` (SQL after `from`) and `staged` where the rows are there already, and all of them may land."""
        self.con, self.source, self.rows, self.staged, self.blocks, self.late = con, source, rows, staged, 0, 0
        if not staged:
            self._begin()

    def _begin(self) -> None:
        self.con.execute(f"create or replace temp table {_name(REJECTS)} (line bigint, column_name varchar, reason varchar)")

    @property
    def good(self) -> str:
        """SQL after `from`: the rows to load, with the declared columns and `_line`."""
        return f"(select * exclude (_rejected) from {self.rows})"

    def take(self, select: str) -> None:
        """Stage rows whose values are read already."""
        self.con.execute(f"create or replace temp table {_name(STAGED)} as {select}")
        self.rows, self.staged, self.blocks = STAGED, None, 1

    def add(self, rows: pa.Table) -> None:
        """Read the values of one block: columns under their declared names, and `_line`."""
        self.con.register("landing_rows", rows)
        try:
            into = f"insert into {STAGED}" if self.blocks else f"create or replace temp table {_name(STAGED)} as"
            self.con.execute(f"{into} {reading(self.source, rows.schema)}")
        finally:
            self.con.unregister("landing_rows")
        self.blocks += 1

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Take note of lines that were not read, or that a check found among those that were."""
        found = [(one.line, one.column, one.reason) for one in rejects]
        if found and self.staged:
            self._begin()
            self.take(f"from {self.rows}")
        if found:
            columns = zip(*found, strict=True)
            self.con.register(
                "landing_found", pa.table([pa.array(c, f.type) for c, f in zip(columns, REJECTED, strict=True)], REJECTED)
            )
            self.con.execute(f"insert into {REJECTS} from landing_found")
            self.con.unregister("landing_found")
            self._remove()

    def finish(self, clock: datetime) -> None:
        """Set apart what the declaration, the clock and the key do not let through."""
        if not self.blocks:
            self.add(
                pa.table(
                    {**{one.name: pa.array([], pa.string()) for one in self.source.columns}, "_line": pa.array([], pa.int64())}
                )
            )
        rejected, self.late = self.con.execute(self._facts(), [clock] if self.source.known_at else []).fetchall()[0]
        if rejected:
            self.con.execute(
                f"insert into {REJECTS} select _line, one.column_name, one.reason from "
                f"(select _line, unnest(_rejected) as one from {STAGED} where _rejected is not null)"
            )
            self.con.execute(f"delete from {STAGED} where _rejected is not null")
        if self.late:
            self._set_apart(
                f'select _line, {quoted(self.source.known_at.removeprefix("_"))}, {quoted(f"is not before the clock, {clock}")} '
                f'from {STAGED} where "{self.source.known_at}" >= ?', [clock],
            )  # fmt: skip
        if self.source.key:
            self._repeated()

    def result(self) -> Staged:
        """How many rows and lines, and the time that the good rows span."""
        if self.staged:
            return self.staged
        column = f'"{self.source.known_at}"' if self.source.known_at else "null"
        known = f"min({column}), max({column})"
        row = self.con.execute(
            f"select count(*), (select count(distinct line) from {REJECTS}), {known} from {STAGED}"
        ).fetchall()[0]
        return Staged(*row)

    def first(self) -> Reject:
        """The reject of the lowest line."""
        return Reject(*self.con.execute(f"from {REJECTS} order by line, column_name limit 1").fetchall()[0])

    def waits_for_another(self) -> bool:
        """Whether a line is rejected because a row of another source, which says when it was known, has not landed."""
        made = self.source.made
        reason = made.expected if made and made.of else None
        return bool(reason and self.con.execute(f"from {REJECTS} where reason = ? limit 1", [reason]).fetchall())

    def lines(self) -> list[int]:
        """The rejected lines, in order."""
        return [line for (line,) in self.con.execute(f"select distinct line from {REJECTS} order by line").fetchall()]

    def _facts(self) -> str:
        late = f'count(*) filter (where _rejected is null and "{self.source.known_at}" >= ?)' if self.source.known_at else "0"
        return f"select count(_rejected), {late} from {STAGED}"

    def _repeated(self) -> None:
        key = ", ".join(f'"{name}"' for name in self.source.key)
        named = quoted(", ".join(self.source.key))
        again = self.con.execute(
            f"select (select count(*) from (select 1 from {STAGED} group by {key} having count(*) > 1)), "
            f"(select count(*) from {STAGED} semi join {self.source.relation} using ({key}))"
        ).fetchall()[0]
        found = []
        if again[0]:
            found.append(
                f"select unnest(list_sort(list(_line))[2:]), {named}, 'the key is repeated in the file' from {STAGED} "
                f"group by {key} having count(*) > 1"
            )
        if again[1]:
            found.append(
                f"select _line, {named}, 'the key is landed already' from {STAGED} semi join {self.source.relation} using ({key})"
            )
        if found:
            self._set_apart(" union all ".join(found))

    def _set_apart(self, select: str, parameters: list | None = None) -> None:
        self.con.execute(f"insert into {REJECTS} {select}", parameters or [])
        self._remove()

    def _remove(self) -> None:
        if self.blocks:
            self.con.execute(f"delete from {STAGED} where _line in (select line from {REJECTS})")


class Waits(AsofError):
    """A file of the future: more of its rows than may be rejected are known only at the clock or later. Nobody refuses it."""


def wait_beyond_share(stage: Stage, received: int) -> None:
    """Waits where a file is of the future, and would be refused for nothing else."""
    if stage.late > stage.source.max_rejected_share * received:
        bad = stage.con.execute(
            f"select count(distinct line) from {REJECTS} where reason not like 'is not before the clock, %'"
        ).fetchall()[0][0]
        if bad <= stage.source.may_reject(received):
            raise Waits(f"waits: {stage.late:,} of {received:,} rows are known only at the clock or later")


def placed(line: int, column: str | None, origin: str | None) -> str:
    """Where something is wrong: the line, where that was taken from, and the column."""
    return f"line {line}" + (f" ({origin})" if origin else "") + (f", column {column}" if column else "")


def refuse_beyond_share(
    stage: Stage, staged: Staged, received: int, origin: Callable[[int], str | None] = lambda line: None
) -> None:
    """AsofError where more lines are bad than the source declares; `origin` says of a line where it was taken from."""
    share = stage.source.max_rejected_share
    # A line whose row in another source may land yet is no slip: for it, too, a file is tried again.
    may = share * received if stage.waits_for_another() else stage.source.may_reject(received)
    if staged.quarantined > may:
        first = stage.first()
        place = placed(first.line, first.column, origin(first.line))
        raise AsofError(
            f"is refused: {staged.quarantined} of {received} rows are bad, more than the declared share of {share:g}; "
            f"the first is {place}: {first.reason}; correct the file or max_rejected_share in {stage.source.declared_in}"
        )


def _name(table: str) -> str:
    return table.removeprefix("temp.")


def _sent(source: LandingSource, column: LandingColumn) -> str:
    # Who quotes every field of a CSV quotes its nulls: only in text do quotes make a value of a null text.
    if column.data_type == "varchar" or not source.format.startswith("csv"):
        return f'"{column.name}"'
    null = ", ".join(quoted(text) for text in source.null or ("",))
    return f'case when "{column.name}" not in ({null}) then "{column.name}" end'


@lru_cache(maxsize=256)
def reading(source: LandingSource, schema: pa.Schema, more: str = "_line") -> str:
    """The statement that reads every value of `landing_rows`; `_rejected` says what is wrong with a row, or is null."""
    values = [(one, schema.field(one.name).type, value(one, schema.field(one.name).type)) for one in source.columns]
    names = [f'"{one.name}"' for one in source.columns]
    raw = ", ".join(f'{_sent(source, one)} as "{one.name} raw"' for one in source.columns)
    cast = ", ".join(f'{how.cast} as "{one.name} cast"' for one, _, how in values)
    exact = ", ".join(f'{how.exact} as "{one.name}"' for one, _, how in values)
    whys = ", ".join(f'{why(one, kind, how.expected)} as "{one.name} why"' for one, kind, how in values)
    read = f"select *, {exact} from (select *, {cast} from (select {raw}, {more} from landing_rows))"
    if source.made:
        read = f"select *, {source.made.expression} as {KNOWN_AT} from ({read}) as said"
        names.append(KNOWN_AT)
        # A row of which a column is wrong already is told that, and not what follows from it.
        sound = " and ".join(f'"{one}" is not null' for one in source.made.uses([one.name for one in source.columns])) or "true"
        whys += f""", case when {KNOWN_AT} is null and {sound} then {quoted(source.made.expected)}
            when {KNOWN_AT} is null then 'says not when it was known' end as "{KNOWN_AT} why" """
    judged = [*(one.name for one in source.columns), *([KNOWN_AT] if source.made else [])]
    bad = " or ".join(f'"{name} why" is not null' for name in judged)
    each = ", ".join(
        f'case when "{name} why" is not null '
        f"then {{'column_name': {quoted(name.removeprefix('_'))}, 'reason': \"{name} why\"}} end"
        for name in judged
    )
    return (
        f"select {', '.join(names)}, {more}, "
        f"case when {bad} then list_filter([{each}], lambda one: one is not null) end as _rejected "
        f"from (select *, {whys} from ({read}))"
    )
