"""Commits that damage on disk has lost: the ledger is held against the journal before anything runs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from flows.runtime import journal, warehouse
from ml.errors import AsofError
from tests import children
from tests.children import House

pytestmark = pytest.mark.slow

FILES = 10


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Ten files landed, acknowledged, and in the log alone; copies of file and log of when there were six lie beside them."""
    house = House(tmp_path_factory.mktemp("killed") / "house")
    (house.folder / "copies").mkdir(parents=True)
    arguments = (str(house.folder / "landing"), str(FILES), str(house.folder / "copies"))
    assert children.run(house, *arguments, calling="tests.faults.points:land_gauges").killed
    assert log(house).stat().st_size > 5000
    return house


@pytest.fixture
def house(killed: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    house = killed.copy(tmp_path / "house")
    monkeypatch.setenv("ASOF_WAREHOUSE", str(house.warehouse))
    yield house
    warehouse.close()


def log(house: House) -> Path:
    return house.warehouse.with_name(f"{house.warehouse.name}.wal")


def cut(share: float) -> Callable[[House], None]:
    return lambda house: log(house).write_bytes(log(house).read_bytes()[: int(log(house).stat().st_size * share)])


def flip(house: House, place: int) -> None:
    data = bytearray(log(house).read_bytes())
    data[place] ^= 1
    log(house).write_bytes(data)


def put_back(*names: str) -> Callable[[House], None]:
    """Old copies in the place of the present files; what is not copied is gone."""

    def put(house: House) -> None:
        for part in (house.warehouse, log(house)):
            if part.name in names:
                shutil.copy(house.folder / "copies" / part.name, part)
            elif part == log(house):
                part.unlink()

    return put


DAMAGE = {
    "the log is cut in half": cut(0.5),
    "the end of the log is missing": cut(0.93),
    "the log is empty": cut(0),
    "the log is missing": lambda house: log(house).unlink(),
    "an old copy of the log": lambda house: shutil.copy(house.folder / "copies" / log(house).name, log(house)),
    "an old copy of the file, without its log": put_back("warehouse.duckdb"),
    "an old copy of both": put_back("warehouse.duckdb", "warehouse.duckdb.wal"),
    "the file is missing": lambda house: house.warehouse.unlink(),
    "the file and its log are missing": lambda house: (house.warehouse.unlink(), log(house).unlink()),
    "an empty database": lambda house: (
        house.warehouse.unlink(),
        log(house).unlink(),
        duckdb.connect(str(house.warehouse)).close(),
    ),
}


def state(house: House) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in house.folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_lost_batches_are_named_and_nothing_is_changed(house: House, damage: Callable[[House], None]) -> None:
    damage(house)
    before = state(house)
    with pytest.raises(AsofError) as refused:
        warehouse.connection()
    said = str(refused.value)
    assert f"{house.warehouse} lacks what was committed since" in said and "river/levels/" in said
    assert "Restore the last good copy of warehouse.duckdb" in said and "python -m flows recover" in said
    assert state(house) == before


@pytest.mark.parametrize("kind", ["cut", "flip"])
def test_wherever_the_log_is_cut_or_flipped_all_is_there_or_it_is_refused(house: House, kind: str) -> None:
    whole, chance, refused = log(house).read_bytes(), random.Random(kind), 0
    for _ in range(25):
        place = chance.randrange(len(whole))
        log(house).write_bytes(whole)
        cut(place / len(whole))(house) if kind == "cut" else flip(house, place)
        try:
            with warehouse.cursor() as con:
                rows = con.execute("select count(*) from landing.river__levels").fetchall()[0][0]
        except (AsofError, warehouse.Error):
            refused += 1
        else:
            assert rows == FILES * 50, f"at {place} of {len(whole)}"
            warehouse.close()
            shutil.copy(house.folder.parent / "spare" / "warehouse.duckdb", house.warehouse)
    assert refused > 15


@pytest.fixture(autouse=True)
def _spare(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The file as it was, for a log that could be replayed after all."""
    if "house" in request.fixturenames:
        (tmp_path / "spare").mkdir()
        shutil.copy(request.getfixturevalue("house").warehouse, tmp_path / "spare")


def test_a_whole_log_is_replayed_and_nobody_is_troubled(house: House) -> None:
    with warehouse.cursor() as con:
        assert con.execute("select count(*) from landing.river__levels").fetchall() == [(FILES * 50,)]


def test_a_warehouse_whose_journal_is_missing_begins_one(house: House) -> None:
    journal.beside(house.warehouse).unlink()
    log(house).unlink()
    with warehouse.cursor() as con:
        assert con.execute("select count(*) from ledger.batches").fetchall() == [(0,)]
