"""The robust line in SQL is that of SciPy, interval and ties included."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import theilslopes

MACRO = Path(__file__).parents[2] / "macros" / "statistics" / "theil_sen.sql"
POINTS = st.lists(st.tuples(st.integers(0, 60), st.integers(-20, 20)), min_size=2, max_size=28, unique_by=lambda point: point[0])


def fitted(con: duckdb.DuckDBPyConnection, groups: dict[str, list[tuple]]) -> dict[str, dict]:
    sql = jinja2.Environment(autoescape=False).from_string(MACRO.read_text()).module.theil_sen("points", by=["k"])
    con.execute("create or replace temp table points (k varchar, x double, y double)")
    con.executemany("insert into points values (?, ?, ?)", [(key, *point) for key, points in groups.items() for point in points])
    return {row["k"]: row for row in con.sql(sql).to_arrow_table().to_pylist()}


@settings(max_examples=40, deadline=None)
@given(first=POINTS, second=POINTS)
def test_slope_and_interval_are_those_of_scipy(con: duckdb.DuckDBPyConnection, first: list[tuple], second: list[tuple]) -> None:
    found = fitted(con, {"a": first, "b": second})
    for key, points in (("a", first), ("b", second)):
        xs, ys = zip(*points, strict=True)
        expected = theilslopes(ys, xs, alpha=0.95)
        got = found[key]
        assert got["points"] == len(points)
        assert got["slope"] == pytest.approx(expected.slope, abs=1e-9)
        assert got["slope_low"] == pytest.approx(expected.low_slope, abs=1e-9)
        assert got["slope_high"] == pytest.approx(expected.high_slope, abs=1e-9)
        assert got["median_y"] - got["slope"] * got["median_x"] == pytest.approx(expected.intercept, abs=1e-9)


def test_one_wild_day_does_not_move_the_line(con: duckdb.DuckDBPyConnection) -> None:
    points = [(x, 10.0 * x) for x in range(28)]
    points[20] = (20, 1e9)
    found = fitted(con, {"a": points})["a"]
    assert (found["slope"], found["slope_low"]) == (10, 10)
    assert found["slope_high"] == pytest.approx(10)
