"""PostgreSQL: a real server; readers see one run or the next and never wait, types hold, no password is told."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import cli
from flows.runtime.errors import line
from flows.runtime.export_targets import Target
from flows.steps.serving.exporting import exporting
from ml.errors import AsofError
from tests.flows.steps.serving.exporting.conftest import Publish, run_id, usual

pytestmark = pytest.mark.slow
TARGET = [Target("postgres", "asof")]
PROJECT = Path(__file__).resolve().parents[5]


@contextmanager
def connected(uri: str, autocommit: bool = True):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(uri, autocommit=autocommit) as con, con.cursor() as cursor:
        yield cursor


def asked(uri: str, *statements: str) -> list[tuple]:
    """The rows of the last of several statements."""
    with connected(uri) as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def numbers(uri: str) -> set[int]:
    """Of which publication all that is there is."""
    rows = asked(uri, "select number from asof.visits union select number from asof.shops")
    said = {run for (run,) in asked(uri, "select distinct run_id from asof.published_run")}
    assert said == {run_id(number) for (number,) in rows}
    return {number for (number,) in rows}


def test_tables_runs_and_comments_are_there_and_once_more_gives_the_same(database: str, publish: Publish) -> None:
    publish(7)
    for _ in range(2):
        (done,) = exporting.export(TARGET)
        assert done.told == "postgres:asof holds run 000000000007 as of 2026-02-26 00:00 UTC: shops (20), visits (90)"
        assert numbers(database) == {7}
        said = "select table_name, rows, as_of::text, published_at::text from asof.published_run order by 1"
        times = ("2026-02-26 00:00:00", "2026-02-27 10:00:07")
        assert asked(database, said) == [("shops", 20, *times), ("visits", 90, *times)]
        assert asked(database, "select count(*), count(distinct visit), max(street) from asof.visits") == [(90, 90, "Straße 9")]
    comment = "select obj_description('asof.visits'::regclass), col_description('asof.visits'::regclass, 5)"
    assert asked(database, comment) == [('One row per visit, there\'s "more".', "Where: ä, \\ and '.")]


def test_types_and_values_hold(database: str, publish: Publish) -> None:
    draw = random.Random(3)
    decimals = ["0.000000", "-0.000001", "10000.000000", "-123456789012.654321", "99990000.000100", "0.100000"]
    decimals += [
        f"{draw.choice('-+')}{draw.randrange(10 ** draw.randrange(1, 13))}.{draw.randrange(10**6):06}" for _ in range(300)
    ]
    values = ", ".join(f"({number}, '{text}'::decimal(18, 6))" for number, text in enumerate(decimals))
    publish(
        1,
        "create table t as select true as a, (-128)::tinyint as b, 65535::usmallint as c, 4294967295::uinteger as d, "
        "18446744073709551615::ubigint as e, -9::hugeint as f, 1.5::float as g, 'nan'::double as h, -12.30::decimal(9, 2) as i, "
        "'ä🦆\"''\\' as j, '\\x00\\xFF'::blob as k, date '1969-12-31' as l, time '23:59:59.999999' as m, "
        "timestamp '2026-02-28 23:59:59.999999' as n, timestamptz '2026-02-28 12:00:00+02' as o, "
        "interval '1 month -3 days 4 seconds' as p, 'y'::enum('x', 'y') as q, [1, null, 3] as s, ['ä', null, ''] as t, "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as r, "
        "{'k': [1, 2], 'l': null} as u, map {'x': 1} as v, '{\"z\": 1}'::json as w, timestamp_s '2026-01-01 00:00:01' as x, "
        "[1.5::decimal(4, 1)] as y, array_value(1, 2) as z, timestamp '1900-01-01' as aa "
        "union all by name select null::boolean as a",
        f"create table d as from (values {values}) as v(i, x)",
        "create table nothing as select 1 as a limit 0",
    )
    exporting.export(TARGET)
    with connected(database) as cursor:
        cursor.execute("set time zone 'UTC'")
        cursor.execute("select * from asof.t where a")
        names = [column[0] for column in cursor.description]
        chosen = ", ".join(f'"{name}"::text' for name in names)
        cursor.execute(f"select {chosen} from asof.t where a")
        row = dict(zip(names, cursor.fetchone(), strict=True))
        cursor.execute(
            "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = 'asof.t'::regclass and attnum > 0"
        )
        types = dict(cursor.fetchall())
        cursor.execute(f"select count(*) from asof.t where num_nulls({', '.join(names)}) = {len(names)}")
        assert cursor.fetchone() == (1,), "a row of nulls"
        cursor.execute("select x::text from asof.d order by i")
        assert [Decimal(text) for (text,) in cursor.fetchall()] == [Decimal(text) for text in decimals]
    assert row == {
        "a": "true", "b": "-128", "c": "65535", "d": "4294967295", "e": "18446744073709551615", "f": "-9", "g": "1.5", "h": "NaN",
        "i": "-12.30", "j": "ä🦆\"'\\", "k": "\\x00ff", "l": "1969-12-31", "m": "23:59:59.999999",
        "n": "2026-02-28 23:59:59.999999",
        "o": "2026-02-28 10:00:00+00", "p": "1 mon -3 days +00:00:04", "q": "y", "r": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "s": "{1,NULL,3}", "t": '{ä,NULL,""}', "u": '{"k":[1,2],"l":null}', "v": '{"x":1}', "w": '{"z": 1}',
        "x": "2026-01-01 00:00:01",
        "y": "{1.5}", "z": "{1,2}", "aa": "1900-01-01 00:00:00",
    }  # fmt: skip
    assert types == {
        "a": "boolean", "b": "smallint", "c": "integer", "d": "bigint", "e": "numeric(20,0)", "f": "numeric(38,0)", "g": "real",
        "h": "double precision", "i": "numeric(9,2)", "j": "text", "k": "bytea", "l": "date", "m": "time without time zone",
        "n": "timestamp without time zone", "o": "timestamp with time zone", "p": "interval", "q": "text", "r": "uuid",
        "s": "integer[]", "t": "text[]", "u": "json", "v": "json", "w": "json", "x": "timestamp without time zone",
        "y": "numeric(4,1)[]", "z": "integer[]", "aa": "timestamp without time zone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select 'a' || chr(0) as x", "a text holds the character 0"),
        ("select timestamp '290000-01-01' as x union all select timestamp '-infinity'", "t.x holds an infinite date or instant"),
        ("select timestamp 'infinity' as x", "t.x holds an infinite date or instant"),
        ("select [timestamptz 'infinity'] as x", "t.x holds an infinite date or instant"),
        ("select date 'infinity' as x", "t.x holds an infinite date or instant"),
        ("select '4800-01-01 (BC)'::date as x", "a value is beyond"),
        ("select '101'::bit as x", r"t\.x is of the type BIT, and PostgreSQL has none like it: cast it"),
        ("select 170141183460469231731687303715884105727::hugeint as x", "."),
        (f"select 1 as {'x' * 64}", "cannot be its name in PostgreSQL"),
    ],
)
def test_what_postgres_cannot_hold_is_refused_and_nothing_changes(database: str, publish: Publish, sql: str, told: str) -> None:
    publish(1)
    exporting.export(TARGET)
    publish(2, *usual(2), f"create table t as {sql}")
    with pytest.raises(AsofError, match=told):
        exporting.export(TARGET)
    assert numbers(database) == {1}
    assert asked(database, "select to_regclass('asof.t')::text") == [(None,)]


def test_columns_are_added_tables_that_are_stale_go_and_views_and_grants_stay(database: str, publish: Publish) -> None:
    publish(1)
    exporting.export(TARGET)
    asked(database, "create view public.seen as select number, shop from asof.shops")
    asked(
        database,
        f"drop role if exists reader_{os.getpid()}",
        f"create role reader_{os.getpid()}",
        f"grant select on asof.shops to reader_{os.getpid()}",
    )
    publish(2, "create table shops as select 'n' || i as name, i as shop, 2 as number from range(3) as r(i)")
    exporting.export(TARGET)
    assert asked(database, "select * from public.seen") == [(2, 0), (2, 1), (2, 2)]
    assert asked(database, "select name, shop from asof.shops limit 1") == [("n0", 0)]
    assert asked(database, f"select has_table_privilege('reader_{os.getpid()}', 'asof.shops', 'select')") == [(True,)]
    assert asked(database, "select to_regclass('asof.visits')::text") == [(None,)]
    publish(3, "create table shops as select 'another type' as shop")
    with pytest.raises(AsofError, match="nothing was changed there: views stand on a table whose columns have changed"):
        exporting.export(TARGET)
    asked(database, "drop view public.seen")
    exporting.export(TARGET)
    assert asked(database, "select * from asof.shops") == [("another type",)]


def test_tables_of_others_are_neither_replaced_nor_removed(database: str, publish: Publish) -> None:
    asked(database, "create schema asof", "create table asof.mine as select 1 as a", "create table asof.visits as select 2 as b")
    publish(1)
    with pytest.raises(AsofError, match=r"postgres:asof holds visits, which no export has made, .* --to postgres:SCHEMA"):
        exporting.export(TARGET)
    assert asked(database, "select * from asof.visits") == [(2,)]
    asked(database, "drop table asof.visits")
    for number in (1, 2):
        publish(number)
        exporting.export(TARGET)
    assert asked(database, "select * from asof.mine") == [(1,)]


def test_readers_never_wait_and_see_one_run_in_a_statement_and_in_a_transaction(database: str, publish: Publish) -> None:
    publish(0)
    exporting.export(TARGET)
    stop, seen, wrong = threading.Event(), set(), []
    of_all = (
        "select min(number), max(number), count(*), (select min(number) || '-' || max(number) from asof.shops), "
        "(select min(run_id) from asof.published_run) from asof.visits"
    )

    def read(level: str) -> None:
        with connected(database, autocommit=False) as cursor:
            while not stop.is_set():
                cursor.execute(f"set transaction isolation level {level}")
                cursor.execute("set local lock_timeout = '1ms'")  # who has to wait for a lock is wrong
                cursor.execute(of_all)
                first = cursor.fetchone()
                cursor.execute(of_all)
                second = cursor.fetchone()
                cursor.connection.rollback()
                for low, high, rows, shops, run in (first, second):
                    if (high, rows, shops, run) != (low, 90, f"{low}-{low}", run_id(low)):
                        wrong.append((low, high, rows, shops, run))
                if level == "repeatable read" and first != second:
                    wrong.append((first, second))
                seen.add(first[0])

    def safely(level: str) -> None:
        try:
            read(level)
        except Exception as error:
            wrong.append(error)

    readers = [threading.Thread(target=safely, args=(level,)) for level in ("read committed", "repeatable read")]
    for reader in readers:
        reader.start()
    for number in range(1, 16):
        publish(number)
        exporting.export(TARGET)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(seen) > 1, "they saw several runs"


DYING = """
import os, signal, sys
from pathlib import Path
from flows.runtime.export_targets import read
from flows.steps.serving.exporting import exporting, postgres
left = 0
def step(*args):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
usual = postgres._rows, postgres._fill, postgres._say
postgres._fill = lambda *a: (step(), usual[1](*a), step())[1]
postgres._say = lambda *a: (step(), usual[2](*a), step())[1]
for line in sys.stdin:
    if not (child := os.fork()):
        left = int(line)
        exporting.export([read("postgres", Path("/"))], step)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_kill_at_any_point_leaves_what_the_database_held(database: str, publish: Publish) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen([sys.executable, "-c", DYING], cwd=PROJECT, **pipes) as killer:
        for point in (1, 2, 3, 5, 7, 8):
            publish(1)
            exporting.export(TARGET)
            publish(2)
            killer.stdin.write(f"{point}\n")
            assert killer.stdout.readline() == "-9\n", point
            assert numbers(database) == {1}, point
            exporting.export(TARGET)
            assert numbers(database) == {2}, point
        killer.stdin.close()


