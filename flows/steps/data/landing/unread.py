"""What lies in the landing folder and belongs to no source: a folder or file of a name that nobody declared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from checks.landing import LandingSource


def unread(sources: Iterable[LandingSource], folder: Path, besides: frozenset[str] = frozenset()) -> list[str]:
    """The names, below `folder`, of what no source takes, in order; of a folder the name alone, with a `/`.

    Files beside those of a source are not among them: its listing looks at each. Nor is what is hidden, or in `besides`.
    """
    declared = {one.path: one for one in sources}
    return sorted(_unread(folder, "", declared, besides)) if folder.is_dir() else []


def _unread(folder: Path, name: str, declared: dict[str, LandingSource], besides: frozenset[str]) -> Iterator[str]:
    with os.scandir(folder / name) as entries:
        for entry in entries:
            there = f"{name}/{entry.name}" if name else entry.name
            if entry.name.startswith(".") or there in besides:
                continue
            if not entry.is_dir():
                if name not in declared and there not in declared:
                    yield there
            elif there in declared or any(path.startswith(f"{there}/") for path in declared):
                if not entry.is_symlink():  # where a link leads is looked at by the listing of its source
                    yield from _unread(folder, there, declared, besides)
            elif name not in declared or not entry.name.endswith(f".{declared[name].format}"):
                yield f"{there}/"
