"""A scratch warehouse beside the project's own, in which a new problem is tried before it is anybody's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from flows.runtime import child, parsed_project, settings
from flows.steps.data.feeds.archive import ARCHIVE


class Scratch:
    """A folder with a warehouse, landed files and dbt's target of its own.

    Nothing outside of it is written but indexes and what dbt has parsed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        parsed_project.carry(parsed_project.folder(), folder / "target")
        landing = settings.landing_folder()
        if landing.is_dir():
            # What feeds have delivered into the real folder is delivered here anew, so only lists and archives go along.
            delivered = {one.relative_to(landing / ARCHIVE) for one in (landing / ARCHIVE).glob("*/*") if one.is_dir()}
            skipped = {str(landing / one) for one in delivered}
            shutil.copytree(
                landing, folder / "landing", copy_function=_link,
                ignore=lambda where, names: [one for one in names if f"{where}/{one}" in skipped or one.endswith(".part")],
            )  # fmt: skip

    def build(self, select: Sequence[str], share: float, sources: Sequence[str] = (), anew: bool = False) -> dict:
        """Build models in a process of its own; see `child.look`. AsofError with what dbt says."""
        ours = {
            "ASOF_WAREHOUSE": str(self.folder / "warehouse.duckdb"), "ASOF_LANDING": str(self.folder / "landing"),
            "ASOF_PUBLISHED": str(self.folder / "published.duckdb"), "DBT_TARGET_PATH": str(self.folder / "target"),
        }  # fmt: skip
        job = {"sources": [*sources], "select": [*select], "share": share, "anew": anew}
        ended = child.run("flows.studies.scaffolding.child", job, environment={**os.environ, **ours})
        return ended.line("the new problem could not be tried")

    def keep_parsed(self) -> None:
        """Leave what dbt parsed where the next command looks for it, while the project is as it was parsed."""
        parsed_project.carry(self.folder / "target", parsed_project.folder())

    def keep(self) -> None:
        """Leave the indexes of archives where the next replay looks for them: the past need not be sorted twice."""
        archive = settings.landing_folder() / ARCHIVE
        for made in (self.folder / "landing" / ARCHIVE).rglob(".*.archive"):
            there = archive / made.relative_to(self.folder / "landing" / ARCHIVE)
            if not (there.exists() and there.samefile(made)):
                shutil.move(made, there)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The scratch warehouse, to read."""
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'")
            yield con


@contextmanager
def scratch() -> Iterator[Scratch]:
    """A scratch beside the warehouse, removed at the end."""
    beside = settings.warehouse_file().parent
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="new-", dir=beside))
    try:
        place = Scratch(folder)
        yield place
        place.keep()
        place.keep_parsed()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
