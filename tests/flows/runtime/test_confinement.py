"""SQL reaches the files of the warehouse and no other, by Python and by dbt, and cannot help itself out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from flows.runtime import errors, journal, settings, warehouse
from flows.runtime.orphans import unfinished
from ml.errors import AsofError
from tests.children import House
from tests.clone import DBT, environment


def refused(sql: str) -> str:
    """What DuckDB says of a statement that it must not run."""
    with warehouse.cursor() as con, pytest.raises(duckdb.Error) as said:
        con.execute(sql)
    return str(said.value)


@pytest.fixture
def secret(house: House) -> Path:
    """A password beside the warehouse."""
    file = house.folder / "auth_string"
    file.write_text("asof:secret\n")
    return file


def test_sql_reaches_no_file_but_its_own(house: House, secret: Path) -> None:
    for sql in (
        f"from read_text('{secret}')",
        f"from read_csv('{secret}')",
        f"from '{secret.parent}/x/../auth_string.csv'",
        f"copy (select 1) to '{house.folder / 'out.csv'}'",
        f"attach '{house.folder / 'other.duckdb'}' as other",
        f"export database '{house.folder / 'all'}'",
        "from glob('/etc/*')",
        "from read_text('https://127.0.0.1:9/x')",
        "install httpfs",
        "load '/tmp/evil.duckdb_extension'",
    ):
        said = refused(sql)
        assert "disabled" in said or "not allowed" in said, (sql, said)
    assert sorted(path.name for path in house.folder.iterdir()) == ["auth_string", "warehouse.duckdb"]


def test_what_is_refused_is_said_with_what_to_do(house: House, secret: Path) -> None:
    with warehouse.cursor() as con:
        try:
            con.execute(f"from read_text('{secret}')")
        except duckdb.Error as error:
            line = errors.line(error)
    assert "ASOF_SQL_FOLDERS" in line and "docs/security.md" in line


def test_no_statement_takes_the_limits_away(house: House) -> None:
    for sql in (
        "set enable_external_access = true", "set global enable_external_access = true", "reset enable_external_access",
        "set allowed_directories = ['/']", "set allowed_paths = ['/etc/passwd']", "set allowed_configs = ['threads']",
        "set lock_configuration = false", "set threads = 9", "pragma enable_external_access = true",
    ):  # fmt: skip
        assert refused(sql), sql
    assert "disabled" in refused("from read_text('/etc/passwd')")


def test_what_the_project_does_itself_goes_on(house: House) -> None:
    fresh = unfinished(settings.published_file(), "new")
    fresh.parent.mkdir(parents=True)
    with warehouse.limited(200), warehouse.cursor() as con:
        con.register("incoming", pa.table({"one": [1]}))
        con.execute("create table kept as from incoming")
        con.execute(f"attach '{fresh}' as published (storage_version 'v1.2.0')")
        con.execute("create table published.kept as from kept")
        con.execute("checkpoint published")
        con.execute("detach published")
        con.execute("checkpoint")
    warehouse.close()
    assert warehouse.rows("from kept") == [{"one": 1}]
    warehouse.close()
    with warehouse.reader(house.warehouse) as con:
        assert con.execute("from kept").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error):
            con.execute("from read_text('/etc/passwd')")


def test_folders_that_a_setting_names_are_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = house.folder / "it's shared"
    folder.mkdir()
    (folder / "a.csv").write_text("x\n1\n")
    quoted = str(folder / "a.csv").replace("'", "''")
    assert "disabled" in refused(f"from '{quoted}'")
    warehouse.close()
    monkeypatch.setenv("ASOF_SQL_FOLDERS", str(folder))
    assert warehouse.rows(f"from '{quoted}'") == [{"x": 1}]
    assert "disabled" in refused("from read_text('/etc/passwd')")
    for wrong in ("relative", f"{folder}:relative"):
        monkeypatch.setenv("ASOF_SQL_FOLDERS", wrong)
        with pytest.raises(AsofError, match="ASOF_SQL_FOLDERS"):
            settings.check()


def test_a_folder_that_a_study_works_in_is_open_to_it(house: House) -> None:
    warehouse.allow(house.folder / "scratch")
    (house.folder / "scratch").mkdir()
    with warehouse.cursor() as con:
        con.execute(f"attach '{house.folder / 'scratch' / 'x.duckdb'}' as x")


def test_a_new_warehouse_is_its_owners_alone(house: House) -> None:
    with warehouse.cursor() as con:
        con.execute("create table one as select 1")
        journal.note(con, "run", "r", "a run", None)
    for file in (house.warehouse, journal.beside(house.warehouse)):
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_a_model_of_dbt_alone_reaches_no_file_either(shop_project: Path) -> None:
    (shop_project / "models" / "marts" / "evil.sql").write_text("-- One row per line.\nselect * from read_text('/etc/passwd')\n")
    (shop_project / "data" / "warehouse.duckdb").unlink()
    for select, fine in (("stg_asof__clock", True), ("evil", False)):
        done = subprocess.run(
            [DBT, "run", "--select", select], cwd=shop_project, env=environment(), capture_output=True, text=True, timeout=300
        )
        assert (done.returncode == 0) == fine, done.stdout
    assert "/etc/passwd" in done.stdout and "disabled by configuration" in done.stdout
    assert (shop_project / "data" / "warehouse.duckdb").stat().st_mode & 0o777 == 0o600
