"""A lint of SQL as dbt compiles it: what the database accepts and a reader should not have to. One line a finding.

sqlglot reads all compiled models in a few seconds, DuckDB's own syntax included. sqlfluff was tried: it cannot read the
templates of 31 of 33 models, and as compiled it takes minutes and misreads a column `rows`, `is distinct from` and lambdas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp


def unused_ctes(tree: exp.Expression) -> Iterator[str]:
    """A CTE that nothing selects from."""
    for ctes in tree.find_all(exp.With):
        read = {table.name for table in ctes.parent.find_all(exp.Table) if not table.db}
        yield from (f"CTE {cte.alias} is not used" for cte in ctes.expressions if cte.alias not in read)


def expressions_without_a_name(tree: exp.Expression) -> Iterator[str]:
    """A computed column of a table, a CTE or a subquery in `from` that has no alias."""
    for select in tree.find_all(exp.Select):
        if not isinstance(select.parent, exp.CTE | exp.Subquery | exp.SetOperation | None):
            continue
        if isinstance(select.parent, exp.Subquery) and not isinstance(select.parent.parent, exp.From | exp.Join):
            continue
        if isinstance(select.parent, exp.SetOperation) and select.parent.expression is select:
            continue  # the first select of a union names its columns
        named = (exp.Alias, exp.Column, exp.Star)
        yield from (f"{one.sql('duckdb')[:60]} has no name" for one in select.expressions if not isinstance(one, named))


def unused_aliases(tree: exp.Expression) -> Iterator[str]:
    """A table that is given another name by which nothing calls it."""
    for select in tree.find_all(exp.Select):
        called = {column.table for column in select.find_all(exp.Column)}
        for source in [select.args.get("from_"), *select.args.get("joins", [])]:
            table = source.this if source else None
            renamed = isinstance(table, exp.Table) and table.alias and table.alias not in {table.name, *called}
            if renamed and not select.find(exp.Star):  # `alias.*` is not always told apart
                yield f"{table.name} is called {table.alias} by nobody"


def names_twice(tree: exp.Expression) -> Iterator[str]:
    """A select that gives one name to two columns."""
    for select in tree.find_all(exp.Select):
        if isinstance(select.parent, exp.SetOperation) and select.parent.expression is select:
            continue
        names = [one.alias_or_name for one in select.expressions if not one.is_star and one.alias_or_name]
        yield from (f"column {name} stands twice in one select" for name in sorted({n for n in names if names.count(n) > 1}))


def joins_without_a_condition(tree: exp.Expression) -> Iterator[str]:
    """A join of everything with everything that does not say `cross join`."""
    for join in tree.find_all(exp.Join):
        says = join.kind == "CROSS" or join.args.get("on") or join.args.get("using") or join.method == "POSITIONAL"
        if not says and not isinstance(join.this, exp.Lateral | exp.Unnest):
            yield f"{join.this.alias_or_name} is joined without a condition"


def useless_orders(tree: exp.Expression) -> Iterator[str]:
    """An `order by` within a CTE or subquery that takes no part of its rows: it is lost outside, but for a streamed window."""
    for order in tree.find_all(exp.Order):
        select = order.parent
        inside = isinstance(select, exp.Select) and isinstance(select.parent, exp.CTE | exp.Subquery)
        if inside and not select.args.get("limit") and not _is_streamed(select):
            yield f"the order by {order.sql('duckdb')[9:60]} orders nothing"


def _is_streamed(select: exp.Select) -> bool:
    # the select around it has windows with a frame of rows and without an order of their own: they take the rows as they come
    around = select.parent.find_ancestor(exp.Select)
    windows = around.expressions if around and isinstance(select.parent, exp.Subquery) else []
    return any(w.args.get("spec") and not w.args.get("order") for one in windows for w in one.find_all(exp.Window))


RULES: list[Callable[[exp.Expression], Iterator[str]]] = [
    unused_ctes, expressions_without_a_name, unused_aliases, names_twice, joins_without_a_condition, useless_orders,
]  # fmt: skip


def lint(sql: str) -> list[str]:
    """What the rules say of one query, each finding once."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    return list(dict.fromkeys(found for rule in RULES for found in rule(tree)))
