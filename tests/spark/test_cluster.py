"""The cluster of the tests is one: two workers share the work, nobody outside can reach it, and nothing of it stays."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.spark.cluster import SECONDS, WORKERS, ClusterError, running

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LISTENS = "0A"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
STARTS = "import sys, pathlib, tests.spark.cluster as c\nwith c.running(pathlib.Path(sys.argv[1])): print('up', flush=True)"


def living(folder: Path) -> dict[int, Path]:
    """The processes that work in a folder, with where."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found[int(process.name)] = where
    return found


def test_two_workers_share_the_work(spark: SparkSession) -> None:
    def works(batches):
        import time
        from pathlib import Path

        import pyarrow as pa

        time.sleep(1)
        yield pa.RecordBatch.from_pylist([{"place": str(Path.cwd())}])

    places = spark.range(8, numPartitions=8).mapInArrow(works, "place string").collect()
    assert len(places) == 8
    assert len({row.place for row in places}) == WORKERS


def test_only_this_machine_reaches_the_cluster(cluster: str, scratch: Path) -> None:
    sockets = set()
    for process in living(scratch):
        for handle in Path(f"/proc/{process}/fd").iterdir():
            try:
                sockets.add(str(handle.readlink()))
            except OSError:
                continue
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    addresses = [row[1].partition(":")[0] for row in rows if row[3] == LISTENS and f"socket:[{row[9]}]" in sockets]
    assert len(addresses) >= 2 * (1 + WORKERS)
    assert set(addresses) <= LOOPBACK


def test_a_cluster_ends_with_the_process_that_started_it(pyspark: None, tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", STARTS, str(tmp_path)], stdout=subprocess.PIPE)
    until = time.monotonic() + SECONDS
    while len(living(tmp_path)) < 2 + WORKERS and time.monotonic() < until:
        time.sleep(0.1)
    assert len(living(tmp_path)) >= 2 + WORKERS
    owner.kill()
    owner.communicate()
    while living(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    assert living(tmp_path) == {}


def test_a_part_that_does_not_start_says_what_it_wrote(pyspark: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho this Java is of stone >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(java.parents[1]))
    with pytest.raises(ClusterError, match=r"has ended: (?s:.*)this Java is of stone"), running(tmp_path / "cluster"):
        pass
    assert living(tmp_path) == {}
