"""Published files that a test writes itself, and a PostgreSQL server of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.steps.serving.exporting import snapshot
from flows.steps.serving.exporting.snapshot import Snapshot

BEGAN = datetime(2026, 2, 27, 10)
Publish = Callable[..., str]


def run_id(number: int) -> str:
    """The run that published for the so manieth time."""
    return f"{number:012x}{'0' * 20}"


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """`publish(number, SQL…)` renames a new file into the place of the published one, as a publication does; returns its run.

    Without SQL it holds `visits`, 90 rows in three months, and `shops`; every row of both holds the number.
    """
    file = tmp_path / "published" / "analytics.duckdb"
    file.parent.mkdir()
    for name, path in {"PUBLISHED": file, "LANDING": tmp_path / "landing", "WAREHOUSE": tmp_path / "none.duckdb"}.items():
        monkeypatch.setenv(f"ASOF_{name}", str(path))

    def write(number: int = 1, *tables: str) -> str:
        fresh = file.with_suffix(".new")
        with duckdb.connect(str(fresh)) as con:
            for sql in tables or usual(number):
                con.execute(sql)
            con.execute(
                f"create macro published_run() as table select '{run_id(number)}' as run_id, timestamp '2026-02-26' as as_of, "
                f"timestamp '{BEGAN + timedelta(seconds=number)}' as published_at"
            )
        fresh.replace(file)
        return run_id(number)

    return write


def usual(number: int, days: int = 90) -> list[str]:
    return [
        f"create table visits as select {number} as number, i as visit, date '2026-01-01' as told_on, "
        f"timestamp '2026-01-01 06:00' + i * interval 1 day as as_of, 'Straße ' || i as street from range({days}) as r(i)",
        f"create table shops as select {number} as number, i as shop from range(20) as r(i)",
        "comment on table visits is 'One row per visit, there''s \"more\".'",
        "comment on column visits.street is 'Where: ä, \\ and ''.'",
    ]


@contextmanager
def held(*tables: str) -> Iterator[Snapshot]:
    """A snapshot of tables in memory."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for sql in tables:
            con.execute(sql)
        run = snapshot.Shown(run_id(1), BEGAN, BEGAN)
        yield Snapshot(con, run, tuple(snapshot._tables(con)), lambda table, at, rows: None)


def _program(name: str) -> str:
    places = [shutil.which(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)]
    found = next((str(place) for place in places if place), None)
    if found is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    return found


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URI of a server that asks for a password, in a folder of its own; a database per test is made from it."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    password = f"p{secrets.token_hex(8)}"
    # The path of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="asof-pg-", dir="/tmp"))
    try:
        (folder / "password").write_text(password)
        if user:
            shutil.chown(folder, "nobody")
            shutil.chown(folder / "password", "nobody")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data, quiet = folder / "data", {"check": True, "capture_output": True, "cwd": folder, **user}
        settled = ["-U", "asof", "-A", "scram-sha-256", "--pwfile", folder / "password", "-E", "UTF8", "--locale", "C", "-N"]
        subprocess.run([initdb, "-D", data, *settled], **quiet)
        options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off"
        subprocess.run([pg_ctl, "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **quiet)
        try:
            yield f"postgresql://asof:{password}@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URI of an empty database, which ASOF_POSTGRES names."""
    from adbc_driver_postgresql import dbapi

    name = f"d{secrets.token_hex(6)}"
    with dbapi.connect(server, autocommit=True) as con, con.cursor() as cursor:
        cursor.execute(f"create database {name}")
    uri = server.removesuffix("postgres") + name
    monkeypatch.setenv("ASOF_POSTGRES", uri)
    return uri
