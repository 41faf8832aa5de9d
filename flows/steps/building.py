"""dbt as steps: the ledger's shape first, then models, then tests."""

from __future__ import annotations

from datetime import datetime

from flows.steps import clock, dbt, ledger, settings, warehouse
from flows.steps.step import step

# What Python appends to: dbt makes these once and never touches them again.
LEDGER = ["path:models/ledger", "config.full_refresh:false"]


@step()
def prepare() -> None:
    """Create what Python writes to: the clock and the ledger, and what a later version of the project has added to it."""
    clock.now()
    there = _columns()
    models = [node for node in _nodes("model") if node["schema"] == "ledger" or node["config"]["full_refresh"] is False]
    if any((node["schema"], node["alias"]) not in there for node in models):
        dbt.run("run", select=LEDGER)
    for node in models:
        table = node["schema"], node["alias"]
        for name in set(node["columns"]) - there.get(table, set(node["columns"])):
            with warehouse.transaction() as con:
                con.execute(f'alter table {".".join(table)} add column "{name}" {node["columns"][name]["data_type"]}')


@step()
def build(now: datetime) -> int:
    """Build what is new: incremental models always, views once. Returns the number of models that ran."""
    with ledger.run("features", now) as run:
        if _everything_is_there():
            # appends of one day are small: two at a time hide dbt's own work behind the database's
            nodes = dbt.run("run", ["config.materialized:incremental"], LEDGER, "--threads", str(settings.threads()))
        else:
            dbt.run("seed")
            nodes = dbt.run("run", exclude=LEDGER)
        run.rows, run.message = len(nodes), f"built {len(nodes)} models"
    return run.rows


def _everything_is_there() -> bool:
    """Whether the warehouse holds every model and seed: then views are made, and only what grows has to be built."""
    there = set(_columns())
    return all(
        (node["schema"], node["alias"]) in there
        for node in (*_nodes("model"), *_nodes("seed"))
        if node["config"]["materialized"] != "ephemeral"
    )


def _nodes(kind: str) -> list[dict]:
    return [node for node in dbt.manifest_dict()["nodes"].values() if node["resource_type"] == kind and node["config"]["enabled"]]


def _columns() -> dict[tuple[str, str], set[str]]:
    """The columns of each table and view of the warehouse."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in warehouse.rows("select table_schema, table_name, column_name from information_schema.columns"):
        found.setdefault((row["table_schema"], row["table_name"]), set()).add(row["column_name"])
    return found


@step()
def test(now: datetime) -> int:
    """Run every dbt data test; returns how many passed. AsofError names the tests that failed."""
    with ledger.run("tests", now) as run:
        nodes = dbt.run("test", select=["test_type:data"])
        run.rows, run.message = len(nodes), f"{len(nodes)} data tests passed"
    return run.rows
