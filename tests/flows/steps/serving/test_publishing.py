"""The published file before is kept, and comes back while readers go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from flows.steps.serving.publishing import before, shown
from tests.clone import flows

READER = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(con.execute("select max(rounds) from model_versions").fetchall()[0][0], flush=True)
"""


def mark(project: Path, number: int) -> None:
    """Make the next publication one that can be told from all others."""
    with duckdb.connect(str(project / "data" / "warehouse.duckdb")) as con:
        con.execute("update ledger.model_versions set rounds = ?", [number])


def rounds(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute("select max(rounds) from model_versions").fetchall()[0][0]


@pytest.fixture
def twice(shop_project: Path) -> Path:
    """A project that has published twice: 101, then 102."""
    for number in (101, 102):
        mark(shop_project, number)
        flows(shop_project, "publish")
    return shop_project


def test_the_file_before_comes_back_says_its_run_and_disturbs_no_reader(twice: Path) -> None:
    file = twice / "published" / "analytics.duckdb"
    assert (rounds(file), rounds(before(file))) == (102, 101)
    wanted = shown(before(file))
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as held:
        ask = lambda: (held.stdin.write("\n"), held.stdin.flush(), held.stdout.readline())[2]  # noqa: E731
        assert ask() == "102\n"
        said = flows(twice, "publish", "--rollback")
        assert f"shows run {wanted.run_id[:12]} as of 2026-02-26 00:00 UTC again" in said
        assert ask() == "102\n", "who has it open keeps it"
        held.stdin.close()
    assert (rounds(file), rounds(before(file))) == (101, 102)
    flows(twice, "publish", "--rollback")
    assert (rounds(file), rounds(before(file))) == (102, 101), "once more undoes it"
    with duckdb.connect(str(twice / "data" / "warehouse.duckdb"), read_only=True) as con:
        told = con.execute("select message from ledger.runs where phase = 'publishing' order by started_at").fetchall()
        known = {name for (name,) in con.execute("select run_id from ledger.runs where phase = 'publishing'").fetchall()}
    assert [text.startswith("published the file before again, run ") for (text,) in told[-2:]] == [True, True]
    assert {shown(file).run_id, shown(before(file)).run_id} <= known


def test_without_a_file_before_a_sentence_says_so_and_nothing_changes(twice: Path) -> None:
    file = twice / "published" / "analytics.duckdb"
    before(file).unlink()
    before(file).hardlink_to(file)  # as after a kill between the two renames
    held = file.read_bytes()
    for _ in range(2):
        assert "there is no published file before" in flows(twice, "publish", "--rollback", code=1)
        before(file).unlink(missing_ok=True)
    assert file.read_bytes() == held
