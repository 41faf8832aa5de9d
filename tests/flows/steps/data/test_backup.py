"""Backups: of one moment, whole or not there, tried; and brought back without overwriting anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from flows.runtime import warehouse
from flows.steps.data.backup import manifest, restoring, writing
from ml.errors import AsofError
from tests.clone import environment, flows
from tests.flows.conftest import NEXT

OPEN = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def tables(file: Path) -> dict:
    with duckdb.connect(str(file), read_only=True) as con:
        return manifest.contents(con)


def every_byte(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def overwritten(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for start in range(3 * 4096, len(data), 64 * 2**10):
        data[start + 1000 : start + 2000] = b"\xff" * 1000
    file.write_bytes(data[: file.stat().st_size])


def test_a_damaged_warehouse_is_brought_back_table_by_table_and_life_goes_on(shop_project: Path, tmp_path: Path) -> None:
    data, backup = shop_project / "data", tmp_path / "backups" / "monday"
    file = data / "warehouse.duckdb"
    before = tables(file)
    said = flows(shop_project, "backup", "--to", str(backup))
    assert f"{len(before)} tables" in said and "every table is the same" in said
    assert [path.name for path in backup.parent.iterdir()] == ["monday"]
    flows(shop_project, "replay", "--until", NEXT)
    overwritten(file)
    assert "docs/deployment.md#restore" in flows(shop_project, "status", code=1)
    damaged = file.read_bytes()
    refused = flows(shop_project, "restore", str(backup), code=1)
    assert f"{file}, {file}.journal stand in the way" in refused and "move them" in refused
    assert file.read_bytes() == damaged
    (tmp_path / "aside").mkdir()
    for path in data.glob("warehouse.duckdb*"):
        path.rename(tmp_path / "aside" / path.name)
    assert f"restored {len(before)} tables" in flows(shop_project, "restore", str(backup))
    assert tables(file) == before
    flows(shop_project, "replay", "--until", NEXT)
    counted = "select count(*) from problems.big_sale__predictions"
    with duckdb.connect(str(file), read_only=True) as con:
        assert con.execute(counted).fetchall()[0][0] > before["problems.big_sale__predictions"].rows


def test_a_backup_into_another_folder_is_a_house_of_its_own(shop_house: Path, tmp_path: Path) -> None:
    made = writing.back_up(tmp_path / "backup")
    done = restoring.restore_into(tmp_path / "backup", tmp_path / "other")
    assert done.tables == made.tables == tables(shop_house / "data" / "warehouse.duckdb")
    assert every_byte(done.landing) == every_byte(shop_house / "data" / "landing")
    with pytest.raises(AsofError, match="is not empty, and a restore overwrites nothing"):
        restoring.restore_into(tmp_path / "backup", tmp_path / "other")


def test_where_all_is_as_it_was_a_restore_changes_nothing(shop_house: Path, tmp_path: Path) -> None:
    writing.back_up(tmp_path / "backup")
    before = every_byte(shop_house)
    restoring.restore(tmp_path / "backup")
    assert every_byte(shop_house) == before


@pytest.mark.parametrize(
    "part", ["data/landing", "data/warehouse.duckdb", "data/warehouse.duckdb.wal", "data/warehouse.duckdb.journal"]
)
def test_what_stands_in_the_way_is_named_and_stays(shop_house: Path, tmp_path: Path, part: str) -> None:
    made = writing.back_up(tmp_path / "backup")
    for path in (shop_house / "data").glob("warehouse.duckdb*"):
        path.unlink()
    file = shop_house / part
    if file.is_dir():
        file = shop_house / "data" / next(name for name in made.files if name.startswith("landing/"))
    file.write_bytes(b"something of yours")
    before = every_byte(shop_house)
    with pytest.raises(AsofError, match="stand in the way") as refused:
        restoring.restore(tmp_path / "backup")
    assert str(file) in str(refused.value)
    assert every_byte(shop_house) == before


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["a bit flips", "it is missing"])
@pytest.mark.parametrize("part", ["manifest.json", "warehouse.duckdb", "warehouse.duckdb.journal", "landing"])
def test_a_damaged_backup_is_refused_by_the_name_of_the_file(shop_house: Path, tmp_path: Path, part: str, damage) -> None:
    writing.back_up(tmp_path / "backup")
    file = tmp_path / "backup" / part
    if file.is_dir():
        file = next(path for path in file.rglob("*.csv"))
    damage(file)
    with pytest.raises(AsofError) as refused:
        restoring.restore_into(tmp_path / "backup", tmp_path / "other")
    assert file.name in str(refused.value)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped"])
def test_a_manifest_that_names_a_file_elsewhere_is_refused(shop_house: Path, tmp_path: Path, name: str) -> None:
    made = writing.back_up(tmp_path / "backup")
    made.files[name] = manifest.Part(1, "0" * 64)
    made.write(tmp_path / "backup")
    with pytest.raises(AsofError, match="outside of the backup"):
        restoring.restore_into(tmp_path / "backup", tmp_path / "other")


def test_what_is_no_manifest_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"sha256": 1}', "null", '"a"', "[" * 100_000):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(AsofError, match=r"manifest\.json is damaged"):
            manifest.read(tmp_path)


def test_a_backup_is_refused_while_another_process_writes(
    shop_house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASOF_WAIT_SECONDS", "0")
    file = shop_house / "data" / "warehouse.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "open\n"
        with pytest.raises(AsofError, match=f"already in use by another process.*PID {writer.pid}"):
            writing.back_up(tmp_path / "backup")
        writer.communicate()
    assert list(tmp_path.glob("*backup*")) == []


def test_nobody_can_write_until_all_is_copied(shop_house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, copied, tried = shop_house / "data" / "warehouse.duckdb", writing._copied, []

    def copying(source, target: Path):
        part = copied(source, target)
        if len(tried) < 3 and target.name != file.name:
            tried.append(subprocess.run([sys.executable, "-c", OPEN, str(file)], input="", capture_output=True, text=True))
        return part

    monkeypatch.setattr(writing, "_copied", copying)
    writing.back_up(tmp_path / "backup")
    assert len(tried) == 3 and all("Could not set lock" in one.stderr for one in tried)


def test_a_backup_that_is_killed_has_no_name_and_the_next_one_clears_up(shop_house: Path, tmp_path: Path) -> None:
    where, paths = tmp_path / "backups", {name: os.environ[name] for name in ("ASOF_WAREHOUSE", "ASOF_LANDING")}
    command = [sys.executable, "-m", "flows", "backup", "--to", str(where / "monday")]
    with subprocess.Popen(command, env={**environment(), **paths}, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and not list(where.glob(".monday.*.part/warehouse.duckdb")):
            time.sleep(0.001)
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert not (where / "monday").exists() and list(where.glob(".monday.*"))
    writing.back_up(where / "monday")
    assert [path.name for path in where.iterdir()] == ["monday"]


def test_a_damaged_warehouse_is_not_backed_up(shop_house: Path, tmp_path: Path) -> None:
    overwritten(shop_house / "data" / "warehouse.duckdb")
    with pytest.raises((AsofError, warehouse.Error)):
        writing.back_up(tmp_path / "backup")
    assert list(tmp_path.glob("*backup*")) == []


def test_no_password_and_no_setting_is_in_a_backup(shop_house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "asof:a-password-that-nobody-guesses"
    home = shop_house / "data" / "landing" / "prefect"
    monkeypatch.setenv("PREFECT_HOME", str(home))
    monkeypatch.setenv("ASOF_NOTIFY", f"slack://{secret}")
    home.mkdir()
    (home / "auth_string").write_text(secret)
    writing.back_up(tmp_path / "backup")
    found = every_byte(tmp_path / "backup")
    assert [name for name, data in found.items() if secret.encode() in data or "prefect" in name] == []
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700


def test_the_manifest_counts_every_table_and_every_file(shop_house: Path, tmp_path: Path) -> None:
    writing.back_up(tmp_path / "backup")
    said = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert said["tables"]["ledger.runs"]["rows"] > 10
    assert set(said["files"]) | {"manifest.json"} == set(every_byte(tmp_path / "backup"))
    assert said["clock"] == "2026-02-26T00:00:00" and said["warehouse"] == "warehouse.duckdb"


def test_what_cannot_be_is_said_in_a_sentence(house, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AsofError, match="is not there: nothing has landed"):
        writing.back_up(tmp_path / "backup")
    with pytest.raises(AsofError, match="is no backup"):
        restoring.restore(tmp_path)
    with pytest.raises(AsofError, match="free some disk space"):
        writing.fits(tmp_path, 2**60)


def test_a_backup_of_another_name_or_place_is_refused(shop_house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AsofError, match="where it would land"):
        writing.back_up(shop_house / "data" / "landing" / "backup")
    writing.back_up(tmp_path / "backup")
    with pytest.raises(AsofError, match="is there already"):
        writing.back_up(tmp_path / "backup")
    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "other.duckdb"))
    with pytest.raises(AsofError, match="set ASOF_WAREHOUSE to a path that ends so"):
        restoring.restore(tmp_path / "backup")
