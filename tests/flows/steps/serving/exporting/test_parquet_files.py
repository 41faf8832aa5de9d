"""Parquet: what is read back is what was published, in a folder per period."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from flows.runtime.export_targets import Target
from flows.steps.serving.exporting import exporting, parquet_files
from ml.errors import AsofError
from tests.flows.steps.serving.exporting.conftest import Publish, held, run_id

# Of every type of DuckDB, these are the ones that Parquet has not, or Arrow cannot hand over.
REFUSED = {"INTERVAL", "UNION", "BIT", "GEOMETRY", "BIGNUM", "TIME WITH TIME ZONE", "STRUCT"}


# Not the one that all modules of a process share: what somebody has not read to its end is in the way there.
ALONE = duckdb.connect()


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))


def test_a_table_is_parted_by_the_month_of_its_as_of_and_all_rows_are_there(tmp_path: Path, publish: Publish) -> None:
    run = publish()[:12]
    place = tmp_path / "lake"
    (done,) = exporting.export([Target("parquet", str(place))])
    months = [f"visits/as_of_month=2026-{month}/{run}.parquet" for month in ("01", "02", "03")]
    assert files(place / "current") == [f"shops/{run}.parquet", *months]
    assert done.rows == {"shops": 20, "visits": 90}
    back = ALONE.sql(f"from read_parquet('{place}/current/visits/**/*.parquet')")
    assert back.columns[-1] == "as_of_month"
    with duckdb.connect(str(tmp_path / "published" / "analytics.duckdb"), read_only=True) as con:
        wanted = con.execute("from visits").fetchall()
    assert back.project("* exclude (as_of_month)").order("visit").fetchall() == wanted
    assert len(pd.read_parquet(place / "current" / "visits", filters=[("as_of_month", "==", "2026-02")])) == 28


def test_files_say_what_they_hold_and_of_which_run(tmp_path: Path, publish: Publish) -> None:
    run = publish()
    exporting.export([Target("parquet", str(tmp_path / "lake"))])
    schema = pq.read_schema(next((tmp_path / "lake" / "current" / "visits").rglob("*.parquet")))
    assert schema.metadata[b"run_id"].decode() == run
    assert schema.metadata[b"comment"].decode() == 'One row per visit, there\'s "more".'
    assert schema.field("street").metadata[b"comment"].decode() == "Where: ä, \\ and '."


def test_days_and_rows_without_a_time_have_folders_too(tmp_path: Path) -> None:
    values = "(timestamp '2026-01-31 23:59:59.999999', 1), (timestamp '2026-02-01', 2), (null, 3), (timestamp 'infinity', 4)"
    with held(
        f"create table t as select 't' as x, * from (values {values}) as v(at_noon, at_noon_day)",
        "create table empty as from t limit 0",
    ) as it:
        assert parquet_files.write(tmp_path, it, "day") == {"t": 4, "empty": 0}
    folders = [name.split("/")[0] for name in files(tmp_path / "t")]
    assert folders == ["at_noon_day_=2026-01-31", "at_noon_day_=2026-02-01", "at_noon_day_=__HIVE_DEFAULT_PARTITION__"]
    assert ALONE.sql(f"select count(*) from read_parquet('{tmp_path}/empty/*.parquet')").fetchall() == [(0,)]


def test_a_name_that_is_no_name_of_a_folder_is_written_as_hive_does(tmp_path: Path) -> None:
    with held("""create table t as select 1 as a, date '2026-02-01' as "../x=y" """) as it:
        parquet_files.write(tmp_path, it, "month")
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["..%2Fx%3Dy_month=2026-02"]
    back = ALONE.sql(f"from read_parquet('{tmp_path}/t/**/*.parquet')")
    assert (back.columns[:2], back.fetchall()[0][0]) == (["a", "../x=y"], 1)


def test_every_type_reads_back_equal_or_is_refused_by_name(tmp_path: Path) -> None:
    types, refused = ALONE.sql("describe from test_all_types()").fetchall(), set()
    for number, (name, kind, *_) in enumerate(types):
        # What is beyond a decimal of 38 digits, and instants beyond the calendar, are errors of DuckDB.
        shown = f'cast(7 as {kind}) as "{name}"' if kind in ("HUGEINT", "UHUGEINT") else f'"{name}"'
        folder = tmp_path / str(number)
        rows = f"select {shown}, row_number() over () as place from test_all_types()"
        with held(f"create table t as select null::timestamp as as_of, * from ({rows})") as it:
            try:
                parquet_files.write(folder, it, "month")
            except AsofError as error:
                assert f"t.{name} is of the type {kind}, which cannot be written" in str(error)
                refused.add(re.match(r"[A-Z ]+", kind)[0].strip())
                continue
            wanted = it.con.execute(f'select cast("{name}" as varchar) from t order by place').fetchall()
        read = f"from read_parquet('{folder}/t/**/*.parquet', hive_partitioning = false)"
        found = ALONE.sql(f'select cast("{name}" as varchar) {read} order by place').fetchall()
        assert found == wanted or kind.startswith("TUPLE"), kind
    assert refused == REFUSED


# Resolves `current` and reads there, as fast as it can; where the folder is still there afterwards, it was whole.
READER = """
import os, sys, time, duckdb
place, stop = sys.argv[1:]
seen, gone = set(), 0
duckdb.sql("set TimeZone = 'UTC'")
while not os.path.exists(stop):
    run = os.path.realpath(f"{place}/current")
    try:
        visits = f"read_parquet('{run}/visits/**/*.parquet')"
        found = duckdb.sql(f"select number, count(*) from {visits} group by 1").fetchall()
    except duckdb.IOException:
        found = None
    if not os.path.isdir(run):
        gone += 1
        continue
    assert found is not None and len(found) == 1 and found[0][1] == 90, found
    seen.add(found[0][0])
    if len(seen) == 1:
        print("reading", flush=True)
print(len(seen), gone)
"""


@pytest.mark.slow
def test_readers_who_resolve_current_see_one_whole_run_while_exports_come(tmp_path: Path, publish: Publish) -> None:
    place, stop = tmp_path / "lake", tmp_path / "stop"
    target = [Target("parquet", str(place))]
    publish(0)
    exporting.export(target)
    command = [sys.executable, "-c", READER, str(place), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for reader in readers:
        assert reader.stdout.readline() == "reading\n", reader.stderr.read()
    for number in range(1, 31):
        publish(number)
        exporting.export(target)
        time.sleep(0.02)
    stop.touch()
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
        assert int(out.split()[-2]) > 1, "it saw several runs"


def test_an_export_holds_the_publication_that_it_began_with(tmp_path: Path, publish: Publish) -> None:
    publish(1)
    begun = []

    def progress(table: str, at: int, rows: int) -> None:
        if not begun:
            begun.append(publish(2))

    (done,) = exporting.export([Target("parquet", str(tmp_path / "lake"))], progress)
    assert done.run.run_id == run_id(1)
    found = ALONE.sql(f"select distinct number from read_parquet('{tmp_path}/lake/current/*/**/*.parquet', union_by_name = true)")
    assert (begun, found.fetchall()) == ([run_id(2)], [(1,)])
