"""SQL and YAML are linted as Python is: SQL as dbt compiles it, by `sql_lint`; YAML by yamllint."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import sql_lint, yaml_lint
from tests.architecture.conftest import PROJECT


def test_no_model_has_a_finding(compiled: dict[str, str]) -> None:
    assert len(compiled) > 100
    assert {model: found for model, sql in compiled.items() if (found := sql_lint.lint(sql))} == {}


BAD = {
    "with a as (select 1 as x), b as (select 2 as x) select * from b": (sql_lint.unused_ctes, "CTE a is not used"),
    "with a as (select max(x) from t) select * from a": (sql_lint.expressions_without_a_name, "MAX(x) has no name"),
    "select 1 as x union all select y + 1 from (select max(y) from t) as u": (
        sql_lint.expressions_without_a_name,
        "MAX(y) has no name",
    ),
    "select a.x from facts as a inner join days as d on a.day = day": (sql_lint.unused_aliases, "days is called d by nobody"),
    "select x, y as x from t": (sql_lint.names_twice, "column x stands twice in one select"),
    "select a.x from a inner join b": (sql_lint.joins_without_a_condition, "b is joined without a condition"),
    "with a as (select x from t order by x) select * from a": (sql_lint.useless_orders, "the order by x orders nothing"),
}


@pytest.mark.parametrize("sql", BAD)
def test_each_rule_finds_what_it_is_for(sql: str) -> None:
    assert sql_lint.lint(sql) == [BAD[sql][1]]


def test_every_rule_has_been_seen_to_find_something() -> None:
    assert {rule for rule, _ in BAD.values()} == set[Callable](sql_lint.RULES)


@pytest.mark.parametrize(
    "sql",
    [
        "with a as (select 1 as x) select x, x + 1 as y from a where x in (select max(x) from a)",
        "select a.x, b.y from a cross join b", "select 1 as x union all select 2",
        "select x, row_number() over (order by x) as place from t", "select * from (select x from t order by x limit 3) as s",
        "select sum(x) over (rows unbounded preceding) as s from (select x from t order by x) as o",
    ],
)  # fmt: skip
def test_what_is_well_said_is_no_finding(sql: str) -> None:
    assert sql_lint.lint(sql) == []


def _yaml() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "*.yml", "*.yaml"], cwd=PROJECT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := PROJECT / name).is_file()]


def test_no_yaml_file_has_a_finding() -> None:
    files = _yaml()
    assert len(files) > 40
    found = [f"{path.relative_to(PROJECT)}:{one}" for path in files for one in yaml_lint.lint(path.read_text())]
    assert found == []


@pytest.mark.parametrize(("text", "rule"), [("a: 1\na: 2\n", "key-duplicates"), ("a:\n", "empty-values")])
def test_a_key_that_stands_twice_or_alone_is_found(text: str, rule: str) -> None:
    (found,) = yaml_lint.lint(text)
    assert rule in found
