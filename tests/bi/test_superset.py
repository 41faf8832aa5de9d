"""The Superset bundle: whatever is published, each chart asks for what is there; and a real Superset draws it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from bi.superset.__main__ import superset
from tests.bi.published import published_file


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return published_file(tmp_path / "analytics.duckdb")


def bundle(published: Path, to: Path) -> dict[str, dict]:
    """What is written, by the name of the file."""
    done = CliRunner().invoke(superset, ["--published", str(published), "--to", str(to)])
    assert done.exit_code == 0, done.output
    return {str(path.relative_to(to)): yaml.safe_load(path.read_text("utf-8")) for path in to.rglob("*.yaml")}


def under(folder: str, files: dict[str, dict]) -> list[dict]:
    return [content for name, content in files.items() if name.startswith(f"{folder}/")]


def test_each_chart_asks_its_table_for_what_is_there(published: Path, tmp_path: Path) -> None:
    files = bundle(published, tmp_path / "superset")
    tables = {dataset["uuid"]: dataset["table_name"] for dataset in under("datasets", files)}
    with duckdb.connect(str(published), read_only=True) as con:
        for chart in under("charts", files):
            params, table = chart["params"], tables[chart["dataset_uuid"]]
            where = " and ".join(one["sqlExpression"] for one in params["adhoc_filters"]) or "true"
            if chart["viz_type"] == "table":
                picked = ", ".join('"' + name.replace('"', '""') + '"' for name in params["all_columns"])
                order = ", ".join(json.loads(one)[0] for one in params["order_by_cols"])
                found = con.execute(f"select {picked} from {table} where {where} order by {order}").fetchall()
            else:
                values = ", ".join(one["sqlExpression"] for one in params["metrics"])
                by = ", ".join([params["x_axis"], *params["groupby"]])
                found = con.execute(f"select {by}, {values} from {table} where {where} group by {by}").fetchall()
            assert found, chart["slice_name"]


def test_a_dashboard_shows_each_of_its_charts_once(published: Path, tmp_path: Path) -> None:
    files = bundle(published, tmp_path / "superset")
    placed = [one for page in under("dashboards", files) for one in page["position"].values() if isinstance(one, dict)]
    shown = [one["meta"]["uuid"] for one in placed if one["type"] == "CHART"]
    assert sorted(shown) == sorted(chart["uuid"] for chart in under("charts", files))
    assert {page["dashboard_title"] for page in under("dashboards", files)} == {"Models and alerts", "Loyal shops"}


def test_what_is_stale_goes_and_what_dbt_says_of_a_column_goes_along(published: Path, tmp_path: Path) -> None:
    to = tmp_path / "superset"
    files = bundle(published, to)
    assert bundle(published, to) == files
    said = {one["column_name"]: one["description"] for one in files["datasets/asof/loyal_shops_predictions.yaml"]["columns"]}
    assert said["score"] == "what: \"yes\" is 'worth' — 80 %"
    with duckdb.connect(str(published)) as con:
        con.execute("drop table loyal_shops_predictions")
    assert "datasets/asof/loyal_shops_predictions.yaml" not in bundle(published, to)
    assert files["databases/asof.yaml"]["extra"] == {"engine_params": {"connect_args": {"read_only": True}}}


@pytest.mark.parametrize("content", ["missing", "empty", "no database"])
def test_where_nothing_is_published_a_sentence_says_what_writes_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "analytics.duckdb"
    if content == "empty":
        duckdb.connect(str(file)).close()
    elif content == "no database":
        file.write_text("not a database " * 1000)
    done = CliRunner().invoke(superset, ["--published", str(file), "--to", str(tmp_path / "superset")])
    assert done.exit_code == 1 and str(file) in done.output and not (tmp_path / "superset").exists()
    assert "flows publish" in done.output or content == "no database"


def test_a_folder_that_holds_anything_else_is_left_as_it_is(published: Path, tmp_path: Path) -> None:
    to = tmp_path / "notes"
    to.mkdir()
    (to / "mine.yaml").write_text("of a person")
    done = CliRunner().invoke(superset, ["--published", str(published), "--to", str(to)])
    assert done.exit_code == 1 and "mine.yaml was not written by this command" in done.output
    assert [path.name for path in to.rglob("*")] == ["mine.yaml"]
