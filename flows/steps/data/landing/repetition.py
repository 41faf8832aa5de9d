"""A batch that comes again in other bytes: in another order, with other quotes, packed otherwise, under another name.

A source with a key refuses its rows one by one. Without a key a row may come twice, but a file that holds the very rows of an
earlier one, each as often, is the earlier one; what is compared are the rows as they landed.
"""

from __future__ import annotations

import duckdb

from checks.landing import LandingSource


def same_rows(con: duckdb.DuckDBPyConnection, source: LandingSource, good: str, loaded: int, number: int) -> str | None:
    """The file of an earlier batch of the source that landed the same rows as batch `number`, in whatever order; else None."""
    known = f'min("{source.known_at}"), max("{source.known_at}")' if source.known_at else "null::timestamp, null::timestamp"
    alike = con.execute(
        f"select landing_number, file from ledger.batches where source = ? and rows_loaded = ? and (known_from, known_through) "
        f"is not distinct from (select ({known}) from {good})", [source.name, loaded],
    ).fetchall()  # fmt: skip
    if not alike:
        return None
    columns = ", ".join(f'"{one.name}"' for one in source.columns)
    files = dict(alike)
    same = con.execute(
        f"select _landing_number from {source.relation} where _landing_number in ({', '.join(map(str, files))}) "
        f"group by all having sum(hash({columns})::hugeint) = "
        f"(select sum(hash({columns})::hugeint) from {source.relation} where _landing_number = {number}) order by all"
    ).fetchall()
    for (one,) in same:  # equal sums are a hint, equal rows the answer
        rows = f"select {columns} from {source.relation} where _landing_number ="
        if not con.execute(f"select exists ({rows} {number} except all {rows} {one})").fetchall()[0][0]:
            return files[one]
    return None
