"""Reconciliation: of every batch, the rows that the ledger has loaded are landed, and the rows that are landed are built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from checks.landing import LandingSource
from flows.runtime import dbt, settings, warehouse
from flows.runtime.step import step
from flows.steps.data import counting, landing_zone, verifying
from flows.store import ledger
from ml.errors import AsofError

EACH, COMBINED = "each", "combined"


@step()
def reconcile(now: datetime) -> int:
    """Count every batch where it must be, look at the landed files, and write both to the ledger; returns the differences."""
    with ledger.run("reconciliation", now) as run, warehouse.transaction() as con:
        columns = counting.columns_there(con)
        landed = [one for one in landing_zone.sources() if counting.stands(one.relation, "_landing_number", columns)]
        found = []
        for source in landed:
            found.append(counting.count(con, source.name, source.relation))
            found += [counting.count(con, source.name, place) for place in takers(dbt.manifest_dict(), source, columns)]
        look = con.execute("select coalesce(max(look), 0) + 1 from ledger.reconciliations").fetchall()[0][0]
        ledger.insert(con, "reconciliations", [{"look": look, "as_of": now, **asdict(one)} for one in found])
        changed = verifying.look_at_files(con, settings.landing_folder(), now, part=look)
        differing = [one for one in found if one.batches_differing]
        run.rows = len(differing) + len(changed)
        run.message = f"{len(differing)} of {len(found)} counts differ; {len(changed)} landed files are not as they landed"
        run.commit(con)  # one look, also where it is cut off here and comes again
    return run.rows


def takers(manifest: Mapping[str, Any], source: LandingSource, columns: Mapping[tuple[str, str], set[str]]) -> Iterator[str]:
    """The incremental models, as `schema.table`, that take a source in row by row: they read it, if through views, and keep its
    `landing_number`.

    `columns` are those of the tables and views that are there. A model that makes other rows of it says so by
    `config.meta.landed_rows: combined`. AsofError names a model where that is another word.
    """
    names = {key for key, one in manifest["sources"].items() if f"{one['source_name']}.{one['name']}" == source.name}
    reached: set[str] = set()
    waiting = list(_readers(manifest, names))
    while waiting:
        key, node = waiting.pop()
        place = f"{node['schema']}.{node['alias']}"
        if key in reached or not counting.stands(place, "landing_number", columns):
            continue
        reached.add(key)
        if node["config"]["materialized"] not in dbt.GROWING:
            waiting += _readers(manifest, {key})
        elif _way(node) == EACH:
            yield place


def _readers(manifest: Mapping[str, Any], parents: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, node in manifest["nodes"].items():
        if node["resource_type"] == "model" and set(parents) & set(node["depends_on"]["nodes"]):
            yield key, node


def _way(node: Mapping[str, Any]) -> str:
    way = (node["config"].get("meta") or {}).get("landed_rows", EACH)
    if way not in (EACH, COMBINED):
        raise AsofError(f"{node['original_file_path']}: meta.landed_rows is {way!r}; it must be {EACH} or {COMBINED}")
    return way
