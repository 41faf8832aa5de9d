"""A source that is said again: what an earlier call wrote moves away, and nothing of it is lost."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.runtime import settings, warehouse
from flows.steps.data.feeds.archive import ARCHIVE
from flows.studies.scaffolding import rendering
from ml.errors import AsofError


def move_away(name: str, files: Mapping[str, str], said: Sequence[Path]) -> Path | None:
    """Make room for the `files` of a source: those that are other than they will be, and earlier copies of its data, move into a
    folder of their own beside the warehouse, which is returned; None where nothing had to move. The files of `said` stay.

    AsofError where rows have landed as the source was declared.
    """
    _refuse_landed(name)
    table = name.replace(".", "/")
    landing, stay = settings.landing_folder(), {one.resolve() for one in said}
    moves = []
    for one, text in files.items():
        path = rendering.PROJECT / one
        if path.exists() and path.read_text(encoding="utf-8") == text:
            path.unlink()
        elif path.exists():
            moves.append((path, one))
    for below in (landing / table, landing / ARCHIVE / table):
        moves += [(one, str(one.relative_to(landing))) for one in sorted(below.glob("*")) if one.resolve() not in stay]
    if not moves:
        return None
    home = settings.warehouse_file().parent / "replaced" / name
    to = next(one for n in range(1, 10_000) if not (one := home / str(n)).exists())
    for path, relative in moves:
        (to / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to / relative)
    return to


def _refuse_landed(name: str) -> None:
    """AsofError where files of the source have landed; an empty table of it is dropped, since its columns may become others."""
    if not settings.warehouse_file().exists():
        return
    relation = f"landing.{name.replace('.', '__')}"
    if warehouse.has_table("ledger", "batches"):
        with warehouse.cursor() as con:
            landed = con.execute("select count(*) from ledger.batches where source = ?", [name]).fetchall()[0][0]
        if landed:
            raise AsofError(
                f"--again: {landed:,} files of {name} have landed as it is declared, and what landed is not read anew; change "
                "its YAML and SQL by hand, take another name, or set ASOF_WAREHOUSE and ASOF_LANDING to new paths and begin there"
            )
    with warehouse.cursor() as con:
        con.execute(f"drop table if exists {relation}")
