"""A folder that holds an export: a folder per run inside, and `current`, a symbolic link to the newest.

A run's folder is written under a hidden name and gets its own when it is complete; then one rename turns `current`. So it shows
a whole run at any instant, also after a kill. Who resolves `current` and reads there has one run, which stays until the export
after the next; a pattern through the link may list two.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.runtime import settings
from flows.steps.serving.publishing import Shown
from ml.errors import AsofError

NAME, CURRENT = "export.json", "current"
FORMAT = 1
# Written, turned and removed under such names. Whoever has the folder's lock knows that nobody is at work on them.
_HIDDEN = re.compile(r"\.export\.(part|link|gone)")
_KEYS = {"format", "kind", "run_id", "as_of", "published_at", "tables", "files"}


@dataclass(frozen=True)
class _Held:
    """A complete export of one run: its kind, and the bytes of each of its files by path."""

    folder: Path
    kind: str
    files: dict[str, int]

    @property
    def intact(self) -> bool:
        return all(
            (self.folder / name).is_file() and (self.folder / name).stat().st_size == size for name, size in self.files.items()
        )

    @property
    def foreign(self) -> Iterator[Path]:
        """What lies in it and is not of the export."""
        known = {NAME, *self.files}
        for path in sorted(self.folder.rglob("*")):
            if (path.is_symlink() or not path.is_dir()) and path.relative_to(self.folder).as_posix() not in known:
                yield path


def write(place: Path, kind: str, run: Shown, fill: Callable[[Path], dict[str, int]]) -> bool:
    """Let `place` hold the export of a run, which `fill` writes into an empty folder, returning rows by table.

    Returns False where it holds it already, undamaged. The run before stays beside it, older ones go, and nothing else: AsofError
    where anything lies there that no export has written, and where another process is exporting there.
    """
    landing = settings.landing_folder().resolve()
    if landing in (place.resolve(), *place.resolve().parents):
        raise AsofError(f"{place} is in the landing folder, where it would land: name another folder")
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place):
        _clear(place)
        held = _held(place, kind)
        link = place / CURRENT
        before = link.readlink().name if link.is_symlink() else None
        name = f"{run.published_at:%Y%m%dT%H%M%SZ}-{run.run_id[:12]}"
        fresh = name not in held or not held[name].intact
        if fresh:
            _stage(place, name, kind, run, fill, held.get(name))
        if before != name:
            turned = place / ".export.link"
            turned.symlink_to(name)
            turned.replace(link)
            _synced(place)
        for one in held.values():
            if one.folder.name not in (name, before):
                _remove(one)
        return fresh


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    handle = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AsofError(f"another process is exporting to {place}: wait for it, and run it again") from error
        yield
    finally:
        os.close(handle)


def _clear(place: Path) -> None:
    """Remove what a killed export has left."""
    for path in place.iterdir():
        if _HIDDEN.fullmatch(path.name):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _stage(place: Path, name: str, kind: str, run: Shown, fill: Callable[[Path], dict[str, int]], damaged: _Held | None) -> None:
    staged = place / ".export.part"
    staged.mkdir()
    try:
        tables = fill(staged)
        files = {path.relative_to(staged).as_posix(): path.stat().st_size for path in sorted(staged.rglob("*")) if path.is_file()}
        said = {
            "format": FORMAT,
            "kind": kind,
            "run_id": run.run_id,
            "as_of": run.as_of.isoformat(),
            "published_at": run.published_at.isoformat(),
        }
        (staged / NAME).write_text(json.dumps({**said, "tables": tables, "files": files}, indent=1) + "\n")
        for path in (*staged.rglob("*"), staged):
            _synced(path)
        if damaged:
            _remove(damaged)
        staged.replace(place / name)
        _synced(place)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _held(place: Path, kind: str) -> dict[str, _Held]:
    """The exports in a folder, by name; AsofError for anything else in it."""
    found = {}
    for path in sorted(place.iterdir()):
        if _HIDDEN.fullmatch(path.name) or (path.name == CURRENT and path.is_symlink()):
            continue
        one = None if path.is_symlink() or not path.is_dir() else _read(path)
        foreign = path if one is None else next(one.foreign, None)
        if foreign:
            raise AsofError(
                f"{foreign} was not written by an export, and {place} may hold nothing else: move it away, or name another folder"
            )
        if one.kind != kind:
            raise AsofError(f"{place} holds an export of the kind {one.kind}: name another folder for {kind}")
        found[path.name] = one
    return found


def _read(folder: Path) -> _Held | None:
    """What the manifest of an export says; None where there is none that can be read."""
    try:
        said = json.loads((folder / NAME).read_bytes())
        if said.keys() == _KEYS and said["format"] == FORMAT:
            return _Held(folder, str(said["kind"]), {str(name): int(size) for name, size in said["files"].items()})
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        pass
    return None


def _remove(one: _Held) -> None:
    """Remove an export, unless something has come into it since it was looked at: the next one tells of that."""
    if next(one.foreign, None):
        return
    gone = one.folder.with_name(".export.gone")
    one.folder.replace(gone)
    shutil.rmtree(gone)
