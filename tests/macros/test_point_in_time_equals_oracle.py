"""Every point-in-time macro, as dbt compiles it, against the brute-force oracle on thousands of random worlds."""

from collections.abc import Callable
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from tests.macros import oracle
from tests.macros.cases import Ask, Fact, World, flatten, run, worlds

Expected = Callable[[list[Fact], list[Ask]], oracle.Answer]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2020, 1, 4, 6)
UNTIL = datetime(2020, 1, 6, 7)
many = settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

EXPECTED: dict[str, Expected] = {
    "last_before": oracle.last_before,
    "version_before": oracle.version_before,
    "valid_before": oracle.valid_before,
    "label_within": lambda f, s: oracle.label_within(f, s, 2 * DAY, 3 * HOUR, NOW),
    "cohort_on_schedule": lambda f, s: oracle.cohort(f, datetime(2020, 1, 1), datetime(2020, 1, 5), 12 * HOUR, 2, DAY),
    "aggregate_before_range": lambda f, s: oracle.aggregate_before(f, s, [3 * HOUR, 2 * DAY], distinct=True),
    "aggregate_before_buckets": lambda f, s: oracle.aggregate_before(f, s, [3 * HOUR, 2 * DAY], distinct=False),
    "trailing_daily": lambda f, s: oracle.aggregate_before(f, oracle.midnights(f, UNTIL), [DAY, 2 * DAY], distinct=False),
}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'")
    return connection


@pytest.mark.parametrize("macro", EXPECTED)
def test_every_answer_equals_the_oracle(macro: str, sql: dict[str, str], con: duckdb.DuckDBPyConnection) -> None:
    @many
    @given(worlds)
    def check(world: World) -> None:
        facts, spine = flatten(world)
        assert run(con, sql[macro], facts, spine, keys=3) == EXPECTED[macro](facts, spine)

    check()
