"""A small Apache Spark cluster of this machine: a master, two workers and a Connect server, each a process of its own, on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

WORKERS = 2
# On a busy machine six Java machines take their time.
SECONDS = 300
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
LOOPBACK = "127.0.0.1"


class ClusterError(RuntimeError):
    """A part of the cluster did not come up; the message ends with what it wrote last."""


def missing() -> str:
    """What keeps a cluster from starting here and what to do about it; empty if nothing does."""
    if find_spec("pyspark") is None:
        return f"{sys.prefix} has no pyspark: `make test-spark` makes an environment that has"
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "Java is not installed: apt-get install --no-install-recommends openjdk-17-jre-headless"
    return ""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of a cluster's Connect server, as `sc://127.0.0.1:port`; all that it writes goes below `folder`.

    All processes are of one group, which ends when this process closes a pipe, and so also when it is killed. Raises
    ClusterError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    master, connect = _free_ports(2)
    started: dict[str, subprocess.Popen] = {}
    guard = subprocess.Popen(["sh", "-c", "cat; kill -KILL 0"], stdin=subprocess.PIPE, process_group=0)
    try:
        parts = {"master": ["org.apache.spark.deploy.master.Master", "--host", LOOPBACK, "--port", str(master), "--webui-port", "0"]}
        for number in range(1, WORKERS + 1):
            parts[f"worker{number}"] = [
                "org.apache.spark.deploy.worker.Worker", "--host", LOOPBACK, "--webui-port", "0", "--cores", "1", "--memory", "1g",
                "--work-dir", str(folder / f"worker{number}"), f"spark://{LOOPBACK}:{master}",
            ]  # fmt: skip
        submit = ["org.apache.spark.deploy.SparkSubmit", "--master", f"spark://{LOOPBACK}:{master}", "--class", CONNECT]
        for key, value in _settings(folder, connect).items():
            submit += ["--conf", f"{key}={value}"]
        parts["connect"] = [*submit, "spark-internal"]
        for name, command in parts.items():
            started[name] = _start(name, command, folder, guard.pid)
        _wait(connect, started, folder)
        yield f"sc://{LOOPBACK}:{connect}"
    finally:
        guard.stdin.close()
        for process in (guard, *started.values()):
            process.wait(SECONDS)


def _settings(folder: Path, port: int) -> dict[str, object]:
    return {
        "spark.connect.grpc.binding.address": LOOPBACK,
        "spark.connect.grpc.binding.port": port,
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.executor.memory": "700m",
        "spark.executor.cores": 1,
        # Nothing begins before both workers take part.
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{SECONDS}s",
        "spark.ui.enabled": "false",
        # Tables outlive a session of dbt; the catalogue of Hive is a Derby database in the folder.
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": folder / "tables",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder / 'catalogue'}",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": 2 * WORKERS,
    }


def _start(name: str, command: list[str], folder: Path, group: int) -> subprocess.Popen:
    home = Path(find_spec("pyspark").origin).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        # Small machines that live for minutes: the first compiler and the plainest collector.
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "SPARK_DAEMON_MEMORY": "1g" if name == "connect" else "256m",
        "PYSPARK_PYTHON": sys.executable,
    }
    with (folder / f"{name}.log").open("w") as log:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), *command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, process_group=group,
        )  # fmt: skip


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind((LOOPBACK, 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait(port: int, started: dict[str, subprocess.Popen], folder: Path) -> None:
    """Return when the Connect server listens; raise ClusterError when a process has ended, or time has."""
    until = time.monotonic() + SECONDS
    while True:
        ended = next((name for name, process in started.items() if process.poll() is not None), None)
        if ended or time.monotonic() > until:
            name, what = ended or "connect", "has ended" if ended else f"does not listen after {SECONDS} seconds"
            raise ClusterError(f"{name} {what}: {(folder / f'{name}.log').read_text()[-2000:]}")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.2)


def processes(group: int) -> list[int]:
    """The ids of the processes of a group that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
