"""Facts that come again: rows with what nearly tells rows apart, and known later than the row before."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import duckdb

from flows.studies.scaffolding.looking import Look, Seen, likely_key, read_files

# Columns that nearly tell rows apart: rows come again less often than not; of a single one, an id, up to twice and more.
NEARLY, NEARLY_ALONE = 0.5, 0.3
# A row corrects another one if it says the same in most columns; where there is hardly another column, if few come again.
ALIKE, FEW_AGAIN = 0.5, 0.1
# Of the rows that come again, those that were known later; the others may be slips.
LATER = 0.9
# Facts are told apart by an id, or by a thing and an instant.
COLUMNS = 2


@dataclass(frozen=True)
class Again:
    """What nearly tells facts apart (`columns`), how many rows come again, and how many of them later by the column `by`."""

    columns: tuple[str, ...]
    by: str
    rows: int
    later: int
    alike: bool
    key: tuple[str, ...]

    @property
    def corrects(self) -> bool:
        """Whether it looks as if later rows correct earlier ones."""
        return self.alike and self.later >= LATER * self.rows

    def told(self, rows: int) -> str:
        """What a person has to decide of `rows` rows."""
        return f"{'+'.join(self.columns)} comes again in {self.rows:,} of {rows:,} rows with a later {self.by}"


def again(seen: Look, by: str, said: tuple[str, ...] = ()) -> Again | None:
    """What comes again in the files, by when rows were known; None where nothing nearly tells rows apart, or all are apart.

    Of the columns that a person has `said` to be the key, if any. Else few columns come before many: what is corrected tells rows
    apart as well, beside the id of the fact, and would make each version of it a fact of its own. Wholly identical lines are one.
    """
    without = [key for key in seen.keys if by not in key]
    named = tuple(name for name in said if name != by)
    if any(len(key) == 1 or set(key) <= set(named) for key in without):
        return None
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        read_files(con, seen.files, seen.format, seen.delimiter)
        _whole(con, seen.column(by))
        rows = con.execute("select count(*) from whole").fetchall()[0][0]
        alone = NEARLY if without else NEARLY_ALONE
        if named:
            return _again(con, seen, tuple(seen.column(name) for name in named), by, rows, alone)
        may = [one for one in seen.columns if one.name != by and likely_key(one)]
        # Where some columns are a key already, only one of them alone may be what it is all about.
        most = 1 if without else COLUMNS
        found = []
        for size in range(1, most + 1):
            for some in itertools.combinations(may[:8], size):
                if all(one.form.data_type in ("date", "timestamp") for one in some):
                    continue
                if one := _again(con, seen, some, by, rows, alone if size == 1 else NEARLY):
                    if one.corrects:
                        return one
                    found += [one] if rows - one.rows >= NEARLY * rows else []
    return found[0] if found and not without else None


def _whole(con: duckdb.DuckDBPyConnection, by: Seen) -> None:
    """The table `whole`: each different line once, with its instant."""
    header = f'"{by.header}"'
    con.execute(f"create temp view raws as select distinct {header} as raw from seen")
    read = by.form.read(by.name, "raws") if by.choices else "(select raw, raw as it from raws)"
    con.execute(
        f'create temp table whole as select seen.*, times.it as "its instant" from (select distinct * from seen) as seen '
        f"inner join {read} as times on seen.{header} = times.raw"
    )


def _again(con: duckdb.DuckDBPyConnection, seen: Look, some: tuple[Seen, ...], by: str, rows: int, nearly: float) -> Again | None:
    listed = ", ".join(f'"{one.header}"' for one in some)
    facts = con.execute(f"select count(*) from (select distinct {listed} from whole)").fetchall()[0][0]
    if not nearly * rows <= facts < rows:
        return None
    others = [one for one in seen.columns if one not in some and one.name != by]
    order = f'partition by {listed} order by "its instant"'
    same = " + ".join(f'cast("{one.header}" is not distinct from lag("{one.header}") over facts as integer)' for one in others)
    later, alike, apart = con.execute(
        f"select count(*) filter (where it > before), avg(same), count(*) filter (where it = before) = 0 from ("
        f'select "its instant" as it, lag("its instant") over facts as before, row_number() over facts as number, '
        f"{same or '0'} as same from whole window facts as ({order})) where number > 1"
    ).fetchall()[0]
    enough = alike >= ALIKE * len(others) if len(others) > 1 else rows - facts <= FEW_AGAIN * rows
    names = tuple(one.name for one in some)
    unique = apart and rows == seen.rows
    return Again(names, by, rows - facts, later, enough, (*names, by) if unique else ())
