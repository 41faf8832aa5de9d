"""Publishing: a new read-only DuckDB file beside the old one, renamed into its place."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import duckdb

from flows.runtime import dbt, settings, warehouse
from flows.runtime.database_errors import quoted
from flows.runtime.orphans import remove_orphans, unfinished
from flows.runtime.step import step
from flows.store import ledger
from ml.errors import AsofError

# Drivers of BI tools lag behind DuckDB: files of this storage version were opened by 1.2 and everything later.
STORAGE_VERSION = "v1.2.0"
ENDING = "new"


@step()
def publish(now: datetime) -> dict[str, int]:
    """Replace the published file by one that holds today's marts; returns the rows of each table.

    Readers of the old file keep it until they reconnect; nobody sees half of either.
    """
    target = settings.published_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_orphans(target, ENDING)
    fresh = unfinished(target, ENDING)
    fresh.unlink(missing_ok=True)
    with ledger.run("publishing", now) as run:
        try:
            counts = _write(fresh)
            _audit(fresh, counts)
            with fresh.open("rb") as handle:
                os.fsync(handle.fileno())
            fresh.replace(target)
        finally:
            for left in (fresh, fresh.with_name(f"{fresh.name}.wal")):
                left.unlink(missing_ok=True)
        run.rows, run.message = sum(counts.values()), f"published {len(counts)} tables"
    return counts


def published_models() -> list[dict]:
    """The manifest entries of the models tagged `published`, by name."""
    nodes = dbt.manifest_dict()["nodes"].values()
    return sorted((n for n in nodes if n["resource_type"] == "model" and "published" in n["tags"]), key=lambda n: n["alias"])


def _write(fresh: Path) -> dict[str, int]:
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
    con.execute(f"comment on table {name} is '{_quoted(model['description'])}'")
    for column in model["columns"].values():
        if column["description"]:
            con.execute(f"comment on column {name}.\"{column['name']}\" is '{_quoted(column['description'])}'")


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace("'", "''")


def _audit(fresh: Path, counts: dict[str, int]) -> None:
    """Open what was written, as a reader would, and count again."""
    with duckdb.connect(str(fresh), read_only=True) as reader:
        for name, expected in counts.items():
            found = reader.execute(f'select count(*) from "{name}"').fetchall()[0][0]
            if found != expected:
                raise AsofError(f"{fresh}: {name} holds {found} rows, {expected} were written; nothing was published")
