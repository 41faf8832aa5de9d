"""What was purged: the keys that do not land again, and how many rows are rightly missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from flows.runtime import salt, warehouse

REASON = "was purged: a person's data were removed on request, and what was known before that does not land again"


@dataclass(frozen=True)
class Refused:
    """Keys that do not land again in a landed table: SQL of the key, and the clock of the purge by salted hash."""

    relation: str
    expression: str
    known_before: dict[str, datetime]


def refused(con: duckdb.DuckDBPyConnection) -> list[Refused]:
    """What does not land again, by landed table."""
    if not warehouse.holds(con, "ledger", "purges"):
        return []
    rows = con.execute(
        "select place, expression, key_hash, max(as_of) from ledger.purges where expression is not null group by all order by all"
    ).fetchall()
    found: dict[tuple[str, str], dict[str, datetime]] = {}
    for place, expression, key_hash, as_of in rows:
        found.setdefault((place, expression), {})[key_hash] = as_of
    return [Refused(*key, before) for key, before in found.items()]


def again(con: duckdb.DuckDBPyConnection, there: Iterable[Refused], relation: str, known_at: str | None, rows: str) -> list[int]:
    """The lines of staged rows (SQL after `from`) that a purge keeps out."""
    found: set[int] = set()
    for one in there:
        if one.relation != relation:
            continue
        con.execute("create or replace temp table purged_before (key_hash varchar, as_of timestamp)")
        con.executemany("insert into purged_before values (?, ?)", list(one.known_before.items()))
        early = f'and "{known_at}" < purged_before.as_of' if known_at else ""
        lines = con.execute(
            f"select _line from (select *, {salt.recorded(one.expression)} as _key_hash from {rows}) as staged "
            f"inner join purged_before on purged_before.key_hash = _key_hash {early}"
        ).fetchall()
        found |= {line for (line,) in lines}
    return sorted(found)
