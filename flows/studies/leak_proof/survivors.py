"""Mutants that no check caught: did they change anything that was built, or is there no fact here on which they could show?

A survivor made, in every world that was tried, the rows of its own full build. Where that is to the last bit the full build of
the project as it is, it made in all of them what the project makes: nothing here lies where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.runtime.sql_text import quoted
from flows.studies.leak_proof.comparing import Difference, first_difference
from flows.studies.leak_proof.rebuilding import FULL, KEPT
from flows.studies.leak_proof.running import Result

SPLIT = "split"


@dataclass(frozen=True)
class Made:
    """What a run made of the facts: the file that keeps its full build, and a digest of what the split gave."""

    file: Path
    split: str

    @classmethod
    def of(cls, folder: Path, results: list[Result]) -> Made:
        """What the run in `folder` with these results made; its file may be moved."""
        return cls(folder / KEPT, next((one.made for one in results if one.check == SPLIT), ""))


def changed(own: Made, mutated: Made, key: list[str]) -> tuple[int, Difference | None]:
    """In how many rows two full builds of the same facts differ, and the first of them; a split that differs is one row."""
    rows, first = 0, None
    with duckdb.connect() as con:
        for name, made in (("own", own), ("mutated", mutated)):
            con.execute(f"attach {quoted(made.file)} as {name} (read_only)")
        # They were kept in the order of the lineage: the first that differs is where it begins.
        there = "select table_name from duckdb_tables() where database_name = 'own' and schema_name = ? order by table_oid"
        for (table,) in con.execute(there, [FULL]).fetchall():
            full, other = (f"{database}.{FULL}.{table}" for database in ("own", "mutated"))
            found = first_difference(con, full, other, key, "full build", table)
            rows, first = rows + (found.rows if found else 0), first or found
    if own.split != mutated.split:
        rows, first = rows + 1, first or Difference(SPLIT, SPLIT, "(row)", "every row", own.split, mutated.split, 1)
    return rows, first
