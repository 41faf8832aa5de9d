"""What the staged tables of a problem hold: numbers, categories, names, and which columns say nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb

from flows.studies.scaffolding import words
from ml.errors import AsofError

OWN = ("landed_at", "landing_number", "known_at", "event_at", "line")
# As many values as people still read as kinds of a thing; of these the most frequent get a share of their own.
CATEGORIES, SHARES = 20, 5
# A label waits until so large a share of what happened is known.
IN_TIME = 0.999
# A column by which entities are grouped: few enough groups that each has many facts, and an entity that stays in its own.
GROUPS, STAYS = 50, 0.9


@dataclass(frozen=True)
class Column:
    """A column: number, boolean, category (with its most frequent `levels`), or name (text or number of a thing)."""

    name: str
    kind: str
    distinct: int
    levels: tuple[str, ...] = ()
    words: str = ""

    @property
    def said(self) -> str:
        """What people call it; of what tells things apart, the thing."""
        return self.words or (words.of_a_thing if self.kind == "name" else words.plain)(self.name)


@dataclass
class Table:
    """A table of facts, staged or intermediate; `relation` is its name with its schema. Without `timed` it is a list that was
    known always; `span` are the first and the last known_at; `groups` are columns that say to what an entity belongs. Where
    later rows correct earlier ones, `fact` are the columns that tell facts apart, and `version` the one that orders versions.
    A label waits `delay_hours` after its horizon; `delay_why` is what these are, in words.
    `order` says which of the facts that were known at one instant is the last: when they happened, then their key."""

    model: str
    relation: str
    columns: list[Column]
    timed: bool
    has_event: bool
    rows: int
    entity_type: str | None
    span: tuple | None = None
    delay_hours: int = 0
    delay_why: str = ""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    entities: int = 0
    fact: tuple[str, ...] = ()
    version: str = "known_at"
    order: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """`visits` of stg_shop__visits."""
        return self.model.rsplit("__", 1)[-1]

    @property
    def apart(self) -> str:
        """The arguments by which a macro tells facts and their versions apart; empty where no row corrects another."""
        order = f", order_by='{self.version}'" if self.version != "known_at" else ""
        return f"fact={[*self.fact]}{order}" if self.fact else ""

    @property
    def said(self) -> str:
        """What people call its facts."""
        return words.plain(self.short)

    def called(self, name: str) -> str:
        """What people call the thing that a column of it tells apart: the entity, or a group."""
        return self.words.get(name) or words.of_a_thing(name)

    def of(self, *kinds: str) -> list[Column]:
        """Its columns of some kinds."""
        return [one for one in self.columns if one.kind in kinds]


def table(con: duckdb.DuckDBPyConnection, model: str, entity: str, event_at: str | None = None) -> Table:
    """Look at a table as it was built, whatever its schema; AsofError where it is empty, or has no column `event_at`."""
    relation = _relation(con, model)
    types = {name: kind for name, kind, *_ in con.execute(f"describe {relation}").fetchall()}
    rows = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
    if not rows:
        raise AsofError(
            f"{model} holds no row: land its files first, or put them into the archive (python -m flows new source …)"
        )
    found = Table(
        model, relation, [], "known_at" in types, "event_at" in types, rows, types.get(entity), words=words.declared(model)
    )
    found.fact, found.version = _versions(model, types)
    if found.entity_type:
        found.entities = con.execute(f"select count(distinct {entity}) from {relation}").fetchall()[0][0]
    if found.timed:
        found.span = con.execute(f"select min(known_at), max(known_at) from {relation}").fetchall()[0]
    if event_at and event_at not in types:
        raise AsofError(f"{model} has no column {event_at}, which --event-at names")
    happened = event_at or ("event_at" if found.has_event else None)
    key = found.fact or words.key(model)
    found.order = tuple(dict.fromkeys(name for name in (happened, *key) if name in types and name not in (entity, "known_at")))
    if found.timed and happened:
        first = f"min(known_at) over (partition by {', '.join(found.fact)})" if found.fact else "known_at"
        delays = f"select epoch({first} - {happened}) as late from {relation}"
        late = con.execute(f"select quantile_cont(late, {IN_TIME}) from ({delays})").fetchall()[0][0] or 0
        found.delay_hours = max(0, -int(-late // 3600))
        known = "first known" if found.fact else "known"
        found.delay_why = f"so long it took until {IN_TIME:.1%} of what happened was {known}"
    for name, kind in types.items():
        if name in OWN or name == entity:
            continue
        _look(con, relation, found, name, kind)
    _instants(con, relation, found)
    _copies(con, relation, found, types)
    return found


def _relation(con: duckdb.DuckDBPyConnection, model: str) -> str:
    built = con.execute("select table_schema from information_schema.tables where table_name = ?", [model]).fetchall()
    if len(built) != 1:
        raise AsofError(f"{model} is not built as one table or view of the warehouse, so its rows cannot be looked at")
    return f'"{built[0][0]}"."{model}"'


def _versions(model: str, types: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """What tells the facts of a model apart and what orders their versions, as its YAML says; AsofError where it is no column."""
    said = words.meta_of(words.entry(model)).get("versions")
    if not said:
        return (), "known_at"
    of, by = said.get("of") or [], said.get("by", "known_at")
    if not of or (unknown := [name for name in [*of, by] if name not in types]):
        raise AsofError(
            f"{model}: config.meta.versions says {said}, but {', '.join(unknown) if of else 'of'} is "
            f"{'no column of it' if of else 'missing'}; say versions: {{of: [what tells its facts apart], by: known_at}}"
        )
    return tuple(of), by


def _look(con: duckdb.DuckDBPyConnection, relation: str, found: Table, name: str, sql_type: str) -> None:
    there, distinct = con.execute(f'select count("{name}"), count(distinct "{name}") from {relation}').fetchall()[0]
    if not there:
        return found.left_out.append((name, "empty"))
    if distinct == 1 and there == found.rows:
        return found.left_out.append((name, "constant"))
    named = re.search(r"(^|_)(id|no|nr|key|code|number)$", name)
    if sql_type == "BOOLEAN":
        kind = "boolean"
    elif sql_type in ("DATE", "TIMESTAMP"):
        kind = "time"
    elif sql_type == "VARCHAR":
        kind = "category" if distinct <= CATEGORIES else "name"
    else:
        kind = "name" if named else "number"
    if found.fact == (name,):
        return found.left_out.append((name, "tells the facts apart"))
    if kind == "name" and distinct > 0.9 * there:
        return found.left_out.append((name, "another value in nearly every row"))
    levels = ()
    if kind == "category":
        listed = con.execute(
            f'select "{name}" from {relation} where "{name}" is not null group by all order by count(*) desc, 1 limit {SHARES}'
        ).fetchall()
        levels = tuple(row[0] for row in listed)
    found.columns.append(Column(name, kind, distinct, levels, found.words.get(name, "")))
    return None


def _instants(con: duckdb.DuckDBPyConnection, relation: str, found: Table) -> None:
    """Leave out days and instants: a feature is a number, and only what orders the facts is read of time."""
    for one in found.of("time"):
        found.columns.remove(one)
        why = "a day or instant: only event_at and known_at are read"
        if found.timed:
            later = con.execute(f'select count(*) from {relation} where "{one.name}" > known_at').fetchall()[0][0]
            why += f"; later than known_at in {later:,} of {found.rows:,} rows: what it says was not known then" if later else ""
        found.left_out.append((one.name, why))


def _copies(con: duckdb.DuckDBPyConnection, relation: str, found: Table, types: dict[str, str]) -> None:
    """Leave out a column that says in every row what another one says."""
    for at, one in enumerate([*found.columns]):
        for other in found.columns[: at if at < len(found.columns) else None]:
            if other is one or types[other.name] != types[one.name] or other.distinct != one.distinct or one not in found.columns:
                continue
            if not con.execute(f'select exists (from {relation} where "{one.name}" is distinct from "{other.name}")').fetchall()[
                0
            ][0]:
                found.columns.remove(one)
                found.left_out.append((one.name, f"a copy of {other.name}"))


def groups(con: duckdb.DuckDBPyConnection, one: Table, entity: str) -> list[str]:
    """Columns that say to what an entity belongs: few values, and nearly always the same one for an entity."""
    found = []
    for column in one.of("category", "name"):
        if not 2 <= column.distinct <= GROUPS:
            continue
        stays = con.execute(
            f'select sum(most) / sum(n) from (select max(n) as most, sum(n) as n from (select {entity}, "{column.name}", '
            f"count(*) as n "
            f'from {one.relation} where "{column.name}" is not null group by all) group by {entity})'
        ).fetchall()[0][0]
        if stays and stays >= STAYS and column.distinct < 0.5 * one.entities:
            found.append(column.name)
    return found
