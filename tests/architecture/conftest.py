"""One parse of the project for all tests of its architecture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests import synthetic
from tests.architecture.house import House, read

PROJECT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that look at a house of their own instead of this one are left out by `-k "not own_house"`."""
    for item in items:
        if "shop" in getattr(item, "fixturenames", ()):
            item.extra_keyword_matches.add("own_house")


# A layer may be empty: of what dbt warns, that alone is no error.
STRICT = ("--warn-error-options", "{error: all, warn: [UnusedResourceConfigPath]}")


def _dbt(work: Path, *command: str, manifest: Any = None, project: Path = PROJECT) -> Any:
    """What dbt returns, in process, over a warehouse that is empty; what it writes goes to a scratch folder."""
    from dbt.cli.main import dbtRunner

    here, patch = Path.cwd(), pytest.MonkeyPatch()
    patch.setenv("ASOF_WAREHOUSE", str(work / "warehouse.duckdb"))
    result = dbtRunner(manifest=manifest).invoke(
        [*command, "--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(work / "target"),
         "--log-path", str(work / "logs"), "--log-level", "none", "--no-send-anonymous-usage-stats", *STRICT]
    )  # fmt: skip
    patch.undo()
    os.chdir(here)
    assert result.success, result.exception or [one.message for one in result.result]
    return result.result


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("architecture")


@pytest.fixture(scope="session")
def manifest(work: Path) -> Any:
    """The project as dbt parses it."""
    return _dbt(work, "parse")


@pytest.fixture(scope="session")
def house(manifest: Any) -> House:
    """The project as its manifest describes it."""
    return read(manifest.to_dict(omit_none=False))


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The project with one small problem, and without the example; and as dbt parses it."""
    folder = synthetic.plant(tmp_path_factory.mktemp("shop") / "project")
    return folder, _dbt(folder.parent, "parse", project=folder)


@pytest.fixture(scope="session")
def shop(planted: tuple[Path, Any]) -> House:
    """A house to break."""
    return read(planted[1].to_dict(omit_none=False))


@pytest.fixture(scope="session")
def compiled(work: Path, manifest: Any, house: House, request: pytest.FixtureRequest) -> dict[str, str]:
    """Model → SQL as dbt compiles it for a build from nothing; with a small problem where none is declared."""
    select = ("compile", "--select", "resource_type:model", "--no-populate-cache")
    if house.problems:
        found = _dbt(work, *select, manifest=manifest)
    else:  # a loop over problems that are not there uses nothing of what stands before it
        folder, parsed = request.getfixturevalue("planted")
        found = _dbt(work / "shop", *select, manifest=parsed, project=folder)
    return {one.node.name: one.node.compiled_code for one in found.results}
