"""The columns of a file beside those that its source declares, and the declared limit of a field."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from checks.landing import LandingSource
from ml.errors import AsofError

FEW = 5


def columns_of(found: list[str], source: LandingSource) -> list[str]:
    """The declared names of a file's columns, in the file's order; AsofError for any difference but the order."""
    if len(found) > source.limits.columns:
        raise AsofError(
            f"has {len(found):,} columns, more than the limit of {source.limits.columns:,}; correct the file, or declare "
            f"landing.limits.columns in {source.declared_in}"
        )
    headers = {column: header for header, column in source.rename}
    declared = {headers.get(column.name, column.name): column.name for column in source.columns}
    missing = [name for name in declared if name not in found]
    extra = [name for name in found if name not in declared]
    twice = sorted({name for name in found if found.count(name) > 1})
    words = [("lacks", missing), ("has undeclared", extra), ("repeats", twice)]
    if problems := [f"{word} column {_told(names)}" for word, names in words if names]:
        raise AsofError(f"{' and '.join(problems)}; correct the file or {source.declared_in}")
    return [declared[name] for name in found]


def _told(names: list[str]) -> str:
    few = [name if name.isidentifier() else repr(name[:60]) for name in names[:FEW]]
    return ", ".join(few) + (f" and {len(names) - FEW:,} more" if len(names) > FEW else "")


def too_long(rows: pa.Table, source: LandingSource) -> None:
    """AsofError where a text of `rows` is longer than the source allows."""
    most = source.limits.field_characters
    for column in source.columns:
        if not pa.types.is_string(rows[column.name].type) or rows[column.name].nbytes <= most:
            continue
        lengths = pc.utf8_length(rows[column.name])
        longest = pc.max(lengths).as_py() or 0
        if longest > most:
            line = rows["_line"][pc.index(lengths, longest).as_py()].as_py()
            raise AsofError(
                f"is refused: line {line}, column {column.name} holds {longest:,} characters, more than the limit of {most:,}; "
                f"look for a quote that is not closed, or declare landing.limits.field_characters in {source.declared_in}"
            )
