"""Files that are there already, delivered as they became known: any source of the past can be replayed.

`feed: archive` in a source's `config.meta`: its files lie below `archive/` in the landing folder, under the source's own path
(`archive/shop/visits/*.csv`). Each record is delivered, as it is written there, in the file of the window that holds its
`known_at`. A record whose `known_at` cannot be read comes with the record before it, so that landing says what is wrong with
it. A list without `known_at` is delivered as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from checks.known_at import in_order
from checks.landing import LandingSource
from flows.steps.data.feeds import windows
from flows.steps.data.feeds.archive_index import Index, files
from flows.steps.data.landing.unread import unread
from ml.errors import AsofError

# The feed's name, and that of its folder below the landing folder.
ARCHIVE = "archive"
HOUR = timedelta(hours=1)


class ArchiveFeed:
    """The archive by what was known when; all of it was known between `first` and `last`, whole hours."""

    def __init__(self, sources: Sequence[LandingSource], folder: Path) -> None:
        if strange := unread(sources, folder / ARCHIVE):
            raise AsofError(f"{folder / ARCHIVE}/{strange[0]} is of no source with `feed: {ARCHIVE}`; rename or remove it")
        self._lists = [one for one in sources if one.known_at is None]
        self._indexes: dict[str, Index] = {}
        asked = {one.made.of for one in sources if one.made}
        for one in in_order([one for one in sources if one.known_at]):
            self._indexes[one.name] = Index(one, folder / ARCHIVE / one.path, self._indexes, one.name in asked)
        spans = [index.span for index in self._indexes.values() if index.span]
        if not spans:
            raise AsofError(
                f"{folder / 'archive'} holds no record of {', '.join(one.name for one in sources)}: put their files there"
            )
        # Windows are of whole minutes, and the last one ends after its last record.
        self.first: datetime = min(first for first, _ in spans).replace(minute=0, second=0, microsecond=0)
        self.last: datetime = max(last for _, last in spans).replace(minute=0, second=0, microsecond=0) + HOUR

    def drop(self, folder: Path, start: datetime, end: datetime) -> list[Path]:
        """Write what was known in [start, end), one file per source; returns the files, none for a source without records."""
        written = []
        for index in self._indexes.values():
            where = folder / index.source.path
            where.mkdir(parents=True, exist_ok=True)
            file = where / f"{windows.stem(start, end)}.{index.source.format}"
            if windows.written(file, lambda part, one=index: one.write(part, start, end)):
                written.append(file)
        return written

    def origin(self, file: str, lines: Collection[int]) -> dict[int, str]:
        """By line of a file that was delivered: the file of the archive and the line there, as people look for them."""
        path, span = Path(file), windows.window(Path(file).name)
        there = f"{ARCHIVE}/{path.parent.as_posix()}"
        if not span:  # a list is delivered as it is
            return {line: f"{there}/{path.name} line {line}" for line in lines}
        index = next((one for one in self._indexes.values() if one.source.path == path.parent.as_posix()), None)
        found = index.origin(*span, lines) if index else {}
        return {line: f"{there}/{name} line {number}" for line, (name, number) in found.items()}

    def drop_reference(self, folder: Path) -> list[Path]:
        """Write the lists without `known_at` as they are in the archive; returns their files."""
        written = []
        for source in self._lists:
            where = folder / source.path
            where.mkdir(parents=True, exist_ok=True)
            for file in files(source, folder / ARCHIVE / source.path):
                written.append(windows.write(where / file.name, file.read_bytes()))
        return written


FEED = ArchiveFeed
