"""Feeds: programs that deliver files into the landing folder. A dbt source names its feed in `config.meta.feed`."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flows.steps.feeds.nycflights import NycFlightsFeed
from ml.errors import AsofError


class Feed(Protocol):
    """What every feed can do. Instants are UTC without a zone."""

    first: datetime
    last: datetime

    def drop(self, folder: Path, start: datetime, end: datetime) -> list[Path]:
        """Write the files of what became known in [start, end); returns those that hold rows."""

    def drop_reference(self, folder: Path) -> list[Path]:
        """Write the static lists; returns their files."""


FEEDS: dict[str, Callable[[], Feed]] = {"nycflights": NycFlightsFeed}


def feed(name: str) -> Feed:
    """A new feed by its declared name, prepared; AsofError for a name that is not registered."""
    if name not in FEEDS:
        raise AsofError(f"feed {name!r} is unknown; config.meta.feed of a source is one of {', '.join(FEEDS)}")
    return FEEDS[name]()
