"""Publishing: a new read-only DuckDB file is renamed into the place of the old one, which is kept and can be brought back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from flows.runtime import confinement, dbt, settings, warehouse
from flows.runtime.orphans import remove_orphans, unfinished
from flows.runtime.sql_text import identifier, quoted
from flows.runtime.step import step
from flows.store import ledger
from ml.errors import AsofError

# Drivers of BI tools lag behind DuckDB: files of this storage version were opened by 1.2 and everything later.
STORAGE_VERSION = "v1.2.0"
ENDING = confinement.PUBLISHING
# A table macro of the published file, which no list of its tables shows.
SHOWN = "published_run"


@dataclass(frozen=True)
class Shown:
    """The run that published a file, the clock of the warehouse then, and when that was; both UTC."""

    run_id: str
    as_of: datetime
    published_at: datetime

    @property
    def told(self) -> str:
        """In words."""
        return f"run {self.run_id[:12]} as of {self.as_of:%Y-%m-%d %H:%M} UTC"


@step()
def publish(now: datetime) -> dict[str, int]:
    """Replace the published file by one that holds today's marts; returns the rows of each table.

    Readers of the old file keep it until they reconnect; nobody sees half of either.
    """
    target = settings.published_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    for file in (target, before(target)):
        remove_orphans(file, ENDING)
    fresh = unfinished(target, ENDING)
    fresh.unlink(missing_ok=True)
    with ledger.run("publishing", now) as run:
        try:
            counts = _write(fresh, Shown(run.run_id, now, ledger.wall_clock()))
            _audit(fresh, counts)
            with fresh.open("rb") as handle:
                os.fsync(handle.fileno())
            _keep(target)
            fresh.replace(target)
        finally:
            for left in (fresh, fresh.with_name(f"{fresh.name}.wal")):
                left.unlink(missing_ok=True)
        run.rows, run.message = sum(counts.values()), f"published {len(counts)} tables"
    return counts


@step()
def roll_back(now: datetime) -> Shown | None:
    """Exchange the published file for the one before; returns what is published now, None where the file does not say so.

    Both are renamed as a whole: who has one of them open goes on reading it. AsofError where there is no file before.
    """
    target = settings.published_file()
    kept = before(target)
    if not kept.exists() or not target.exists() or kept.samefile(target):
        raise AsofError(f"there is no published file before {target}: the one before is kept from the second publication on")
    with ledger.run("publishing", now) as run:
        found = shown(kept)
        fresh = unfinished(target, ENDING)
        fresh.unlink(missing_ok=True)
        fresh.hardlink_to(kept)
        _keep(target)
        fresh.replace(target)
        run.message = f"published the file before again, {found.told if found else 'of a run that it does not name'}"
    return found


def before(target: Path) -> Path:
    """Where the file that was published before lies."""
    return target.parent / "before" / target.name


def shown(file: Path) -> Shown | None:
    """Of which run a published file is; None where it was published before files said so."""
    with duckdb.connect(str(file), read_only=True) as reader:
        return said(reader)


def said(reader: duckdb.DuckDBPyConnection) -> Shown | None:
    """The same of a published file that is open."""
    try:
        return Shown(*reader.execute(f"from {SHOWN}()").fetchall()[0])
    except duckdb.CatalogException:
        return None


def _keep(target: Path) -> None:
    """The published file becomes the one before; it stays where it is until another one takes its place."""
    if target.exists():
        kept = before(target)
        kept.parent.mkdir(exist_ok=True)
        link = unfinished(kept, ENDING)
        link.unlink(missing_ok=True)
        link.hardlink_to(target)
        link.replace(kept)


def published_models() -> list[dict]:
    """The manifest entries of the models tagged `published`, by name."""
    nodes = dbt.manifest_dict()["nodes"].values()
    return sorted((n for n in nodes if n["resource_type"] == "model" and "published" in n["tags"]), key=lambda n: n["alias"])


def _write(fresh: Path, run: Shown) -> dict[str, int]:
    counts = {}
    with warehouse.cursor() as con:
        con.execute(f"attach {quoted(fresh)} as published (storage_version '{STORAGE_VERSION}')")
        try:
            con.execute("begin")
            for model in published_models():
                relation, name = f'{model["schema"]}."{model["alias"]}"', f'published.main."{model["alias"]}"'
                con.execute(f"create table {name} as select * from {relation}")
                counts[model["alias"]] = con.execute(f"select count(*) from {name}").fetchall()[0][0]
                _comment(con, name, model)
            con.execute(
                f"create macro published.main.{SHOWN}() as table select '{run.run_id}' as run_id, "
                f"timestamp '{run.as_of}' as as_of, timestamp '{run.published_at}' as published_at"
            )
            con.execute("commit")
            con.execute("checkpoint published")
        except BaseException:
            warehouse.undo(con)
            raise
        finally:
            con.execute("detach published")
    return counts


def _comment(con: duckdb.DuckDBPyConnection, name: str, model: dict) -> None:
    """What dbt says of the table and its columns goes along, for people who browse it."""
    con.execute(f"comment on table {name} is {_one_line(model['description'])}")
    for column in model["columns"].values():
        if column["description"]:
            con.execute(f"comment on column {name}.{identifier(column['name'])} is {_one_line(column['description'])}")


def _one_line(text: str) -> str:
    return quoted(" ".join(text.split()))


def _audit(fresh: Path, counts: dict[str, int]) -> None:
    """Open what was written, as a reader would, and count again."""
    with duckdb.connect(str(fresh), read_only=True) as reader:
        for name, expected in counts.items():
            found = reader.execute(f'select count(*) from "{name}"').fetchall()[0][0]
            if found != expected:
                raise AsofError(f"{fresh}: {name} holds {found} rows, {expected} were written; nothing was published")