def test_a_second_export_at_once_is_refused(database: str, publish: Publish) -> None:
    publish(1)
    told = []

    def progress(table: str, at: int, rows: int) -> None:
        with pytest.raises(AsofError, match="another process is exporting to postgres:asof: wait for it"):
            exporting.postgres.write("asof", held)
        told.append(table)

    with exporting.opened(progress) as held:
        exporting.postgres.write("asof", held)
    assert told == ["shops", "visits"] and numbers(database) == {1}


@pytest.mark.parametrize("wrong", ["password", "database", "port"])
def test_no_password_is_told_whatever_is_wrong(
    database: str, publish: Publish, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(1)
    head, password = database.split("@")[0].rsplit(":", 1)
    secret = f"{password}%40x" if wrong == "password" else password
    uri = f"{head}:{secret}@{database.split('@')[1]}"
    if wrong == "database":
        uri += "_none"
    if wrong == "port":
        uri = f"{head}:{secret}@127.0.0.1:1/x"
    monkeypatch.setenv("ASOF_POSTGRES", uri)
    with pytest.raises(AsofError, match="nothing was changed there") as refused:
        exporting.export(TARGET)
    told = line(refused.value)
    assert password not in str(refused.value) + told and uri not in told
    monkeypatch.setenv("ASOF_DEBUG", "1")
    shown = CliRunner().invoke(cli, ["export", "--to", "postgres"])
    assert shown.exit_code == 1 and "Traceback" in shown.stderr and password not in shown.output, "also in a traceback"


def test_a_database_of_another_encoding_gets_the_same_characters(
    server: str, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"latin_{os.getpid()}"
    asked(server, f"drop database if exists {name}", f"create database {name} encoding 'LATIN1' template template0 locale 'C'")
    uri = server.removesuffix("postgres") + name
    monkeypatch.setenv("ASOF_POSTGRES", uri)
    publish(1, "create table t as select 'Zürich' as x")
    exporting.export(TARGET)
    assert asked(uri, "select x = U&'Z\\00FCrich', length(x) from asof.t") == [(True, 6)]
    publish(2, "create table t as select '🦆' as x")
    with pytest.raises(AsofError, match="nothing was changed there"):
        exporting.export(TARGET)


def test_without_a_database_or_the_driver_a_sentence_says_so(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(1)
    monkeypatch.setenv("ASOF_POSTGRES", "")
    with pytest.raises(AsofError, match="ASOF_POSTGRES is not set"):
        exporting.export(TARGET)
    monkeypatch.setenv("ASOF_POSTGRES", "postgresql://h/d")
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(AsofError, match=r"pip install '\.\[postgres\]'"):
        exporting.export(TARGET)
