"""One cluster for all tests of a run, where pyspark is installed: `make test-spark`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.spark.cluster import running

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def pyspark() -> None:
    """Skip where there is no pyspark. An environment that has it is made for these tests, and skips none."""
    if find_spec("pyspark") is None:
        pytest.skip(f"{Path(sys.prefix).name} has no pyspark; `make test-spark` makes an environment that has, and runs these")


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the cluster."""
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="session")
def cluster(pyspark: None, scratch: Path) -> Iterator[str]:
    """The address of the Connect server of a cluster with two workers."""
    with running(scratch) as address:
        patch = pytest.MonkeyPatch()
        patch.setenv("MACROS_UNDER_TEST_SPARK", address)
        yield address
        patch.undo()


@pytest.fixture(scope="session")
def spark(cluster: str) -> Iterator[SparkSession]:
    """A session of the cluster."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(cluster).getOrCreate()
    yield session
    session.stop()
