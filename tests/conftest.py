"""What all tests share: slow ones come first, and what is made once is made once for all workers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.children import House

PROJECT = Path(__file__).resolve().parents[1]

# No test is timed: how long an example takes says what else the machine does.
settings.register_profile("untimed", deadline=None)
# For who runs the tests of a copy of the project: what they try by the hundred is tried already.
settings.register_profile("few", deadline=None, max_examples=5)
settings.load_profile(os.environ.get("EXAMPLES", "untimed"))


# Who uses one of these is slow.
SLOW = {"lived", "hour", "daily", "copied", "inside", "window", "lived_shop", "shop_project", "shop_house", "pyspark"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first, those that need no shared warehouse ahead of all: one worker makes it while another does them."""

    def place(item: pytest.Item) -> int:
        shared = bool(SLOW & set(getattr(item, "fixturenames", ())))
        if shared:
            item.add_marker(pytest.mark.slow)
        return 1 if shared else 0 if item.get_closest_marker("slow") else 2

    of_file: dict[Path, int] = {}
    for item in items:
        of_file[item.path] = min(place(item), of_file.get(item.path, 2))
    items.sort(key=lambda item: of_file[item.path])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed or logged goes to the first process as UTF-8: half a character there would end the run of all."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """`shared(name, make)`: the folder `name`, filled by `make` once for all workers of a run; who comes second waits."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def get(name: str, make: Callable[[Path], None]) -> Path:
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = folder / f"{name}.made"
            if not made.exists():
                assert not (folder / name).exists(), f"{name} could not be made; the test that asked for it first says why"
                make(folder / name)
                made.touch()
        return folder / name

    return get


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A place without a warehouse, for this very process, in a folder whose name means a fault to who reads carelessly."""
    from flows.runtime import warehouse

    place = House(tmp_path / "wallet, no space, checksum")
    place.folder.mkdir()
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ASOF_LOGS", str(place.folder / "logs"))
    yield place
    warehouse.close()
