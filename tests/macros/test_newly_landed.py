"""Increments that follow the landing: whatever lands and is built in whatever order, in the end nothing is missing or doubled."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.macros.compiling import MACROS, PROJECT, invoke

pytestmark = pytest.mark.slow

# Meters with a plan that may land after their readings; faults come by another source, and both are events.
MODELS = {
    "readings": """{{ config(materialized='incremental', incremental_strategy='append') }}
        select readings.* from landed.readings as readings inner join landed.plans using (meter)
        where {{ newly_landed('landed.readings', key='id', landing_number='readings.landing_number') }}""",
    "events": """{{ config(materialized='incremental', incremental_strategy='append') }}
        select id, 'reading' as kind, landing_number from {{ ref('readings') }}
        where {{ newly_landed(ref('readings'), key='id', where="kind = 'reading'") }}
        union all
        select id, 'fault', landing_number from landed.faults
        where {{ newly_landed('landed.faults', key='id', where="kind = 'fault'") }}""",
}
WHOLE = {
    "readings": "select id from landed.readings join landed.plans using (meter)",
    "events": "select id from landed.readings join landed.plans using (meter) union all select id from landed.faults",
}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    work = tmp_path_factory.mktemp("landed")
    for name, sql in MODELS.items():
        path = work / "models" / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(sql)
    shutil.copytree(MACROS / "incremental", work / "macros")
    shutil.copy(PROJECT / "profiles.yml", work)
    (work / "dbt_project.yml").write_text(
        'name: meters\nversion: "1.0.0"\nprofile: macros_under_test\nflags: {send_anonymous_usage_stats: false}\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MACROS_UNDER_TEST_WAREHOUSE", str(work / "warehouse.duckdb"))
        yield work


def build(work: Path, *select: str) -> None:
    done = invoke(["run", *(["--select", *select] if select else [])], work, work)
    assert done.success, done.exception or [one.message for one in done.result]


def ask(work: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(work / "warehouse.duckdb")) as con:
        return con.execute(sql).fetchall()


@pytest.mark.parametrize("seed", range(2))
def test_in_whatever_order_batches_land_and_models_are_built_no_row_is_lost_or_doubled(work: Path, seed: int) -> None:
    chance = random.Random(seed)
    ask(work, "drop schema if exists landed cascade; drop table if exists readings; drop table if exists events")
    ask(work, "create schema landed; create table landed.plans (meter int, landing_number bigint);"
        "create table landed.readings (id int, meter int, landing_number bigint);"
        "create table landed.faults (id int, landing_number bigint)")  # fmt: skip
    plans = list(range(6))
    chance.shuffle(plans)
    for number in range(1, 13):
        what = chance.choice(["plans", "readings", "readings", "faults"])
        if what == "plans" and plans:
            ask(work, f"insert into landed.plans values ({plans.pop()}, {number})")
        elif what == "readings":
            ask(work, f"insert into landed.readings select {number} * 100 + i, i % 6, {number} from range(9) as t(i)")
        else:
            ask(work, f"insert into landed.faults select -{number} * 100 - i, {number} from range(3) as t(i)")
        # who runs dbt by hand builds some models and not others
        if number > 2 and (select := chance.choice([(), ("events",), ("readings",), None])) is not None:
            build(work, *(select if number > 4 else ()))
    for meter in plans:
        ask(work, f"insert into landed.plans values ({meter}, 99)")
    build(work)
    for model, whole in WHOLE.items():
        assert ask(work, f"select id from {model} order by all") == ask(work, f"select id from ({whole}) order by all"), model
    before = ask(work, "select * from events order by all")
    build(work)
    assert ask(work, "select * from events order by all") == before
