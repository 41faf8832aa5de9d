"""No part of a split knows what was not known when it ended."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import AsofError
from ml.problem.split import days, known, split

NOW = np.datetime64("2013-07-01T09:30", "us")
MINUTE = np.timedelta64(60_000_000, "us")


@st.composite
def histories(draw):
    """Ages of rows in minutes before NOW, and how late each truth came (up to 12 days; None = never)."""
    rows = draw(st.integers(1, 60))
    ages = draw(st.lists(st.integers(-2_000, 60 * 1440), min_size=rows, max_size=rows))
    delays = draw(st.lists(st.none() | st.integers(0, 12 * 1440), min_size=rows, max_size=rows))
    as_of = NOW - np.array(ages) * MINUTE
    known_at = np.array([t + d * MINUTE if d is not None else np.datetime64("NaT") for t, d in zip(as_of, delays, strict=True)])
    return as_of, known_at.astype("datetime64[us]")


@given(histories(), st.integers(1, 15), st.integers(1, 15))
def test_each_part_was_known_before_the_next_begins(history, validation_days, holdout_days):
    as_of, known_at = history
    try:
        parts = split(as_of, known_at, NOW, validation_days, holdout_days)
    except AsofError:
        return
    assert (known_at[parts.train] < parts.validation_start).all()
    assert (as_of[parts.train] < parts.validation_start).all()
    assert (known_at[parts.validation] < parts.holdout_start).all()
    assert (known_at[parts.holdout] < NOW).all()
    assert (as_of[parts.validation] >= parts.validation_start).all() and (as_of[parts.holdout] >= parts.holdout_start).all()
    together = np.concatenate([parts.train, parts.validation, parts.holdout])
    assert len(np.unique(together)) == len(together)
    whole = [set(days(as_of[rows])) for rows in (parts.train, parts.validation, parts.holdout)]
    assert not (whole[0] & whole[1] or whole[1] & whole[2] or whole[0] & whole[2])


@given(histories(), st.integers(0, 10_000))
def test_what_becomes_known_later_changes_no_part(history, later):
    as_of, known_at = history
    try:
        before = split(as_of, known_at, NOW, 5, 5)
    except AsofError:
        return
    new_as_of = np.append(as_of, NOW - 1 * MINUTE)
    after = split(new_as_of, np.append(known_at, NOW + later * MINUTE), NOW, 5, 5)
    for part in ("train", "validation", "holdout"):
        np.testing.assert_array_equal(getattr(before, part), getattr(after, part))


@given(histories())
def test_known_is_strict_and_never_uses_a_missing_truth(history):
    as_of, known_at = history
    rows = known(as_of, known_at, NOW)
    assert (known_at[rows] < NOW).all() and not np.isnat(known_at[rows]).any()


def test_a_truth_known_exactly_now_is_not_known():
    assert len(known([NOW - MINUTE], [NOW], NOW)) == 0
    assert len(known([NOW - MINUTE], [NOW - MINUTE // 60_000_000], NOW)) == 1


def test_arrow_columns_are_read_like_arrays():
    as_of = NOW - np.arange(60)[::-1] * np.timedelta64(1, "D")
    late = as_of + 90 * MINUTE
    plain, arrow = split(as_of, late, NOW, 9, 9), split(pa.chunked_array([as_of]), pa.array(late), NOW, 9, 9)
    np.testing.assert_array_equal(plain.train, arrow.train)


def test_an_empty_part_says_what_there_is():
    as_of = NOW - np.arange(1, 11) * np.timedelta64(1, "D")
    with pytest.raises(
        AsofError,
        match=r"no row is left for the train part .* 10 rows .* on 10 days, 2013-06-21 to 2013-06-30",
    ):
        split(as_of, as_of + MINUTE, NOW, 10, 10)
    with pytest.raises(AsofError, match="no row has a label that is known"):
        split(as_of, np.full(10, np.datetime64("NaT")), NOW, 2, 2)


def test_a_part_that_no_label_fits_into_is_answered_with_the_days_that_help():
    as_of = NOW - np.arange(70) * np.timedelta64(7, "D")
    known_at = as_of + np.timedelta64(29, "D") + np.timedelta64(12, "h")
    for declared in ({"validation_days": 28, "holdout_days": 84}, {"validation_days": 84, "holdout_days": 28}):
        part = min(declared, key=declared.get)
        with pytest.raises(AsofError, match=f"{part} 28 holds none: declare {part} of 37 or more"):
            split(as_of, known_at, NOW, **declared)
        assert len(split(as_of, known_at, NOW, **{**declared, part: 37}).validation)


def test_a_history_that_is_too_short_says_how_long_it_must_be():
    as_of = NOW - np.arange(1, 60) * np.timedelta64(1, "D")
    with pytest.raises(
        AsofError, match=r"need about 78 days of history, and there are 59: .*, or declare fewer days, down to 9 each"
    ):
        split(as_of, as_of + np.timedelta64(7, "D"), NOW, 28, 41)
    assert len(split(as_of, as_of + np.timedelta64(7, "D"), NOW, 9, 9).train)
