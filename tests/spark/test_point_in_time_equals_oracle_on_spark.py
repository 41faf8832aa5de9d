"""Every point-in-time macro, as dbt compiles it for Spark, on a cluster, against the oracle on the cases that DuckDB is asked."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.macros import oracle
from tests.macros.cases import Ask, Fact, flatten, keyed, sample, tables
from tests.macros.compiling import compiled, invoke
from tests.macros.test_bad_arguments_are_rejected_by_name import FILTERED, TYPES, UNKNOWN, told
from tests.macros.test_point_in_time_equals_oracle import EXPECTED, WORLDS, first_difference
from tests.macros.test_point_in_time_promises import DAY, without_a_key
from tests.macros.test_the_package_is_installed_by_a_stranger import USED, placed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

GLOBAL = ["last_before_global", "aggregate_before_global", "corrected_global"]
SINCE = {"trailing_daily_since": "trailing_daily", "trailing_daily_lively_since": "trailing_daily_lively"}
# Both are instants without a zone where the zone of the session is UTC; the macros promise the same for both.
KINDS = ["timestamp_ntz", "timestamp_ltz"]


@pytest.fixture(scope="module")
def sql(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Model name → SQL of the fixture project, as dbt compiled it for Spark."""
    models = " ".join([*EXPECTED, *GLOBAL, *SINCE])
    return compiled(tmp_path_factory.mktemp("compiled"), select=models, target="spark")


@cache
def worlds() -> list[tuple[list[Fact], list[Ask]]]:
    """The facts and asks of each world; no two worlds share a case, so all of them are one input."""
    flat = list(map(flatten, sample(WORLDS)))
    return [tuple([row._replace(case_id=row.case_id + 1000 * i) for row in rows] for rows in both) for i, both in enumerate(flat)]


@cache
def facts_and_asks() -> tuple[list[Fact], list[Ask]]:
    """All facts and all asks of all worlds."""
    return [f for facts, _ in worlds() for f in facts], [a for _, asks in worlds() for a in asks]


@cache
def expected(macro: str) -> oracle.Answer:
    """What the oracle says of all worlds."""
    return {key: row for facts, spine in worlds() for key, row in EXPECTED[macro](facts, spine).items()}


def put(spark: SparkSession, name: str, table: pa.Table) -> None:
    """Write a table to files, so that more than one task reads it."""
    spark.createDataFrame(table).repartition(4).write.mode("overwrite").saveAsTable(name)


def look(spark: SparkSession, table: str, view: str, kind: str = KINDS[0]) -> None:
    """Let a table be seen by the name that queries know, with instants of one kind."""
    columns = [f"cast({c} as {kind}) as {c}" if type.startswith("timestamp") else c for c, type in spark.table(table).dtypes]
    spark.table(table).selectExpr(*columns).createOrReplaceTempView(view)


def ask(spark: SparkSession, query: str, keys: int = 3) -> dict[tuple, tuple]:
    """The query's rows, as key columns → the others. Raises RowTwiceError."""
    rows = spark.sql(query).toArrow().to_pylist()
    return keyed([tuple(v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row.values()) for row in rows], keys)


@pytest.fixture(scope="module", params=KINDS)
def inputs(spark: SparkSession, request: pytest.FixtureRequest) -> None:
    """All worlds, as `facts` and `spine`."""
    for name, table in tables(*facts_and_asks()).items():
        if not spark.catalog.tableExists(f"{name}_of_worlds"):
            put(spark, f"{name}_of_worlds", table)
        look(spark, f"{name}_of_worlds", name, request.param)


@pytest.mark.parametrize("macro", EXPECTED)
def test_every_answer_equals_the_oracle_on_spark(macro: str, inputs: None, spark: SparkSession, sql: dict[str, str]) -> None:
    assert not first_difference(ask(spark, sql[macro]), expected(macro), facts_and_asks()[0])


