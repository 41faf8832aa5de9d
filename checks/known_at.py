"""When a row was known, where no column of its file says so: an expression does, or the row of another source that it belongs to.

```yaml
known_at: reported_at                                  # a column says it
known_at: {sql: closed_at + interval 6 hours}          # an expression over the columns of the row
known_at: {of: shop.orders, by: [order_id]}            # whatever is known of the row with the same key in another source
known_at:                                              # a list that was known always
```

Either way it becomes a column of the landed table, `_known_at`: landing, feeds and the proof treat it as any other known_at.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ml.errors import AsofError
from ml.problem.keys import Keys

COLUMN = "_known_at"


@dataclass(frozen=True)
class KnownAt:
    """How `_known_at` is made: by `sql`, or of the source `of` by its key `by`, from `instant` of its table `relation`."""

    sql: str | None = None
    of: str | None = None
    by: tuple[str, ...] = ()
    relation: str = ""
    instant: str = ""

    @property
    def expression(self) -> str:
        """SQL over a row, which is called `said`; null where it says nothing."""
        if self.sql:
            return f"try(cast(({self.sql}) as timestamp))"
        same = " and ".join(f'its."{name}" = said."{name}"' for name in self.by)
        return f'(select max(its."{self.instant}") from {self.relation} as its where {same})'

    @property
    def expected(self) -> str:
        """Why there is none, for whoever mends the row."""
        if self.sql:
            return f"{self.sql} is no instant; expected one"
        return f"no row of {self.of} that has landed has this {', '.join(self.by)}; expected one"

    def uses(self, names: Sequence[str]) -> list[str]:
        """Which of some columns it is made of."""
        return [name for name in names if name in self.by or (self.sql and re.search(rf"\b{name}\b", self.sql))]


def known_at(keys: Keys, names: Sequence[str]) -> tuple[str | None, KnownAt | None]:
    """The declared column, or `_known_at` and how it is made. Written down even where it is null."""
    declared = keys.raw("known_at")
    if declared is None:
        return None, None
    if not isinstance(declared, Mapping):
        return keys.choice("known_at", names), None
    inner = keys.inner("known_at", {})
    made: dict[str, Any] = {name: inner.text(name) for name in ("sql", "of") if name in inner.declared}
    if len(made) != 1:
        raise keys.error("known_at", "is a column, or has either `sql` or `of` and `by`")
    if "sql" in made and (said := _fault(made["sql"])):
        raise inner.error("sql", said)
    by = inner.choices("by", names, "no declared column") if "of" in made else ()
    inner.finish()
    if "of" in made and not by:
        raise keys.error("known_at", "names no column in `by`: list those that are the key of the other source")
    return COLUMN, KnownAt(**made, by=by)


def _fault(sql: str) -> str:
    """What is wrong with SQL that must be one expression over the columns of a row; empty where nothing is."""
    from sqlglot import exp, parse  # a second of import, for those who declare an expression
    from sqlglot.errors import SqlglotError

    try:
        statements = parse(f"select ({sql}\n)", read="duckdb")
    except SqlglotError as error:
        return f"is {sql!r}, which cannot be read as SQL ({str(error).splitlines()[0][:80]})"
    tree = statements[0]
    whole = len(statements) == 1 and isinstance(tree, exp.Select) and len(tree.expressions) == 1
    nodes = list(tree.walk()) if tree is not None else []
    inside = isinstance(tree, exp.Select) and isinstance(tree.expressions[0], exp.Paren)
    other = any(isinstance(node, exp.Query | exp.Table | exp.AggFunc | exp.Window) for node in nodes if node is not tree)
    if not whole or not inside or other or any(node.comments for node in nodes):
        return f"is {sql!r}; it must be one expression over the columns of the row, without a query, an aggregate or a comment"
    return ""


class Source(Protocol):
    """What a landing source says of this."""

    name: str
    declared_in: str
    relation: str
    key: tuple[str, ...]
    known_at: str | None
    made: KnownAt | None


One = TypeVar("One", bound=Source)


def resolved(sources: Sequence[One]) -> list[One]:
    """The same sources, each that asks another with its table; AsofError where there is nothing to ask."""
    named = {one.name: one for one in sources}
    found = [_asking(one, named) for one in sources]
    for one in found:
        depth(one, {each.name: each for each in found})
    return found


def _asking(source: One, named: Mapping[str, One]) -> One:
    made = source.made
    if not made or not made.of:
        return source
    place, other = f"{source.declared_in}: {source.name}: landing.known_at", named.get(made.of)
    if other is None or other.name == source.name:
        raise AsofError(f"{place} is of {made.of}, which is no other landing source; there are {', '.join(sorted(named))}")
    if other.known_at is None:
        raise AsofError(f"{place} is of {made.of}, which has no known_at itself; declare one there")
    if set(made.by) != set(other.key):
        raise AsofError(
            f"{place} is by {', '.join(made.by)}, but the key of {made.of} is {', '.join(other.key) or 'not declared'}; "
            "a row belongs to one row of the other source only by its key, in columns of the same name"
        )
    return dataclasses.replace(source, made=dataclasses.replace(made, relation=other.relation, instant=other.known_at))


def depth(source: Source, named: Mapping[str, Source]) -> int:
    """How many sources have to be there before: 0 for one that asks no other. AsofError for a circle."""
    seen, at = [source.name], source
    while at.made and at.made.of:
        if at.made.of in seen:
            raise AsofError(
                f"{source.declared_in}: {' is known by '.join([*seen, at.made.of])}: a circle; one of them must say it itself"
            )
        seen.append(at.made.of)
        at = named[at.made.of]
    return len(seen) - 1


def in_order(sources: Sequence[One]) -> list[One]:
    """The sources, each behind those that it asks; otherwise as they stand."""
    named = {one.name: one for one in sources}
    return sorted(sources, key=lambda one: depth(one, named) if not one.made or one.made.of in (None, *named) else 0)
