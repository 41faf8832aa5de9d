"""The proof as tables for people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich import box
from rich.table import Table

from flows.steps.proving.comparing import Difference
from flows.steps.proving.proof import Fate, Proof
from flows.steps.proving.running import differences

# So many tables that differ are told: the first is where the leak begins, the others are what it reached.
TOLD = 8
AT = re.compile(r" \d{4}-.*")


def tables(proof: Proof) -> Iterator[Table]:
    """The checks; what differs, if anything; the mutants, if they ran."""
    yield _checks(proof)
    if found := differences(proof.results):
        yield _differences(found)
    if proof.fates:
        yield _mutants(proof.fates)


def verdict(proof: Proof) -> str:
    """One line: what holds, or what does not."""
    span = f"{proof.job.begin:%Y-%m-%d} to {proof.job.end:%Y-%m-%d}"
    if found := differences(proof.results):
        first = found[0]
        return f"{proof.job.problem} does not hold ({span}): {first.check}: {first.where} differs in the row of {first.row}"
    if missed := [fate.mutant.name for fate in proof.fates if fate.survived]:
        return f"{len(missed)} of {len(proof.fates)} mutants were not caught: {', '.join(missed)}"
    caught = sum(fate.difference is not None for fate in proof.fates)
    rows = sum(result.rows for result in proof.results if result.check != "full build")
    told = f"; {caught} of {caught} mutants in use were caught" if proof.fates else ""
    return f"{proof.job.problem} holds nothing from the future ({span}): {rows:,} rows compared, all the same{told}"


def _checks(proof: Proof) -> Table:
    table = Table("check", "rows compared", "seconds", "", box=box.SIMPLE_HEAD)
    for result in proof.results:
        if result.check == "full build":
            continue
        mark = f"[red]{len(result.differences)} tables differ[/]" if result.differences else "[green]the same[/]"
        table.add_row(result.check, f"{result.rows:,}", f"{result.seconds:.1f}", mark)
    return table


def _differences(found: list[Difference]) -> Table:
    table = Table("check", "model.column", "row", "full build", "otherwise", "rows", box=box.SIMPLE_HEAD)
    for one in found[:TOLD]:
        table.add_row(one.check, one.where, one.row, one.full, one.other, f"{one.rows:,}")
    return table


def _mutants(fates: list[Fate]) -> Table:
    table = Table("mutant", "what was changed", "caught by", box=box.SIMPLE_HEAD)
    table.add_column("first model.column", overflow="fold")
    for fate in fates:
        if fate.error:
            caught = f"[red]{fate.error}[/]", ""
        elif fate.difference:
            # A mutant is cut once, at an instant that says nothing: "removed", not "removed 2013-01-17 22:00".
            caught = f"[green]{AT.sub('', fate.difference.check)}[/]", fate.difference.where
        else:
            caught = ("[red]nothing: it survived[/]", "") if fate.used else ("[dim]not in use[/]", "")
        table.add_row(fate.mutant.name, fate.mutant.changed, *caught)
    return table
