"""Rebuilds in scratch warehouses: each is built by dbt from what has landed in it, and what it became is kept for comparing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from flows.runtime import dbt, lineage, warehouse
from flows.steps.data import landing_zone
from flows.store import problems
from flows.studies.leak_proof import rebuilds
from flows.studies.leak_proof.comparing import columns

FULL = "all_known"  # the schema that keeps the full build
KEPT = "kept.duckdb"


class Rebuilds:
    """Rebuilds below one folder. `self.kept` is the DuckDB file in which each rebuild is a schema of plain tables."""

    def __init__(self, folder: Path, slice_file: Path, problem: str, begin: datetime, end: datetime) -> None:
        self.folder, self.slice, self.begin, self.end = folder, slice_file, begin, end
        self.kept = folder / KEPT
        folder.mkdir(parents=True, exist_ok=True)
        # dbt writes the name of the database into its manifest: every rebuild is a file of this one name.
        self._enter("parsing")
        for place in (folder, slice_file.parent):
            warehouse.allow(place)
        self.problem = problems.get(problem)
        self.models = lineage.lineage(dbt.manifest_dict(), problem)
        self.sources = landing_zone.sources()

    @property
    def key(self) -> list[str]:
        """The columns that name a row of the cohort."""
        return [self.problem.entity, self.problem.as_of]

    def build(self, rebuild: str, clock: datetime, cut: datetime | None = None, poison: bool = False) -> None:
        """A new rebuild, built from nothing: what was known before `cut` and the clock, and then nothing more, or poison."""
        self._enter(rebuild)
        with self.connected() as con:
            rebuilds.create(con, self.sources, clock, cut, poison)
        dbt.run("seed")
        dbt.run("run", select=[f"+{tip}" for tip in lineage.tips(self.problem.name)])

    def go_on(self, start: datetime, until: datetime) -> None:
        """The rebuild that was entered last moves its clock from `start` to `until`: rows land, incremental models grow."""
        with self.connected() as con:
            rebuilds.land(con, self.sources, start, until)
        stored = [model.name for model in self.models if model.stored]
        dbt.run("run", select=stored)

    def fork(self, rebuild: str, into: str) -> None:
        """Copy a built rebuild and enter the copy."""
        warehouse.close()
        self._enter(into)
        shutil.copy2(self._file(rebuild), self._file(into))

    def keep(self, schema: str, cut: datetime | None = None) -> None:
        """Keep the tables of the rebuild that was entered last; with `cut`, the rows that were knowable then."""
        with self.connected() as con:
            con.execute(f"attach if not exists '{self.kept}' as kept")
            con.execute(f"create schema kept.{schema}")
            for model in self.models:
                where = lineage.knowable(columns(con, model.relation), self.problem, cut) if cut else "true"
                if where:
                    con.execute(f"create table kept.{schema}.{model.name} as from {model.relation} where {where}")
            con.execute("detach kept")

    def drop(self, rebuild: str) -> None:
        """Remove the files of a rebuild."""
        warehouse.close()
        shutil.rmtree(self.folder / rebuild, ignore_errors=True)

    def comparing(self) -> duckdb.DuckDBPyConnection:
        """A connection to what was kept; the caller closes it."""
        return duckdb.connect(str(self.kept))

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor in the rebuild that was entered last, with what has landed attached as `slice`."""
        with warehouse.cursor() as con:
            con.execute(f"attach if not exists '{self.slice}' as slice (read_only)")
            yield con

    def _enter(self, rebuild: str) -> None:
        warehouse.close()
        self._file(rebuild).parent.mkdir(parents=True, exist_ok=True)
        os.environ["ASOF_WAREHOUSE"] = str(self._file(rebuild))

    def _file(self, rebuild: str) -> Path:
        return self.folder / rebuild / "warehouse.duckdb"
