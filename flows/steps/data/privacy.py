"""Columns with `meta.pii` leave staging hashed or not at all: read off the SQL of every model, before any of them is built."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from checks.landing_column import is_pii
from flows.runtime import dbt, warehouse
from flows.runtime.column_lineage import Origin
from flows.steps.data import lineage
from ml.errors import AsofError

STAGING = "staging"
TOLD = 5


def check() -> None:
    """AsofError where a column marked `meta.pii` reaches a model outside of staging unhashed: it names both, and what to do.

    What was checked is not checked again until a model, a macro or a mark changes. Without a mark it costs nothing.
    """
    if not (marked := personal()):
        return
    digest = hashlib.sha256(f"{dbt.checksum()} {sorted(marked)}".encode()).hexdigest()
    if warehouse.has_table("landing", "privacy") and warehouse.rows("from landing.privacy") == [{"checksum": digest}]:
        return
    if found := list(leaks(marked)):
        more = f"; and {len(found) - TOLD} more" if len(found) > TOLD else ""
        raise AsofError("; ".join(found[:TOLD]) + more)
    with warehouse.transaction() as con:
        con.execute("create or replace table landing.privacy as select ? as checksum", [digest])


def personal() -> set[tuple[str, str]]:
    """The columns of sources and staging models that are marked, as (`schema.table`, column)."""
    manifest = dbt.manifest_dict()
    return {
        (lineage.relation(node), name)
        for node in [*manifest["sources"].values(), *manifest["nodes"].values()]
        for name, column in node.get("columns", {}).items()
        if is_pii(
            {**(column.get("meta") or {}), **((column.get("config") or {}).get("meta") or {})},
            node["original_file_path"],
            f"{node['name']}.{name}",
        )
    }


def leaks(marked: set[tuple[str, str]]) -> Iterator[str]:
    """A line for each column outside of staging that a marked one reaches unhashed, and each model that cannot be followed."""
    nodes = {lineage.relation(node): node for node in dbt.manifest_dict()["nodes"].values() if node["resource_type"] == "model"}
    known = lineage.read()
    # By column that still holds a personal value as it came: the marked column that it comes from.
    holds = {one: one for one in marked if one[0] not in nodes}
    for relation, columns in known.traced.items():
        node = nodes[relation]
        staged = node["fqn"][1] == STAGING
        if node["name"] in known.unread:
            if of := sorted(mark for (where, _), mark in holds.items() if where in known.parents[relation] | _sources(node)):
                if not staged:
                    yield _told_unread(node, of[0])
                else:
                    holds[relation, "*"] = of[0]
            continue
        for name, traced in columns.items():
            plain = [one for one in traced.origins if not one.hashed]
            of = sorted((holds[key], one) for one in plain for key in _keys(one) if key in holds)
            if staged and (of or (plain and (relation, name) in marked)):
                holds[relation, name] = of[0][0] if of else (relation, name)
            elif of:
                yield _told(node, name, *of[0])


def _keys(one: Origin) -> tuple[tuple[str, str], tuple[str, str]]:
    """Under which a column may be known to hold a personal value; `*` where nobody can say which columns do."""
    return (one.relation, one.column), (one.relation, "*")


def _told(node: Mapping, name: str, mark: tuple[str, str], by: Origin) -> str:
    """Which column of which model holds what, by which column it comes, and what to do."""
    return (
        f"{node['original_file_path']}: column {name} of {node['name']} holds {mark[0]}.{mark[1]}, which is marked meta.pii "
        f"and must not leave staging as it is; it comes by {by.relation}.{by.column}: in the staging model write "
        f"{{{{ hashed('{mark[1]}') }}}} as {mark[1]}, or leave it out, here or there"
    )


def _told_unread(node: Mapping, mark: tuple[str, str]) -> str:
    return (
        f"{node['original_file_path']}: the SQL of {node['name']} cannot be followed, and it reads a table that holds "
        f"{mark[0]}.{mark[1]}, which is marked meta.pii: in the staging model write {{{{ hashed('{mark[1]}') }}}} "
        f"as {mark[1]}, or leave it out there"
    )


def _sources(node: Mapping) -> set[str]:
    sources = dbt.manifest_dict()["sources"]
    return {lineage.relation(sources[key]) for key in node["depends_on"]["nodes"] if key in sources}
