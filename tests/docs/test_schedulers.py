"""What docs/deployment.md gives to cron and systemd is read by them, and does what it says."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import yaml

from tests import synthetic
from tests.clone import environment
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "deployment.md").read_text()
HOME = "/srv/asof"
UNITS = {name: f"{text}\n" for name, text in re.findall(r"```ini\n# (\S+)\n(.*?)\n```", PAGE, flags=re.S)}
CRON = re.findall(r"```cron\n(.*?)\n```", PAGE, flags=re.S)[0].splitlines()
LINES = [line for line in CRON if not re.match(r"\w+=", line)]
DEPLOYMENTS = yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
SET = dict(line.split("=", 1) for line in CRON if line not in LINES)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    assert sorted(UNITS) == ["asof-cycle.service", "asof-cycle.timer"]
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name, text in UNITS.items():
        (tmp_path / name).write_text(text.replace(HOME, str(tmp_path)).replace("User=asof", "User=root"))
    command = ["systemd-analyze", "verify", *(str(tmp_path / name) for name in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("line", LINES)
def test_cron_reads_the_lines(line: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    CronSchedule(cron=" ".join(line.split()[:5]))
    assert "%" not in line  # the end of a command, for cron


CRONS = {schedule["cron"]: schedule["timezone"] for one in DEPLOYMENTS for schedule in one["schedules"]}


@pytest.mark.parametrize("cron", CRONS)
@pytest.mark.parametrize("turns", ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"])
def test_a_schedule_of_prefect_neither_repeats_nor_leaves_out_an_hour_when_summer_time_turns(cron: str, turns: str) -> None:
    """In the server's own reading of the schedule, on the days on which clocks turn in New York and in Berlin."""
    from prefect.server.schemas.schedules import CronSchedule

    begin = datetime.fromisoformat(turns).replace(tzinfo=UTC) - timedelta(days=1)
    schedule = CronSchedule(cron=cron, timezone=CRONS[cron])
    dates = asyncio.run(schedule.get_dates(n=200, start=begin, end=begin + timedelta(days=3)))
    hours = {(after - before).total_seconds() / 3600 for before, after in pairwise(dates)}
    assert hours == {1 if cron.split()[1] == "*" else 24}
    assert {str(at.astimezone(UTC).minute) for at in dates} == {cron.split()[0]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shops, of which nothing has landed."""
    folder = synthetic.plant(tmp_path_factory.mktemp("schedulers") / "project")
    synthetic.write_visits(folder / "data" / "landing")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / ".venv" / "bin" / "python").chmod(0o755)
    return folder


def ran(command: str, folder: Path, **variables: str) -> str:
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=environment() | variables, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_what_systemd_and_cron_run_moves_the_clock_and_tests_the_tables(project: Path, tmp_path: Path) -> None:
    service = UNITS["asof-cycle.service"].replace(HOME, str(project))
    said = dict(re.findall(r"^(\w+)=(.*)$", service, flags=re.M))
    name, value = said["Environment"].split("=")
    assert "the clock stands at" in ran(said["ExecStart"], Path(said["WorkingDirectory"]), **{name: value})
    for line in LINES:
        ran(line.split(None, 5)[5].replace(HOME, str(project)), tmp_path, **SET)
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute("select phase, count(*) from ledger.runs where status = 'succeeded' group by phase").fetchall()
    assert dict(found) | {"data": 2, "monitors": 3, "tests": 1} == dict(found)
