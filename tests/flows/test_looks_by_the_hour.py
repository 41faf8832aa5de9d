"""A shop that is looked at by the hour: within a day only the day is added, and nothing is left out for longer than a day."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.children import House
from tests.clone import build, environment, flows
from tests.faults.equal import differences

pytestmark = pytest.mark.slow

MONITORS = ("path:models/monitoring,config.materialized:incremental", "path:models/monitoring,config.materialized:append_only")
# Of a binary problem; within a day those that speak of days that are over are left out.
ALL, WITHIN = 13, 7


def looked(project: Path, at: str) -> int:
    """Look at the monitors of the shop by a cycle up to an instant; returns how many were built."""
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


LOOK = "import sys; from flows.monitoring import monitoring; monitoring.fn(tests=False); print('dbt.cli.main' in sys.modules)"


def look(project: Path) -> tuple[bool, str]:
    """Look at the monitors; returns whether dbt was imported for that, and what the look said of itself."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=project, env=environment(), capture_output=True, text=True, timeout=600, check=True
    )
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        said = con.execute("select message from ledger.runs where phase = 'monitors' order by rowid desc limit 1").fetchall()
    return done.stdout.split()[-1] == "True", said[0][0]


def test_a_look_with_nothing_new_needs_no_dbt_and_what_is_new_is_noticed(shop_project: Path) -> None:
    looked(shop_project, "2026-02-26 03:00")
    flows(shop_project, "monitor", "--no-tests")
    assert look(shop_project) == (False, "nothing new")
    flows(shop_project, "build")
    assert look(shop_project) == (True, f"built {WITHIN} monitors")
    assert look(shop_project) == (False, "nothing new")
    flows(shop_project, "land", "--until", "2026-02-26 04:00")
    assert look(shop_project) == (True, f"built {WITHIN} monitors")
    shutil.rmtree(shop_project / "target")  # there dbt says that the seeds are where this was copied from
    model = shop_project / "models" / "monitoring" / "drift" / "mon_proxies.sql"
    model.write_text(model.read_text() + "-- edited\n")
    imported, said = look(shop_project)
    assert imported and int(said.split()[1]) > ALL