MUTANTS = {
    "what is known at an instant comes before it": (
        "order by pit_when, pit_side rows", "order by pit_when, pit_side desc rows",
        ["last_before", "version_before", "valid_before", "aggregate_last_before"],
    ),
    "a frame ends late": (
        "interval '0.000001' second preceding", "interval '0' second preceding", ["aggregate_before", "trailing_daily"],
    ),
    "a frame begins late": ("between interval '172800' second", "between interval '172799' second", ["aggregate_before"]),
    "what happens at the decision is later": (
        "interval '0.000001' second following", "interval '0' second following", ["label_within"],
    ),
    "what is known at an instant is summed before it": (
        "order by pit_at, pit_end rows", "order by pit_at, pit_end desc rows", ["aggregate_before_of_sums"],
    ),
    "the first instant is lost": (
        "sequence(pit_start,", "sequence(pit_start + interval '12 hours',", ["cohort_on_schedule"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("inputs", KINDS[:1], indirect=True)
@pytest.mark.parametrize(
    ("before", "after", "macro"),
    [(before, after, macro) for before, after, macros in MUTANTS.values() for macro in macros],
    ids=[f"{name} in {macro}" for name, (_, _, macros) in MUTANTS.items() for macro in macros],
)
def test_the_oracle_disagrees_with_a_mutant_on_spark(
    before: str, after: str, macro: str, inputs: None, spark: SparkSession, sql: dict[str, str]
) -> None:
    assert before in sql[macro]
    assert first_difference(ask(spark, sql[macro].replace(before, after)), expected(macro), facts_and_asks()[0])


@pytest.mark.parametrize("inputs", KINDS[:1], indirect=True)
@pytest.mark.parametrize("later", SINCE)
def test_a_daily_table_built_later_equals_the_full_build_on_spark(
    later: str, inputs: None, spark: SparkSession, sql: dict[str, str]
) -> None:
    since = datetime(2020, 1, 3)
    full = expected(SINCE[later])
    query = f"select case_id, k, known_at from ({sql['trailing_daily']}) where known_at <= timestamp '{since}'"
    spark.sql(query).createOrReplaceTempView("built")
    rest = {key: row for key, row in full.items() if key[2] > since}
    assert not first_difference(ask(spark, sql[later]), rest, facts_and_asks()[0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_macro_without_a_key_equals_the_oracle_on_spark(kind: str, spark: SparkSession, sql: dict[str, str]) -> None:
    world = sample(2)[1]  # the first is empty
    facts, spine = flatten(world)
    facts, spine = [f._replace(case_id=0, k="only") for f in facts], [a._replace(case_id=0, k="only") for a in spine]
    answers = without_a_key(facts, spine)
    # a key that is null is a key like others where nobody asks by it
    one_case = [f._replace(case_id=0, k=f.k or "none") for f in max(world, key=lambda case: len(case[0]))[0]]
    answers["corrected_global"] = oracle.corrected_global(one_case, spine, 2 * DAY)
    for model, answer in answers.items():
        for name, table in tables(one_case if model == "corrected_global" else facts, spine).items():
            put(spark, f"{name}_without_a_key", table)
            look(spark, f"{name}_without_a_key", name, kind)
        assert ask(spark, sql[model], keys=1) == answer, model


def test_a_project_of_somebody_else_gets_the_same_sql_for_spark(sql: dict[str, str], tmp_path: Path) -> None:
    theirs = compiled(tmp_path / "compiled", placed(tmp_path), target="spark")
    assert set(theirs) == set(USED)
    assert {name for name in theirs if theirs[name] != sql[name]} == set()


def test_a_model_on_the_macros_is_built_and_unit_tested_on_spark(cluster: str, tmp_path: Path) -> None:
    result = invoke(["build", "--select", "+unit_tested", "--target", "spark"], tmp_path)
    assert result.success, result.exception or [(r.node.name, r.message) for r in result.result]
    assert {r.node.resource_type for r in result.result} == {"model", "unit_test"}


def test_columns_and_types_that_do_not_fit_are_refused_by_name_on_spark(cluster: str, tmp_path: Path) -> None:
    errors = told(tmp_path, list(UNKNOWN), target="spark")
    for call, (argument, problem) in UNKNOWN.items():
        assert f": {argument} " in (errors[call] or "") and problem in errors[call], call
    assert "on compares k (varchar, in spine) with k (integer, in facts): different types" in errors[TYPES]
    assert "take names colour, which facts (facts) does not have; it has case_id, k, event_at" in errors[FILTERED]
