"""That rows come in the order in which they were sorted is the engine's promise, not SQL's: here it is held to it."""

from pathlib import Path

import duckdb
import pytest

MADE = """
create table facts as select 1 as case_id, i % 61 as k, timestamp '2020-01-01' + to_seconds(hash(i) % 9000000) as known_at,
    timestamp '2020-01-01' as event_at, cast(hash(i, 1) % 2000 as integer) - 1000 as x, 's' as s from range({n}) as t(i);
create table spine as select case_id, k, known_at + to_minutes(20) as as_of from facts;
"""
# Every value of every row, and how many rows: the same whatever order they are written in.
ANSWER = "select count(*), bit_xor(hash(a)) from ({query}) as a"
JOINED = """
select count(*), count(*) filter (where answers.n_2d = joined.n and answers.total_2d is not distinct from joined.total)
from ({query}) as answers
inner join (
    select s.k, s.as_of, count(f.x) as n, cast(sum(f.x) as double) as total
    from (select distinct k, as_of from spine where k = 7) as s
    left join facts as f on f.k = s.k and f.known_at < s.as_of and f.known_at >= s.as_of - interval 2 day
    group by all
) as joined on answers.k = joined.k and answers.as_of = joined.as_of
"""


def made(path: Path, rows: int, **settings: object) -> duckdb.DuckDBPyConnection:
    """A database of facts and as many instants that ask, opened again with the settings."""
    if not path.exists():
        with duckdb.connect(str(path)) as con:
            con.execute(MADE.format(n=rows))
    con = duckdb.connect(str(path), config={"preserve_insertion_order": False, **settings})
    con.execute("set TimeZone = 'UTC'")
    return con


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_and_spilling_change_no_answer(threads: int, sql: dict[str, str], tmp_path: Path) -> None:
    query, path = sql["aggregate_before_of_sums"], tmp_path / "facts.duckdb"
    with made(path, 200_000, threads=threads) as con:
        whole = con.execute(ANSWER.format(query=query)).fetchone()
        rows, equal = con.execute(JOINED.format(query=query)).fetchone()
    assert rows == equal > 1000
    little = {"threads": threads, "memory_limit": "150MB"}
    with made(path, 0, temp_directory="", **little) as con, pytest.raises(duckdb.OutOfMemoryException):
        con.execute(ANSWER.format(query=query))
    with made(path, 0, temp_directory=str(tmp_path / "spill"), **little) as con:
        assert con.execute(ANSWER.format(query=query)).fetchone() == whole


def test_rows_out_of_order_are_an_error_and_no_answer(sql: dict[str, str], tmp_path: Path) -> None:
    query = sql["aggregate_before_of_sums"]
    assert query.count("order by pit_key, pit_at, pit_end") == 1
    with made(tmp_path / "facts.duckdb", 1000) as con, pytest.raises(duckdb.InvalidInputException, match="out of order"):
        con.execute(ANSWER.format(query=query.replace("order by pit_key, pit_at, pit_end", "")))
