"""A small shop, lived for two days: made once, copied by those who change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import synthetic
from tests.clone import flows

HISTORY, UNTIL, NEXT = "2026-02-24", "2026-02-26", "2026-02-27"
PATHS = {
    "ASOF_WAREHOUSE": "data/warehouse.duckdb",
    "ASOF_LANDING": "data/landing",
    "ASOF_PUBLISHED": "published/analytics.duckdb",
}


@pytest.fixture(scope="session")
def lived_shop(shared: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A project of its own with the shop alone, and its warehouse, landed files and published file. Nobody changes it."""

    def live(folder: Path) -> None:
        synthetic.write_visits(synthetic.plant(folder) / "data" / "landing")
        flows(folder, "replay", "--history", HISTORY, "--until", UNTIL)

    return shared("lived_shop", live)


@pytest.fixture
def shop_project(lived_shop: Path, tmp_path: Path) -> Path:
    """A copy of it to change; commands run there by `tests.clone.flows`."""
    return shutil.copytree(lived_shop, tmp_path / "project")


@pytest.fixture
def shop_house(lived_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of its data and published file to change, and this very process works on them; dbt knows the project beside."""
    from flows.runtime import warehouse

    for part in ("data", "published"):
        shutil.copytree(lived_shop / part, tmp_path / "house" / part)
    for name, path in PATHS.items():
        monkeypatch.setenv(name, str(tmp_path / "house" / path))
    yield tmp_path / "house"
    warehouse.close()
