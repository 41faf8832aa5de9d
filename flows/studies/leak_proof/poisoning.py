"""Another future: rows that keep who and when they are, and say absurd things that landing would still have let in."""

from __future__ import annotations

from checks.landing import LandingColumn, LandingSource

# Without declared limits: out of any usual range, and no value near zero is its own image.
FACTOR, SHIFT = -7, 1000
KEPT = ("date", "timestamp")


def poisoned(source: LandingSource, rows: str) -> str:
    """SQL of `rows` (SQL over the landed table) with every column replaced that is neither key nor time, nor says the time.

    Strings are permuted among the rows, so that they stay names that exist; numbers are mirrored in their accepted range,
    or leave every range where none is declared; booleans are negated; nulls become values.
    """
    kept = {*source.key, source.known_at, *(source.made.uses([one.name for one in source.columns]) if source.made else ())}
    columns = [one for one in source.columns if one.name not in kept and one.data_type not in KEPT]
    if not columns:
        return rows
    absurd = ", ".join(f'{_absurd(one, source)} as "{one.name}"' for one in columns)
    return f"select * replace ({absurd}) from ({rows})"


def _absurd(column: LandingColumn, source: LandingSource) -> str:
    name, kind = f'"{column.name}"', column.data_type
    if kind == "boolean":
        return f"not coalesce({name}, false)"
    if kind == "varchar" or column.values:
        # the next in an order that means nothing: neighbours in time would too often say the same
        key = ", ".join(f'"{one}"' for one in source.key or ("_line", "_batch_id"))
        order = f"order by hash({key}), _line"
        return f"coalesce(lead({name}) over ({order}), first({name}) over ({order}))"
    if column.minimum is None or column.maximum is None:
        return f"cast(coalesce({name}, 1) * {FACTOR} + {SHIFT} as {kind})"
    low, high = f"{column.minimum:g}", f"{column.maximum:g}"
    return f"cast({low} + {high} - coalesce({name}, {low}) as {kind})"
