"""Distances and quality from counts, as only benchmarks ask for them, against SciPy: on ties, nulls, empty sides and cells."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ml.statistics import evaluate
from tests.macros.compiling import compiled
from tests.macros.scored import asked, forty_days, labelled

SQL = dict[str, str]
Con = duckdb.DuckDBPyConnection
PROJECT = Path(__file__).parent / "project"

# Few values make ties, wide ones make gaps; None is a null.
number = st.one_of(st.none(), st.integers(-3, 3), st.floats(-5, 5, allow_nan=False, width=32))
sample = st.lists(number, max_size=40)
constant = st.one_of(st.just([]), st.lists(st.just(1.5), min_size=1, max_size=5))


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> SQL:
    """Model name → SQL, as dbt compiled it."""
    work = tmp_path_factory.mktemp("counts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MACROS_UNDER_TEST_WAREHOUSE", str(work / "warehouse.duckdb"))
        return compiled(work, PROJECT)


@pytest.fixture(scope="module")
def con() -> Con:
    """An empty database in memory."""
    return duckdb.connect(config={"threads": 1})


def rows(x, y=None, k=None) -> dict:
    """One case as columns: two numbers and a category."""
    blank = [None] * len(x)
    return {
        "case_id": pa.array([1] * len(x), pa.int64()),
        "x": pa.array(x, pa.float64()),
        "y": pa.array(blank if y is None else y, pa.float64()),
        "k": pa.array(blank if k is None else k, pa.string()),
    }


def _there(values) -> np.ndarray:
    return np.array([v for v in values if v is not None], float)


def _psi(p: np.ndarray, q: np.ndarray) -> float:
    """Half a row more in every cell that either side hit; twice the mean of the two relative entropies of SciPy."""
    p, q = (side[p + q > 0] + 0.5 for side in (p, q))
    assert (p / p.sum()).sum() == pytest.approx(1) == (q / q.sum()).sum()
    return float(stats.entropy(p, q) + stats.entropy(q, p))


def _counts(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = np.unique(np.concatenate([a, b]))
    return tuple(np.array([(side == v).sum() for v in values]) for side in (a, b))


@settings(max_examples=60)
@given(a=st.one_of(sample, constant), b=st.one_of(sample, constant))
def test_distances_over_distinct_values_are_exact(sql: SQL, con: Con, a: list, b: list) -> None:
    found = asked(con, sql["distances_exact"], expected_rows=rows(a), actual_rows=rows(b))
    a, b = _there(a), _there(b)
    if len(a) + len(b) == 0:
        assert found == []
        return
    one = found[0]
    assert len(found) == 1 and (one["rows_expected"], one["rows_actual"]) == (len(a), len(b))
    distances = ("psi", "jensen_shannon", "ks", "wasserstein", "chi_square")
    if len(a) == 0 or len(b) == 0:
        assert [one[name] for name in distances] == [None] * 5
        return
    p, q = _counts(a, b)
    assert one["ks"] == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
    assert one["wasserstein"] == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-9)
    # the square root doubles what rounding leaves of equal shares
    assert one["jensen_shannon"] ** 2 == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    assert one["psi"] == pytest.approx(_psi(p, q), abs=1e-9)
    table = stats.chi2_contingency([p, q], correction=False) if len(p) > 1 else None
    assert one["chi_square"] == pytest.approx(table.statistic if table else 0, abs=1e-9)
    assert one["degrees"] == (table.dof if table else 0)


@settings(max_examples=30)
@given(
    a=st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=30), b=st.lists(st.sampled_from("bcd"), min_size=1, max_size=30)
)
def test_distances_of_categories_need_no_order(sql: SQL, con: Con, a: list, b: list) -> None:
    one = asked(
        con, sql["distances_of_categories"], expected_rows=rows([None] * len(a), k=a), actual_rows=rows([0] * len(b), k=b)
    )
    there = [v for v in a if v is not None]
    if not there:
        assert one[0]["psi"] is None and one[0]["rows_actual"] == len(b)
        return
    levels = sorted(set(there) | set(b))
    p, q = (np.array([side.count(v) for v in levels]) for side in (there, b))
    assert one[0]["psi"] == pytest.approx(_psi(p, q), abs=1e-9)
    assert one[0]["jensen_shannon"] ** 2 == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    assert (one[0]["ks"], one[0]["wasserstein"]) == (None, None)
    if len(levels) > 1:
        assert one[0]["chi_square"] == pytest.approx(stats.chi2_contingency([p, q], correction=False).statistic, abs=1e-9)


@pytest.fixture(scope="module")
def large() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two samples of a bell and of waiting times with a heavy tail, 200,000 rows each, moved a little."""
    random = np.random.default_rng(7)
    n = 200_000
    a, b = random.normal(0, 1, n), random.normal(0.1, 1.1, n)
    return a, b, random.exponential(8, n), random.exponential(9, n)


