"""The file that is written anew holds the same, in the same order, and no byte of what was deleted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from flows.runtime import rewriting, warehouse
from flows.runtime.confinement import WRITTEN

GONE = "somebody-who-was-here"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    with warehouse.cursor() as con:
        con.execute("create schema s; create schema t")
        con.execute("create table s.rows (n bigint not null, said varchar, seen timestamp default now())")
        con.execute(f"insert into s.rows select (range * 7919) % 50000, concat('{GONE}-', range), now() from range(50000)")
        con.execute("comment on table s.rows is 'which SQL made it'; comment on column s.rows.said is 'words'")
        con.execute(
            "create view s.some as select * from s.rows; create view t.more as select * from s.some; "
            "comment on view t.more is 'v'"
        )
        con.execute("create macro s.shown() as table select 1 as run")
        con.execute("checkpoint")
        con.execute("update s.rows set said = concat('somebody else ', n)")
        con.execute("delete from s.rows where n % 1000 = 7")
    yield tmp_path / "warehouse.duckdb"
    warehouse.close()


def said(con: duckdb.DuckDBPyConnection) -> list:
    asked = (
        "select * from (select row_number() over (), * from s.rows)", "from t.more order by all", "from s.shown()",
        "describe s.rows",
        "select schema_name, table_name, comment, sql from duckdb_tables() order by all",
        "select schema_name, view_name, comment, sql from duckdb_views() where not internal order by all",
        "select column_name, comment, is_nullable, column_default from duckdb_columns() where table_name = 'rows' "
        "order by column_index",
    )  # fmt: skip
    return [con.execute(sql).fetchall() for sql in asked]


def test_all_is_as_it_was_and_what_was_deleted_is_in_no_byte(file: Path) -> None:
    with warehouse.cursor() as con:
        before = said(con)
        con.execute("checkpoint")
    assert GONE[:12].encode() in b"".join(path.read_bytes() for path in file.parent.iterdir())
    rewriting.rewrite()
    with warehouse.cursor() as con:
        assert said(con) == before
    warehouse.close()
    assert {path.name for path in file.parent.iterdir()} <= {f"{file.name}{ending}" for ending in WRITTEN} | {
        f"{file.name}.journal"
    }
    assert file.stat().st_mode & 0o777 == 0o600
    for path in file.parent.iterdir():
        assert GONE.encode() not in path.read_bytes()


def test_who_was_killed_leaves_the_old_file_and_the_next_one_clears_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with warehouse.cursor() as con:
        before = said(con)
    orphan = file.with_name(f".{file.name}.999999.{rewriting.ENDING}")
    orphan.mkdir()
    (orphan / file.name).write_text("half of it")

    def killed(con, database):
        raise KeyboardInterrupt

    monkeypatch.setattr(rewriting, "_contents", killed)
    with pytest.raises(KeyboardInterrupt):
        rewriting.rewrite()
    monkeypatch.undo()
    monkeypatch.setenv("ASOF_WAREHOUSE", str(file))
    with warehouse.cursor() as con:
        assert said(con) == before
    rewriting.rewrite()
    assert not [path for path in file.parent.iterdir() if path.name.startswith(".")]
    with warehouse.cursor() as con:
        assert said(con) == before


def test_a_log_that_was_set_aside_goes_too(file: Path) -> None:
    aside = file.with_name(f"{file.name}.wal.damaged-20260101T000000")
    aside.write_text(GONE)
    rewriting.rewrite()
    assert not aside.exists()


def test_a_view_whose_statement_duckdb_writes_in_another_order_comes_over(file: Path) -> None:
    columns = ", ".join(f"case when n > {n} then null else {name} end as {name}" for n, name in enumerate(("n", "said", "seen")))
    with warehouse.cursor() as con:
        con.execute(f"create view t.less as select * replace ({columns}), 1 as one from s.rows")
        before = con.execute("from t.less order by all").fetchall()
    rewriting.rewrite()
    with warehouse.cursor() as con:
        assert con.execute("from t.less order by all").fetchall() == before
