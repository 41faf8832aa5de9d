"""Writing a backup: the warehouse, its journal and the landing folder while nobody writes, tried, and then given its name."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from flows.runtime import declarations, journal, private_files, settings, warehouse
from flows.runtime.orphans import remove_orphans, unfinished
from flows.runtime.step import step
from flows.steps.data.backup import manifest, restoring
from flows.steps.data.backup.manifest import Manifest, Part
from flows.store import clock, ledger
from ml.errors import AsofError

# What is written, and what it is restored to in order to try it.
COPIES = 2
ENDING = "part"


@step()
def back_up(target: Path) -> Manifest:
    """Write a backup as the folder `target`, which must not be there or be empty; returns what it holds.

    It holds the warehouse, its journal and the landing folder, as they are while no other process writes; no password, no
    setting, nothing that is published. It gets its name when it was restored into a folder of its own and every table was the
    same there. AsofError when the warehouse is not there or in use, when it does not fit on the disk, or when it is damaged.
    """
    where = warehouse.file()
    if not where.exists():
        raise AsofError(f"{where} is not there: nothing has landed that could be backed up")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AsofError(f"{target} is there already, and a backup replaces nothing: name another folder with --to")
    if settings.landing_folder() in target.parents:
        raise AsofError(f"{target} is in the landing folder, where it would land: name another folder with --to")
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_orphans(target, ENDING)
    now = _settled(where)
    fits(target.parent, where.stat().st_size + sum(file.stat().st_size for file in _landed()))
    staged = unfinished(target, ENDING)
    staged.mkdir(mode=0o700)
    try:
        made = _written(where, staged, now)
        made.write(staged)
        _try(staged, made)
        os.sync()
        staged.replace(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return made


def _settled(where: Path) -> str | None:
    """Hold the ledger against the journal, and write the log into the file; returns the clock."""
    with warehouse.cursor() as con:
        con.execute("checkpoint")
    now = clock.now()
    warehouse.close()
    return now and now.isoformat()


def fits(folder: Path, size: int) -> None:
    """AsofError where a backup of so many bytes, and what it is tried in, do not fit on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if free < COPIES * size:
        raise AsofError(
            f"{folder} has {free / 2**20:,.0f} MB free, and {COPIES * size / 2**20:,.0f} MB are needed, since a backup is tried "
            f"by restoring it: free some disk space, or name a folder on another disk with --to"
        )


def _written(where: Path, staged: Path, now: str | None) -> Manifest:
    # The reader's lock keeps writers out. The system gives up a lock with the first handle of the file that is closed: that is
    # why this handle is opened before the reader and closed after it.
    with where.open("rb") as held, warehouse.reader(where) as con:
        if Path(f"{where}.wal").exists():
            raise AsofError(f"another process has just written to {where}: run it again")
        tables = manifest.contents(con)
        files = {where.name: _copied(held, staged / where.name)}
        sources = {journal.beside(where).name: journal.beside(where)}
        sources |= {f"{restoring.LANDING}/{file.relative_to(settings.landing_folder()).as_posix()}": file for file in _landed()}
        for name, file in sources.items():
            try:
                with file.open("rb") as handle:
                    files[name] = _copied(handle, staged / name)
            except FileNotFoundError:
                continue  # a warehouse that is older than its journal, or a file that its sender took back
        version = con.execute("select version()").fetchall()[0][0]
    made_at = f"{ledger.wall_clock():%Y-%m-%dT%H:%M:%SZ}"
    return Manifest(
        made_at, now, ledger.code_version(), declarations.fingerprint(), version, where.name, files, tables
    )  # fmt: skip


def _copied(source: BinaryIO, target: Path) -> Part:
    target.parent.mkdir(parents=True, exist_ok=True)
    found, size = hashlib.sha256(), 0
    with open(target, "xb", opener=private_files.opener) as copy:
        while chunk := source.read(manifest.CHUNK):
            found.update(chunk)
            size += copy.write(chunk)
    modified = os.fstat(source.fileno()).st_mtime_ns  # a landing does not read what has its old time
    os.utime(target, ns=(modified, modified))
    return Part(size, found.hexdigest())


def _landed() -> Iterator[Path]:
    """The files of the landing folder, without the warehouse and Prefect's password where they lie there, too."""
    prefect = settings.path("PREFECT_HOME", "data/prefect")
    for file in sorted(settings.landing_folder().rglob("*")):
        if file.is_file() and not file.name.startswith(warehouse.file().name) and prefect not in file.parents:
            yield file


def _try(staged: Path, made: Manifest) -> None:
    empty = staged.with_name(f"{staged.name}.tried")
    try:
        restored = restoring.restore_into(staged, empty)
        if other := manifest.differing(made.tables, restored.tables):
            raise AsofError(f"what was written is not what the warehouse holds: {', '.join(other[:5])} differ; run it again")
    finally:
        shutil.rmtree(empty, ignore_errors=True)
