"""One compilation of the fixture project for all tests of the macros."""

from pathlib import Path

import duckdb
import pytest

from tests.macros.compiling import compiled


@pytest.fixture(scope="session")
def dbt_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scratch folder with the environment that the fixture project's profile needs."""
    work = tmp_path_factory.mktemp("macros")
    patch = pytest.MonkeyPatch()
    patch.setenv("MACROS_UNDER_TEST_WAREHOUSE", str(work / "warehouse.duckdb"))
    yield work
    patch.undo()


@pytest.fixture(scope="session")
def sql(dbt_work: Path) -> dict[str, str]:
    """Model name → SQL of the fixture project, as dbt compiled it."""
    return compiled(dbt_work)


@pytest.fixture(scope="session")
def con() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, with the settings of the house."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'")
    return connection
