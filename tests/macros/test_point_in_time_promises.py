"""What holds between macros: forms agree bit for bit, batches do not matter, daily tables can be built day by day."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.macros import oracle
from tests.macros.cases import Ask, Fact, flatten, run, sample
from tests.macros.compiling import invoke

DAY = timedelta(days=1)
Connection = duckdb.DuckDBPyConnection


def without_a_key(facts: list[Fact], spine: list[Ask]) -> dict[str, oracle.Answer]:
    """What the models without a key must answer over facts and asks that all have one key, by model."""
    with_x = [f for f in facts if f.x is not None]
    last = oracle.last_before([f._replace(event_at=f.known_at) for f in with_x if f.known_at], spine)
    positive = [f for f in with_x if f.x > 0]
    trailing = oracle.aggregate_before(positive, spine, [DAY, 2 * DAY], distinct=False)
    return {
        "last_before_global": {key[2:]: (None if x is None else x + 1, s) for key, (x, s, _) in last.items()},
        "aggregate_before_global": {key[2:]: (row[0], row[1], row[10], row[11]) for key, row in trailing.items()},
    }


def test_a_macro_without_a_key_equals_the_oracle(sql: dict[str, str], con: Connection) -> None:
    for world in sample(2)[1:]:  # the first is empty
        for facts, spine in world:
            facts = [f._replace(case_id=0, k="only") for f in facts]
            spine = [a._replace(case_id=0, k="only") for a in spine]
            for model, expected in without_a_key(facts, spine).items():
                assert run(con, sql[model], facts, spine, keys=1) == expected


def test_corrected_facts_without_a_key_equal_the_oracle(sql: dict[str, str], con: Connection) -> None:
    for world in sample(2)[1:]:  # the first is empty
        for facts, spine in world:
            # a key that is null is a key like others where nobody asks by it
            facts = [f._replace(case_id=0, k=f.k or "none") for f in facts]
            expected = oracle.corrected_global(facts, spine, 2 * DAY)
            assert run(con, sql["corrected_global"], facts, [a._replace(case_id=0) for a in spine], keys=1) == expected


def test_a_daily_table_built_later_equals_the_full_build(sql: dict[str, str], con: Connection) -> None:
    since, quiet = datetime(2020, 1, 3), 0
    for facts, spine in map(flatten, sample(6)):
        full = run(con, sql["trailing_daily"], facts, spine, keys=3)
        built = [{"case_id": c, "k": k, "known_at": at} for c, k, at in full if at <= since]
        schema = pa.schema([("case_id", pa.int32()), ("k", pa.string()), ("known_at", pa.timestamp("us"))])
        con.register("built", pa.Table.from_pylist(built, schema=schema))
        later = run(con, sql["trailing_daily_since"], facts, spine, keys=3)
        assert later == {key: row for key, row in full.items() if key[2] > since}
        lively = run(con, sql["trailing_daily_lively"], facts, spine, keys=3)
        quiet += len(full) - len(lively)
        later = run(con, sql["trailing_daily_lively_since"], facts, spine, keys=3)
        assert later == {key: row for key, row in lively.items() if key[2] > since}
    assert quiet > 100


def test_sums_of_floats_are_sums_of_decimals_whatever_the_batch_or_the_order(sql: dict[str, str], con: Connection) -> None:
    con.execute("""create or replace temp table facts_of_floats as
        select 1 as case_id, 'k' || i % 3 as k, timestamp '2020-01-01' + to_seconds(i * 977 % 600000) as known_at,
            timestamp '2020-01-01' as event_at, sin(i) * power(10, i % 7) as x, 's' || i % 5 as s from range(4000) t(i)""")
    con.execute("""create or replace temp table spine_of_floats as
        select distinct case_id, k, known_at + to_seconds(1800) as as_of from facts_of_floats""")
    query = sql["aggregate_before"].replace("as bigint", "as decimal(18, 6)")

    def rows(facts: str, spine: str, columns: str) -> list[tuple]:
        con.unregister("facts"), con.unregister("spine")
        con.execute(f"create or replace temp view facts as {facts}")
        con.execute(f"create or replace temp view spine as {spine}")
        answer = con.execute(f"select {columns} from ({query}) order by all").fetchall()
        con.execute("drop view facts; drop view spine")
        return answer

    columns = "case_id, k, as_of, total_3h, total_2d, mean_3h, mean_2d, sd_3h, sd_2d, big_3h, newest_2d"
    whole = rows("from facts_of_floats", "from spine_of_floats", columns)
    shuffled = rows("from facts_of_floats order by hash(x)", "from spine_of_floats order by hash(as_of)", columns)
    by_day = [row for day in range(1, 9) for row in rows(
        "from facts_of_floats", f"from spine_of_floats where dayofmonth(as_of) = {day}", columns)]  # fmt: skip
    assert len(whole) > 3000
    assert whole == shuffled == sorted(by_day)
    joined = con.execute("""select s.k, s.as_of, cast(sum(cast(x as decimal(18, 6))) as double) from spine_of_floats as s
        left join facts_of_floats as f on s.k = f.k and f.known_at < s.as_of and f.known_at >= s.as_of - interval 2 day
        group by all order by all""").fetchall()
    assert [(row[1], row[2], row[4]) for row in whole] == joined


@pytest.mark.parametrize("value", ["nan", "infinity", "-infinity"])
def test_a_float_that_is_no_decimal_is_an_error_and_no_sum(value: str, sql: dict[str, str]) -> None:
    with duckdb.connect() as con:
        con.execute(f"""create view facts as select 1 as case_id, 'k' as k, timestamp '2020-01-01' as known_at,
            timestamp '2020-01-01' as event_at, cast('{value}' as double) as x, 's' as s""")
        con.execute("create view spine as select case_id, k, timestamp '2020-01-02' as as_of from facts")
        with pytest.raises(duckdb.ConversionException, match="DECIMAL"):
            con.execute(sql["aggregate_before_of_sums"].replace("as bigint", "as decimal(18, 6)")).fetchall()


def test_a_model_on_the_macros_can_be_unit_tested(dbt_work: Path) -> None:
    result = invoke(["build", "--select", "+unit_tested"], dbt_work)
    assert result.success, result.exception or [(r.node.name, r.message) for r in result.result]
    assert any(r.node.resource_type == "unit_test" for r in result.result)
