"""What is measured is what users get: each measured model gives the same rows as plain SQL, written another way."""

from pathlib import Path

import duckdb
import pytest

from benchmarks.bench import Bench
from benchmarks.compare import differences
from benchmarks.contestants import macros
from benchmarks.flights import scaled
from benchmarks.suites.trailing import DENSITIES, laid

PLAIN = """
    select spine.flight_row, count(facts.known_at) as n, avg(facts.arr_delay) as mean, avg(facts.disrupted) as share
    from {spine} as spine
    left join {facts} as facts on spine.key = facts.key
        and facts.known_at >= {end} - interval {days} day and facts.known_at < {end}
    group by all
"""
MIDNIGHT = "date_trunc('day', spine.as_of - interval 1 microsecond)"


@pytest.fixture(scope="module")
def flights(bench: Bench) -> Path:
    return scaled(1, 2, days=40, work=bench.work)


def answered(model: str, key: str, bench: Bench, flights: Path, tmp_path: Path) -> tuple[dict[str, str], Path]:
    views = laid(flights, key)
    views["spine"] = f"(select * from {views['spine']} where flight_row % 7 = 0 or key is null)"
    mine = tmp_path / "mine.parquet"
    macros.query({"views": views, "sql": bench.sql[f"trailing_{model}"], "threads": 1, "scratch": str(tmp_path)})(str(mine))
    return views, mine


@pytest.mark.parametrize("density", [*DENSITIES, "midnight"])
def test_a_trailing_window_is_that_of_a_plain_join(density: str, bench: Bench, flights: Path, tmp_path: Path) -> None:
    model, end = ("midnight", MIDNIGHT) if density == "midnight" else ("instant", "spine.as_of")
    views, mine = answered(model, DENSITIES.get(density, "carrier"), bench, flights, tmp_path)
    plain = tmp_path / "plain.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy ({PLAIN.format(**views, end=end, days=28)}) to '{plain}'")
    assert differences(mine, plain, "flight_row") == {}


def test_each_of_three_windows_is_that_of_a_plain_join(bench: Bench, flights: Path, tmp_path: Path) -> None:
    views, mine = answered("three", "route", bench, flights, tmp_path)
    one, plain = tmp_path / "one.parquet", tmp_path / "plain.parquet"
    for days in (7, 28, 90):
        columns = ", ".join(f"{name}_{days}d as {name}" for name in ("n", "mean", "share"))
        with duckdb.connect() as con:
            con.execute(f"copy (select flight_row, {columns} from '{mine}') to '{one}'")
        with duckdb.connect() as con:
            con.execute(f"copy ({PLAIN.format(**views, end='spine.as_of', days=days)}) to '{plain}'")
        assert differences(one, plain, "flight_row") == {}


def test_a_difference_is_found_counted_and_named(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy (select i as id, i / 3 as a, null::double as b, -0.0::double as c from range(100) t(i)) to '{one}'")
    same = "select i as id, i / 3 as a, 'nan'::double as b, 0 as c"
    with duckdb.connect() as con:
        con.execute(f"copy ({same} from range(100) t(i) order by hash(i)) to '{two}'")
    assert differences(one, two, "id") == {}
    with duckdb.connect() as con:
        con.execute(f"copy (select * replace (a + 1e-9 * (id = 7)::int as a) from ({same} from range(100) t(i))) to '{two}'")
    assert differences(one, two, "id") == {"a": 1}
    with duckdb.connect() as con:
        con.execute(f"copy ({same} from range(99) t(i)) to '{two}'")
    assert differences(one, two, "id")["rows"] == 1
    with duckdb.connect() as con:
        con.execute(f"copy (select id, a, b from ({same} from range(100) t(i))) to '{two}'")
    assert differences(one, two, "id") == {"columns": 1}
