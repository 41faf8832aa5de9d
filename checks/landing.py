"""What the dbt sources declare about landed files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pyarrow as arrow

from checks import known_at
from checks.known_at import KnownAt
from checks.landing_column import LandingColumn, column, identifier
from checks.limits import Limits, limits
from checks.written import DECLARED
from ml.errors import AsofError
from ml.problem.keys import Keys

__all__ = ["LandingColumn", "LandingSource"]
FORMATS = ("csv", "csv.gz", "parquet", "jsonl")
DELIMITERS = (",", ";", "\t", "|")
ARROW = {
    "varchar": arrow.string(), "boolean": arrow.bool_(), "smallint": arrow.int16(), "integer": arrow.int32(),
    "bigint": arrow.int64(), "double": arrow.float64(), "date": arrow.date32(), "timestamp": arrow.timestamp("us"),
}  # fmt: skip
# What a row names that refers to a cohort: the problem, its entity as text, and the instant.
REFERENCE = {"problem": "varchar", "entity_id": "varchar", "as_of": "timestamp"}
# No `..`, nothing absolute, nothing that a shell, a glob or SQL would read as more than a name.
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*")
# What a source loses without saying so: beyond it a file is rather of another form than its declaration.
MAX_REJECTED_SHARE = 0.01
# Written forms that a source may declare for all of its columns.
DEFAULTS = ("decimal", "thousands", "timezone")


@dataclass(frozen=True)
class LandingSource:
    """One dbt source table that files are landed for, as its YAML declares it.

    `repeats`: without a key, a file with the very rows of an earlier one is news and no copy of it.
    `refers_to` "cohort": each row names a row of a problem (`REFERENCE`), so it lands after the cohorts are built.
    `made` says how `known_at` is made where no column of the file says it: it is then `_known_at`.
    `rename` pairs a column of the file's header with a declared column; `quoted_null`: the null texts count in quotes too.
    """

    source: str
    table: str
    declared_in: str
    path: str
    format: str
    null: tuple[str, ...]
    key: tuple[str, ...]
    known_at: str | None
    max_rejected_share: float
    feed: str | None
    columns: tuple[LandingColumn, ...]
    refers_to: str | None = None
    rename: tuple[tuple[str, str], ...] = ()
    delimiter: str = ","
    quoted_null: bool = False
    limits: Limits = field(default_factory=Limits)
    repeats: bool = False
    made: KnownAt | None = None

    @property
    def name(self) -> str:
        """`shop.visits`, as `source()` calls it."""
        return f"{self.source}.{self.table}"

    @property
    def relation(self) -> str:
        """The landed table, `landing.shop__visits`."""
        return f"landing.{self.source}__{self.table}"

    def may_reject(self, rows: int) -> float:
        """Of a file of so many rows so many may be bad."""
        return may_reject(rows, self.max_rejected_share)

    @property
    def arrow_schema(self) -> arrow.Schema:
        """The Arrow types of the declared columns, in declared order."""
        return arrow.schema([(column.name, ARROW[column.data_type]) for column in self.columns])

    @staticmethod
    def from_manifest(manifest: Mapping[str, Any]) -> list[LandingSource]:
        """Every source table with `config.meta.landing`, by name. AsofError names the file and the wrong key."""
        nodes = list(manifest.get("sources", {}).values())
        declared = [(node, (node.get("config") or {}).get("meta") or {}) for node in nodes]
        found = sorted((_source(node, meta) for node, meta in declared if "landing" in meta), key=lambda one: one.name)
        _collisions(nodes)
        return known_at.resolved(found)


def may_reject(rows: int, share: float) -> float:
    """Of a file of so many rows so many may be bad: the share, and one line wherever any may.

    A share says nothing of a small file: of 45 rows a single one is more than a hundredth.
    """
    return max(1.0, share * rows) if share else 0.0


def _collisions(nodes: Iterable[Mapping[str, Any]]) -> None:
    """Refuse two tables of the landing schema that would be one."""
    seen: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if node.get("schema") != "landing":
            continue
        name, file = f"{node['source_name']}.{node['name']}", node["original_file_path"]
        table = str(node.get("identifier") or node["name"]).lower()
        other, there = seen.setdefault(table, (name, file))
        if other != name:
            raise AsofError(f"{file}: {name} and {other} of {there} would both land in landing.{table}; rename one of them")


def _source(node: Mapping[str, Any], meta: Mapping[str, Any]) -> LandingSource:
    file, name = node["original_file_path"], f"{node['source_name']}.{node['name']}"
    for word in (node["source_name"], node["name"]):
        identifier(word, file, "source table", name)
    if node["schema"] != "landing" or node["identifier"] != name.replace(".", "__"):
        raise AsofError(f"{file}: {name} must have schema landing and identifier {name.replace('.', '__')}")
    keys = Keys(meta["landing"], file, f"{name}: landing")
    defaults = {key: keys.raw(key) for key in DEFAULTS if key in keys.declared}
    columns = tuple(column(entry, defaults, file, name) for entry in node["columns"].values())
    names = [column.name for column in columns]
    if not names:
        raise AsofError(f"{file}: {name} declares no columns; list every column of its files")
    _used(keys, defaults, columns)
    null = keys.raw("null", [])
    known, made = known_at.known_at(keys, names)
    source = LandingSource(
        source=node["source_name"],
        table=node["name"],
        declared_in=file,
        path=_path(keys),
        format=keys.choice("format", FORMATS),
        null=tuple(str(text) for text in (null if isinstance(null, list) else [null])),
        key=keys.choices("key", names, "no declared column"),
        known_at=known,
        made=made,
        max_rejected_share=keys.number("max_rejected_share", MAX_REJECTED_SHARE, low=0, high=1),
        feed=meta.get("feed"),
        columns=columns,
        repeats=_flag(keys, "repeats"),
        refers_to=None if keys.raw("refers_to", None) is None else keys.choice("refers_to", ("cohort",)),
        rename=_rename(keys, names),
        delimiter=keys.choice("delimiter", DELIMITERS, ","),
        quoted_null=_flag(keys, "quoted_null"),
        limits=limits(keys.inner("limits", {})),
    )
    keys.finish()
    _needed(source)
    return source


def _used(keys: Keys, defaults: Mapping[str, Any], columns: Iterable[LandingColumn]) -> None:
    types = {column.data_type for column in columns}
    for key in defaults:
        if not types & set(DECLARED[key]):
            raise keys.error(key, f"is declared, but no column is a {' or '.join(DECLARED[key])}")


def _needed(source: LandingSource) -> None:
    """Refuse a source whose key, known_at or reference may be null, or is of another type."""
    file, name, columns = source.declared_in, source.name, source.columns
    needed = {*source.key, source.known_at}
    for wanted, kind in REFERENCE.items() if source.refers_to else []:
        if (wanted, kind, True) not in [(one.name, one.data_type, one.required) for one in columns]:
            raise AsofError(f"{file}: {name} refers to a cohort and must declare {wanted} as {kind}, not_null")
    for one in columns:
        if one.name in needed and not one.required:
            raise AsofError(f"{file}: {name}.{one.name} is a key or known_at and needs the constraint not_null")
        if one.name == source.known_at and one.data_type != "timestamp":
            raise AsofError(f"{file}: {name}.{one.name} is known_at and must be a timestamp in UTC")
    if len(columns) > source.limits.columns:
        raise AsofError(f"{file}: {name} has {len(columns):,} columns; declare landing.limits.columns if that is meant")


def _flag(keys: Keys, key: str) -> bool:
    value = keys.raw(key, False)
    if not isinstance(value, bool):
        raise keys.error(key, f"is {value!r}; it must be true or false")
    return value


def _rename(keys: Keys, names: list[str]) -> tuple[tuple[str, str], ...]:
    renames = keys.raw("rename", {})
    if not isinstance(renames, Mapping):
        raise keys.error("rename", f"must pair a column of the file with a declared one, not be {renames!r}")
    inner, pairs = keys.inner("rename", {}), []
    for header in renames:
        pairs.append((str(header), inner.choice(header, names)))
        if sum(column == pairs[-1][1] for _, column in pairs) > 1:
            raise inner.error(str(header), f"is {pairs[-1][1]}, as another column of the file is")
    return tuple(pairs)


def _path(keys: Keys) -> str:
    path = keys.text("path")
    if not PATH.fullmatch(path) or ".." in PurePosixPath(path).parts:
        raise keys.error(
            "path",
            f"is {path!r}; it must be a folder or file below the landing folder, such as shop/visits",
        )
    return path
