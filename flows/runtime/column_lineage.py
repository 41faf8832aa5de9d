"""What each column of a model is made of, read off its SQL: which columns of which tables, as they are or computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from flows.runtime import salt
from ml.errors import AsofError

Shape = Mapping[str, Iterable[str]]


# What sqlglot calls an expression that comes to one of the values that it is given first.
CHOOSING = {"Max", "Min", "AnyValue", "First", "Last", "ArgMax", "ArgMin", "Lag", "Lead", "FirstValue", "LastValue",
            "Window", "Filter", "Dot"}  # fmt: skip


class How(IntEnum):
    """How a value gets from one column into another: as it is (but for name and type), as one of several, or computed."""

    CARRIED = 1
    CHOSEN = 2
    COMPUTED = 3


@dataclass(frozen=True, order=True)
class Origin:
    """A column of `schema.table` that a column is made of; `hashed` where it went through the macro `hashed`."""

    relation: str
    column: str
    how: How
    hashed: bool


@dataclass(frozen=True)
class Traced:
    """A column: its origins, and for a row of a single table what it is computed by, SQL over the columns of `row_of`."""

    origins: frozenset[Origin]
    row_of: str | None = None
    expression: str | None = None


def columns(sql: str, shape: Shape) -> dict[str, Traced]:
    """Each column of a query, by name in its order; `shape` has the columns of each `schema.table` that it may read.

    AsofError where the SQL cannot be followed.
    """
    from sqlglot import parse_one  # a second of import, for those who ask
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    nested: dict[str, dict[str, dict[str, str]]] = {}
    for relation, names in {**shape, salt.RELATION: ["salt"]}.items():
        schema, table = relation.split(".")
        nested.setdefault(schema, {})[table] = dict.fromkeys(names, "unknown")
    try:
        parsed = parse_one(sql, dialect="duckdb")
        for table in parsed.find_all(_exp().Table):
            table.set("catalog", None)
        query = qualify(parsed, schema=nested, dialect="duckdb", validate_qualify_columns=False, quote_identifiers=False)
        scope = build_scope(query)
        return _Query(nested, scope.traverse()).columns(scope)
    except (SqlglotError, KeyError, ValueError, RecursionError, AttributeError, TypeError, IndexError) as error:
        raise AsofError(f"its SQL cannot be followed ({' '.join(str(error).split())[:200]})") from error


def _exp():
    from sqlglot import exp

    return exp


class _Query:
    def __init__(self, shape: Mapping, scopes: Iterable) -> None:
        self.shape, self.known = shape, {}
        # In a recursive query stands a scope of its first part that knows no tables; this is the one that does.
        self.whole = {id(one.expression): one for one in scopes}

    def columns(self, scope) -> dict[str, Traced]:
        """The columns of a scope; of a union those of each part, by position or by name."""
        scope = self.whole.get(id(scope.expression), scope)
        if id(scope) in self.known:
            return self.known[id(scope)]
        self.known[id(scope)] = {}  # a recursive query adds what its other part has
        if scope.set_operation_scopes:
            parts = [list(self.columns(one).items()) for one in scope.set_operation_scopes]
            named = bool(scope.expression.args.get("by_name"))
            found = dict(parts[0])
            for place, (name, traced) in enumerate(parts[1]):
                first = name if named or place >= len(parts[0]) else parts[0][place][0]
                before = found.get(first, Traced(frozenset())).origins
                found[first] = Traced(before | traced.origins)
        else:
            found = {one.alias_or_name: self._traced(scope, one) for one in scope.expression.selects}
        self.known[id(scope)] = found
        return found

    def _traced(self, scope, expression) -> Traced:
        exp = _exp()
        bare = expression.unalias()
        origins = frozenset(self._origins(scope, bare, How.CARRIED, False))
        single = self._single(scope)
        # The query for the salt, which is the same for all rows, is the only one that a row of one table may ask.
        asked = [
            one for one in bare.find_all(exp.Select) if {_relation(table) for table in one.find_all(exp.Table)} != {salt.RELATION}
        ]
        if single is None or asked or bare.find(exp.AggFunc, exp.Window):
            return Traced(origins)
        relation, inner = single
        known = True

        def replaced(node):
            nonlocal known
            if not isinstance(node, exp.Column) or node.find_ancestor(exp.Select):
                return node
            if inner is None:
                return exp.column(node.name, quoted=True)
            below = inner.get(node.name)
            if below is None or below.expression is None:
                known = False
                return node
            from sqlglot import parse_one

            return exp.paren(parse_one(below.expression, dialect="duckdb"))

        sql = bare.copy().transform(replaced).sql(dialect="duckdb")
        return Traced(origins, relation, sql) if known else Traced(origins)

    def _single(self, scope) -> tuple[str, dict[str, Traced] | None] | None:
        """The table that each row of a scope is one row of, and the columns of the scope in between."""
        select = scope.expression
        exp = _exp()
        if not isinstance(select, exp.Select) or any(select.args.get(key) for key in ("joins", "group", "distinct", "laterals")):
            return None
        if len(scope.selected_sources) != 1:
            return None
        ((_, source),) = scope.selected_sources.values()
        if isinstance(source, exp.Table):
            return _relation(source), None
        inner = self.columns(source)
        below = {one.row_of for one in inner.values() if one.row_of}
        return (below.pop(), inner) if len(below) == 1 else None

    def _origins(self, scope, node, how: How, hashed: bool) -> Iterable[Origin]:
        exp = _exp()
        if isinstance(node, exp.Column):
            yield from self._of_column(scope, node, how, hashed)
        elif isinstance(node, (exp.Cast, exp.TryCast, exp.Paren, exp.Alias)):
            yield from self._origins(scope, node.this, how, hashed)
        elif isinstance(node, exp.Coalesce):
            for one in (node.this, *node.expressions):
                yield from self._origins(scope, one, how, hashed)
        elif _is_hash(node):
            of = [one for one in node.find_all(exp.Column) if one.find_ancestor(exp.Subquery, exp.Select) is scope.expression]
            for one in of:  # of several it is no column's hash
                yield from self._of_column(scope, one, how if len(of) == 1 else How.COMPUTED, True)
        elif isinstance(node, (exp.Count, exp.Is)) or (isinstance(node, exp.Not) and isinstance(node.this, exp.Is)):
            return  # how many, and whether there is any, is no value
        elif isinstance(node, (exp.Case, exp.If)):
            values = [one.args["true"] for one in node.args.get("ifs", [])] + [node.args.get("default")]
            values += [node.args.get("true"), node.args.get("false")] if isinstance(node, exp.If) else []
            for value in filter(None, values):
                yield from self._origins(scope, value, max(how, How.CHOSEN), hashed)
            chosen = {id(value) for value in values}
            for child in (node.this, *(one.this for one in node.args.get("ifs", []))):
                if child is not None and id(child) not in chosen:
                    yield from self._origins(scope, child, How.COMPUTED, hashed)
        elif isinstance(node, exp.PropertyEQ):
            yield from self._origins(scope, node.expression, max(how, How.CHOSEN), hashed)
        elif isinstance(node, exp.Struct):
            for one in node.expressions:
                yield from self._origins(scope, one, max(how, How.CHOSEN), hashed)
        elif type(node).__name__ in CHOOSING:
            # What is ordered, partitioned or filtered by does not get into the value.
            yield from self._origins(scope, node.this, max(how, How.CHOSEN), hashed)
        elif isinstance(node, (exp.Subquery, exp.Select, exp.SetOperation)):
            for inner in scope.subquery_scopes:
                if inner.expression is node or inner.expression is node.unnest():
                    for traced in self.columns(inner).values():
                        yield from (_through(one, max(how, How.CHOSEN), hashed) for one in traced.origins)
        else:
            for child in node.iter_expressions():
                yield from self._origins(scope, child, How.COMPUTED, hashed)

    def _of_column(self, scope, column, how: How, hashed: bool) -> Iterable[Origin]:
        named = scope.sources.get(column.table) if column.table else None
        if not column.table and (aliased := _aliased(scope, column)) is not None:
            yield from self._origins(scope, aliased, how, hashed)
            return
        # Of which table an unqualified name is, nobody says; and a name before the dot may be a column that holds a struct.
        places = [named] if named is not None else [source for _, source in scope.selected_sources.values()]
        names = {column.name} if named is not None or not column.table else {column.name, column.table}
        if scope.pivots:
            places, names, how = [source for _, source in scope.selected_sources.values()], set(), How.COMPUTED
        found = [self._in_place(scope, place, names, certain=named is not None) for place in places]
        if all(one is None for one in found):
            if scope.parent is None:
                raise ValueError(f"column {column.sql(dialect='duckdb')}")
            # A query inside of another one may ask for columns of that.
            yield from self._of_column(scope.parent, column, How.COMPUTED, hashed)
        for one in (origin for some in found for origin in some or ()):
            yield _through(one, how, hashed)

    def _in_place(self, scope, place, names: set[str], certain: bool) -> list[Origin] | None:
        """What columns of a table or of an inner query by these names are made of; by any name where none is given.

        None where it has none of them. `certain`: it is known to have them, whatever is known of it.
        """
        exp = _exp()
        if isinstance(place, exp.Table):
            relation = _relation(place)
            schema, _, table = relation.partition(".")
            known = self.shape.get(schema, {}).get(table)
            there = (
                names if names and (certain or known is None) else {name for name in known or () if not names or name in names}
            )
            return [Origin(relation, name, How.CARRIED, False) for name in sorted(there)] or None
        if place.is_udtf:
            # A table that a function makes of columns beside it: each of its columns may hold each of those.
            return [one for column in place.expression.find_all(exp.Column) for one in self._beside(place, column)]
        inner = self.columns(place)
        there = [traced for name, traced in inner.items() if not names or name in names]
        return [one for traced in there for one in traced.origins] if there else None

    def _beside(self, scope, column) -> Iterable[Origin]:
        for inner in scope.traverse():
            if (source := inner.sources.get(column.table)) is not None:
                found = self._in_place(inner, source, {column.name}, certain=True) or ()
                return [_through(one, How.COMPUTED, False) for one in found]
        raise ValueError(f"column {column.sql(dialect='duckdb')}")


def _aliased(scope, column):
    """The expression of the same SELECT that an unqualified name stands for, DuckDB's lateral aliases."""
    exp = _exp()
    for one in getattr(scope.expression, "selects", ()):
        if (
            isinstance(one, exp.Alias)
            and one.alias == column.name
            and one.this is not column
            and column.find_ancestor(exp.Alias) is not one
        ):
            return one.this
    return None


def _through(inner: Origin, how: How, hashed: bool) -> Origin:
    return Origin(inner.relation, inner.column, max(inner.how, how), inner.hashed or hashed)


def _relation(table) -> str:
    return f"{table.db}.{table.name}"


def _is_hash(node) -> bool:
    exp = _exp()
    if not isinstance(node, (exp.SHA2, exp.SHA, exp.Anonymous)) and type(node).__name__ not in ("SHA2Digest",):
        return False
    return "sha" in node.sql(dialect="duckdb")[:4].lower() and any(
        _relation(one) == salt.RELATION for one in node.find_all(exp.Table)
    )
