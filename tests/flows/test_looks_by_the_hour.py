"""A shop that is looked at by the hour: within a day only the day is added, and nothing is left out for longer than a day."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.children import House
from tests.clone import build, flows
from tests.faults.equal import differences

pytestmark = pytest.mark.slow

MONITORS = ("path:models/monitoring,config.materialized:incremental", "path:models/monitoring,config.materialized:append_only")
# Of a binary problem; within a day those that speak of days that are over are left out.
ALL, WITHIN = 13, 7


def looked(project: Path, at: str) -> int:
    """Look at the monitors of the shop, by a cycle up to an instant; returns how many were built."""
    flows(project, "cycle", "--until", at)
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute("select rows from ledger.runs where phase = 'monitors' order by rowid desc limit 1").fetchall()[0][0]


def changed_by(project: Path, folder: Path, *options: str) -> list[str]:
    """The tables that a build of all growing monitors changes, but for the cells of a model that was trained after the look."""
    again = shutil.copytree(project, folder, symlinks=True)
    build(again, "run", "--select", *MONITORS, *options)
    return differences(House(project / "data"), House(again / "data"), besides=frozenset({"monitoring.mon_cells"}))


def test_looks_within_a_day_add_the_day_and_wait_for_no_label_that_is_in(shop_project: Path, tmp_path: Path) -> None:
    assert looked(shop_project, "2026-02-26 01:00") == WITHIN
    assert changed_by(shop_project, tmp_path / "within", "--exclude", "tag:once_a_day") == []
    # labels come a day and an hour after the question
    assert looked(shop_project, "2026-02-26 02:00") == WITHIN + ALL
    assert changed_by(shop_project, tmp_path / "settled", "--full-refresh") == []
    assert looked(shop_project, "2026-02-26 03:00") == WITHIN
    assert looked(shop_project, "2026-02-27 00:00") == ALL
    assert changed_by(shop_project, tmp_path / "first", "--full-refresh") == []
