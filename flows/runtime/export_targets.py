"""Where published tables are exported to, as people write it: KIND:PLACE."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# Each kind, and whether its place is a folder; that of PostgreSQL is a schema.
KINDS = {"parquet": True, "parquet_by_day": True, "csv": True, "postgres": False}
SCHEMA = "asof"
EXAMPLE = "parquet:/srv/lake"
ALLOWED = "parquet:FOLDER, parquet_by_day:FOLDER, csv:FOLDER, postgres or postgres:SCHEMA"
# What needs no quotes in SQL, nor a thought about upper case; 63 bytes are what PostgreSQL keeps of a name.
_SCHEMA_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}", re.ASCII)


@dataclass(frozen=True)
class Target:
    """A kind of KINDS, and the absolute path of a folder or the name of a schema."""

    kind: str
    place: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"


def read(text: str, base: Path) -> Target:
    """What is written `KIND:PLACE`; a relative path counts from `base`. ValueError where it will not do."""
    kind, _, place = text.partition(":")
    if kind not in KINDS:
        raise ValueError
    if not KINDS[kind]:
        place = place or SCHEMA
        if not _SCHEMA_NAME.fullmatch(place):
            raise ValueError
        return Target(kind, place)
    if not place.strip() or "\0" in place or place.startswith("//"):
        raise ValueError
    try:
        return Target(kind, str(base / Path(place).expanduser()))
    except RuntimeError as error:  # the folder of a user that is not there
        raise ValueError from error
