"""The lineage that alerts are traced along: dbt's manifest by model, the compiled SQL of the features by column."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from flows.runtime import dbt, warehouse
from flows.store import ledger, problems
from ml.monitoring.alerts.lineage import Lineage


def read(columns_of: set[str]) -> Lineage:
    """Models and sources with their parents; for the models named in `columns_of` that of each column as well."""
    manifest = dbt.manifest_dict()
    nodes, sources = manifest["nodes"], manifest["sources"]
    names = {key: node["name"] for key, node in nodes.items()}
    names |= {key: f"{source['source_name']}.{source['name']}" for key, source in sources.items()}
    parents: dict[str, tuple[str, ...]] = {names[key]: () for key in sources}
    for node in nodes.values():
        if node["resource_type"] in ("model", "seed"):
            parents[node["name"]] = tuple(names[key] for key in node["depends_on"].get("nodes", ()) if key in names)
    columns: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in sorted(columns_of & _features()):
        columns |= _columns(name)
    return Lineage(parents, columns)


def _features() -> set[str]:
    return {f"{problem}__features" for problem in problems.declared()}


def _columns(model: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """The parents of each column, from the ledger where the SQL is still the same; empty where it cannot be read off."""
    node = next((n for n in dbt.manifest_dict()["nodes"].values() if n["name"] == model and n["resource_type"] == "model"), None)
    if node is None:
        return {}
    parts = _parts(node)
    checksum = hashlib.sha256("".join(one["raw_code"] for one in (node, *parts)).encode()).hexdigest()[:16]
    rows = warehouse.rows(
        "select column_name, parent from ledger.column_lineage where model = ? and checksum = ?", [model, checksum]
    )
    if not rows:
        rows = _trace(node, parts)
        with warehouse.transaction() as con:
            ledger.insert(con, "column_lineage", [{"model": model, "checksum": checksum, **row} for row in rows])
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        found[model, row["column_name"]] |= {row["parent"]} - {None}
    return {key: tuple(sorted(parents)) for key, parents in found.items()}


def _parts(node: dict) -> list[dict]:
    """The parents in its own folder that read features which other problems may read too: what they hand on is traced as well."""
    nodes = dbt.manifest_dict()["nodes"]
    parents = [nodes[key] for key in node["depends_on"]["nodes"] if key in nodes]
    return [
        one
        for one in parents
        if one["fqn"][:-1] == node["fqn"][:-1]
        and any(nodes[key]["fqn"][1] == "features" for key in one["depends_on"]["nodes"] if key in nodes)
    ]


def _trace(node: dict, parts: list[dict]) -> list[dict]:
    """Each column of a model with the models that it is computed from, read off its compiled SQL and that of its parts."""
    from sqlglot import exp, parse_one  # a second of import, for those who have to look for a cause
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    relations, shape = _relations(), defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for row in warehouse.rows(
        "select table_catalog, table_schema, table_name, column_name, data_type from information_schema.columns"
    ):
        shape[row["table_catalog"]][row["table_schema"]][row["table_name"]][row["column_name"]] = row["data_type"]
    try:
        sql = dbt.compiled(node["name"], *(one["name"] for one in parts))
        parsed = {name: parse_one(text, dialect="duckdb").transform(_values) for name, text in sql.items()}
        tables = {one["relation_name"].replace('"', ""): parsed[one["name"]] for one in parts}
        query = qualify(
            exp.expand(parsed[node["name"]], tables, dialect="duckdb"),
            schema=shape,
            dialect="duckdb",
            validate_qualify_columns=False,
        )
        scope, found = build_scope(query), []
        for column in (one.alias_or_name for one in query.selects):
            leaves = [leaf for leaf in lineage(column, query, shape, dialect="duckdb", scope=scope).walk() if not leaf.downstream]
            tables = {(leaf.source.db, leaf.source.name) for leaf in leaves if isinstance(leaf.source, exp.Table)}
            found += [{"column_name": column, "parent": parent} for parent in sorted({relations.get(t) for t in tables} - {None})]
    except (SqlglotError, KeyError, ValueError, RecursionError):
        return []  # SQL that cannot be read leads back by model alone
    return found


def _values(node):
    """A CASE as the values it chooses among: what they depend on is the cause, not whether they are young enough to be shown."""
    from sqlglot import exp

    if not isinstance(node, exp.Case):
        return node
    chosen = [one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")]
    values = [one for one in chosen if one is not None and one.find(exp.Column)]
    return exp.Coalesce(this=values[0], expressions=values[1:]) if values else node


def _relations() -> dict[tuple[str, str], str]:
    """Name of the node behind a table, by schema and table."""
    nodes = dbt.manifest_dict()["nodes"].values()
    return {(node["schema"], node["alias"]): node["name"] for node in nodes if node["resource_type"] in ("model", "seed")}
