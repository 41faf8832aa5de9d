"""Exporting: what is published goes to other places as well, each of them whole and of one publication."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from flows.runtime import settings
from flows.runtime.export_targets import Target
from flows.runtime.step import each, step
from flows.steps.serving.exporting import csv_files, parquet_files, postgres, run_folder
from flows.steps.serving.exporting.snapshot import Progress, Snapshot, opened
from flows.steps.serving.publishing import Shown
from flows.store import ledger
from ml.errors import AsofError

# What writes the files of a kind into a folder.
FILES = {
    "parquet": partial(parquet_files.write, unit="month"),
    "parquet_by_day": partial(parquet_files.write, unit="day"),
    "csv": csv_files.write,
}


@dataclass(frozen=True)
class Exported:
    """The run that a target holds now, the rows of each of its tables, and whether they had to be written."""

    target: Target
    run: Shown
    rows: dict[str, int]
    written: bool

    @property
    def told(self) -> str:
        """In words."""
        how = "holds" if self.written else "holds already"
        return f"{self.target} {how} {self.run.told}: {', '.join(f'{name} ({rows:,})' for name, rows in self.rows.items())}"


def export(
    targets: Sequence[Target],
    progress: Progress = lambda table, at, rows: None,
    done: Callable[[Exported], None] = lambda exported: None,
) -> list[Exported]:
    """Write the tables of the published file to each target, all of the publication of now; the warehouse is not touched.

    `done` is told of each. One that fails keeps no other from its turn: AsofError is that of the first that did.
    """
    with opened(progress) as snapshot:
        by_name = {str(target): target for target in targets}
        return list(each(by_name, lambda name: _exported(by_name[name], snapshot, done)).values())


@step()
def export_published(now: datetime) -> int:
    """Export to where ASOF_EXPORT says, as a run of the ledger; returns the rows written. AsofError says how to try again."""
    with ledger.run("exporting", now) as run:
        try:
            done = export(settings.exports())
        except AsofError as error:
            raise AsofError(f"{error}; what was published stays, and `python -m flows export` tries again") from error
        run.rows = sum(sum(one.rows.values()) for one in done if one.written)
        run.message = f"exported to {', '.join(str(one.target) for one in done)}"
    return run.rows


def _exported(target: Target, snapshot: Snapshot, done: Callable[[Exported], None]) -> Exported:
    rows, written = {table.name: table.rows for table in snapshot.tables}, True
    if target.kind == "postgres":
        postgres.write(target.place, snapshot)
    else:
        written = run_folder.write(Path(target.place), target.kind, snapshot.run, partial(FILES[target.kind], snapshot=snapshot))
    exported = Exported(target, snapshot.run, rows, written)
    done(exported)
    return exported
