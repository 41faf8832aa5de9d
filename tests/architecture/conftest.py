"""One parse of the project for all tests of its architecture."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.architecture.house import House, read

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The project as dbt parses it, in process; what dbt writes goes to a scratch folder."""
    from dbt.cli.main import dbtRunner

    work = tmp_path_factory.mktemp("architecture")
    here = Path.cwd()
    result = dbtRunner().invoke(
        ["parse", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(work / "target"),
         "--log-path", str(work / "logs"), "--log-level", "none", "--no-send-anonymous-usage-stats", "--warn-error"]
    )  # fmt: skip
    os.chdir(here)
    assert result.success, result.exception
    return read(result.result.to_dict(omit_none=False))
