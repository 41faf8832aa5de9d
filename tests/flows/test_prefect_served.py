"""A real Prefect server, a real worker and the deployments of prefect.yaml; and the same work where Prefect is away."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from flows.studies.doctor.deployments import deployments
from tests.clone import environment
from tests.conftest import PROJECT
from tests.synthetic import PROBLEM
from tests.verbs import in_turn

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# Generous, for a busy machine: on an idle one serving is ready after 20 s and a flow run takes 10 s.
SECONDS = 240
LATE = 3
NIGHT = timedelta(hours=10)


@dataclass
class Served:
    """A running `python -m flows.serve` and the project it works on."""

    project: Path
    port: int
    process: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def home(self) -> Path:
        return self.project / "data" / "prefect"

    @property
    def environment(self) -> dict[str, str]:
        """What a person sets in the shell to talk to the server."""
        password = (self.home / "auth_string").read_text().strip()
        return {"PREFECT_API_URL": self.url, "PREFECT_API_AUTH_STRING": password}

    def ask(self, where: str, body: dict | None = None, auth: bool = True, method: str | None = None) -> Any:
        """The answer of Prefect's API; a body makes it a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{where}", data, method=method)
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

    def hold(self, paused: bool = True) -> None:
        """Let no run begin, or begin again; those that are asked for wait meanwhile."""
        self.ask("work_pools/asof", {"is_paused": paused}, method="PATCH")

    def never_mind(self, run: dict) -> None:
        """Take back a run that waits."""
        self.ask(f"flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLED"}, "force": True})

    def run(self, deployment: str, **parameters: object) -> str:
        """Ask for a run now; returns its id."""
        which = self.deployments()[deployment]["id"]
        return self.ask(f"deployments/{which}/create_flow_run", {"parameters": parameters, "state": {"type": "SCHEDULED"}})["id"]

    def ended(self, *runs: str) -> list[dict]:
        """The runs, once all of them have ended."""
        await_that(lambda: all(self.ask(f"flow_runs/{run}")["state_type"] in ENDED for run in runs))
        return [self.ask(f"flow_runs/{run}") for run in runs]

    def runs(self, deployment: str) -> list[dict]:
        """The runs of a deployment that are not to come, the oldest first."""
        asked = {"deployments": {"id": {"any_": [self.deployments()[deployment]["id"]]}}, "sort": "START_TIME_ASC"}
        now = datetime.now(UTC).isoformat()
        return [one for one in self.ask("flow_runs/filter", asked) if one["expected_start_time"] < now]

    def quiet(self) -> None:
        """Let no schedule start anything any more, or the hour might turn while a test runs."""
        for one in self.deployments().values():
            if one["schedules"]:
                self.ask(f"deployments/{one['id']}/pause_deployment", {})


