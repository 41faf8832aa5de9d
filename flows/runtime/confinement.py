"""What SQL may reach: the files of the warehouse itself, the published file while it is written, the seeds, and no network.

DuckDB reads and writes any file that the process may, and loads extensions: a line in a model would be enough to read a
password. So each instance that Python or dbt opens is confined before it runs anything, and its configuration is locked.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from flows.runtime import settings
from flows.runtime.orphans import unfinished
from flows.runtime.sql_text import quoted

# What a statement may still set: the share of memory that a training leaves to DuckDB, and when the log is written into the file.
CHANGED = ("memory_limit", "checkpoint_threshold")
SEEDS = "seeds"
# The ending of a published file that is not finished.
PUBLISHING = "new"
# What DuckDB writes for a file: itself, its log, and two more while it takes the log in.
WRITTEN = ("", ".wal", ".wal.checkpoint", ".wal.recovery")

_allowed: set[Path] = set()


def allow(folder: Path) -> None:
    """Instances that this process opens from now on may also use files in a folder: for studies, which work on copies."""
    _allowed.add(folder.resolve())


def confine(con: duckdb.DuckDBPyConnection, changed: Iterable[str]) -> None:
    """Let the instance of a connection reach nothing else from now on; settings named in `changed` may still be set.

    An instance that is confined already stays as it is: in one process all connections to a file share it.
    """
    if con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
        return
    own = con.execute("select path from duckdb_databases() where not internal and path is not null").fetchall()
    files = [unfinished(settings.published_file(), PUBLISHING), *(Path(path).absolute() for (path,) in own)]
    folders = [settings.PROJECT / SEEDS, *settings.sql_folders(), *sorted(_allowed)]
    # In this order: what is allowed cannot be set once access is off, and nothing once the configuration is locked.
    con.execute(f"set allowed_directories = {_listed(folders)}")
    con.execute(f"set allowed_paths = {_listed(f'{file}{ending}' for file in files for ending in WRITTEN)}")
    con.execute(f"set allowed_configs = {_listed([*CHANGED, *changed])}")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def _listed(names: Iterable[object]) -> str:
    return f"[{', '.join(map(quoted, names))}]"
