"""Backups without the person: each is restored beside itself, purged there, and written anew in its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.runtime import warehouse
from flows.runtime.orphans import named, orphans, remove_orphans, unfinished
from flows.steps.data.backup import manifest, restoring, writing
from ml.errors import AsofError

ENDING = "purging"


def listed(folder: Path) -> list[Path]:
    """The backups in a folder, or the folder itself where it is one; AsofError where there is none.

    One that a killed purge had moved away, and its successor not yet into its place, is that successor from now on.
    """
    for backup in (folder, *named(folder, ENDING)):
        for left in () if backup.exists() else orphans(backup, ENDING):
            if (left / "old").exists():
                (left / "backup").replace(backup)
    found = sorted(one.parent for one in [folder / manifest.NAME, *folder.glob(f"*/{manifest.NAME}")] if one.exists())
    found = [one for one in found if not one.name.startswith(".")]
    if not found:
        raise AsofError(f"{folder} holds no backup: name the folder that `python -m flows backup` wrote, or the one above it")
    return found


def rewrite(backup: Path, purge: Callable[[], int]) -> int:
    """Write a backup anew as `purge` leaves it, which works on ASOF_WAREHOUSE and ASOF_LANDING; returns what `purge` returns.

    The old one is removed once the new one was tried. Killed, either of them is there under its name, at the latest when the
    backups are `listed` again.
    """
    remove_orphans(backup, ENDING)
    said, place = manifest.read(backup), unfinished(backup, ENDING)
    writing.fits(backup.parent, said.bytes)
    place.mkdir(mode=0o700)
    try:
        restored = restoring.restore_into(backup, place / "restored")
        with _working_on(restored.warehouse, restored.landing, place / "published" / "none.duckdb"):
            rows = purge()
            writing.back_up(place / "backup")
        backup.replace(place / "old")
        (place / "backup").replace(backup)
    finally:
        if not backup.exists() and (place / "old").exists():
            (place / "old").replace(backup)
        shutil.rmtree(place, ignore_errors=True)
    return rows


@contextmanager
def _working_on(file: Path, landing: Path, published: Path) -> Iterator[None]:
    """This process works on another warehouse meanwhile, and on the landing folder that belongs to it."""
    paths = {"ASOF_WAREHOUSE": file, "ASOF_LANDING": landing, "ASOF_PUBLISHED": published}
    before = {name: os.environ.get(name) for name in paths}
    warehouse.close()
    try:
        os.environ.update({name: str(path) for name, path in paths.items()})
        yield
    finally:
        warehouse.close()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
