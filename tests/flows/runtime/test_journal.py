"""The journal beside a warehouse: what it holds the ledger against, and what it bears itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from flows.runtime import journal
from ml.errors import AsofError

CLOCK = datetime(1987, 3, 1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


@pytest.fixture
def con(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema ledger; create table ledger.batches (batch_id varchar)")
        con.execute("create table ledger.runs (run_id varchar); create table ledger.promotions (promotion_id varchar)")
        yield con


def commit(con: duckdb.DuckDBPyConnection, *names: str, kind: str = "batch") -> None:
    table, _ = journal.LEDGER[kind]
    for name in names:
        con.execute(f"insert into ledger.{table} values (?)", [name])
        journal.note(con, kind, name, f"river/{name}.csv", CLOCK, soon=True)


def test_a_ledger_that_holds_all_of_it_is_fine_and_so_is_a_warehouse_without_a_journal(con, warehouse) -> None:
    journal.verify(warehouse, con)
    commit(con, "a", "b")
    commit(con, "r", kind="run")
    journal.verify(warehouse, con)
    journal.beside(warehouse).unlink()
    journal.verify(warehouse, con)
    commit(con, "c")
    assert [json.loads(line)["id"] for line in journal.beside(warehouse).read_text().splitlines()] == ["c"]


def test_what_is_lost_is_named_with_what_to_do_and_nothing_is_to_be_removed(con, warehouse) -> None:
    commit(con, *"abcde")
    commit(con, "r", kind="run")
    con.execute("delete from ledger.batches where batch_id > 'a'; delete from ledger.runs")
    with pytest.raises(AsofError) as error:
        journal.verify(warehouse, con)
    said = str(error.value)
    assert "lacks what was committed since 20" in said and "\n" not in said
    assert "4 batches (river/b.csv, river/c.csv, river/d.csv and 1 more); 1 run (river/r.csv)" in said
    assert "Restore the last good copy of w.duckdb with its .wal" in said and "python -m flows recover" in said
    advice = said.partition("Nothing was changed.")[2]
    assert advice and "remove" not in advice and "delete" not in advice


@pytest.mark.parametrize("torn", [b"{", b'{"at": "2026', b"\x00\xff", b"[1]", b'"text"', b"{}", b"null", b""])
def test_a_torn_last_line_is_no_note_and_the_next_note_begins_a_line(con, warehouse, torn: bytes) -> None:
    commit(con, "a")
    with journal.beside(warehouse).open("ab") as file:
        file.write(torn)
    journal.verify(warehouse, con)
    commit(con, "b")
    con.execute("delete from ledger.batches where batch_id = 'b'")
    with pytest.raises(AsofError, match=r"1 batch \(river/b\.csv\)"):
        journal.verify(warehouse, con)


def test_a_loss_that_is_accepted_is_asked_for_no_more_and_the_next_one_is(con, warehouse) -> None:
    commit(con, "a", "b")
    con.execute("delete from ledger.batches where batch_id = 'b'")
    journal.accept(warehouse, journal.lost(warehouse, con))
    journal.verify(warehouse, con)
    commit(con, "c")
    con.execute("delete from ledger.batches where batch_id = 'c'")
    with pytest.raises(AsofError, match=r": 1 batch \(river/c\.csv\)"):
        journal.verify(warehouse, con)


def test_a_long_journal_is_cut_and_keeps_its_end(con, warehouse, monkeypatch) -> None:
    monkeypatch.setattr(journal, "LARGEST", 3000)
    monkeypatch.setattr(journal, "KEPT", 1000)
    commit(con, *(f"n{number}" for number in range(100)))
    journal.verify(warehouse, con)
    kept = journal.beside(warehouse).read_text().splitlines()
    assert [json.loads(line)["id"] for line in kept] == [f"n{number}" for number in range(100 - len(kept), 100)]
    assert 2 < len(kept) < 10


def test_a_journal_that_cannot_be_written_costs_no_commit(con, warehouse) -> None:
    journal.beside(warehouse).mkdir()
    commit(con, "a")
    assert con.execute("from ledger.batches").fetchall() == [("a",)]


def test_a_database_in_memory_has_none() -> None:
    with duckdb.connect() as con:
        journal.note(con, "batch", "a", "a.csv", CLOCK)
