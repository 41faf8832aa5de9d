"""A tiny source for tests of landing: the levels of a river in 1987, without a key. It needs neither dbt nor flights."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from checks.landing import LandingSource

CLOCK = datetime(1987, 3, 1)
ROWS = [["a", "1.25", "1987-02-01T06:00:00Z"], ["a", "1.25", "1987-02-01T06:00:00Z"], ["b, left", "NA", "1987-02-01T07:00:00Z"]]


def gauges(table: str = "levels", **more) -> LandingSource:
    columns = [
        {"name": "gauge", "data_type": "varchar", "constraints": [{"type": "not_null"}]},
        {"name": "level", "data_type": "double"},
        {"name": "read_at", "data_type": "timestamp", "constraints": [{"type": "not_null"}]},
    ]
    declared = {"path": f"river/{table}", "format": "csv", "null": "NA", "key": [], "known_at": "read_at", **more}
    node = {
        "source_name": "river", "name": table, "identifier": f"river__{table}", "schema": "landing",
        "original_file_path": "river.yml", "columns": {one["name"]: one for one in columns},
        "config": {"meta": {"landing": declared}},
    }  # fmt: skip
    return LandingSource.from_manifest({"sources": {"x": node}})[0]


def put(folder: Path, name: str, rows: list[list[str]], table: str = "levels", **style) -> Path:
    """Write a file of the source below the landing folder; `style` is how csv writes it."""
    path = folder / "river" / table / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, **{"lineterminator": "\n", **style})
        writer.writerows([["gauge", "level", "read_at"], *rows])
    return path