def _grouped(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts of both samples in twenty quantile groups of the first, with one below and one above."""
    order = np.sort(a)

    def group(v: np.ndarray) -> np.ndarray:
        return np.where(v < order[0], -1, np.floor(20 * np.searchsorted(order, v, side="left") / len(a))).astype(int) + 1

    return np.bincount(group(a), minlength=22), np.bincount(group(b), minlength=22)


@settings(max_examples=40)
@given(a=st.lists(number, min_size=1, max_size=60), b=st.lists(number, min_size=1, max_size=60))
def test_shares_over_quantile_groups_are_those_of_numpy(sql: SQL, con: Con, a: list, b: list) -> None:
    found = asked(con, sql["distances_in_groups"], expected_rows=rows(a), actual_rows=rows(b))
    a, b = _there(a), _there(b)
    if len(a) and len(b):
        p, q = (side[np.add(*_grouped(a, b)) > 0] for side in _grouped(a, b))
        assert found[0]["psi"] == pytest.approx(_psi(p, q), abs=1e-9)
        assert found[0]["jensen_shannon"] ** 2 == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
        assert found[0]["degrees"] == len(p) - 1
        assert found[0]["ks"] == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-12)
        assert found[0]["wasserstein"] == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-9)


def test_a_grid_of_4096_cells_is_within_the_stated_error(sql: SQL, con: Con, large) -> None:
    a, b, c, d = large
    found = asked(con, sql["distances_on_a_grid"], expected_rows=rows(a, c), actual_rows=rows(b, d))
    for one, (p, q) in zip(sorted(found, key=lambda r: r["feature"]), [(a, b), (c, d)], strict=True):
        assert one["ks"] == pytest.approx(stats.ks_2samp(p, q).statistic, abs=2e-4)
        assert one["wasserstein"] == pytest.approx(stats.wasserstein_distance(p, q), abs=2e-4 * p.std())
        assert one["psi"] == pytest.approx(_psi(*_grouped(p, q)), abs=1e-3)


@settings(max_examples=40)
@given(x=st.lists(st.one_of(st.none(), st.floats(-7, 7), st.sampled_from([-5.0, 5.0, 0.0])), min_size=1, max_size=50))
def test_a_grid_loses_no_row_and_puts_each_in_its_cell(con: Con, x: list, grid_sql: str) -> None:
    cells = asked(con, grid_sql, given={"x": pa.array(x, pa.float64())})
    for one in cells:
        value, cell = one["x"], one["cell"]
        if value is None:
            assert cell is None
        elif not -5 <= value <= 5:
            assert cell == (-1 if value < -5 else 10)
        else:
            assert cell == min(9, int(np.floor((value + 5) * 1.0)))


@settings(max_examples=40)
@given(x=st.lists(st.one_of(st.none(), st.floats(-7, 7), st.sampled_from([-5.0, 5.0, 0.0])), min_size=1, max_size=50))
def test_counts_on_a_grid_are_those_of_its_cells(sql: SQL, con: Con, x: list) -> None:
    cells = asked(con, sql["counts_of_a_grid"], given={"x": pa.array(x, pa.float64()), "y": pa.array(x, pa.float64())})
    assert [one for one in cells if one["rows"] != one["expected"]] == []
    for one in (one for one in cells if one["feature"] == "x"):
        middle = None if one["cell"] is None else min(5.0, max(-5.0, one["cell"] - 4.5))
        assert one["place"] == middle


@pytest.fixture(scope="module")
def grid_sql(sql: SQL) -> str:
    return sql["cells_of_a_grid"]


@pytest.mark.parametrize("name", ["distances_exact", "distances_on_a_grid"])
def test_samples_in_any_order_are_as_far_apart_to_the_last_bit(sql: SQL, con: Con, name: str) -> None:
    random = np.random.default_rng(5)
    samples = [np.round(random.normal(0, 1, 3000), 2), np.round(random.normal(0.3, 1.2, 2000), 2)]
    found = []
    for seed in range(4):
        a, b = (np.random.default_rng(seed).permutation(one) for one in samples)
        rows_there = asked(con, sql[name], expected_rows=rows(a), actual_rows=rows(b))
        found.append(sorted(map(repr, rows_there)))
    assert found[1:] == found[:-1]


def test_65536_cells_are_within_the_stated_error(sql: SQL, con: Con) -> None:
    label, score, day = forty_days()
    one = asked(con, sql["quality_on_cells"], labelled=labelled(label, score, day))[0]
    for metric in ("roc_auc", "pr_auc", "log_loss", "brier"):
        assert one[metric] == pytest.approx(evaluate.measure(metric, label, score), abs=1e-5)
    assert one["ece"] == pytest.approx(evaluate.ece(label, score), abs=1e-4)
