"""The data tests of the project's own find the rows that break what they ask for, and no other."""

from __future__ import annotations

import re

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from tests.conftest import PROJECT

ROWS = st.lists(st.tuples(*[st.one_of(st.none(), st.integers(0, 3))] * 3), max_size=6)
COLUMNS = ("a", "b", "c")


class Refused(Exception):
    pass


def asked(name: str, **arguments) -> str:
    """The SQL of a data test on the relation `rows`."""
    text = (PROJECT / "tests" / "dbt" / "generic" / f"{name}.sql").read_text()
    text = re.sub(r"{% test ", "{% macro ", text).replace("endtest", "endmacro")

    def refuse(message: str) -> None:
        raise Refused(message)

    template = Environment().from_string(text)
    template.globals["exceptions"] = type("Exceptions", (), {"raise_compiler_error": staticmethod(refuse)})
    return getattr(template.module, name)("rows", **arguments)


def found(con: duckdb.DuckDBPyConnection, rows: list[tuple], sql: str) -> int:
    con.execute("create or replace temp table rows (a integer, b integer, c integer)")
    if rows:
        con.executemany("insert into rows values (?, ?, ?)", rows)
    return len(con.execute(sql).fetchall())


@given(ROWS, st.sets(st.sampled_from(COLUMNS), min_size=1))
def test_never_null_finds_the_rows_in_which_one_of_its_columns_is_null(con, rows: list[tuple], columns: set[str]) -> None:
    expected = sum(any(row[COLUMNS.index(name)] is None for name in columns) for row in rows)
    assert found(con, rows, asked("never_null", columns=sorted(columns))) == expected


@given(ROWS, st.sets(st.sampled_from(COLUMNS), min_size=1))
def test_one_row_per_finds_the_keys_that_more_rows_have(con, rows: list[tuple], columns: set[str]) -> None:
    keys = [tuple(row[COLUMNS.index(name)] for name in sorted(columns)) for row in rows]
    assert found(con, rows, asked("one_row_per", columns=sorted(columns))) == sum(keys.count(key) > 1 for key in set(keys))


@given(ROWS, st.one_of(st.none(), st.integers(0, 3)), st.one_of(st.none(), st.integers(0, 3)))
def test_within_finds_the_values_outside_and_no_null(con, rows: list[tuple], least: int | None, most: int | None) -> None:
    if least is None and most is None:
        with pytest.raises(Refused, match="a needs at_least"):
            asked("within", column_name="a")
        return
    values = [row[0] for row in rows if row[0] is not None]
    expected = sum((least is not None and one < least) or (most is not None and one > most) for one in values)
    assert found(con, rows, asked("within", column_name="a", at_least=least, at_most=most)) == expected


@pytest.mark.parametrize("name", ["never_null", "one_row_per"])
@pytest.mark.parametrize("columns", ["a", []])
def test_columns_that_are_no_list_are_refused(name: str, columns: object) -> None:
    with pytest.raises(Refused, match="columns must be a list"):
        asked(name, columns=columns)


def test_no_column_is_never_null_that_another_test_lets_be_null() -> None:
    """A column that is null for some rows has a `not_null` of its own with a `where`, and is in no list."""
    wrong = []
    for file in [*(PROJECT / "models").rglob("_*.yml"), *(PROJECT / "seeds").rglob("_*.yml")]:
        declared = yaml.safe_load(file.read_text())
        for node in [*declared.get("models", ()), *declared.get("seeds", ())]:
            lists = [one["never_null"]["arguments"]["columns"] for one in node.get("data_tests", ()) if "never_null" in one]
            tests = {column["name"]: column.get("data_tests", ()) for column in node.get("columns", ())}
            for name in (name for names in lists for name in names):
                if name not in tests or any(one == "not_null" or "not_null" in one for one in tests[name]):
                    wrong.append(f"{file.name} {node['name']}: {name}")
    assert wrong == []
