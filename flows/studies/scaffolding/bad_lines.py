"""How many lines of one delivery are bad: landing refuses a file of which more are than its source declares."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import duckdb

from checks.known_at import KnownAt
from checks.landing import MAX_REJECTED_SHARE, may_reject
from flows.runtime.sql_text import quoted
from flows.studies.scaffolding.known_later import read_columns
from flows.studies.scaffolding.looking import Look, read_files


@dataclass(frozen=True)
class RefusedDelivery:
    """A delivery that would be refused by the default share: bad lines, rows, the day (UTC; None: the files as they are)."""

    bad: int
    rows: int
    day: str | None

    @property
    def share(self) -> float:
        """The share to declare so that it lands: that of its bad lines, rounded up to whole hundredths."""
        return math.ceil(100 * self.bad / self.rows) / 100


def refused(seen: Look, known_at: Any, by_day: bool) -> RefusedDelivery | None:
    """The delivery whose share of bad values is largest, of those that would be refused; None where all would land.

    `by_day`: an archive delivers by the day on which rows were known, and a row that says no such day with the row before it.
    Lines that are no rows (`Look.odd`) are not counted: nobody knows their day.
    """
    wrong = [one for one in seen.columns if one.wrong]
    if not wrong:
        return None
    sql = known_at if isinstance(known_at, str) else (known_at or {}).get("sql")
    expression = "null" if not (by_day and sql) else f'"{sql}"' if isinstance(known_at, str) else KnownAt(sql=sql).expression
    wanted = [one for one in seen.columns if one in wrong or (sql and re.search(rf"\b{one.name}\b", sql))]
    null = ", ".join(quoted(text) for text in seen.null) or "''"
    bad = " or ".join(f'("{one.name}" is null and "{one.name} raw" not in ({null}))' for one in wrong)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        read_files(con, seen.files, seen.format, seen.delimiter)
        pieces = con.execute(
            f"select cast(day as varchar), count(*) filter (where bad), count(*) "
            "from (select bad, last_value(cast(known as date) ignore nulls) over (order by place) as day "
            f'from (select "its row" as place, {bad} as bad, {expression} as known '
            f"from ({read_columns(con, wanted, seen.null)}) as said)) group by day"
        ).fetchall()
    found = [RefusedDelivery(some, rows, day) for day, some, rows in pieces if some > may_reject(rows, MAX_REJECTED_SHARE)]
    return max(found, key=lambda one: one.share, default=None)
