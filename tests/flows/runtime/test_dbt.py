"""How dbt holds the warehouse: open from its first node to its last, and no longer; and where its seeds are."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows.runtime import dbt, warehouse, warehouse_folder
from flows.studies.leak_proof import project
from tests.children import House
from tests.clone import environment, flows


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


DECLARED = {
    "the policy of a problem": lambda node, column: node["config"]["meta"].update(policy={"cadence": "never"}),
    "how it is built": lambda node, column: node["config"].update(materialized="ephemeral"),
    "the type of a column": lambda node, column: column.update(data_type="blob"),
    "what is said of a column": lambda node, column: column["config"]["meta"].update(role="label"),
}


@pytest.mark.parametrize("change", DECLARED)
@pytest.mark.parametrize("kind", ["nodes", "sources"])
def test_the_digest_of_the_project_is_another_one_when_what_is_declared_changes(
    monkeypatch: pytest.MonkeyPatch, kind: str, change: str
) -> None:
    def digest(manifest: dict) -> str:
        monkeypatch.setattr(dbt, "manifest_dict", lambda: manifest)
        return dbt.checksum.__wrapped__()

    before = dbt.manifest_dict()
    for key, node in before[kind].items():
        if node["columns"] and node["resource_type"] in ("model", "source"):
            after = {**before, kind: {**before[kind], key: copy.deepcopy(node)}}
            changed = after[kind][key]
            column = next(iter(changed["columns"].values()))
            changed["description"] = column["description"] = "other words"
            assert digest(after) == digest(before), key
            DECLARED[change](changed, column)
            assert digest(after) != digest(before), key
            break
    else:
        raise AssertionError(f"no {kind} with columns")


@pytest.mark.slow
def test_a_policy_that_is_declared_otherwise_holds_from_the_next_build_on(shop_project: Path) -> None:
    declared = next((shop_project / "models" / "problems" / "big_sale").glob("_*.yml"))
    text = declared.read_text()
    declared.write_text(text.replace("cadence: weekly", "cadence: never"))
    assert declared.read_text() != text
    flows(shop_project, "build")
    with duckdb.connect(str(shop_project / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select cadence from monitoring.mon_retraining_policy").fetchall() == [("never",)]
