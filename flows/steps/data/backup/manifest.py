"""What a backup says of itself: every file with its sha256, every table with its rows and a digest of what they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

import duckdb

from ml.errors import AsofError

NAME = "manifest.json"
FORMAT = 1
CHUNK = 2**20
OTHER = "use another backup; nothing was restored"


@dataclass(frozen=True)
class Part:
    """A file of a backup: its bytes, and the sha256 of them."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """A table: how many rows, and the sum of the hashes of its rows, which no order of them changes."""

    rows: int
    hash: str


@dataclass(frozen=True)
class Manifest:
    """`files` by their path in the backup, `tables` as `schema.table`; `warehouse` is the name of its file."""

    made_at: str
    clock: str | None
    code_version: str
    declarations: str
    duckdb: str
    warehouse: str
    files: dict[str, Part]
    tables: dict[str, Contents]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(part.bytes for part in self.files.values())

    def write(self, folder: Path) -> None:
        """Write it into a backup, with a digest of itself."""
        said = {"format": FORMAT, **asdict(self)}
        (folder / NAME).write_text(json.dumps({**said, "sha256": _digest(said)}, indent=1) + "\n")


def read(folder: Path) -> Manifest:
    """The manifest of a backup; AsofError where it is missing, damaged, or of a version that this one does not know."""
    file = folder / NAME
    try:
        said = json.loads(file.read_bytes())
        digest = said.pop("sha256")
        known = said.pop("format")
    except FileNotFoundError as error:
        raise AsofError(
            f"{folder} is no backup: it has no {NAME}; name the folder that `python -m flows backup` wrote"
        ) from error
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise AsofError(f"{file} is damaged and cannot be read; {OTHER}") from error
    if digest != _digest({"format": known, **said}):
        raise AsofError(f"{file} is damaged: it is not what was written; {OTHER}")
    if known != FORMAT:
        raise AsofError(f"{file} is of format {known}, this version reads {FORMAT}: restore it with the version that wrote it")
    files = {name: Part(**part) for name, part in said["files"].items()}
    tables = {name: Contents(**one) for name, one in said["tables"].items()}
    for name in files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise AsofError(f"{file} names {name}, which is outside of the backup; {OTHER}")
    return Manifest(**{**said, "files": files, "tables": tables})


def check(folder: Path, manifest: Manifest) -> None:
    """AsofError that names the first file which is missing or is not what was written."""
    for name, part in manifest.files.items():
        try:
            found = digest(folder / name)
        except FileNotFoundError as error:
            raise AsofError(f"{folder / name} is missing from the backup; {OTHER}") from error
        if found != part:
            raise AsofError(f"{folder / name} is damaged: its sha256 is not {part.sha256[:12]}…; {OTHER}")


def digest(file: Path) -> Part:
    """The bytes and the sha256 of a file."""
    with file.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    return Part(file.stat().st_size, found)


def contents(con: duckdb.DuckDBPyConnection) -> dict[str, Contents]:
    """Every table of a warehouse, by name; each row is read."""
    return dict(_contents(con))


def _contents(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Contents]]:
    listed = "select schema_name, table_name from duckdb_tables() where not temporary and not internal order by all"
    for schema, table in con.execute(listed).fetchall():
        asked = f'select count(*), cast(coalesce(sum(hash(one)), 0) as varchar) from "{schema}"."{table}" as one'
        yield f"{schema}.{table}", Contents(*con.execute(asked).fetchall()[0])


def differing(one: dict[str, Contents], other: dict[str, Contents]) -> list[str]:
    """The tables that are not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _digest(said: dict) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
