"""A feature that lies far from 0 tells as much as the same feature near 0: nothing is rounded to single precision on the way."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.errors import AsofError
from ml.models.learn import LEARNERS
from ml.models.recipe import Recipe, fit
from ml.models.score import score_batches
from ml.models.shap import explain
from ml.models.train import train
from ml.problem.encode import EXACT, encode
from ml.problem.rows import Rows
from ml.problem.split import split

# An instant in seconds, a day as yyyymmdd, cents beyond 2^24, a key as large as float64 can hold.
FAR = [1_700_000_000, 20_130_701, 2**24 + 1, 123_456_789_012, EXACT - 2000]


def moved(table, by):
    """The table with the informative feature in cents, and `by` more."""
    cents = np.round(table["recent_delay"].fill_null(0).to_numpy()).astype(np.int64)
    place = table.schema.get_field_index("recent_delay")
    return table.set_column(place, "recent_delay", pa.array(cents + by, pa.int64()))


@pytest.fixture(scope="module")
def few(problem):
    return replace(problem, training=replace(problem.training, rounds=15))


@pytest.fixture(scope="module")
def near(table, few, now):
    return train(Rows.of(moved(table, 0), few), now)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(by=st.sampled_from(FAR) | st.integers(2**24, EXACT - 2000))
def test_a_feature_plus_a_constant_trains_the_same_trees(table, few, near, now, by):
    far = train(Rows.of(moved(table, by), few), now)
    np.testing.assert_array_equal(far.holdout_score, near.holdout_score)
    assert far.importances == near.importances and near.importances["recent_delay"] > 0.1


@pytest.mark.parametrize("by", FAR)
def test_serving_and_reasons_see_the_whole_number(table, few, near, now, by):
    problem, far = replace(few, explain=replace(few.explain, rows="all")), train(Rows.of(moved(table, by), few), now)
    rows = [moved(table.slice(0, 300), by).combine_chunks().to_batches()[0]]
    same = [moved(table.slice(0, 300), 0).combine_chunks().to_batches()[0]]
    found, wanted = (
        next(score_batches(model, problem, part)) for model, part in ((far.challenger, rows), (near.challenger, same))
    )
    assert found["score"] == wanted["score"]
    told = [text for text in found["reasons"].to_pylist() if "recent_delay=" in text]
    first = rows[0]["recent_delay"].to_pylist()[found["reasons"].to_pylist().index(told[0])]
    assert f"recent_delay={first} " in told[0]
    shap = [explain(one.challenger, Rows.of(moved(table, more), few), 50) for one, more in ((far, by), (near, 0))]
    np.testing.assert_array_equal(shap[0].values, shap[1].values)


@pytest.mark.parametrize("algorithm", sorted(LEARNERS))
def test_every_algorithm_reads_the_same_numbers(table, few, now, algorithm):
    parts = split(table["as_of"], table["label_known_at"], now, 20, 20)
    params = few.training.params if algorithm == "lightgbm" else {}
    recipe = replace(Recipe.of(few), algorithm=algorithm, params=params, features=("recent_delay", "hour"), calibration="none")
    far = [Rows.of(moved(table, by), few) for by in (0, 1_700_000_000)]
    scores = [fit(rows, recipe, parts.train, parts.validation).predict(rows, parts.holdout) for rows in far]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.decimal128(38, 0)])
def test_a_whole_number_beyond_what_float64_holds_is_refused_by_name(kind):
    table = pa.table({"key": pa.array([1, None, EXACT + 1], kind)})
    with pytest.raises(AsofError, match=r"column key holds whole numbers beyond 2\^52 = 4,503,599,627,370,496, such as"):
        encode(table, ["key"], {})
    assert encode(table.slice(0, 2), ["key"], {})[0, 0] == 1
    as_text = table.set_column(0, "key", table["key"].cast(pa.string()))
    codes = encode(as_text, ["key"], {"key": ["1", str(EXACT + 1)]})
    np.testing.assert_array_equal(codes[:, 0], [0, np.nan, 1])
