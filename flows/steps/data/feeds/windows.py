"""The files of a feed: one for each window of time, named by it, and whole under its name."""

from __future__ import annotations

import filecmp
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from ml.errors import AsofError

NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d)(\d\d)?_(\d+)([hm])")


def stem(start: datetime, end: datetime) -> str:
    """The name, without its ending, of the file for [start, end): `2026-07-01T05_1h` is the hour before 05:00 UTC."""
    length = end - start
    if length <= timedelta(0) or length % timedelta(minutes=1) or end.second or end.microsecond:
        raise AsofError(f"a drop from {start} to {end} is no window of whole minutes; give an earlier start and a later end")
    minutes = length // timedelta(minutes=1)
    long = f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
    return f"{end:%Y-%m-%dT%H}{f'{end:%M}' if end.minute else ''}_{long}"


def window(name: str) -> tuple[datetime, datetime] | None:
    """The window [start, end) that a file is named by; None for a file of any other name."""
    found = NAME.match(name)
    if found is None:
        return None
    end = datetime.fromisoformat(f"{found[1]}:{found[2] or '00'}")
    return end - timedelta(minutes=int(found[3]) * (60 if found[4] == "h" else 1)), end


def write(path: Path, content: bytes) -> Path:
    """Write under a hidden name, then rename: a file under its name is whole. The same bytes are left alone."""
    if not (path.exists() and path.read_bytes() == content):
        unfinished = path.with_name(f".{path.name}.part")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    return path


def written(path: Path, write_part: Callable[[Path], bool]) -> bool:
    """The same for what is too large to be held: `write_part` writes a file, and says whether there was anything to write."""
    unfinished = path.with_name(f".{path.name}.part")
    if not write_part(unfinished):
        return False
    if path.exists() and filecmp.cmp(path, unfinished, shallow=False):
        unfinished.unlink()
    else:
        unfinished.replace(path)
    return True
