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
        and facts.known_at >= {end} - interval 28 day and facts.known_at < {end}
    group by all
"""
MIDNIGHT = "date_trunc('day', spine.as_of - interval 1 microsecond)"


@pytest.fixture(scope="module")
def flights(bench: Bench) -> Path:
    return scaled(1, 2, days=40, work=bench.work)


@pytest.mark.parametrize("model", [*DENSITIES, "midnight"])
def test_a_trailing_window_is_that_of_a_plain_join(model: str, bench: Bench, flights: Path, tmp_path: Path) -> None:
    views = laid(flights, DENSITIES.get(model, "carrier"))
    views["spine"] = f"(select * from {views['spine']} where flight_row % 7 = 0 or key is null)"
    end = MIDNIGHT if model == "midnight" else "spine.as_of"
    mine, plain = tmp_path / "mine.parquet", tmp_path / "plain.parquet"
    macros.query({"views": views, "sql": bench.sql[f"trailing_{model}"], "threads": 1, "scratch": str(tmp_path)})(str(mine))
    duckdb.execute(f"copy ({PLAIN.format(**views, end=end)}) to '{plain}'")
    assert differences(mine, plain, "flight_row") == {}


def test_a_difference_is_found_counted_and_named(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    duckdb.execute(f"copy (select i as id, i / 3 as a, null::double as b, -0.0::double as c from range(100) t(i)) to '{one}'")
    same = "select i as id, i / 3 as a, 'nan'::double as b, 0 as c"
    duckdb.execute(f"copy ({same} from range(100) t(i) order by hash(i)) to '{two}'")
    assert differences(one, two, "id") == {}
    duckdb.execute(f"copy (select * replace (a + 1e-9 * (id = 7)::int as a) from ({same} from range(100) t(i))) to '{two}'")
    assert differences(one, two, "id") == {"a": 1}
    duckdb.execute(f"copy ({same} from range(99) t(i)) to '{two}'")
    assert differences(one, two, "id")["rows"] == 1
    duckdb.execute(f"copy (select id, a, b from ({same} from range(100) t(i))) to '{two}'")
    assert differences(one, two, "id") == {"columns": 1}
