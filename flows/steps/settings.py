"""Where things are: paths and limits from the environment, with the defaults of `.env.example`."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

PROJECT = Path(__file__).resolve().parents[2]


def path(variable: str, default: str) -> Path:
    """The path in an environment variable; a relative one counts from the project's folder."""
    return PROJECT / os.environ.get(variable, default)


def landing_folder() -> Path:
    """The folder that feeds drop files into."""
    return path("ASOF_LANDING", "data/landing")


def published_file() -> Path:
    """The DuckDB file that BI tools read."""
    return path("ASOF_PUBLISHED", "published/analytics.duckdb")


def threads() -> int:
    """Cores to use, for DuckDB and LightGBM alike."""
    return int(os.environ.get("ASOF_THREADS", "2"))


def time_zone() -> ZoneInfo:
    """The zone in which the days and months of a replay turn."""
    return ZoneInfo(os.environ.get("ASOF_TIME_ZONE", "America/New_York"))
