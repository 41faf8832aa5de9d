"""The columns that carry a key, from the landed tables to the marts: what a key is removed from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flows.runtime import column_lineage, dbt, warehouse
from flows.runtime.column_lineage import How, Traced
from flows.store import problems
from ml.errors import AsofError

Column = tuple[str, str]  # `schema.table`, and the name of a column there
LANDING = "landing."


@dataclass(frozen=True, order=True)
class Landed:
    """SQL of a key over the columns of a landed table, and of its salted hashes where staging makes some."""

    relation: str
    key: str
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Carried:
    """Where a key stands: columns that carry it, landed tables that hold it, and the problems whose entity it is."""

    columns: frozenset[Column]
    landed: tuple[Landed, ...]
    problems: tuple[str, ...]


@dataclass
class Lineage:
    """Every model's columns with what they are made of; models whose SQL cannot be followed, by name."""

    traced: Mapping[str, Mapping[str, Traced]]
    parents: Mapping[str, set[str]]
    unread: list[str] = field(default_factory=list)

    def of_problem(self, name: str) -> Carried:
        """Where the entity of a problem stands."""
        return self._closed(set(), set(), [name])

    def of_columns(self, columns: Collection[Column]) -> Carried:
        """Where the keys of some landed columns stand."""
        return self._closed(set(columns), {(relation, f'"{column}"') for relation, column in columns}, [])

    def below(self, columns: Iterable[Column]) -> set[Column]:
        """These columns, and all that carry what stands in one of them."""
        found = set(columns)
        for relation, its in self.traced.items():
            for name, traced in its.items():
                if any(one.how == How.CARRIED and (one.relation, one.column) in found for one in traced.origins):
                    found.add((relation, name))
        return found

    def _closed(self, columns: set[Column], landed: set[tuple[str, str]], names: list[str]) -> Carried:
        waiting, done = list(names), []
        while True:
            for name in waiting:
                done.append(name)
                entity = problems.get(name).entity
                columns.add((f"{problems.SCHEMA}.{name}__predictions", entity))
                for relation in self._made_of(name):
                    if entity in self.traced.get(relation, {}):
                        self._above((relation, entity), columns, landed)
            columns = self.below(columns)
            asked = {one: (f"{problems.SCHEMA}.{one}__scoring_set", problems.get(one).entity) for one in problems.declared()}
            waiting = [name for name, column in asked.items() if name not in done and column in columns]
            if not waiting:
                found = tuple(Landed(*one, self._hashes(*one, columns)) for one in sorted(landed))
                return Carried(frozenset(columns), found, tuple(done))

    def _hashes(self, landed: str, key: str, columns: Iterable[Column]) -> tuple[str, ...]:
        """SQL of the salted hashes that models make of a column of a landed table."""
        found = set()
        for relation, name in columns:
            traced = self.traced.get(relation, {}).get(name)
            hashed = (
                [one for one in traced.origins if one.hashed and (one.relation, f'"{one.column}"') == (landed, key)]
                if traced
                else []
            )
            if hashed and (made := self._over_landed(relation, name)):
                found.add(made[1])
        return tuple(sorted(found))

    def _above(self, column: Column, columns: set[Column], landed: set[tuple[str, str]]) -> None:
        """Add a column and all that it is carried from, up to the landed tables."""
        if column in columns:
            return
        columns.add(column)
        relation, name = column
        if relation.startswith(LANDING):
            landed.add((relation, f'"{name}"'))
            return
        traced = self.traced.get(relation, {}).get(name)
        carried = [one for one in traced.origins if one.how == How.CARRIED] if traced else []
        for one in carried:
            self._above((one.relation, one.column), columns, landed)
        if traced and not carried and (made := self._over_landed(relation, name)):
            landed.add(made)

    def _over_landed(self, relation: str, name: str) -> tuple[str, str] | None:
        """A column as SQL over the one landed table that its rows are rows of; None where they are not."""
        from sqlglot import exp, parse_one

        traced = self.traced.get(relation, {}).get(name)
        if traced is None or traced.row_of is None:
            return None
        if traced.row_of.startswith(LANDING):
            return traced.row_of, traced.expression
        made = parse_one(traced.expression, dialect="duckdb")
        below = {one.name: self._over_landed(traced.row_of, one.name) for one in made.find_all(exp.Column)}
        if not below or None in below.values():
            return None
        sql = made.transform(
            lambda node: exp.paren(parse_one(below[node.name][1], dialect="duckdb")) if isinstance(node, exp.Column) else node
        )
        return next(iter(below.values()))[0], sql.sql(dialect="duckdb")

    def _made_of(self, problem: str) -> Iterator[str]:
        """The models that a problem is made of, and its own."""
        own = [one for one in self.traced if one.startswith(f"{problems.SCHEMA}.{problem}__")]
        waiting, found = own, set()
        while waiting:
            relation = waiting.pop()
            if relation not in found:
                found.add(relation)
                waiting += self.parents.get(relation, ())
        yield from sorted(found)


def read(names: Iterable[str] | None = None) -> Lineage:
    """The lineage of all models but those that Python writes, or of those named; parents come before their children."""
    manifest = dbt.manifest_dict()
    nodes = manifest["nodes"]
    chosen = {key: node for key, node in nodes.items() if _is_computed(node) and (names is None or node["name"] in names)}
    sql = dbt.compiled_models([node["name"] for node in chosen.values()])
    shape: dict[str, list[str]] = {}
    for node in [*manifest["sources"].values(), *nodes.values()]:
        if node.get("columns"):
            shape[relation(node)] = list(node["columns"])
    for row in warehouse.rows(
        "select table_schema || '.' || table_name as relation, column_name from information_schema.columns "
        "where table_catalog = current_database() order by ordinal_position"
    ):
        shape.setdefault(row["relation"], [])
        if row["column_name"] not in shape[row["relation"]]:
            shape[row["relation"]].append(row["column_name"])
    traced: dict[str, dict[str, Traced]] = {}
    parents, unread = {}, []
    for key in _in_order(chosen):
        place = relation(chosen[key])
        parents[place] = {relation(nodes[one]) for one in chosen[key]["depends_on"]["nodes"] if one in nodes}
        try:
            traced[place] = column_lineage.columns(sql[chosen[key]["name"]], shape)
            shape[place] = list(traced[place])
        except AsofError:
            unread.append(chosen[key]["name"])
            traced[place] = {}
    return Lineage(traced, parents, unread)


def _is_computed(node: Mapping) -> bool:
    return node["resource_type"] == "model" and node["config"]["enabled"] and node["config"].get("full_refresh") is not False


def relation(node: Mapping) -> str:
    """The table of a node of the manifest, as `schema.table`."""
    return f"{node['schema']}.{node.get('alias') or node.get('identifier') or node['name']}"


def _in_order(nodes: Mapping[str, Mapping]) -> list[str]:
    order: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in nodes and key not in order:
            order[key] = None
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            order[key] = order.pop(key)

    for key in sorted(nodes):
        visit(key)
    return list(order)
