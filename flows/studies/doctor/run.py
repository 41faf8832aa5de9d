"""All checks, one after the other. Nothing is written: the warehouse is opened to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flows.runtime import database_errors, warehouse
from flows.studies.doctor import deployments, installation, tables
from flows.studies.doctor.finding import Finding
from ml.errors import AsofError

CHECKS = ("versions", "modes", "leftovers", "disk", "warehouse", "clock", "ledger", "models", "predictions", "landed rows",
          "contracts", "deployments")  # fmt: skip
OF_THE_MACHINE = (installation.versions, installation.modes, installation.left_over, installation.disk, deployments.deployments)
OF_THE_WAREHOUSE = (tables.clock, tables.commits, tables.models, tables.predictions, tables.landed, tables.unfinished,
                    tables.purges, tables.promises)  # fmt: skip


def examine() -> list[Finding]:
    """Everything that is not as it should be, in the order of the checks; empty where all is well. No check stops another."""
    found = [finding for check in OF_THE_MACHINE for finding in _tried(check)]
    return sorted([*found, *_warehouse()], key=lambda one: CHECKS.index(one.check))


def _warehouse() -> Iterator[Finding]:
    where = warehouse.file()
    if not where.exists():
        return
    try:
        with warehouse.reader(where, waits=False) as con:
            for check in OF_THE_WAREHOUSE:
                yield from _tried(check, con)
    except AsofError as error:
        others = "; ".join(f"process {pid}: {command[:80]}" for pid, command in installation.holders(where))
        what = f"{where} is in use and could not be examined ({others or str(error)})"
        yield Finding("warehouse", what, "wait for that process or stop it, then run doctor again")
    except warehouse.Error as error:
        yield _of_database(error)


def _tried(check: Callable[..., Iterator[Finding]], *arguments: object) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(*arguments))
    except warehouse.Error as error:
        found.append(_of_database(error))
    except AsofError as error:
        what, _, mend = str(error).partition("; ")
        found.append(Finding("warehouse", what, mend or "correct it, and run doctor again"))
    return found


def _of_database(error: Exception) -> Finding:
    what, _, mend = database_errors.line(error).rpartition("; ")
    return Finding("warehouse", what or mend, mend)
