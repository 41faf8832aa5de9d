"""Restoring a backup: into an empty folder, or to where warehouse and landing folder are declared. Nothing is overwritten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.runtime import settings, warehouse
from flows.runtime.orphans import unfinished
from flows.runtime.step import step
from flows.steps.data.backup import manifest
from flows.steps.data.backup.manifest import Contents, Manifest
from ml.errors import AsofError

LANDING = "landing"
ENDING = "part"


@dataclass(frozen=True)
class Restored:
    """Where the warehouse and the landed files are now, the tables as found there, and what the backup says of itself."""

    warehouse: Path
    landing: Path
    tables: dict[str, Contents]
    manifest: Manifest


@step()
def restore(backup: Path) -> Restored:
    """Restore a backup to ASOF_WAREHOUSE and ASOF_LANDING.

    A file that is there and is the same stays; AsofError names what stands in the way, and nothing is restored. So it does where
    the backup is damaged.
    """
    return _restored(backup, warehouse.file(), settings.landing_folder())


@step()
def restore_into(backup: Path, folder: Path) -> Restored:
    """Restore a backup into a folder that is empty or not there yet; AsofError where it is not, or the backup is damaged."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AsofError(f"{folder} is not empty, and a restore overwrites nothing: name another folder with --into")
    return _restored(backup, folder / manifest.read(backup).warehouse, folder / LANDING)


def _restored(backup: Path, where: Path, landing: Path) -> Restored:
    said = manifest.read(backup)
    if where.name != said.warehouse:
        raise AsofError(
            f"{backup} is of a warehouse called {said.warehouse}, and its views name it: "
            "set ASOF_WAREHOUSE to a path that ends so"
        )
    manifest.check(backup, said)
    targets = {name: _home(name, where, landing) for name in said.files}
    _nothing_in_the_way(targets, said, where)
    # The warehouse comes last: where it is, all else is.
    for name in sorted(targets, key=lambda name: name == said.warehouse):
        _put(backup / name, targets[name], said.files[name])
    landing.mkdir(parents=True, exist_ok=True)
    os.sync()
    with warehouse.reader(where) as con:
        tables = manifest.contents(con)
        version = con.execute("select version()").fetchall()[0][0]
    # Another version of DuckDB may count hashes otherwise; the bytes were compared already.
    if version == said.duckdb and (other := manifest.differing(said.tables, tables)):
        raise AsofError(f"{where} was restored and {', '.join(other[:5])} differ from what was backed up: use another backup")
    return Restored(where, landing, tables, said)


def _home(name: str, where: Path, landing: Path) -> Path:
    return landing / name.removeprefix(f"{LANDING}/") if name.startswith(f"{LANDING}/") else where.with_name(name)


def _nothing_in_the_way(targets: Mapping[str, Path], said: Manifest, where: Path) -> None:
    found = [path for name, path in targets.items() if path.exists() and manifest.digest(path) != said.files[name]]
    log = Path(f"{where}.wal")
    found += [log] if log.exists() else []
    if found:
        more = f" and {len(found) - 4} more" if len(found) > 4 else ""
        raise AsofError(
            f"{', '.join(map(str, found[:4]))}{more} stand in the way, and a restore overwrites nothing: move them into a folder "
            f"of their own, and run it again; nothing was restored"
        )


def _put(source: Path, target: Path, part: manifest.Part) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part_of_it = unfinished(target, ENDING)
    try:
        shutil.copyfile(source, part_of_it)
        os.utime(part_of_it, ns=(source.stat().st_mtime_ns,) * 2)
        if manifest.digest(part_of_it) != part:
            raise AsofError(f"{source} changed while it was restored: run it again")
        part_of_it.replace(target)
    finally:
        part_of_it.unlink(missing_ok=True)
