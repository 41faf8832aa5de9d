"""What a purge would remove: each table with its rows, the landed files, the models that learned from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from flows.runtime import salt, warehouse
from flows.runtime.sql_text import identifier
from flows.steps.data import landing_zone, lineage
from flows.steps.data.lineage import Carried, Landed, Lineage
from flows.store import problems
from ml.errors import AsofError

VALUES = "temp.purged_values"


@dataclass(frozen=True)
class Subject:
    """Whose data: the entity of a problem, or the key of landed columns, `source.table.column`; and the key as text."""

    problem: str | None
    columns: tuple[str, ...]
    key: str

    @property
    def told(self) -> str:
        """Which key is meant, without the key."""
        return f"entity of {self.problem}" if self.problem else ", ".join(self.columns)


@dataclass(frozen=True)
class Place:
    """A table, and SQL of the rows in it that are the person's; of a landed table SQL of the key for those that come later."""

    name: str
    condition: str
    expressions: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Plan:
    """Places in the order in which they are told; landed files with how many of their rows; models that were trained on them."""

    subject: Subject
    places: tuple[Place, ...]
    files: Mapping[str, int]
    models: tuple[str, ...]
    problems: tuple[str, ...]
    unread: tuple[str, ...]
    elsewhere: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Of all places."""
        return sum(place.rows for place in self.places)


def plan(con: duckdb.DuckDBPyConnection, subject: Subject, known: Lineage | None = None) -> Plan:
    """What would be removed, counted; afterwards `temp.purged_values` holds the key and its hashes for this connection.

    AsofError where the problem, source or column is not declared.
    """
    salt.ensure(con)
    columns = [_column(name) for name in subject.columns]  # first: reading the lineage takes seconds
    known = known or lineage.read()
    carried = known.of_problem(subject.problem) if subject.problem else known.of_columns(columns)
    there = _tables(con)
    _gather(con, subject, [one for one in carried.landed if one.relation in there])
    conditions = _conditions(carried, there)
    _add_records(con, known, carried, there, conditions)
    expressions: dict[str, tuple[str, ...]] = {}
    for one in carried.landed:
        expressions[one.relation] = (*expressions.get(one.relation, ()), one.key)
    places = [
        Place(name, f"({' or '.join(sorted(found))})", expressions.get(name, ()), 0)
        for name, found in conditions.items()
        if found
    ]
    places = [
        Place(
            one.name,
            one.condition,
            one.expressions,
            con.execute(f"select count(*) from {_quoted(one.name)} where {one.condition}").fetchall()[0][0],
        )
        for one in places
    ]
    places.sort(key=lambda one: (not one.name.startswith(lineage.LANDING), one.name))
    return Plan(
        subject, tuple(places), _files(con, places), _models(con, carried.problems), carried.problems, tuple(known.unread),
        _elsewhere(con, carried, there, conditions),
    )  # fmt: skip


def _column(name: str) -> tuple[str, str]:
    """The landed column that `source.table.column` names."""
    source, _, column = name.rpartition(".")
    found = {one.name: one for one in landing_zone.sources()}
    if source not in found:
        raise AsofError(
            f"{name}: no source is declared as {source or name!r}; it must be source.table.column, of {', '.join(found)}"
        )
    if column not in (names := [one.name for one in found[source].columns]):
        raise AsofError(f"{name}: {source} declares no column {column!r}; it has {', '.join(names)}")
    return found[source].relation, column


def _tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The tables, not views, that are there, with their columns."""
    rows = con.execute(
        "select t.schema_name || '.' || t.table_name, list(c.column_name order by c.column_index) from duckdb_tables() as t "
        "inner join duckdb_columns() as c using (database_oid, schema_name, table_name) "
        "where t.database_name = current_database() and not t.internal and not t.temporary group by all"
    ).fetchall()
    return dict(rows)


def _gather(con: duckdb.DuckDBPyConnection, subject: Subject, landed: list[Landed]) -> None:
    """Fill the table of values: the key, its salted hash, and what staging makes of it or it was made of."""
    con.execute(f"create or replace temp table {VALUES.removeprefix('temp.')} (value varchar)")
    con.execute(f"insert into {VALUES} select ? union all select {salt.hashed('?')}", [subject.key, subject.key])
    for one in landed:
        each = ", ".join(f"cast({sql} as varchar)" for sql in (one.key, *one.hashes))
        con.execute(
            f"insert into {VALUES} select distinct unnest([{each}]) from {one.relation} where {_in_values(one.key, *one.hashes)}"
        )


def _in_values(*expressions: str) -> str:
    return " or ".join(f"cast({one} as varchar) in (select value from {VALUES})" for one in expressions)


