"""Which SQL features come from: as the project stands, in the rows that are there, and in the rows that a model learned from.

Where the three differ a score means nothing. The first is what dbt compiles for a build from nothing, down to the sources, so
that it depends neither on rows nor on the warehouse's name. What made the rows of a table stands in the table's comment: a table
that dbt makes from nothing has none yet. Tables of an earlier version of this project have none either: they are taken on trust.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

from flows.runtime import dbt, warehouse
from ml.errors import AsofError
from ml.problem.problem import Problem
from ml.problem.sql_digest import Digests, changed, digest

MARK, MIXED = "made by ", "several versions"


def current(problem: str) -> dict[str, str]:
    """The digest of the SQL of each model that the features of a problem are made of, as the project stands."""
    return _part(compiled(), f"{problem}__scoring_set")


def check(problem: Problem, version: str = "", learned: str | None = None) -> None:
    """AsofError when rows, or the model `version` that learned from features of the SQL `learned`, are of other SQL."""
    if said := told(problem, version, learned):
        raise AsofError(said)


def told(problem: Problem, version: str = "", learned: str | None = None) -> str:
    """What `check` would say; empty where all is well."""
    _mark_new()
    names = _ancestors(f"{problem.name}__scoring_set")
    there = {name: made for name, made in _marks().items() if name in names and made is not None}
    stale = {name: other for name, made in there.items() if (other := changed(made, _part(compiled(), name)))}
    if stale:
        models = sorted({one for other in stale.values() for one in other})
        first = [name for name in models if not (_ancestors(name) - {name}) & set(models)]
        return (
            f"{problem.name}: the SQL of {', '.join(models)} has changed since rows of {', '.join(sorted(stale))} were made; "
            f"build them anew with {dbt.built_anew(f'{name}+' for name in first)}, then train, judge and promote"
        )
    if learned and (other := changed(json.loads(learned), current(problem.name))):
        return (
            f"{problem.name}: the SQL of {', '.join(other)} has changed since {version} learned from its features; "
            "train, judge and promote a model of the new ones"
        )
    return ""


def fits(problem: Problem, learned: str | None) -> bool:
    """Whether a model learned from features of the SQL as it stands; true where that is not known."""
    return not learned or not changed(json.loads(learned), current(problem.name))


def recorded(problem: Problem) -> str:
    """What `model_versions` keeps: `current` as JSON."""
    return json.dumps(current(problem.name), sort_keys=True)


@contextmanager
def building() -> Iterator[None]:
    """Around a build of a project that has changed: notes which SQL made the rows of each table, before and after."""
    _mark_new()
    stale = {name: made for name, made in _marks().items() if made and changed(made, _part(compiled(), name))}
    rows = {name: _rows(name) for name in stale}
    for name, made in stale.items():  # beforehand: whoever dies in between has perhaps written rows
        _mark(name, {**made, name: MIXED})
    try:
        yield
    finally:
        for name, made in stale.items():
            if _marks().get(name) and _rows(name) == rows[name]:
                _mark(name, made)
        _mark_new()


@lru_cache(maxsize=1)
def compiled() -> dict[str, str]:
    """The digests of all models that features are made of. Compiling takes seconds, so that a build remembers them."""
    kept = warehouse.rows("from landing.project") if warehouse.has_table("landing", "project") else []
    if kept and kept[0]["checksum"] == dbt.checksum() and kept[0].get("feature_sql"):
        return json.loads(kept[0]["feature_sql"])
    database = warehouse.file().stem
    return {name: digest(sql, database) for name, sql in dbt.compiled_models(sorted(_models())).items()}


def _mark_new() -> None:
    for name, made in _marks().items():
        if made is None:
            _mark(name, _part(compiled(), name))


def _marks() -> dict[str, dict[str, str] | None]:
    """By table that features are made of and that is there: the SQL that made its rows, None where no note is."""
    found = warehouse.rows(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = current_database()"
    )
    comments = {(row["schema_name"], row["table_name"]): row["comment"] or "" for row in found}
    return {
        name: json.loads(comments[place].removeprefix(MARK)) if comments[place].startswith(MARK) else None
        for name, node in _models().items()
        if (place := (node["schema"], node["alias"])) in comments
    }


def _mark(name: str, made: Digests) -> None:
    with warehouse.transaction() as con:
        con.execute(f"comment on table {_relation(name)} is '{MARK}{json.dumps(made, sort_keys=True)}'")


def _rows(name: str) -> int:
    return warehouse.rows(f"select count(*) as n from {_relation(name)}")[0]["n"]


def _relation(name: str) -> str:
    node = _models()[name]
    return f'"{node["schema"]}"."{node["alias"]}"'


def _part(digests: Digests, name: str) -> dict[str, str]:
    names = _ancestors(name)
    return {one: said for one, said in digests.items() if one in names}


@lru_cache(maxsize=1)
def _models() -> dict[str, dict]:
    """The models that the features of any problem are made of. Seeds and sources are data."""
    nodes = {node["name"]: node for node in dbt.manifest_dict()["nodes"].values() if node["resource_type"] == "model"}
    names = {one for name in nodes if name.endswith("__scoring_set") for one in _ancestors(name)}
    return {name: nodes[name] for name in sorted(names)}


@cache
def _ancestors(name: str) -> frozenset[str]:
    """The model and all that it is made of."""
    nodes = dbt.manifest_dict()["nodes"]
    waiting, found = [key for key, node in nodes.items() if node["name"] == name and node["resource_type"] == "model"], set()
    while waiting:
        key = waiting.pop()
        if key in nodes and nodes[key]["resource_type"] == "model" and nodes[key]["name"] not in found:
            found.add(nodes[key]["name"])
            waiting += nodes[key]["depends_on"]["nodes"]
    return frozenset(found)
