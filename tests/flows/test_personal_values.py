"""What is marked personal leaves staging as a salted hash: looked for in a real run; a model that hands it on is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests import synthetic
from tests.clone import flows
from tests.verbs import in_turn

pytestmark = pytest.mark.slow

KIND = replace(synthetic.SHOP, key="varchar")
PLANTED = "shop 1007"
MARK = "{name: shop, data_type: varchar, "
SOURCES, STAGING = "models/staging/shop/_shop__sources.yml", "models/staging/shop/stg_shop__visits.sql"
FEATURES = "models/problems/big_sale/big_sale__features.sql"
WRONG = "8000001,shop 1007,street,many,4.5,true,2026-01-10T10:00:00Z\n8000002,shop 1007,x\n"


def edit(project: Path, file: str, before: str, after: str) -> None:
    text = (project / file).read_text()
    assert before in text
    (project / file).write_text(text.replace(before, after))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A problem whose entity is personal, lived for a day with lines that are wrong; the key is hashed in staging."""
    project = synthetic.plant(tmp_path_factory.mktemp("personal") / "project", KIND)
    folder = synthetic.write_visits(project / "data" / "landing", KIND)
    with (folder / "2026-01-10.csv").open("a") as file:
        file.write(WRONG)
    edit(project, SOURCES, MARK, f"{MARK}config: {{meta: {{pii: true}}}}, ")
    edit(project, SOURCES, "known_at: reported_at}", "known_at: reported_at, max_rejected_share: 0.5}")
    edit(project, STAGING, "        shop,\n", "        {{ hashed('shop') }} as shop,\n")
    in_turn(
        project,
        *(("land", "--until", "2026-02-24", "--step", "month"), ("build",)),
        *(("train",), ("judge",), ("promote", "--reason", "to see it serve")),
        *(("land", "--until", "2026-02-25"), ("build",), ("score",), ("monitor", "--no-tests"), ("publish",)),
    )
    assert all((project / "published" / name).exists() for name in ("analytics.duckdb", "reports/big_sale.html"))
    return project


def asked(project: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_planted_value_is_in_no_table_file_page_or_log_outside_of_landing(lived: Path) -> None:
    tables = asked(
        lived,
        "select schema_name, table_name from duckdb_tables() "
        "union all select schema_name, view_name from duckdb_views() where not internal",
    )
    with_it = {
        f"{schema}.{table}"
        for schema, table in tables
        if schema != "information_schema"
        and asked(lived, f'select 1 from "{schema}"."{table}" as t where contains(cast(t as varchar), \'{PLANTED}\') limit 1')
    }
    assert with_it == {"landing.shop__visits"}
    assert asked(lived, "select count(*) > 20 from problems.big_sale__predictions") == [(True,)]
    assert asked(lived, "select count(*) from ledger.quarantine where raw is null and line is not null")[0][0] >= 2
    ours = ("data/landing", "data/warehouse.duckdb")
    holding = [
        path.relative_to(lived).as_posix()
        for path in lived.rglob("*")
        if path.is_file() and ".venv" not in path.parts and PLANTED.encode() in path.read_bytes()
    ]
    assert holding and all(name.startswith(ours) for name in holding), holding


def test_the_salt_is_in_no_sql_page_log_or_published_file(lived: Path) -> None:
    ((salt,),) = asked(lived, "from landing.salt")
    assert len(salt) == 64
    holding = [
        path.name
        for path in lived.rglob("*")
        if path.is_file() and ".venv" not in path.parts and salt.encode() in path.read_bytes()
    ]
    assert set(holding) <= {"warehouse.duckdb", "warehouse.duckdb.wal"}


def test_the_hash_is_that_of_value_and_salt_and_null_stays_null(lived: Path) -> None:
    plain = "sha256((select salt from landing.salt) || 'shop 1007')"
    assert asked(lived, f"select count(*) > 0, count(distinct shop) from staging.stg_shop__visits where shop = {plain}") == [
        (True, 1)
    ]


LEAKS = {"said_shop": "said.shop as said_shop", "told_shop": "upper(concat(said.shop, '!')) as told_shop"}
MARKED = "landing.shop__visits.shop, which is marked meta.pii"


def test_a_model_that_hands_a_personal_value_on_fails_the_build_and_is_told_what_to_do(lived: Path, tmp_path: Path) -> None:
    project = shutil.copytree(lived, tmp_path / "project")
    edit(project, STAGING, "as shop,\n", "as shop,\n        shop as shop_as_sent,\n")
    edit(project, FEATURES, "newest.spent as last_spent,", ",\n    ".join(["newest.spent as last_spent", *LEAKS.values(), ""]))
    edit(
        project,
        FEATURES,
        "left join newest using (shop, as_of)",
        "left join newest using (shop, as_of)\n"
        "left join (select visit_id, shop_as_sent as shop from visits) as said on said.visit_id = 100001",
    )
    told = flows(project, "build", code=1)
    for leak in LEAKS:
        assert f"{FEATURES}: column {leak} of big_sale__features holds {MARKED}" in told
    assert "{{ hashed('shop') }} as shop" in told and told.count(MARKED) == len(LEAKS), "in staging it may stand"


def test_a_purge_finds_who_is_hashed_by_the_value_and_by_the_hash(lived: Path, tmp_path: Path) -> None:
    hashed = f"sha256((select salt from landing.salt) || '{PLANTED}')"
    ((key,),) = asked(lived, f"select distinct shop from staging.stg_shop__visits where shop = {hashed}")
    by_value, by_hash = ("--column", "shop.visits.shop", "--key", PLANTED), ("--problem", "big_sale", "--entity", key)
    told = in_turn(lived, ("purge", *by_value), ("purge", *by_hash)).stdout.splitlines()
    removed = [line for line in told if "would be removed" in line]
    assert removed[: len(removed) // 2] == removed[len(removed) // 2 :]
    assert any("problems.big_sale__predictions" in line for line in removed)
    project = shutil.copytree(lived, tmp_path / "project")
    purge = ("purge", *by_hash, "--by", "x", "--reason", "y", "--yes")
    in_turn(project, purge, ("land", "--until", "2026-02-26"), ("build",), ("score",))
    for text in (PLANTED, key):
        assert [
            path
            for path in project.rglob("*")
            if path.is_file() and ".venv" not in path.parts and text.encode() in path.read_bytes()
        ] == []
    assert asked(project, "select count(*) > 20 from problems.big_sale__cohort where as_of = timestamp '2026-02-25'") == [(True,)]
