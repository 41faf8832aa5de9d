"""A real Prefect server, a real worker and the deployments of prefect.yaml; and the same work where Prefect is away."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from flows.studies.doctor.deployments import deployments
from tests.children import House
from tests.conftest import PROJECT
from tests.flights.conftest import PROBLEM, Lived

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# Generous, for a busy machine: on an idle one serving is ready after 20 s and a flow run takes 10 s.
SECONDS = 240


@dataclass
class Served:
    """A running `python -m flows.serve` and the house it works on."""

    house: House
    process: subprocess.Popen
    home: Path
    url: str

    def ask(self, where: str, body: dict | None = None, auth: bool = True) -> Any:
        """The answer of Prefect's API; a body makes it a POST."""
        request = urllib.request.Request(f"{self.url}/{where}", None if body is None else json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        if auth:
            word = base64.b64encode((self.home / "auth_string").read_text().strip().encode()).decode()
            request.add_header("authorization", f"Basic {word}")
        for attempt in range(10):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    text = answer.read()
                return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                if error.code != 503 or attempt == 9:  # Prefect's database is busy, its own clients ask again too
                    raise
                time.sleep(1)

    def deployments(self) -> dict[str, dict]:
        """Every deployment as `flow/name`."""
        flows = {flow["id"]: flow["name"] for flow in self.ask("flows/filter", {})}
        return {f"{flows[one['flow_id']]}/{one['name']}": one for one in self.ask("deployments/filter", {})}

    def run(self, deployment: str, **parameters: object) -> str:
        """Ask for a run now; returns its id."""
        which = self.deployments()[deployment]["id"]
        return self.ask(f"deployments/{which}/create_flow_run", {"parameters": parameters, "state": {"type": "SCHEDULED"}})["id"]

    def state(self, run: str) -> str:
        return self.ask(f"flow_runs/{run}")["state_type"]


@pytest.fixture(scope="module")
def served(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    house = lived.day.copy(tmp_path_factory.mktemp("served") / "house")
    home, port = house.folder / "prefect", free_port()
    environment = {**os.environ, **house.environment, "ASOF_PREFECT_PORT": str(port), "PREFECT_HOME": str(home)}
    environment["PREFECT_WORKER_QUERY_SECONDS"] = "2"  # 10 by default: nobody wants to wait for that here
    with (house.folder / "serve.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.serve"], cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        told = Path(log.name)
        try:
            await_that(lambda: "log in" in told.read_text() or process.poll() is not None)
            assert process.poll() is None, told.read_text()
            yield Served(house, process, home, f"http://127.0.0.1:{port}/api")
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_that(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not _holds(holds):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.3)


def _holds(holds: Callable[[], bool]) -> bool:
    try:
        return holds()
    except TimeoutError:  # a server that is busy is asked again, until the deadline
        return False


def one(house: House, sql: str) -> Any:
    """The answer of the warehouse, once no process writes it: a run is told as ended a moment before its process ends."""
    await_that(lambda: _free(house), 60)
    with duckdb.connect(str(house.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()[0][0]


def _free(house: House) -> bool:
    try:
        duckdb.connect(str(house.warehouse), read_only=True).close()
    except duckdb.IOException:
        return False
    return True


def test_the_server_answers_nobody_without_the_password(served: Served) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        served.ask("deployments/filter", {}, auth=False)


def test_the_password_is_for_its_owner_alone(served: Served) -> None:
    assert stat.S_IMODE((served.home / "auth_string").stat().st_mode) == 0o600


def test_every_deployment_is_there_with_its_schedule_and_its_runs(served: Served) -> None:
    declared = {
        f"{one['entrypoint'].split(':')[1]}/{one['name']}": [schedule["cron"] for schedule in one["schedules"]]
        for one in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
    }
    found = {name: [schedule["schedule"]["cron"] for schedule in one["schedules"]] for name, one in served.deployments().items()}
    assert found == declared
    # A schedule that makes no runs is no schedule: the server writes the runs to come within seconds.
    coming = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}

    def planned() -> set[str]:
        return {run["deployment_id"] for run in served.ask("flow_runs/filter", coming)}

    await_that(lambda: planned() == {one["id"] for one in served.deployments().values() if one["schedules"]}, 60)


def test_doctor_finds_all_of_them_and_says_which_one_is_paused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", served.url)
    assert "refuses the password" in next(deployments()).what
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", (served.home / "auth_string").read_text().strip())
    assert list(deployments()) == []
    name, paused = next(iter(served.deployments().items()))
    served.ask(f"deployments/{paused['id']}/pause_deployment", {})
    assert [one.what for one in deployments()] == [f"{name} is paused"]
    served.ask(f"deployments/{paused['id']}/resume_deployment", {})


def test_runs_wait_for_one_another_complete_or_fail_with_their_reason(served: Served) -> None:
    for deployment in served.deployments().values():  # or the hour might turn while this runs
        served.ask(f"deployments/{deployment['id']}/pause_deployment", {})
    before: datetime = one(served.house, "select now from landing.clock")
    good = [
        served.run("cycle/hourly", length="hour"),
        served.run("monitoring/daily", tests=False),
    ]
    bad = served.run("retraining/by-hand", problem="no_such_problem")
    await_that(lambda: all(served.state(run) in ENDED for run in [*good, bad]))

    runs = [served.ask(f"flow_runs/{run}") for run in [*good, bad]]
    assert [run["state_type"] for run in runs] == ["COMPLETED"] * 2 + ["FAILED"], [run["state"]["message"] for run in runs]
    assert "AsofError: dbt_project.yml: vars.problems does not name 'no_such_problem'" in runs[2]["state"]["message"]
    spans = sorted((run["start_time"], run["end_time"]) for run in runs)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)), spans
    assert one(served.house, "select now from landing.clock") >= before + timedelta(hours=1)
    artifacts = {artifact["key"]: artifact for artifact in served.ask("artifacts/filter", {})}
    assert {"dbt-run", "published-file", "alerts", "report-flight-disruption"} <= set(artifacts)
    report = served.house.published.parent / "reports" / f"{PROBLEM}.html"
    assert artifacts["report-flight-disruption"]["flow_run_id"] in good, "whichever of the two came last"
    assert f"[{report.name}]({report.resolve().as_uri()})" in artifacts["report-flight-disruption"]["data"]
    assert report.stat().st_size > 10_000


def test_a_flow_without_the_password_fails_loudly(served: Served) -> None:
    ended = through_prefect(served.house, PREFECT_API_URL=served.url)
    assert ended.returncode != 0
    assert "401" in ended.stderr


def test_sigterm_stops_flow_worker_and_server_and_the_warehouse_stays_whole(served: Served) -> None:
    before = one(served.house, "select count(*) from ledger.runs")
    run = served.run("cycle/hourly", length="hour")
    await_that(lambda: served.state(run) == "RUNNING")
    family = descendants(served.process.pid)
    assert len(family) >= 3  # server, worker, flow
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    await_that(lambda: not family & set(parents()), 10)
    assert one(served.house, "select count(*) from ledger.runs") >= before


NOWHERE = "http://127.0.0.1:9/api"  # the port of the discard service, where nobody listens


def test_a_flow_whose_server_is_down_fails_loudly(copied: House) -> None:
    before = one(copied, "select count(*) from ledger.runs")
    ended = through_prefect(copied, PREFECT_API_URL=NOWHERE)
    assert ended.returncode != 0
    assert NOWHERE in ended.stderr
    assert one(copied, "select count(*) from ledger.runs") == before


def test_the_same_work_is_done_from_the_command_line_where_the_server_is_down(copied: House) -> None:
    before = one(copied, "select count(*) from ledger.runs")
    environment = {**os.environ, **copied.environment, "PREFECT_API_URL": NOWHERE}
    verb = [sys.executable, "-m", "flows", "monitor", "--no-tests"]
    ended = subprocess.run(verb, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stderr
    assert one(copied, "select count(*) from ledger.runs") > before


def through_prefect(house: House, **more: str) -> subprocess.CompletedProcess[str]:
    """Call a flow as Prefect's own, not its function."""
    program = "from flows.monitoring import monitoring; monitoring(tests=False)"
    environment = {**os.environ, **house.environment, "PREFECT_HOME": str(house.folder / "caller"), **more}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=SECONDS
    )


def parents() -> dict[int, int]:
    """Every live process and its parent."""
    told = subprocess.run(["ps", "-Ao", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    return {int(pid): int(parent) for pid, parent, state in map(str.split, told.splitlines()) if not state.startswith("Z")}


def descendants(pid: int) -> set[int]:
    family, known = {pid}, parents()
    while more := {child for child, parent in known.items() if parent in family} - family:
        family |= more
    return family - {pid}
