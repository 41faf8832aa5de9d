"""dbt as steps: the ledger's shape first, then models, then tests."""

from __future__ import annotations

from datetime import datetime

from flows.steps import clock, dbt, ledger, settings, warehouse
from flows.steps.step import step

# What Python appends to: dbt makes these once and never touches them again.
LEDGER = ["path:models/ledger", "config.full_refresh:false"]


@step()
def prepare() -> None:
    """Create what Python writes to: the clock and the ledger. Does nothing where they exist."""
    clock.now()
    if not warehouse.has_table("ledger", "runs") or _behind():
        dbt.run("run", select=LEDGER)


def _behind() -> bool:
    """Whether the project declares a ledger table or column that this warehouse does not have yet."""
    there = {
        (row["table_name"], row["column_name"])
        for row in warehouse.rows("select table_name, column_name from information_schema.columns where table_schema = 'ledger'")
    }
    declared = [node for node in dbt.manifest_dict()["nodes"].values() if node["path"].startswith("ledger/")]
    return any((node["name"], column) not in there for node in declared for column in node["columns"])


@step()
def build(now: datetime) -> int:
    """Build what is new: incremental models always, views once. Returns the number of models that ran."""
    with ledger.run("features", now) as run:
        if warehouse.has_table("monitoring", "alerts"):
            # appends of one day are small: two at a time hide dbt's own work behind the database's
            nodes = dbt.run("run", ["config.materialized:incremental"], LEDGER, "--threads", str(settings.threads()))
        else:
            dbt.run("seed")
            nodes = dbt.run("run", exclude=LEDGER)
        run.rows, run.message = len(nodes), f"built {len(nodes)} models"
    return run.rows


@step()
def test(now: datetime) -> int:
    """Run every dbt data test; returns how many passed. AsofError names the tests that failed."""
    with ledger.run("tests", now) as run:
        nodes = dbt.run("test", select=["test_type:data"])
        run.rows, run.message = len(nodes), f"{len(nodes)} data tests passed"
    return run.rows
