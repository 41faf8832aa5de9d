"""Profiles add up, lose no row, and give the distances of SciPy."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from ml.problem.encode import read
from ml.problem.rows import Rows
from ml.statistics.profile import cell as cell_of
from ml.statistics.profile import counts, cuts, edges, fineness, jensen_shannon, names, psi, size, tallies, tally


@pytest.fixture(scope="module")
def profile(table, problem):
    return edges(Rows.of(table, problem))


def _totals(pairs):
    found = {}
    for feature, cell, rows in pairs:
        found[feature, cell] = found.get((feature, cell), 0) + rows
    return found


def test_a_profile_is_json_and_names_every_cell(profile, problem):
    assert json.loads(json.dumps(profile)) == profile
    assert list(profile) == [*problem.feature_names, "score", "label"]
    assert all(len(names(spec)) == size(spec) for spec in profile.values())
    assert names(profile["carrier"]) == ["missing", "unseen", "AA", "B6", "UA", "WN"]


@given(cut=st.integers(0, 6000))
def test_counts_of_two_parts_add_up_to_those_of_the_whole(profile, table, cut):
    parts = counts(profile, table.slice(0, cut)) + counts(profile, table.slice(cut))
    assert _totals(parts) == _totals(counts(profile, table))


whole = st.one_of(st.none(), st.integers(-5, 5), st.integers(-(2**40), 2**40))
broken = st.one_of(
    st.none(), st.sampled_from([-1.0, -0.0, 0.0, 1.5]), st.floats(-3, 3), st.just(float("inf")), st.just(float("-inf"))
)


@given(
    trained=st.lists(st.floats(-3, 3), max_size=30), levels=st.lists(st.sampled_from("abc"), max_size=3, unique=True),
    given=st.lists(st.tuples(whole, broken, st.sampled_from([None, "a", "b", "z"])), min_size=1, max_size=40),
    bins=st.integers(1, 8),
)  # fmt: skip
def test_counting_at_once_is_counting_the_cell_of_each_row(trained, levels, given, bins):
    spec = {"kind": "number", "edges": cuts(np.array(trained), bins)}
    cells = {"whole": spec, "broken": spec, "level": {"kind": "category", "levels": sorted(levels)}}
    kinds = {"whole": pa.int64(), "broken": pa.float64(), "level": pa.string()}
    rows = pa.table({name: pa.array(values, kinds[name]) for name, values in zip(kinds, zip(*given, strict=True), strict=True)})
    for name, found in tallies(cells, rows).items():
        one_by_one = np.bincount(cell_of(cells[name], read(rows, name, name == "level")), minlength=size(cells[name]))
        assert found.tolist() == one_by_one.tolist()


def test_no_row_is_lost_for_any_feature(profile, table, problem):
    found = counts(profile, table)
    for feature in problem.feature_names:
        assert sum(rows for name, _, rows in found if name == feature) == table.num_rows


def test_missing_below_above_and_unseen_have_cells_of_their_own(profile):
    wind = profile["wind"]["edges"]
    odd = {
        "wind": [None, wind[0] - 1, wind[0], wind[-1], wind[-1] + 1],
        "carrier": [None, "ZZ", "AA", "WN", "WN"],
    }
    found = _totals(counts(profile, odd))
    last = size(profile["wind"]) - 1
    assert {cell for name, cell in found if name == "wind"} == {0, 1, 2, last - 1, last}
    assert (found["carrier", 0], found["carrier", 1], found["carrier", 2], found["carrier", 5]) == (
        1,
        1,
        1,
        2,
    )


def test_training_rows_fill_no_cell_outside_their_own_range(profile, table):
    found = _totals(counts(profile, table))
    assert ("wind", 1) not in found and ("wind", size(profile["wind"]) - 1) not in found


def test_the_cell_of_a_number_is_what_the_sql_says(profile, table):
    cuts, values = (
        np.asarray(profile["recent_delay"]["edges"]),
        np.asarray(table["recent_delay"].to_pylist(), float),
    )
    expected = [0 if np.isnan(x) else 1 + int((cuts <= x).sum()) + int(x > cuts[-1]) for x in values]
    found = tally(profile["recent_delay"], [(c, n) for f, c, n in counts(profile, table) if f == "recent_delay"])
    np.testing.assert_array_equal(found, np.bincount(expected, minlength=len(found)))


def test_few_values_keep_a_cell_each(profile, table):
    assert profile["is_holiday"]["edges"] == [0.0, 1.0]
    found = _totals(counts(profile, table))
    assert found["is_holiday", 3] == sum(table["is_holiday"].to_pylist())


def test_scores_and_labels_have_fixed_cells(profile):
    found = _totals(counts(profile, {"score": [0.001, 0.002, 0.999, 1.0], "label": [True, False, None, True]}))
    assert (found["score", 2], found["score", 101], found["score", 102]) == (2, 1, 1)
    assert (found["label", 0], found["label", 2], found["label", 3]) == (1, 1, 2)


def test_a_column_without_a_value_still_has_a_profile(problem, table):
    place = table.schema.get_field_index("wind")
    empty = edges(Rows.of(table.set_column(place, "wind", pa.nulls(table.num_rows)), problem))
    assert names(empty["wind"]) == ["missing", "any"]
    assert _totals(counts(empty, {"wind": [None, 3.0]})) == {("wind", 0): 1, ("wind", 1): 1}


counted = st.lists(st.integers(0, 1000), min_size=6, max_size=6).filter(lambda c: sum(c) > 0)


@given(counted, counted)
def test_distances_agree_with_scipy_and_the_formula(p, q):
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2), abs=1e-7)
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(q, p))
    there = [place for place in range(len(p)) if p[place] + q[place] > 0]
    a, b = ([(side[place] + 0.5) / (sum(side) + 0.5 * len(there)) for place in there] for side in (p, q))
    assert psi(p, q) == pytest.approx(sum((y - x) * np.log(y / x) for x, y in zip(a, b, strict=True)), abs=1e-12)
    assert psi(p, q) == pytest.approx(psi([*p, 0], [*q, 0]), abs=1e-12)
    assert psi(p, p) == 0 and jensen_shannon(p, p) == 0


@given(rows=st.integers(0, 10**9), days=st.integers(0, 400))
def test_bins_follow_the_rows_of_a_day_within_limits(rows, days):
    assert 100 <= fineness(rows, days) <= 4000
    assert fineness(1000, 1) == 100 and fineness(400_000, 10) == 2000 and fineness(10**7, 10) == 4000


def test_a_shift_shows_and_a_repeated_sample_does_not(table, problem, make_table):
    profile = edges(Rows.of(table, problem), cells=20)

    def shares(rows):
        found = [(cell, n) for feature, cell, n in counts(profile, rows) if feature == "wind"]
        return tally(profile["wind"], found)

    first, second = make_table(seed=0), make_table(seed=1)
    doubled = {"wind": np.asarray(second["wind"].cast(pa.float64())) * 2}
    assert psi(shares(first), shares(second)) < 0.02
    assert psi(shares(first), shares(doubled)) > 0.25
