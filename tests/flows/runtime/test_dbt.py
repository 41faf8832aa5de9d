"""How dbt holds the warehouse: open from its first node to its last, and no longer; and where its seeds are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows.runtime import dbt, warehouse, warehouse_folder
from flows.studies.leak_proof import project
from tests.children import House
from tests.clone import environment


def test_dbt_opens_the_file_once_for_all_nodes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    configure = warehouse_folder.Plugin.configure_connection
    monkeypatch.setattr(
        warehouse_folder.Plugin, "configure_connection", lambda plugin, con: (opened.append(1), configure(plugin, con))[1]
    )
    monkeypatch.setattr(warehouse, "connection", lambda: None)  # as plain dbt, which joins nobody's connection
    dbt.run("seed")
    assert len(opened) == 1


def test_dbt_lets_go_of_the_file_when_it_ends(house: House) -> None:
    dbt.run("seed")
    warehouse.close()
    with duckdb.connect(str(house.warehouse), config={"threads": 7}) as con:  # refused while the file is open another way
        assert con.execute("select count(*) > 0 from duckdb_tables()").fetchall() == [(True,)]


def test_a_project_that_was_copied_with_what_dbt_parsed_reads_its_own_seeds(tmp_path: Path) -> None:
    first = project.copy(tmp_path / "first")
    run = [sys.executable, "-c", "from flows.runtime import dbt; dbt.run('seed')"]
    subprocess.run(run, cwd=first, env=environment(), check=True)
    second = first.rename(tmp_path / "second")
    seed = second / "seeds" / "quotas.csv"
    seed.write_text("\n".join(seed.read_text().splitlines()[:2]) + "\n")
    shutil.copytree(second, tmp_path / "first")
    (tmp_path / "first" / "seeds" / "quotas.csv").unlink()
    subprocess.run(run, cwd=second, env=environment(), check=True)
    with duckdb.connect(str(second / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from seeds.quotas").fetchall() == [(1,)]
