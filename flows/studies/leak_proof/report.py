"""The proof as tables for people, on a terminal or on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich import box
from rich.table import Table

from flows.studies.leak_proof.comparing import Difference
from flows.studies.leak_proof.proof import Fate, Proof
from flows.studies.leak_proof.running import differences

# So many tables that differ are named: the first is where the leak begins, the others are what it reached.
TOLD = 8
AT = re.compile(r" \d{4}-.*")
CHECKS = ["check", "tables", "rows compared", "seconds", "result"]
DIFFERENCES = ["check", "table and column", "row", "full build", "otherwise", "rows"]
MUTANTS = ["mutant", "what was changed", "caught by", "where"]


def checks_of(proof: Proof) -> Iterator[list[object]]:
    """Per check, but for the full build: a row of CHECKS."""
    for result in proof.results:
        if result.check != "full build":
            said = f"{len(result.differences)} tables differ" if result.differences else "the same"
            yield [result.check, result.compared, result.rows, round(result.seconds), said]


def differences_of(found: list[Difference]) -> Iterator[list[object]]:
    """The first differences: rows of DIFFERENCES."""
    for one in found[:TOLD]:
        yield [one.check, one.where, one.row, one.full, one.other, one.rows]


def mutants_of(fates: Iterable[Fate]) -> Iterator[list[object]]:
    """Per mutant, whether and how it was caught: a row of MUTANTS."""
    for fate in fates:
        if fate.error:
            caught = [fate.error, ""]
        elif fate.difference:
            # A mutant is cut once, at an instant that says nothing: "removed", not "removed 2013-01-17 22:00".
            caught = [AT.sub("", fate.difference.check), fate.difference.where]
        elif fate.missed:
            where = f"{fate.changed:,} rows are others, the first in {fate.first.where}" if fate.first else ""
            caught = ["**nothing: it survived**", where]
        else:
            caught = ["nothing to show it on" if fate.used else "not in use", ""]
        yield [fate.mutant.name, fate.mutant.changed, *caught]


def tables(proof: Proof) -> Iterator[Table]:
    """The checks; what differs, if anything; the mutants, if they ran."""
    yield _table(CHECKS, checks_of(proof))
    if found := differences(proof.results):
        yield _table(DIFFERENCES, differences_of(found))
    if proof.fates:
        yield _table(MUTANTS, mutants_of(proof.fates))


def verdict(proof: Proof) -> str:
    """One line: what holds, or what does not."""
    span = f"{proof.job.begin:%Y-%m-%d} to {proof.job.end:%Y-%m-%d}"
    if found := differences(proof.results):
        first = found[0]
        return f"{proof.job.problem} does not hold ({span}): {first.check}: {first.where} differs in the row of {first.row}"
    if missed := [fate.mutant.name for fate in proof.fates if fate.missed]:
        said = f"{len(missed)} of {len(proof.fates)} mutants were not caught: {', '.join(missed)}"
        return f"{said}; {unseen}" if (unseen := nothing_to_show(proof)) else said
    caught = sum(fate.difference is not None for fate in proof.fates)
    rows = sum(result.rows for result in proof.results if result.check != "full build")
    used = sum(fate.used for fate in proof.fates)
    text = f"; {caught} of {used} mutants in use were caught" if proof.fates else ""
    text += f"; {unseen}" if (unseen := nothing_to_show(proof)) else ""
    return f"{proof.job.problem} holds nothing from the future ({span}): {rows:,} rows compared, all the same{text}"


def nothing_to_show(proof: Proof) -> str:
    """Which mutants built what the project builds, and what helps; empty where every mutant in use had facts to show on."""
    unseen = [fate.mutant.name for fate in proof.fates if fate.unseen]
    if not unseen:
        return ""
    return (
        f"{len(unseen)} had nothing to show on, because no fact here lies where {'they differ' if unseen[1:] else 'it differs'} "
        f"from the project: {', '.join(unseen)}; prove it with more facts or other --seed and --days"
    )


def _table(header: list[str], rows: Iterable[list[object]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell).replace("**", "") for cell in row))
    return table
