"""dbt as steps: the ledger's shape first, then models, then tests."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from flows.steps import clock, dbt, ledger, settings, warehouse
from flows.steps.step import step

# What Python appends to: dbt makes these once and never touches them again.
LEDGER = ["path:models/ledger", "config.full_refresh:false"]
MONITORS = "path:models/monitoring"


@step()
def prepare() -> None:
    """Create what Python writes to: the clock and the ledger, and what a later version of the project has added to it."""
    clock.now()
    there = _columns()
    models = [node for node in _nodes("model") if node["schema"] == "ledger" or node["config"]["full_refresh"] is False]
    for node in models:
        table = node["schema"], node["alias"]
        for name in set(node["columns"]) - there.get(table, set(node["columns"])):
            with warehouse.transaction() as con:
                con.execute(f'alter table {".".join(table)} add column "{name}" {node["columns"][name]["data_type"]}')
    if missing := [node["name"] for node in models if (node["schema"], node["alias"]) not in there]:
        dbt.run("run", select=missing)


@step()
def build(now: datetime) -> int:
    """Build what is new: incremental models always, views once. Returns the number of models that ran."""
    with ledger.run("features", now) as run:
        if _is_built():
            # appends of one day are small: two at a time hide dbt's own work behind the database's
            nodes = dbt.run("run", ["config.materialized:incremental"], [*LEDGER, MONITORS], "--threads", str(settings.threads()))
        else:
            dbt.run("seed")
            nodes = dbt.run("run", exclude=LEDGER)
            _remember()
        run.rows, run.message = len(nodes), f"built {len(nodes)} models"
    return run.rows


def _is_built() -> bool:
    """Whether views and seeds are those of this very project: then only what grows has to be built."""
    return warehouse.has_table("landing", "project") and warehouse.rows("from landing.project") == [{"checksum": _checksum()}]


def _remember() -> None:
    with warehouse.transaction() as con:
        con.execute("create or replace table landing.project as select ? as checksum", [_checksum()])


@lru_cache(maxsize=1)
def _checksum() -> str:
    """A digest of every model, seed and macro of the project, and of the variables that they read."""
    manifest = dbt.manifest_dict()
    parts = [f"{key} {node['checksum']['checksum']}" for key, node in manifest["nodes"].items() if "checksum" in node]
    parts += [f"{key} {macro['macro_sql']}" for key, macro in manifest["macros"].items() if macro["package_name"] == "asof"]
    return hashlib.sha256("\n".join(sorted([*parts, str(dbt.project_vars())])).encode()).hexdigest()


def _nodes(kind: str) -> list[dict]:
    return [node for node in dbt.manifest_dict()["nodes"].values() if node["resource_type"] == kind and node["config"]["enabled"]]


def _columns() -> dict[tuple[str, str], set[str]]:
    """The columns of each table and view of the warehouse."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in warehouse.rows("select table_schema, table_name, column_name from information_schema.columns"):
        found.setdefault((row["table_schema"], row["table_name"]), set()).add(row["column_name"])
    return found


@step()
def watch(now: datetime) -> int:
    """Bring the monitors up to what was served and landed: those that grow add their open days. Returns how many ran.

    Where the project has changed since the last build, all of them are built, with their seeds.
    """
    with ledger.run("monitors", now) as run:
        if _is_built():
            nodes = dbt.run("run", [f"{MONITORS},config.materialized:incremental"])
        else:
            dbt.run("seed")
            nodes = dbt.run("run", [MONITORS])
        run.rows, run.message = len(nodes), f"built {len(nodes)} monitors"
    return run.rows


@step()
def test(now: datetime) -> int:
    """Run every dbt data test; returns how many passed. AsofError names the tests that failed."""
    with ledger.run("tests", now) as run:
        nodes = dbt.run("test", select=["test_type:data"])
        run.rows, run.message = len(nodes), f"{len(nodes)} data tests passed"
    return run.rows
