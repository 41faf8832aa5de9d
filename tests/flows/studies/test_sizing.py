"""Sizing: tables and phases as they are, and the day on which this machine ends by the growth that the monitors measured."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from flows.cli.main import cli
from flows.runtime import warehouse
from flows.studies import sizing

MB = 2**20


def test_with_nothing_lived_yet_it_says_what_to_do_first(house) -> None:
    shown = CliRunner().invoke(cli, ["sizing"])
    assert shown.exit_code == 1 and "python -m flows cycle" in shown.output


@pytest.mark.slow
def test_tables_are_counted_and_their_parts_are_no_more_than_the_file(shop_house: Path) -> None:
    found = sizing.measure()
    with warehouse.cursor() as con:
        named = con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        rows = {name: con.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in named}
        landed = dict(con.execute("select source, sum(rows_loaded) from ledger.batches group by source").fetchall())
    assert {one.name: one.rows for one in found.tables} == rows
    parts = sum(one.mb for one in found.tables)
    assert 0 < parts <= found.warehouse_mb and [one.mb for one in found.tables] == sorted(
        (one.mb for one in found.tables), reverse=True
    )
    assert {one.name: one.rows for one in found.sources} == landed
    assert all(one.rows_a_day * 28 <= one.rows + 1e-9 for one in found.sources)


@pytest.mark.slow
def test_a_machine_ends_when_what_is_left_is_used_up_at_the_rate_of_the_monitors(shop_house: Path, monkeypatch) -> None:
    with duckdb.connect(str(shop_house / "data" / "warehouse.duckdb")) as con:
        for change in ("create table monitoring.kept as from monitoring.mon_quota", "drop view monitoring.mon_quota",
                       "alter table monitoring.kept rename to mon_quota"):  # fmt: skip
            con.execute(change)
        con.execute("update monitoring.mon_quota set used = 1000, daily_growth = 10 where quota = 'run_memory'")
        con.execute("update monitoring.mon_quota set used = 100, daily_growth = -1 where quota = 'run_seconds'")
        con.execute("update monitoring.mon_quota set daily_growth = null where quota = 'warehouse_disk'")
    monkeypatch.setattr(sizing, "memory_mb", lambda: 2005.0)
    found = sizing.measure()
    memory, *others = found.limits
    assert (memory.what, memory.there, memory.ends_on) == ("memory of a run", 2005.0, found.day + timedelta(days=100))
    assert [one.ends_on for one in others] == [None, None]
    shown = CliRunner().invoke(cli, ["sizing", "--tables", "3"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "never at this rate" in shown.output and "too few days" in shown.output and memory.ends_on.isoformat() in shown.output
    told = json.loads(CliRunner().invoke(cli, ["sizing", "--json"]).stdout)
    assert told["limits"][0]["ends_on"] == memory.ends_on.isoformat() and len(told["tables"]) == len(found.tables)


def test_memory_is_that_of_the_container_where_one_limits_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, expected in ((str(512 * MB), 512.0), ("max", None)):
        (tmp_path / "memory.max").write_text(text + "\n")
        monkeypatch.setattr(sizing, "CGROUP_MEMORY", tmp_path / "memory.max")
        assert sizing.memory_mb() == expected if expected else sizing.memory_mb() > 512
