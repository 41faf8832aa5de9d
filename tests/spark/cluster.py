"""A small cluster of Apache Spark on loopback: a master, two workers and a Connect server, each a process of its own."""

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
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
SUBMIT = "org.apache.spark.deploy.SparkSubmit"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
LOOPBACK = "127.0.0.1"


class ClusterError(RuntimeError):
    """A part of the cluster did not come up; the message ends with what it wrote last."""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of a cluster's Connect server, as `sc://127.0.0.1:port`; all that it writes goes below `folder`.

    All processes are of one group, which ends when this process closes a pipe, and so also when it is killed. Raises
    ClusterError.
    """
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise ClusterError("Java is not installed: apt-get install --no-install-recommends openjdk-17-jre-headless")
    folder.mkdir(parents=True, exist_ok=True)
    master, connect = _free_ports(2)
    started: dict[str, subprocess.Popen] = {}
    guard = subprocess.Popen(["sh", "-c", "cat; kill -KILL 0"], stdin=subprocess.PIPE, process_group=0)
    try:
        url, quiet = f"spark://{LOOPBACK}:{master}", ["--host", LOOPBACK, "--webui-port", "0"]
        parts = {"master": [MASTER, *quiet, "--port", str(master)]}
        for name in (f"worker{number + 1}" for number in range(WORKERS)):
            parts[name] = [WORKER, *quiet, "--cores", "1", "--memory", "1g", "--work-dir", str(folder / name), url]
        submit = [SUBMIT, "--master", url, "--class", CONNECT]
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
