"""What the dbt sources declare about landed files, and the Pandera schema that each file's rows must pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
from pandera.errors import SchemaErrors

from ml.declaration import IDENTIFIER, Keys
from ml.errors import AsofError

FORMATS = ("csv", "csv.gz", "parquet", "jsonl")
TYPES = {
    "varchar": arrow.string(), "boolean": arrow.bool_(), "smallint": arrow.int16(), "integer": arrow.int32(),
    "bigint": arrow.int64(), "double": arrow.float64(), "date": arrow.date32(), "timestamp": arrow.timestamp("us"),
}  # fmt: skip
# What a row names that refers to a cohort: the problem, its entity as text, and the instant.
REFERENCE = {"problem": "varchar", "entity_id": "varchar", "as_of": "timestamp"}
# No `..`, nothing absolute, nothing that a shell, a glob or SQL would read as more than a name.
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]*(/[A-Za-z0-9_][A-Za-z0-9_.=-]*)*")


@dataclass(frozen=True)
class LandingColumn:
    """A declared column: its type, whether it must be filled, and which values are accepted."""

    name: str
    data_type: str
    required: bool
    minimum: float | None
    maximum: float | None
    values: tuple[Any, ...]


@dataclass(frozen=True)
class LandingSource:
    """One dbt source table that files are landed for, as its YAML declares it.

    `refers_to` "cohort": each row names a row of a problem (`REFERENCE`), so it lands after the cohorts are built.
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

    @property
    def name(self) -> str:
        """`flights.departures`, as `source()` calls it."""
        return f"{self.source}.{self.table}"

    @property
    def relation(self) -> str:
        """The landed table, `landing.flights__departures`."""
        return f"landing.{self.source}__{self.table}"

    @property
    def arrow_schema(self) -> arrow.Schema:
        """The Arrow types of the declared columns, in declared order."""
        return arrow.schema([(column.name, TYPES[column.data_type]) for column in self.columns])

    @staticmethod
    def from_manifest(manifest: Mapping[str, Any]) -> list[LandingSource]:
        """Every source table with `config.meta.landing`, by name. AsofError names the file and the wrong key."""
        nodes = manifest.get("sources", {}).values()
        declared = [(node, (node.get("config") or {}).get("meta") or {}) for node in nodes]
        return sorted((_source(node, meta) for node, meta in declared if "landing" in meta), key=lambda one: one.name)


def _source(node: Mapping[str, Any], meta: Mapping[str, Any]) -> LandingSource:
    file, name = node["original_file_path"], f"{node['source_name']}.{node['name']}"
    for word in (node["source_name"], node["name"]):
        _identifier(word, file, "source table", name)
    if node["schema"] != "landing" or node["identifier"] != name.replace(".", "__"):
        raise AsofError(f"{file}: {name} must have schema landing and identifier {name.replace('.', '__')}")
    columns = tuple(_column(column, file, name) for column in node["columns"].values())
    names = [column.name for column in columns]
    if not names:
        raise AsofError(f"{file}: {name} declares no columns; list every column of its files")
    keys = Keys(meta["landing"], file, f"{name}: landing")
    null = keys.raw("null", [])
    source = LandingSource(
        source=node["source_name"],
        table=node["name"],
        declared_in=file,
        path=_path(keys),
        format=keys.choice("format", FORMATS),
        null=tuple(str(text) for text in (null if isinstance(null, list) else [null])),
        key=keys.choices("key", names),
        # Written down even where it is null: a list without known_at claims to have been known always.
        known_at=None if keys.raw("known_at") is None else keys.choice("known_at", names),
        max_rejected_share=keys.number("max_rejected_share", 0.01, low=0, high=1),
        feed=meta.get("feed"),
        columns=columns,
        refers_to=None if keys.raw("refers_to", None) is None else keys.choice("refers_to", ("cohort",)),
    )
    keys.finish()
    needed = {*source.key, *([source.known_at] if source.known_at else [])}
    for column, kind in REFERENCE.items() if source.refers_to else []:
        if (column, kind, True) not in [(one.name, one.data_type, one.required) for one in columns]:
            raise AsofError(f"{file}: {name} refers to a cohort and must declare {column} as {kind}, not_null")
    for column in columns:
        if column.name in needed and not column.required:
            raise AsofError(f"{file}: {name}.{column.name} is a key or known_at and needs the constraint not_null")
        if column.name == source.known_at and column.data_type != "timestamp":
            raise AsofError(f"{file}: {name}.{column.name} is known_at and must be a timestamp in UTC")
    return source