@pytest.fixture(scope="module")
def served(lived_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    project = Path(shutil.copytree(lived_shop, tmp_path_factory.mktemp("served") / "project"))
    shutil.copy(PROJECT / "prefect.yaml", project)  # what is planted needs none
    serving = Served(project, free_port(), None)
    start(serving)
    yield serving
    if serving.process.poll() is None:
        serving.process.terminate()
    serving.process.wait(60)


def start(serving: Served) -> None:
    """Start `python -m flows.serve`, and wait until it says where to log in."""
    more = {"ASOF_PREFECT_PORT": str(serving.port), "TZ": "America/New_York"}  # the place of a machine moves no schedule
    more |= {"PREFECT_WORKER_QUERY_SECONDS": "2"}  # 10 by default: nobody wants to wait for that here
    more |= {"PREFECT_SERVER_SERVICES_SCHEDULER_MIN_RUNS": str(LATE + 2)}
    with (serving.project / "serve.log").open("w+") as log:
        serving.process = subprocess.Popen(
            [sys.executable, "-m", "flows.serve"],
            cwd=serving.project, env=environment() | more, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        told = Path(log.name)
        await_that(lambda: "log in" in told.read_text() or serving.process.poll() is not None)
        assert serving.process.poll() is None, told.read_text()


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


def one(project: Path, sql: str) -> Any:
    """The answer of the warehouse, once no process writes it: a run is told as ended a moment before its process ends."""
    file = project / "data" / "warehouse.duckdb"
    await_that(lambda: _free(file), 60)
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(sql).fetchall()[0][0]


def _free(file: Path) -> bool:
    try:
        duckdb.connect(str(file), read_only=True).close()
    except duckdb.IOException:
        return False
    return True


def clock(project: Path) -> datetime:
    return one(project, "select now from landing.clock")


def python(project: Path, program: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the project."""
    command = [sys.executable, "-c", program]
    variables = environment() | {"PREFECT_HOME": str(project / "caller")} | more
    return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=SECONDS)


def test_the_server_answers_nobody_without_the_password(served: Served) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        served.ask("deployments/filter", {}, auth=False)


def test_the_password_is_for_its_owner_alone(served: Served) -> None:
    assert stat.S_IMODE((served.home / "auth_string").stat().st_mode) == 0o600


def test_every_deployment_is_there_with_its_tags_and_its_schedule_in_utc(served: Served) -> None:
    declared = {
        f"{one['entrypoint'].split(':')[1]}/{one['name']}": (one["tags"], [schedule["cron"] for schedule in one["schedules"]])
        for one in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]
    }
    found = {
        name: (one["tags"], [schedule["schedule"]["cron"] for schedule in one["schedules"]])
        for name, one in served.deployments().items()
    }
    assert found == declared
    # A schedule that makes no runs is no schedule: the server writes the runs to come within seconds.
    coming = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}

    def planned() -> dict[str, list[datetime]]:
        at: dict[str, list[datetime]] = {}
        for run in served.ask("flow_runs/filter", coming):
            at.setdefault(run["deployment_id"], []).append(datetime.fromisoformat(run["expected_start_time"]))
        return at

    await_that(lambda: planned().keys() == {one["id"] for one in served.deployments().values() if one["schedules"]}, 60)
    hourly = sorted(planned()[served.deployments()["cycle/hourly"]["id"]])
    assert {at.astimezone(UTC).minute for at in hourly} == {5} and len(hourly) > LATE
    assert {after - before for before, after in pairwise(hourly)} == {timedelta(hours=1)}
    daily = planned()[served.deployments()["monitoring/daily"]["id"]]
    assert {at.astimezone(UTC).strftime("%H:%M") for at in daily} == {"06:30"}


def test_every_form_says_what_it_asks_and_offers_the_problems_that_there_are(served: Served) -> None:
    forms = {name: one["parameter_openapi_schema"] for name, one in served.deployments().items()}
    for name, form in forms.items():
        for parameter, said in form["properties"].items():
            assert said.get("description"), f"{name}: {parameter}"
    by_hand = {name: form for name, form in forms.items() if name.endswith("/by-hand") and not name.startswith("retraining")}
    assert sorted(by_hand) == ["backtest/by-hand", "experiment/by-hand", "feasibility/by-hand", "rollback/by-hand"]
    assert all(form["properties"]["problem"]["enum"] == [PROBLEM] for form in by_hand.values())
    assert by_hand["rollback/by-hand"]["required"] == ["problem", "reason"]
    members = by_hand["backtest/by-hand"]["properties"]["members"]
    assert members | {"default": 1, "exclusiveMinimum": 0, "type": "integer"} == members
    assert forms["cycle/hourly"]["properties"]["length"]["enum"] == ["hour", "day", "week", "month"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.run("rollback/by-hand", problem="no_such_problem", reason="it is worse")
    assert 400 <= refused.value.code < 500


def test_doctor_finds_all_of_them_and_says_which_one_is_paused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", served.url)
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    assert "refuses the password" in next(deployments()).what
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", served.environment["PREFECT_API_AUTH_STRING"])
    assert list(deployments()) == []
    name, paused = next(iter(served.deployments().items()))
    served.ask(f"deployments/{paused['id']}/pause_deployment", {})
    assert [one.what for one in deployments()] == [f"{name} is paused"]
    served.ask(f"deployments/{paused['id']}/resume_deployment", {})


def test_runs_wait_for_one_another_complete_or_fail_with_their_reason(served: Served) -> None:
    served.quiet()
    before = clock(served.project)
    good = [served.run("cycle/hourly", length="hour"), served.run("monitoring/daily")]
    bad = served.run("experiment/by-hand", problem=PROBLEM, every=True)
    runs = served.ended(*good, bad)
    assert [run["state_type"] for run in runs] == ["COMPLETED"] * 2 + ["FAILED"], [run["state"]["message"] for run in runs]
    assert "AsofError: models/problems/big_sale/experiments.yml is missing" in runs[2]["state"]["message"]
    spans = sorted((run["start_time"], run["end_time"]) for run in runs)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans)), spans
    assert clock(served.project) == before + timedelta(hours=1)
    artifacts = {artifact["key"]: artifact for artifact in served.ask("artifacts/filter", {})}
    report = f"report-{PROBLEM.replace('_', '-')}"
    assert {"dbt-run", "dbt-test", "published-file", "alerts", report} <= set(artifacts)
    file = served.project / "published" / "reports" / f"{PROBLEM}.html"
    assert f"[{file.name}]({file.resolve().as_uri()})" in artifacts[report]["data"]
    assert file.stat().st_size > 10_000


def test_every_flow_run_says_what_it_is_of_and_when(served: Served) -> None:
    runs = served.ask("flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
    now = f"{clock(served.project):%Y-%m-%d %H:%M}"
    names = {run["name"] for run in runs}
    assert {f"{flow} {now}" for flow in ("cycle", "data", "serving", "monitoring", "retraining")} <= names, names
    assert f"triggers {PROBLEM} {now}" in names
    assert all(re.fullmatch(rf"[a-z]+( {PROBLEM})? 2026-\d\d-\d\d \d\d:\d\d", name) for name in names), names
    assert all({run["name"].split()[0], *([PROBLEM] if PROBLEM in run["name"] else [])} <= set(run["tags"]) for run in runs)


def test_what_has_landed_is_an_event_of_the_run_that_landed_it(served: Served) -> None:
    asked = {"filter": {"event": {"name": ["batch.landed"]}, "occurred": {"since": "2026-01-01T00:00:00Z"}}}
    await_that(lambda: bool(served.ask("events/filter", asked)["events"]), 60)
    event = served.ask("events/filter", asked)["events"][0]
    assert event["resource"]["prefect.resource.id"] == "asof.source.shop.visits"
    assert event["payload"]["file"].startswith("shop/visits/") and int(event["payload"]["rows"]) > 0
    assert "flow-run" in {one["prefect.resource.role"] for one in event["related"]}


def test_a_promotion_and_a_rollback_publish_again(served: Served) -> None:
    """The first is typed by hand, in a shell that knows the server, and only asks for it; the second comes from a form."""
    champion = "select model_version from ledger.promotions order by rowid desc limit 1"
    served.hold()
    in_turn(served.project, ("train",), ("promote", "--reason", "to go back from it"), **served.environment)
    promoted = one(served.project, champion)
    await_that(lambda: len(served.runs("serving/by-promotion")) == 1)
    served.never_mind(served.runs("serving/by-promotion")[0])
    served.hold(False)
    (gone_back,) = served.ended(served.run("rollback/by-hand", problem=PROBLEM, reason="it is worse"))
    assert gone_back["state_type"] == "COMPLETED", gone_back["state"]["message"]
    await_that(lambda: sorted(run["state_type"] for run in served.runs("serving/by-promotion")) == ["CANCELLED", "COMPLETED"])
    assert one(served.project, champion) != promoted
    assert one(served.project, "select reason from ledger.promotions order by rowid desc limit 1") == "it is worse"


def test_each_of_two_events_starts_a_retraining_of_its_problem_by_the_declared_policy(served: Served) -> None:
    """Both ask for a run; one of them is let run."""
    before = {run["id"] for run in served.runs("retraining/daily")}
    served.hold()
    both = "for event in (events.DRIFT_DETECTED, events.QUALITY_DEGRADED): events.emit(event, 'problem', '{PROBLEM}')"
    program = f"from flows.runtime import prefect_events as events\n{both.format(PROBLEM=PROBLEM)}"
    assert python(served.project, program, **served.environment).returncode == 0
    await_that(lambda: len(served.runs("retraining/daily")) == len(before) + 2)
    first, second = (run for run in served.runs("retraining/daily") if run["id"] not in before)
    assert first["parameters"] == second["parameters"] == {"problem": PROBLEM}
    served.never_mind(first)
    served.hold(False)
    (run,) = served.ended(second["id"])
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    assert run["name"] == f"retraining {PROBLEM} {clock(served.project):%Y-%m-%d %H:%M}"


def test_a_flow_that_takes_longer_than_it_may_is_stopped_and_the_ledger_says_so(served: Served) -> None:
    program = "from flows.monitoring import monitoring; monitoring.with_options(timeout_seconds=1)()"
    ended = python(served.project, program, **served.environment)
    assert ended.returncode != 0 and "exceeded timeout of 1.0 second" in ended.stderr, ended.stderr[-2000:]
    stopped = "select count(*) from ledger.runs where status = 'failed' and message like '%stopped before its end'"
    assert one(served.project, stopped) == 1


def test_hours_that_nobody_worked_are_caught_up_once(served: Served) -> None:
    """Three runs are late, as after hours without a worker: one brings three hours, the other two are skipped."""
    earlier = {run["id"] for run in served.runs("cycle/hourly")}
    served.hold()
    late, before = planned(served, LATE), clock(served.project)
    put_back(served.home / "prefect.db", late, timedelta(hours=LATE))
    served.hold(False)
    runs = served.ended(*late)
    served.quiet()
    assert sorted(run["state_name"] for run in runs) == ["Completed", *["Skipped"] * (LATE - 1)]
    worked = served.ended(*(run["id"] for run in served.runs("cycle/hourly") if run["id"] not in earlier))
    assert clock(served.project) == before + timedelta(hours=len(worked)), "the hour itself may turn meanwhile"
    archive = served.project / "data" / "landing" / "archive" / "shop" / "visits" / "*.csv"
    known = f"select count(*) from read_csv('{archive}') where reported_at < (select now from landing.clock)"
    assert one(served.project, "select count(*) from landing.shop__visits") == one(served.project, known), "each row once"


def planned(served: Served, number: int) -> list[str]:
    """So many cycles that the server has planned, the next ones."""
    served.ask(f"deployments/{served.deployments()['cycle/hourly']['id']}/resume_deployment", {})
    asked = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "deployments": {"name": {"any_": ["hourly"]}}}
    await_that(lambda: len(served.ask("flow_runs/filter", asked)) >= number, 90)
    coming = sorted(served.ask("flow_runs/filter", asked), key=lambda run: run["expected_start_time"])
    return [run["id"] for run in coming[:number]]


def put_back(database: Path, runs: list[str], by: timedelta) -> None:
    """Move runs that are to come into the past, as if nobody had worked since."""
    with sqlite3.connect(database, timeout=30) as con:
        for run in runs:
            (at, state) = con.execute("select next_scheduled_start_time, state_id from flow_run where id = ?", [run]).fetchone()
            then = f"{datetime.fromisoformat(at) - by:%Y-%m-%d %H:%M:%S.%f}"
            con.execute(
                "update flow_run set next_scheduled_start_time = ?, expected_start_time = ?, idempotency_key = id where id = ?",
                [then, then, run],
            )
            (details,) = con.execute("select state_details from flow_run_state where id = ?", [state]).fetchone()
            moved = json.loads(details)
            moved["scheduled_time"] = (datetime.fromisoformat(moved["scheduled_time"].replace("Z", "+00:00")) - by).isoformat()
            con.execute("update flow_run_state set state_details = ? where id = ?", [json.dumps(moved), state])


def test_the_work_pools_of_containers_that_the_page_names_are_accepted(served: Served) -> None:
    page = (PROJECT / "docs" / "deployment.md").read_text()
    lines = [line.split()[1:] for line in page.splitlines() if line.startswith(".venv/bin/prefect work-pool")]
    assert len(lines) == 2
    lines.append(["work-pool", "create", "asof-kubernetes", "--type", "kubernetes"])
    each = "sys.argv[1:] = line\n    try: app()\n    except SystemExit as ended:\n        if ended.code: raise"
    program = f"import sys\nfrom prefect.cli import app\nfor line in {lines!r}:\n    {each}"
    done = python(served.project, program, **served.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    pools = {pool["name"]: pool for pool in served.ask("work_pools/filter", {})}
    assert (pools["asof-docker"]["type"], pools["asof-docker"]["concurrency_limit"]) == ("docker", 1)
    assert pools["asof-kubernetes"]["type"] == "kubernetes"
    (said,) = [
        one for text in re.findall(r"```yaml\n(.*?)```", page, flags=re.S) if "definitions" in (one := yaml.safe_load(text))
    ]
    variables = said["definitions"]["work_pool"]["job_variables"]
    assert variables.keys() <= pools["asof-docker"]["base_job_template"]["variables"]["properties"].keys()
    flow = served.deployments()["cycle/hourly"]["flow_id"]
    body = {"name": "in-a-container", "flow_id": flow, "work_pool_name": "asof-docker"}
    served.ask("deployments/", {**body, "job_variables": variables})
    with pytest.raises(urllib.error.HTTPError):
        served.ask("deployments/", {**body, "name": "refused", "job_variables": {**variables, "volumes": "one"}})


def test_a_flow_without_the_password_fails_loudly(served: Served) -> None:
    ended = through_prefect(served.project, PREFECT_API_URL=served.url)
    assert ended.returncode != 0
    assert "401" in ended.stderr


def test_a_run_whose_worker_was_killed_is_marked_and_a_night_without_a_server_is_caught_up_once(served: Served) -> None:
    """Of ten hours without a server two had been planned."""
    late = planned(served, 2)
    cut = served.run("cycle/hourly", length="hour")
    await_that(lambda: served.ask(f"flow_runs/{cut}")["state_type"] == "RUNNING")
    family = descendants(served.process.pid)
    os.kill(next(pid for pid in family if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()), signal.SIGKILL)
    assert served.process.wait(60) == 1
    assert "the server or the worker has ended by itself" in (served.project / "serve.log").read_text()
    await_that(lambda: not family & set(parents()), 10)
    before = clock(served.project)
    put_back(served.home / "prefect.db", late, NIGHT)
    start(served)
    runs = served.ended(*late)
    served.quiet()
    (crashed,) = served.ended(cut)
    assert crashed["state_type"] == "CRASHED" and "worker was killed" in crashed["state"]["message"]
    assert sorted(run["state_name"] for run in runs) == ["Completed", "Skipped"]
    assert clock(served.project) - before in (NIGHT, NIGHT + timedelta(hours=1)), "the hour itself may turn meanwhile"


def test_sigterm_stops_flow_worker_and_server_and_the_warehouse_stays_whole(served: Served) -> None:
    before = one(served.project, "select count(*) from ledger.runs")
    run = served.run("cycle/hourly", length="hour")
    await_that(lambda: served.ask(f"flow_runs/{run}")["state_type"] == "RUNNING")
    family = descendants(served.process.pid)
    assert len(family) >= 3  # server, worker, flow
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    await_that(lambda: not family & set(parents()), 10)
    assert one(served.project, "select count(*) from ledger.runs") >= before


NOWHERE = "http://127.0.0.1:9/api"  # the port of the discard service, where nobody listens


def test_a_flow_whose_server_is_down_fails_loudly(shop_project: Path) -> None:
    before = one(shop_project, "select count(*) from ledger.runs")
    ended = through_prefect(shop_project, PREFECT_API_URL=NOWHERE)
    assert ended.returncode != 0
    assert NOWHERE in ended.stderr
    assert one(shop_project, "select count(*) from ledger.runs") == before


def test_the_same_work_is_done_from_the_command_line_where_the_server_is_down(shop_project: Path) -> None:
    before = one(shop_project, "select count(*) from ledger.runs")
    in_turn(shop_project, ("land", "--step", "day"), PREFECT_API_URL=NOWHERE)
    assert one(shop_project, "select count(*) from ledger.runs") > before


def through_prefect(project: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Call a flow as Prefect's own, not its function."""
    return python(project, "from flows.data import data; data(length='day')", **more)


def parents() -> dict[int, int]:
    """Every live process and its parent."""
    told = subprocess.run(["ps", "-Ao", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    return {int(pid): int(parent) for pid, parent, state in map(str.split, told.splitlines()) if not state.startswith("Z")}


def descendants(pid: int) -> set[int]:
    family, known = {pid}, parents()
    while more := {child for child, parent in known.items() if parent in family} - family:
        family |= more
    return family - {pid}
