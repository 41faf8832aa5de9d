"""Publishing: a file that readers open at any time, whole and of one run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from flows.runtime import warehouse
from flows.steps.serving import publishing
from flows.store import clock
from tests.children import House
from tests.conftest import PROJECT
from tests.flights.conftest import PROBLEM, Lived

TABLES = {"flight_disruption_predictions", "model_quality", "model_quality_by_metric", "model_versions", "alerts", "experiments"}
OLDER = "1.2.2"
# Opens the file as fast as it can; each time all rows must be of the one publication that the models name.
READER = """
import os, sys, time, duckdb
path, stop = sys.argv[1:]
seen, reads = set(), 0
while not os.path.exists(stop):
    con = duckdb.connect(path, read_only=True)
    run = con.execute("select distinct rounds from model_versions").fetchall()
    scores = con.execute("select distinct cast(round(score * 1000) as int) from flight_disruption_predictions").fetchall()
    con.close()
    assert len(run) == 1 and scores == run, (run, scores)
    seen.add(run[0][0]); reads += 1
    if reads == 1:
        print("reading", flush=True)
    time.sleep(0.01)
print(len(seen), reads)
"""


def publish() -> dict[str, int]:
    return publishing.publish(clock.now())


def mark(number: int) -> None:
    """Make this publication one that a reader can tell from all others, in two tables."""
    with warehouse.transaction() as con:
        con.execute(f"update problems.{PROBLEM}__predictions set score = ? / 1000.0", [number])
        con.execute("update ledger.model_versions set rounds = ?", [number])


def test_three_readers_during_twenty_publications_see_no_error_and_no_mixed_run(inside: House) -> None:
    mark(0)
    publish()
    stop = inside.folder / "stop"
    command = [sys.executable, "-c", READER, str(inside.published), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for reader in readers:
        assert reader.stdout.readline() == "reading\n", reader.stderr.read()
    for number in range(1, 21):
        mark(number)
        publish()
    time.sleep(0.2)
    stop.touch()
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
        assert int(out.split()[0]) > 1, "it saw several publications"


def test_a_reader_who_holds_the_old_file_blocks_nobody_and_keeps_it(inside: House) -> None:
    mark(1)
    publish()
    ask = (
        "import sys, duckdb\ncon = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(con.execute('select max(rounds) from model_versions').fetchall()[0][0])"
    )
    with duckdb.connect(str(inside.published), read_only=True) as holder:
        mark(2)
        publish()
        assert holder.execute("select max(rounds) from model_versions").fetchall() == [(1,)]
        fresh = subprocess.run([sys.executable, "-c", ask, str(inside.published)], capture_output=True, text=True, check=True)
        assert fresh.stdout.strip() == "2"


def test_what_a_killed_publication_left_is_removed(inside: House) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = inside.published.with_name(f".{inside.published.name}.{gone.pid}.new")
    log = orphan.with_name(f"{orphan.name}.wal")
    living = inside.published.with_name(f".{inside.published.name}.{os.getppid()}.new")
    for file in (orphan, log, living):
        file.write_bytes(b"half a file")
    publish()
    assert (orphan.exists(), log.exists(), living.exists()) == (False, False, True)
    assert [file.name for file in inside.published.parent.iterdir() if file.is_file() and file != living] == [
        inside.published.name
    ]


def test_what_is_published_is_what_the_warehouse_holds(inside: House) -> None:
    counts = publish()
    assert set(counts) == TABLES
    with duckdb.connect(str(inside.published), read_only=True) as con:
        assert {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()} == TABLES
        for name in TABLES:
            assert con.execute(f"select count(*) from {name}").fetchall()[0][0] == counts[name]
    scored = warehouse.rows(f"select count(*) as n from problems.{PROBLEM}__predictions")[0]["n"]
    assert counts["flight_disruption_predictions"] == scored


def test_every_published_table_and_column_says_what_it_is(lived: Lived) -> None:
    with duckdb.connect(str(lived.day.published), read_only=True) as con:
        assert con.execute("select table_name from duckdb_tables() where coalesce(comment, '') = ''").fetchall() == []
        silent = "select table_name, column_name from duckdb_columns() where not internal and coalesce(comment, '') = ''"
        assert con.execute(silent).fetchall() == []


def test_no_text_of_a_model_is_published(lived: Lived) -> None:
    with duckdb.connect(str(lived.day.published), read_only=True) as con:
        columns = {name for (name,) in con.execute("select column_name from duckdb_columns() where not internal").fetchall()}
    assert not columns & {"model", "holdout_model", "edges", "importances"}
    assert b"split_gain" not in lived.day.published.read_bytes()


def test_a_published_file_that_cannot_be_written_leaves_the_old_one(inside: House) -> None:
    publish()
    before = inside.published.read_bytes()
    with warehouse.transaction() as con:
        con.execute(f"alter table problems.{PROBLEM}__predictions rename column score to points")
    with pytest.raises(duckdb.Error):
        publish()
    assert inside.published.read_bytes() == before
    assert [file.name for file in inside.published.parent.iterdir() if file.is_file()] == [inside.published.name]


@pytest.fixture(scope="session")
def older_duckdb() -> Path:
    """A folder with a DuckDB of two years ago, installed once."""
    folder = PROJECT / ".cache" / f"duckdb-{OLDER}"
    if not (folder / "duckdb" / "__init__.py").exists():
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
        ]
        got = subprocess.run([*pip, "--target", str(folder), f"duckdb=={OLDER}"], capture_output=True, text=True, timeout=120)
        if got.returncode:
            pytest.skip(f"duckdb {OLDER} cannot be installed here: {got.stderr.strip().splitlines()[-1:]}")
    return folder


def test_a_driver_of_duckdb_1_2_opens_the_published_file(lived: Lived, older_duckdb: Path) -> None:
    script = (
        "import sys, duckdb\n"
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "rows = con.execute('select count(*), avg(score) from flight_disruption_predictions').fetchall()[0][0]\n"
        "print(duckdb.__version__, rows)"
    )
    environment = {**os.environ, "PYTHONPATH": str(older_duckdb)}
    read = subprocess.run(
        [sys.executable, "-c", script, str(lived.day.published)], env=environment, capture_output=True, text=True
    )
    assert read.returncode == 0, read.stderr
    version, rows = read.stdout.split()
    assert version == OLDER
    assert int(rows) > 2000
