"""What the tests of the bench share: its project is compiled once."""

import pytest

from benchmarks.bench import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A quick bench with a folder of its own."""
    return Bench(["quick"], work=tmp_path_factory.mktemp("bench"))
