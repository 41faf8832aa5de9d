"""A shop that is looked at by the hour: within a day only the day is added, and nothing is left out for longer than a day."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from tests import forked
from tests.children import House
from tests.clone import environment
from tests.faults.equal import differences

pytestmark = pytest.mark.slow

# Of a binary problem; within a day those that speak of days that are over are left out.
ALL, WITHIN = 13, 7
# Until when a cycle goes, and with which options all growing monitors are built after it. Labels come a day and an hour after
# the question.
CYCLES = {
    "2026-02-26 01:00": ("--exclude", "tag:once_a_day"),
    "2026-02-26 02:00": ("--full-refresh",),
    "2026-02-26 03:00": None,
    "2026-02-27 00:00": ("--full-refresh",),
}
# After each cycle a copy of the data; where there are options, and another in which the monitors are built.
PROGRAM = f"""
import os, shutil
from flows.cli.main import cli
from flows.runtime import dbt, warehouse
from flows.steps.data import building
for at, options in {CYCLES}.items():
    cli(["cycle", "--until", at], standalone_mode=False)
    warehouse.close()
    shutil.copytree("data", f"looked/{{at}}")
    if options:
        shutil.copytree("data", f"built/{{at}}")
        os.environ["ASOF_WAREHOUSE"] = f"built/{{at}}/warehouse.duckdb"
        dbt.run("run", [f"{{building.MONITORS}},{{kind}}" for kind in building.GROWING], (), *options)
        warehouse.close()
        del os.environ["ASOF_WAREHOUSE"]
"""


@pytest.fixture(scope="module")
def looked(lived_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shop that cycles have looked at, hour by hour."""
    project = shutil.copytree(lived_shop, tmp_path_factory.mktemp("looked") / "project")
    done = forked.run(["-c", PROGRAM], project, environment())
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return project


def looks(project: Path, column: str, last: int) -> list:
    """What the ledger says in a column of the last looks."""
    sql = f"select {column} from ledger.runs where phase = 'monitors' order by rowid desc limit {last}"
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return [value for (value,) in reversed(con.execute(sql).fetchall())]


def test_looks_within_a_day_build_the_day_and_wait_for_no_label_that_is_in(looked: Path) -> None:
    assert looks(looked, "rows", len(CYCLES)) == [WITHIN, WITHIN + ALL, WITHIN, ALL]


@pytest.mark.parametrize("at", [at for at, options in CYCLES.items() if options])
def test_a_build_of_all_that_a_look_is_to_build_changes_nothing(looked: Path, at: str) -> None:
    houses = [House(looked / folder / at) for folder in ("looked", "built")]
    # but for the cells of a model that was trained after the look
    assert differences(*houses, besides=frozenset({"monitoring.mon_cells"})) == []


LOOK = "import sys; from flows.monitoring import monitoring; monitoring.fn(tests=False); print('dbt.cli.main' in sys.modules)"


def look(project: Path, *verbs: Sequence[str]) -> tuple[bool, str]:
    """Look at the monitors, after some verbs; returns whether dbt was imported for that, and what the look said of itself."""
    before = f"from flows.cli.main import cli; [cli(verb, standalone_mode=False) for verb in {[list(verb) for verb in verbs]}]; "
    command = [sys.executable, "-c", (before if verbs else "") + LOOK]
    done = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.split()[-1] == "True", looks(project, "message", 1)[0]


def test_a_look_with_nothing_new_needs_no_dbt_and_what_is_new_is_noticed(looked: Path, tmp_path: Path) -> None:
    project = shutil.copytree(looked, tmp_path / "project")
    shutil.rmtree(project / "data")
    shutil.move(project / "looked" / "2026-02-26 03:00", project / "data")
    look(project, ("monitor", "--no-tests"))
    assert look(project) == (False, "nothing new")
    assert look(project, ("build",)) == (True, f"built {WITHIN} monitors")
    assert look(project) == (False, "nothing new")
    assert look(project, ("land", "--until", "2026-02-26 04:00")) == (True, f"built {WITHIN} monitors")
    model = project / "models" / "monitoring" / "drift" / "mon_proxies.sql"
    model.write_text(model.read_text() + "-- edited\n")
    imported, said = look(project)
    assert imported and int(said.split()[1]) > ALL
