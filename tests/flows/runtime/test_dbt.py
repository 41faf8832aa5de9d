"""How dbt holds the warehouse: open from its first node to its last, and no longer."""

from __future__ import annotations

import duckdb
import pytest

from flows.runtime import dbt, warehouse, warehouse_folder
from tests.children import House


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
