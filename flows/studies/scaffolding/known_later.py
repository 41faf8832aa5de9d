"""Instants of a row that lie after it was known: what they say was not known then."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from checks.known_at import KnownAt
from flows.runtime.sql_text import quoted
from flows.studies.scaffolding.looking import Look, Seen, read_files

TIMES = ("date", "timestamp")


def known_later(seen: Look, known_at: Any, event_at: str | None) -> dict[str, int]:
    """In how many rows each day or instant lies after the row was known, by column; only those with such rows.

    Left out are what says when the row was known or when it happened, and what is known with a row of another source.
    """
    sql = known_at if isinstance(known_at, str) else (known_at or {}).get("sql")
    times = [one for one in seen.columns if one.form.data_type in TIMES and one.name not in (known_at, event_at)]
    if not sql or not times:
        return {}
    expression = f'"{sql}"' if isinstance(known_at, str) else KnownAt(sql=sql).expression
    wanted = [one for one in seen.columns if one in times or one.name == known_at or re.search(rf"\b{one.name}\b", sql)]
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        read_files(con, seen.files, seen.format, seen.delimiter)
        counts = ", ".join(f'count(*) filter (where cast("{one.name}" as timestamp) > known)' for one in times)
        found = con.execute(
            f"select {counts} from (select *, {expression} as known from ({read_columns(con, wanted, seen.null)}) as said)"
        ).fetchall()[0]
    return {one.name: rows for one, rows in zip(times, found, strict=True) if rows}


def read_columns(con: duckdb.DuckDBPyConnection, columns: list[Seen], nulls: list[str]) -> str:
    """A select of columns as landing would read them, each also as it stands (`… raw`), and of the place of a row (`its row`)."""
    picked, joined = [], []
    for at, one in enumerate(columns):
        header = f'"{one.header}"'
        if one.choices:  # what was typed in its file is as it is
            null = ", ".join(quoted(text) for text in nulls) or "''"
            con.execute(f"create temp view raw{at} as select distinct {header} as raw from seen where {header} not in ({null})")
            con.execute(f"create temp table read{at} as from {one.form.read(one.name, f'raw{at}')}")
            joined.append(f"left join read{at} on read{at}.raw = seen.{header}")
            header = f"read{at}.it"
        else:
            header = f"seen.{header}"
        picked.append(f'{header} as "{one.name}", seen."{one.header}" as "{one.name} raw"')
    return f'select {", ".join(picked)}, seen.rowid as "its row" from seen {" ".join(joined)}'