def _conditions(carried: Carried, there: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """By table, SQL of the rows that carry the key."""
    found: dict[str, set[str]] = {}
    named = ", ".join(f"'{name}'" for name in carried.problems)
    for relation, column in carried.columns:
        if column in there.get(relation, ()) and not relation.startswith(lineage.LANDING):
            # What speaks of several problems says of which: the same key of another problem is somebody else.
            of = (
                f"problem in ({named}) and "
                if named and "problem" in there[relation] and relation.startswith("monitoring.")
                else ""
            )
            found.setdefault(relation, set()).add(f"{of}({_in_values(identifier(column))})")
    for one in carried.landed:
        if one.relation in there:
            found.setdefault(one.relation, set()).add(f"({_in_values(one.key, *one.hashes)})")
    for relation, columns in there.items():
        if named and {"problem", "entity_id"} <= set(columns):
            found.setdefault(relation, set()).add(f"problem in ({named}) and ({_in_values('entity_id')})")
    return found


def _add_records(
    con: duckdb.DuckDBPyConnection,
    known: Lineage,
    carried: Carried,
    there: Mapping[str, list[str]],
    conditions: dict[str, set[str]],
) -> None:
    """Rows that carry the declared key of a landed row of the person speak of them, too, though not by name."""
    for number, source in enumerate(landing_zone.sources()):
        one = source.relation
        if (
            not source.key
            or one not in conditions
            or set(source.key) <= {column for relation, column in carried.columns if relation == one}
        ):
            continue
        columns = {name: known.below({(one, name)}) for name in source.key}
        tables = set.intersection(*({relation for relation, _ in found} for found in columns.values())) - {one}
        records = f"temp.purged_records_{number}"
        con.execute(
            f"create or replace temp table {records.removeprefix('temp.')} as select "
            f"{', '.join(f'cast({identifier(name)} as varchar) as k{n}' for n, name in enumerate(source.key))} "
            f"from {one} where {' or '.join(sorted(conditions[one]))}"
        )
        for relation in tables & there.keys():
            named = [
                [column for place, column in columns[name] if place == relation and column in there[relation]]
                for name in source.key
            ]
            if all(named):
                key = ", ".join(f"cast({identifier(min(names))} as varchar)" for names in named)
                conditions.setdefault(relation, set()).add(
                    f"(({key}) in (select ({', '.join(f'k{n}' for n in range(len(named)))}) from {records}))"
                    if len(named) > 1
                    else f"({key} in (select k0 from {records}))"
                )


def _files(con: duckdb.DuckDBPyConnection, places: list[Place]) -> dict[str, int]:
    """The landed files with rows of the person, and how many."""
    found: dict[str, int] = {}
    for place in places:
        if place.name.startswith(lineage.LANDING) and place.expressions:
            for file, rows in con.execute(
                f"select file, count(*) from {place.name} as t "
                "inner join ledger.batches as b on b.landing_number = t._landing_number "
                f"where {place.condition} group by file order by file"
            ).fetchall():
                found[file] = found.get(file, 0) + rows
    return found


def _models(con: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> tuple[str, ...]:
    """The model versions that learned from rows of the person."""
    found = []
    for name in names:
        problem, rows = problems.get(name), f"{problems.SCHEMA}.{name}__training_set"
        if warehouse.holds(con, problems.SCHEMA, f"{name}__training_set"):
            found += con.execute(
                "select model_version from ledger.model_versions where problem = ? "
                f"and trained_as_of > (select min({problem.label_known_at}) from {rows} "
                f"where {_in_values(identifier(problem.entity))}) order by trained_as_of", [name],
            ).fetchall()  # fmt: skip
    return tuple(version for (version,) in found)


def _elsewhere(
    con: duckdb.DuckDBPyConnection, carried: Carried, there: Mapping[str, list[str]], conditions: Mapping[str, set[str]]
) -> dict[str, int]:
    """Columns with a name of the key's that hold it and are not carried from it, and how often: for a person to look at."""
    names, found = {column for _, column in carried.columns}, {}
    for relation, columns in there.items():
        left = f" and not ({' or '.join(sorted(conditions[relation]))})" if conditions.get(relation) else ""
        for column in columns:
            if column in names and (relation, column) not in carried.columns and column not in ("problem", "entity_id"):
                rows = con.execute(
                    f"select count(*) from {_quoted(relation)} where ({_in_values(identifier(column))}){left}"
                ).fetchall()[0][0]
                if rows:
                    found[f"{relation}.{column}"] = rows
    return found


def _quoted(relation: str) -> str:
    return ".".join(map(identifier, relation.split(".", 1)))
