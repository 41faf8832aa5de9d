"""Feeds: programs that deliver files into the landing folder. A dbt source names its feed in `config.meta.feed`.

A feed is a module of this folder that says in `FEED` how it is made; its name is that of the module.
"""

import pkgutil
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol

from checks.landing import LandingSource
from ml.errors import AsofError


class Feed(Protocol):
    """What every feed can do. Instants are UTC without a zone."""

    first: datetime
    last: datetime

    def drop(self, folder: Path, start: datetime, end: datetime) -> list[Path]:
        """Write the files of what became known in [start, end), named by `windows.stem`; returns those that hold rows."""

    def drop_reference(self, folder: Path) -> list[Path]:
        """Write the static lists; returns their files."""

    def origin(self, file: str, lines: Collection[int]) -> dict[int, str]:
        """By line of a file that it wrote, a path below the landing folder: where people find it; nothing where it cannot say."""


def feeds() -> dict[str, Callable[[Sequence[LandingSource], Path], Feed]]:
    """By name: how a feed is made for the sources that name it, and the landing folder."""
    modules = {name: import_module(f"{__name__}.{name}") for _, name, _ in pkgutil.iter_modules(__path__)}
    return {name: module.FEED for name, module in modules.items() if hasattr(module, "FEED")}


def feed(name: str, sources: Sequence[LandingSource] = (), folder: Path = Path()) -> Feed:
    """A new feed by its declared name, prepared; AsofError for a name that is not there."""
    if name not in (there := feeds()):
        raise AsofError(f"feed {name!r} is unknown; config.meta.feed of a source is one of {', '.join(there)}")
    return there[name](sources, folder)