def _column(entry: Mapping[str, Any], file: str, name: str) -> LandingColumn:
    _identifier(entry["name"], file, "column", f"{name}.{entry['name']}")
    data_type = str(entry.get("data_type") or "").lower()
    if data_type not in TYPES:
        raise AsofError(f"{file}: {name}.{entry['name']}: data_type {data_type!r} is not one of {', '.join(TYPES)}")
    meta = {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})}
    accepted = Keys(meta.get("accepted", {}), file, f"{name}.{entry['name']}: accepted")
    values = accepted.raw("values", [])
    column = LandingColumn(
        name=entry["name"],
        data_type=data_type,
        required=any(constraint.get("type") == "not_null" for constraint in entry.get("constraints") or []),
        minimum=accepted.number("min", None),
        maximum=accepted.number("max", None),
        values=tuple(values) if isinstance(values, list) else (values,),
    )
    accepted.finish()
    if (column.minimum is not None or column.maximum is not None) and data_type in (
        "varchar",
        "boolean",
        "date",
        "timestamp",
    ):
        raise AsofError(f"{file}: {name}.{column.name}: accepted min and max are for numbers, not for {data_type}")
    return column


def _identifier(word: str, file: str, kind: str, name: str) -> None:
    # A leading underscore is the project's: _batch_id, _line and _landed_at stand beside the declared columns.
    if not IDENTIFIER.fullmatch(word) or word.startswith("_"):
        raise AsofError(f"{file}: {kind} {name!r} is not a name: use lower-case letters, digits and _, starting with a letter")


def _path(keys: Keys) -> str:
    path = keys.text("path")
    if not PATH.fullmatch(path) or ".." in PurePosixPath(path).parts:
        raise keys.error(
            "path",
            f"is {path!r}; it must be a folder or file below the landing folder, such as flights/departures",
        )
    return path


@lru_cache(maxsize=256)
def landing_schema(source: LandingSource) -> pa.DataFrameSchema:
    """The schema for rows of `source`: types, not null, accepted values; kept, it costs as much as checking a file."""
    return pa.DataFrameSchema({column.name: _checked(column) for column in source.columns})


def _checked(column: LandingColumn) -> pa.Column:
    low, high, checks = column.minimum, column.maximum, []
    if low is not None and high is not None:
        checks.append(pa.Check.in_range(low, high, error=f"is outside {low:g} to {high:g}"))
    elif low is not None:
        checks.append(pa.Check.ge(low, error=f"is less than {low:g}"))
    elif high is not None:
        checks.append(pa.Check.le(high, error=f"is more than {high:g}"))
    if column.values:
        checks.append(pa.Check.isin(list(column.values), error=f"is none of {', '.join(map(str, column.values))}"))
    return pa.Column(pd.ArrowDtype(TYPES[column.data_type]), checks=checks, nullable=not column.required)


def failures(rows: arrow.Table, schema: pa.DataFrameSchema) -> list[tuple[int, str, str]]:
    """What `rows` do not keep to: (index of the row, column, reason); empty if all is well."""
    try:
        # Arrow-backed columns: no copy into objects, and nulls stay apart from NaN.
        schema.validate(rows.to_pandas(types_mapper=pd.ArrowDtype), lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        if cases["index"].isna().any():
            raise AsofError(f"rows do not have the declared shape: {cases.iloc[0].to_dict()}") from error
        return [
            (
                int(case.row),
                str(case.column),
                "is null" if case.check == "not_nullable" else f"{case.failure_case} {case.check}",
            )
            for case in cases.rename(columns={"index": "row"}).itertuples(index=False)
        ]
    return []
