"""Are two answers the same? Rows, keys and every value, bit for bit."""

from __future__ import annotations

from pathlib import Path

import duckdb


def differences(answer: Path, other: Path, key: str) -> dict[str, int]:
    """How many rows differ: {'rows': …} if there are more or fewer, and per column; empty if the answers are equal.

    Columns are compared as they are named; whole numbers as bigint, others as double, so that types of peers do not matter;
    NaN counts as null and -0 as 0.
    """
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(answer.parent / "spill")}) as con:
        columns = [name for name, *_ in con.execute(f"describe select * from '{answer}'").fetchall()]
        theirs = [name for name, *_ in con.execute(f"describe select * from '{other}'").fetchall()]
        if set(columns) != set(theirs):
            return {"columns": len(set(columns) ^ set(theirs))}
        values = [c for c in columns if c != key]

        def normal(column: str) -> str:
            value = f"cast({column} as double)"
            return f"case when isnan({value}) then null when {value} = 0 then 0.0::double else {value} end"

        def digest(file: Path) -> tuple:
            parts = ", ".join(f"bit_xor(hash({key}, {normal(c)}))" for c in values)
            return con.execute(f"select count(*), count(distinct {key}), {parts} from '{file}'").fetchone()

        mine, others = digest(answer), digest(other)
        if mine == others:
            return {}
        found = {"rows": abs(mine[0] - others[0])} if mine[:2] != others[:2] else {}
        for column in (c for c, a, b in zip(values, mine[2:], others[2:], strict=True) if a != b):
            # a digest is quick and may tell apart what is equal (such as -0 and 0): the rows decide
            unequal = con.execute(
                f"select count(*) from '{answer}' as a full join '{other}' as b using ({key}) "
                f"where {normal('a.' + column)} is distinct from {normal('b.' + column)}"
            ).fetchone()[0]
            if unequal:
                found[column] = unequal
        return found


def largest_differences(answer: Path, other: Path, key: str) -> dict[str, float]:
    """Column → how far two answers are apart at most, of the columns that both have; `rows` if not every key is in both.

    Absolute, but relative for `wasserstein`, which has the unit of its feature. Infinite where one side is null and the other
    is not, or where 0 has no relative distance. A column that one side does not have is not compared.
    """
    with duckdb.connect() as con:
        columns, theirs = (
            {name for name, *_ in con.execute(f"describe select * from '{file}'").fetchall()} for file in (answer, other)
        )
        shared = sorted((columns & theirs) - {key})
        per = {"wasserstein": " / nullif(abs(a.wasserstein), 0)"}
        parts = [
            f"max(case when a.{c} is not distinct from b.{c} then 0 else coalesce(abs(a.{c} - b.{c}){per.get(c, '')}, 'inf') end)"
            f" filter (where a.{key} = b.{key})"
            for c in shared
        ]
        lost, *values = con.execute(
            f"select count(*) - count(a.{key}) + count(*) - count(b.{key}), {', '.join(parts) or 'null'} "
            f"from '{answer}' as a full join '{other}' as b using ({key})"
        ).fetchone()
    found = {c: value for c, value in zip(shared, values, strict=False) if value is not None}
    return {"rows": float(lost), **found} if lost else found
