"""Another future: rows that keep who and when they are, and say absurd things of the type they are of."""

from __future__ import annotations

from checks.landing import LandingColumn, LandingSource

# No scaling or centring of a column leaves these as they were, and no landed value is its own image.
FACTOR, SHIFT = -7, 1000


def poisoned(source: LandingSource, rows: str) -> str:
    """SQL of the rows of `rows` (SQL of a subset of the landed table) with every value replaced that is neither key nor time.

    Strings are permuted among the rows, so that they stay names that exist; numbers leave their range; nulls become values.
    """
    kept = {*source.key, source.known_at}
    changes = [f"{_absurd(column, source)} as {column.name}" for column in source.columns if column.name not in kept]
    changes = [change for change in changes if change[0] != " "]
    return f"select * replace ({', '.join(changes)}) from ({rows})" if changes else rows


def _absurd(column: LandingColumn, source: LandingSource) -> str:
    name, kind = column.name, column.data_type
    order = ", ".join([*source.key, source.known_at or "_line", "_line"])
    if kind in ("date", "timestamp"):
        return " "
    if kind == "boolean":
        return f"not coalesce({name}, false)"
    if kind == "varchar":
        # the row half the future further on: neighbours would too often say the same
        return f"coalesce(lead({name}, 1) over (order by hash({name}), {order}), first({name}) over (order by hash({name}), {order}))"
    return f"cast(coalesce({name}, 1) * ({FACTOR}) + {SHIFT} as {kind})"
