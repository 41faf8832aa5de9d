"""dbt as steps: the ledger's shape first, then models, then tests."""

from __future__ import annotations

from datetime import datetime

from flows.steps import clock, dbt, ledger, settings, warehouse
from flows.steps.step import step

# What Python appends to: dbt makes these once and never touches them again.
LEDGER = ["path:models/ledger", "config.full_refresh:false"]
MONITORS = "path:models/monitoring"


@step()
def prepare() -> None:
    """Create what Python writes to: the clock and the ledger. Does nothing where they exist."""
    clock.now()
    # by name: a release may bring a new ledger table to a warehouse that has lived for long
    if not all(warehouse.has_table("ledger", model.stem) for model in (settings.PROJECT / "models" / "ledger").glob("*.sql")):
        dbt.run("run", select=LEDGER)


@step()
def build(now: datetime) -> int:
    """Build what is new: incremental models always, views once. Returns the number of models that ran."""
    with ledger.run("features", now) as run:
        if warehouse.has_table("monitoring", "alerts"):
            # appends of one day are small: two at a time hide dbt's own work behind the database's
            nodes = dbt.run("run", ["config.materialized:incremental"], [*LEDGER, MONITORS], "--threads", str(settings.threads()))
        else:
            dbt.run("seed")
            nodes = dbt.run("run", exclude=LEDGER)
        run.rows, run.message = len(nodes), f"built {len(nodes)} models"
    return run.rows


@step()
def watch(now: datetime) -> int:
    """Bring the monitors up to what was served and landed: those that grow add their open days. Returns how many ran."""
    with ledger.run("monitors", now) as run:
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
