"""dbt as steps: the ledger's shape first, then models, then tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from checks.landing import LandingSource
from flows.runtime import dbt, settings, warehouse
from flows.runtime.step import step
from flows.steps.data import privacy
from flows.steps.data.landing import numbering
from flows.store import clock, feature_sql, ledger, problems

# What Python appends to: dbt makes these once and never touches them again.
LEDGER = ["path:models/ledger", "config.full_refresh:false"]
MONITORS = "path:models/monitoring"
# What speaks of days that are over: hour by hour it says the same, until their labels are in.
ONCE_A_DAY = "tag:once_a_day"
# Phases that read what there is and add nothing that a monitor is built from.
LOOKING = ("reconciliation", "monitors", "tests", "monitoring", "reporting", "triggers", "contracts", "publishing")
GROWING = tuple(f"config.materialized:{kind}" for kind in dbt.GROWING)


@step()
def prepare() -> None:
    """Create what Python writes to: the clock and the ledger, and what a later version of the project has added to it.

    What an earlier version landed gets its landing numbers.
    """
    problems.check()
    clock.now()
    there = _columns()
    models = [node for node in _nodes("model") if node["schema"] == "ledger" or node["config"]["full_refresh"] is False]
    if any(set(node["columns"]) - there.get((node["schema"], node["alias"]), set(node["columns"])) for node in models):
        dbt.operation("update_ledger_tables")
    if missing := [node["name"] for node in models if (node["schema"], node["alias"]) not in there]:
        dbt.run("run", select=missing)
    _number(there)


def _number(there: dict[tuple[str, str], set[str]]) -> None:
    """Number what an earlier version landed and built by `landed_at`."""
    nodes = {key: node for key, node in dbt.manifest_dict()["nodes"].items() if node["config"].get("materialized") in dbt.GROWING}
    models = {}
    for node in nodes.values():
        declared = "landing_number" in node["columns"]
        if declared or ("landed_at" not in node["raw_code"] and node["schema"] != "ledger"):
            # What says nothing of it has it by a `*`: from staging, which has both, or from another such model.
            staged = not declared and not any(key in nodes for key in node["depends_on"]["nodes"])
            models[node["schema"], node["alias"]] = "landed_at" in node["columns"] or staged
    if numbering.unnumbered(there, models):
        with warehouse.transaction() as con:
            numbering.number(con, LandingSource.from_manifest(dbt.manifest_dict()), models)


@step()
def build(now: datetime) -> int:
    """Build what is new: incremental models always, views once. Returns the number of models that ran."""
    with ledger.run("features", now) as run:
        privacy.check()
        run.landing_number = warehouse.rows("select max(landing_number) as newest from ledger.batches")[0]["newest"]
        if _is_built():
            # appends of one day are small: two at a time hide dbt's own work behind the database's
            nodes = dbt.run("run", GROWING, [*LEDGER, MONITORS], "--threads", str(settings.threads()))
        else:
            dbt.run("seed")
            with feature_sql.building():
                nodes = dbt.run("run", exclude=LEDGER)
            _remember()
        run.rows, run.message = len(nodes), f"built {len(nodes)} models"
    return run.rows


def complete(names: Sequence[str]) -> None:
    """Build what is new where one of these problems was added since the last build, so that it can be trained and served.

    Before the first build nothing is done: what has landed is built when its turn comes.
    """
    built = warehouse.has_table("landing", "project") and clock.now()
    if built and not all(warehouse.has_table("problems", f"{name}__training_set") for name in names):
        prepare()
        build(clock.now())


def _is_built() -> bool:
    """Whether views and seeds are those of this very project: then only what grows has to be built."""
    return warehouse.has_table("landing", "project") and warehouse.rows("select checksum from landing.project") == [
        {"checksum": dbt.checksum()}
    ]


def _remember() -> None:
    with warehouse.transaction() as con:
        con.execute(
            "create or replace table landing.project as select ? as checksum, ? as feature_sql",
            [dbt.checksum(), json.dumps(feature_sql.compiled())],
        )


def _nodes(kind: str) -> list[dict]:
    return [node for node in dbt.manifest_dict()["nodes"].values() if node["resource_type"] == kind and node["config"]["enabled"]]


def _columns() -> dict[tuple[str, str], set[str]]:
    """The columns of each table and view of the warehouse."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in warehouse.rows("select table_schema, table_name, column_name from information_schema.columns"):
        found.setdefault((row["table_schema"], row["table_name"]), set()).add(row["column_name"])
    return found


def _last_look() -> dict | None:
    """The last look at the monitors that succeeded; None before the first."""
    found = warehouse.rows(
        "select rowid as place, as_of, started_at from ledger.runs where phase = 'monitors' and status = 'succeeded' "
        "order by rowid desc limit 1"
    )
    return found[0] if found else None


def _nothing_new(last: dict, now: datetime) -> bool:
    """Whether neither the clock nor the ledger says that anything has come since a look."""
    since = f"select 1 from ledger.runs where rowid > ? and phase not in {LOOKING} limit 1"
    return last["as_of"] == now and not warehouse.rows(since, [last["place"]])


def _open_since(last: dict, now: datetime) -> date | None:
    """The Monday from which on days are open at a look within a day; None where the look opens all.

    That is the first one of a day (UTC), and the one after rows of days that are over were scored, predictions replaced, or
    remarks made.
    """
    if last["as_of"].date() != now.date():
        return None
    began = last["started_at"]
    of_any_day = "select 1 from ledger.runs where phase in ('rescoring', 'feedback') and rows > 0 and started_at >= ? limit 1"
    oldest = [problems.oldest_scored(problems.get(name), began) for name in problems.declared()]
    if warehouse.rows(of_any_day, [began]) or any(at.date() < now.date() for at in oldest if at):
        return None
    return now.date() - timedelta(days=now.weekday())


def _watched(now: datetime, whole: bool) -> list[dict]:
    """The monitors that were built."""
    if not _is_built():
        dbt.run("seed")
        return dbt.run("run", [MONITORS])
    last = None if whole else _last_look()
    if last and _nothing_new(last, now):
        return []
    growing = [f"{MONITORS},{kind}" for kind in GROWING]
    since = last and _open_since(last, now)
    if since is None:
        return dbt.run("run", growing)
    nodes = dbt.run("run", growing, [ONCE_A_DAY], "--vars", json.dumps({"open_since": since.isoformat()}))
    if warehouse.rows("select 1 from monitoring.mon_settled limit 1"):
        nodes += dbt.run("run", growing)
    return nodes


@step()
def watch(now: datetime, whole: bool = True) -> int:
    """Bring the monitors up to what was served and landed: those that grow add their open days. Returns how many ran.

    Unless it is to be `whole`, a look leaves out those that speak of days that are over, but for the first look of a day and
    where the labels of such a day are in; and builds none where nothing has come since the last one. Where the project has
    changed since the last build, all of them are built, with their seeds.
    """
    with ledger.run("monitors", now) as run:
        nodes = _watched(now, whole)
        run.rows, run.message = len(nodes), f"built {len(nodes)} monitors" if nodes else "nothing new"
    return run.rows


@step()
def test(now: datetime) -> int:
    """Run every dbt data test; returns how many passed. AsofError names the tests that failed."""
    with ledger.run("tests", now) as run:
        nodes = dbt.run("test", select=["test_type:data"])
        run.rows, run.message = len(nodes), f"{len(nodes)} data tests passed"
    return run.rows
