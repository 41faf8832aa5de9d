"""What people do with dbt alone: a clone builds with nothing landed, whatever problems are named, in whichever file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from checks.landing import LandingSource
from tests.clone import build, cloned

pytestmark = pytest.mark.slow

# Unit tests bring their own rows; they run on the example's warehouse and where nothing is declared.
TESTED = ("build", "--exclude-resource-type", "unit_test")
UNTESTED = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
COLUMNS = (
    "select column_name, data_type, is_nullable from duckdb_columns() "
    "where schema_name || '.' || table_name = ? order by column_index"
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which nothing was built; who builds takes the data away again."""
    return cloned(tmp_path_factory.mktemp("dbt") / "clone")


def test_a_clone_builds_with_nothing_landed(clone: Path) -> None:
    assert set(build(clone, *TESTED)) <= {"success", "pass", "no-op"}
    with duckdb.connect(str(clone / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from marts.model_quality").fetchall() == [(0,)]
        con.execute("select * from landing.feedback__inbox, landing.clock")
    shutil.rmtree(clone / "data")


def test_without_a_problem_and_in_another_file_every_model_builds(clone: Path) -> None:
    assert set(build(clone, *UNTESTED, "--target", "dev", "--vars", "{problems: []}")) <= {"success", "no-op"}
    assert [path.name for path in (clone / "data").iterdir()] == ["dev.duckdb"]
    shutil.rmtree(clone / "data")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A warehouse in a folder that is not there yet, for this process."""
    from flows.runtime import warehouse

    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "new" / "warehouse.duckdb"))
    yield tmp_path / "new" / "warehouse.duckdb"
    warehouse.close()


def test_dbt_makes_of_every_source_the_table_that_landing_makes_of_it(empty: Path) -> None:
    from flows.runtime import dbt, warehouse
    from flows.steps.data.landing.landed import ensure_tables

    sources = LandingSource.from_manifest(dbt.manifest_dict())
    dbt.run("run", select=["stg_asof__clock"])
    with duckdb.connect() as alone, warehouse.cursor() as con:
        ensure_tables(alone, sources)
        ensure_tables(con, sources)  # refuses a table of another shape
        for source in sources:
            made = alone.execute(COLUMNS, [source.relation]).fetchall()
            assert made and made == con.execute(COLUMNS, [source.relation]).fetchall()


def test_a_column_of_the_ledger_that_has_another_name_now_keeps_what_it_holds(empty: Path) -> None:
    from flows.runtime import warehouse
    from flows.steps.data.building import prepare

    prepare()
    with warehouse.cursor() as con:
        con.execute("alter table ledger.verdict_gates rename column threshold to margin")
        con.execute("insert into ledger.verdict_gates (gate, margin) values ('not_worse', 0.01)")
        con.execute("alter table ledger.runs drop column cpu_seconds")
    prepare()
    assert warehouse.rows("select gate, threshold from ledger.verdict_gates") == [{"gate": "not_worse", "threshold": 0.01}]
    assert warehouse.rows("select cpu_seconds from ledger.runs") == []
