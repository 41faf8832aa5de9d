"""`python -m flows.serve`: a Prefect server on loopback, a worker, and every deployment of prefect.yaml."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click

from flows.runtime import console, private_files, settings
from flows.runtime.one_line import in_one_line
from flows.runtime.settings import PROJECT, path
from ml.errors import AsofError

POOL = "asof"
# A first start creates Prefect's database: 15 s on an idle machine, several times that on a busy one.
HEALTHY_SECONDS = 180
# Prefect's worker hands the signal on to the flow it runs; a transaction is rolled back within it.
STOP_SECONDS = 30
# Of prctl(2): orphans of this process get it for a parent, and not the first process of the system.
SET_CHILD_SUBREAPER = 36


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def serve() -> None:
    """Start Prefect on loopback with one worker, and deploy what prefect.yaml declares.

    \b
    ASOF_PREFECT_PORT  the port of the server and its user interface (default 4200)
    PREFECT_HOME       where Prefect keeps its database, logs and password (default data/prefect)

    The password is made at the first start and kept in PREFECT_HOME/auth_string, readable by you alone. Flows run one at
    a time, since DuckDB lets one process write the warehouse. Ctrl-C or SIGTERM stops the flow under way, the worker and
    the server. What runs when is written in prefect.yaml: change it there and start again.
    """
    children: list[subprocess.Popen] = []
    with in_one_line():
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, _stop)
        try:
            settings.load()
            settings.check()
            _adopt_orphans()
            _serve(children)
        except KeyboardInterrupt:
            console.done("stopping")
        finally:
            for child in reversed(children):  # the worker first: it tells the server how its flow ended
                _end(child)
            _kill_orphans()


def _serve(children: list[subprocess.Popen]) -> None:
    home = path("PREFECT_HOME", "data/prefect")
    environment(home)
    port = os.environ["PREFECT_SERVER_API_PORT"]
    children.append(_start("server", "start", log=home / "server.log"))
    with console.working(f"the server starts on port {port}"):
        _healthy(children[0], home / "server.log")
    with console.working("the flows of prefect.yaml are deployed"):
        _pool()
        _prefect("--no-prompt", "deploy", "--all", "--prefect-file", "prefect.yaml")
    children.append(_start("worker", "start", "--pool", POOL, "--name", "asof-worker", "--limit", "1", log=home / "worker.log"))
    console.done(f"what runs is told in {home / 'worker.log'}, what the server does in {home / 'server.log'}")
    console.done(f"open http://127.0.0.1:{port} and log in with the line that `cat {home / 'auth_string'}` prints; Ctrl-C stops")
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
    raise AsofError(f"the server or the worker has ended by itself; {home / 'server.log'} or worker.log says why")


def environment(home: Path) -> None:
    """Set what this process and its children tell Prefect; AsofError where the port is no free port."""
    port = _free(str(settings.prefect_port()))
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    auth = auth_string(home / "auth_string")
    os.environ |= {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_API_AUTH_STRING": auth,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PWD": str(PROJECT),  # prefect.yaml begins there
    }


def auth_string(file: Path) -> str:
    """`user:password` from a file that only its owner can read; made when it is not there."""
    if not file.exists():
        with open(file, "x", opener=private_files.opener) as handle:
            handle.write(f"asof:{secrets.token_urlsafe(24)}\n")
    return file.read_text().strip()


def _free(port: str) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that has just stopped does not count
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError, OverflowError) as error:
            raise AsofError(
                f"port {port} is taken or is no port ({error}); choose another: ASOF_PREFECT_PORT=4201 make serve"
            ) from error
    return port


def _healthy(server: subprocess.Popen, log: Path) -> None:
    ask = urllib.request.Request(f"{os.environ['PREFECT_API_URL']}/health")
    deadline = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(ask, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise AsofError(f"the Prefect server did not become healthy within {HEALTHY_SECONDS} s; the end of {log} says why")


def _pool() -> None:
    """One run at a time over all deployments; runs that a killed worker left behind must not hold that place."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.client.schemas.filters import FlowRunFilter, WorkPoolFilter
    from prefect.states import Crashed
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    with get_client(sync_client=True) as client:
        client.create_work_pool(
            WorkPoolCreate(name=POOL, type="process", base_job_template=template, concurrency_limit=1), overwrite=True
        )
        running = FlowRunFilter.model_validate({"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}})
        here = WorkPoolFilter.model_validate({"name": {"any_": [POOL]}})
        for run in client.read_flow_runs(flow_run_filter=running, work_pool_filter=here):
            client.set_flow_run_state(
                run.id, Crashed(message="Its worker was killed before it could say how the run ended."), force=True
            )


def _prefect(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "prefect", *arguments], cwd=PROJECT, capture_output=True, text=True)
    if done.returncode:
        raise AsofError(f"`prefect {' '.join(arguments)}` failed: {' '.join((done.stdout + done.stderr).split())[-800:]}")


def _start(*arguments: str, log: Path) -> subprocess.Popen:
    # A session of its own: Ctrl-C on the terminal reaches this process alone, which then stops its children in order.
    command = [sys.executable, "-m", "prefect", *arguments]
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)


def _end(child: subprocess.Popen) -> None:
    """Ask the process to stop, and then its whole group, so that no flow run outlives its worker."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            console.fail(f"process {child.pid} does not stop; it is killed")
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()


def _adopt_orphans() -> None:
    """Become the parent of flow runs whose worker was killed, where the system can do so (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_orphans() -> None:
    """Kill the flow runs that their worker left behind: they would hold the warehouse, and no server asks how they end."""
    deadline = time.monotonic() + STOP_SECONDS
    while (orphans := _children()) and time.monotonic() < deadline:
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _children() -> list[int]:
    """The processes whose parent is this one."""
    listing = subprocess.Popen(["ps", "-Ao", "pid=,ppid="], stdout=subprocess.PIPE, text=True)
    pairs = [line.split() for line in listing.communicate()[0].splitlines()]
    return [int(pid) for pid, parent in pairs if int(parent) == os.getpid() and int(pid) != listing.pid]


def _stop(number: int, frame: object) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)  # impatience must not leave children behind
    raise KeyboardInterrupt


if __name__ == "__main__":
    serve()
