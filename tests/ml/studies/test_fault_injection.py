"""Faults do what they say, to as many rows as they say, and nothing else; who detected is counted from the day they began."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.monitoring.alerts.finding import Finding
from ml.monitoring.alerts.lineage import Lineage
from ml.studies.fault_injection import detection, injectors, zscores
from ml.studies.fault_injection.detection import Alarm
from ml.studies.fault_injection.detection_rates import Calm, Outcome, rate
from ml.studies.fault_injection.faults import CATALOGUE, WINDOW

SHARES = st.floats(0, 1)
SEEDS = st.integers(0, 2**32 - 1)
VALUES = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=60)
LABELS = st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=80)
DAY = date(2013, 7, 1)


@settings(deadline=None)
@given(VALUES, SHARES, SEEDS)
def test_as_many_values_are_drawn_to_vanish_as_the_share_says_and_the_others_stay(values, share, seed):
    column = pa.chunked_array([pa.array(values, pa.float64())])
    out = injectors.nulled(column, share, np.random.default_rng(seed)).to_pylist()
    gone = sum(after is None and before is not None for before, after in zip(values, out, strict=True))
    assert gone <= round(share * len(values))
    assert gone + values.count(None) >= round(share * len(values))
    assert all(after in (None, before) for before, after in zip(values, out, strict=True))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["AA", "UA", None]), min_size=1, max_size=60), SHARES, SEEDS)
def test_a_new_level_stands_in_exactly_the_share_of_rows(values, share, seed):
    column = pa.chunked_array([pa.array(values, pa.string())])
    out = injectors.relabelled(column, share, np.random.default_rng(seed)).to_pylist()
    assert out.count(injectors.NEW_LEVEL) == round(share * len(values))
    assert all(after in (injectors.NEW_LEVEL, before) for before, after in zip(values, out, strict=True))


@settings(deadline=None)
@given(LABELS, SHARES, SEEDS)
def test_a_flip_turns_exactly_the_share_of_known_labels_and_keeps_the_unknown(label, share, seed):
    label = np.array(label)
    out = injectors.flipped(label, share, np.random.default_rng(seed))
    known = ~np.isnan(label)
    assert (np.isnan(out) == ~known).all()
    assert (out[known] != label[known]).sum() == round(share * known.sum())
    assert set(out[known]) <= {0.0, 1.0}


@settings(deadline=None)
@given(LABELS, SHARES, SEEDS, st.integers(1, 5))
def test_unrelated_labels_keep_the_rate_of_each_day(label, share, seed, days):
    label, day = np.array(label), np.arange(len(label)) % days
    out = injectors.unrelated(label, day, share, np.random.default_rng(seed))
    assert (np.isnan(out) == np.isnan(label)).all()
    for one in range(days):
        assert np.nansum(out[day == one]) == np.nansum(label[day == one])


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), SHARES)
def test_of_each_day_the_last_rows_are_missing(day, share):
    day = np.sort(np.array(day))
    left = injectors.thinned(day, share)
    for one in np.unique(day):
        of_the_day = left[day == one]
        assert (~of_the_day).sum() == round(share * len(of_the_day))
        assert not (np.diff(of_the_day.astype(int)) > 0).any()  # once a row is missing, all after it are


@settings(deadline=None)
@given(VALUES)
def test_columns_that_are_swapped_twice_are_as_before(values):
    rows = pa.table({"a": pa.array(values, pa.float64()), "b": pa.array(values[::-1], pa.float64()), "c": range(len(values))})
    once = injectors.swapped(rows, "a", "b")
    assert once["a"] == rows["b"] and once["c"] == rows["c"] and once.column_names == rows.column_names
    assert injectors.swapped(once, "a", "b").equals(rows)


def test_frozen_values_are_the_last_before_for_each_value_of_the_slice():
    before = pa.table({"origin": ["EWR", "JFK", "EWR"], "wind": [1.0, 2.0, 3.0]})
    rows = pa.table({"origin": ["JFK", "EWR", "LGA"], "wind": [7.0, 8.0, 9.0]})
    assert injectors.frozen(before, rows, "wind", "origin").to_pylist() == [2.0, 3.0, 3.0]
    assert injectors.frozen(before, rows, "wind", None).to_pylist() == [3.0, 3.0, 3.0]


def test_no_two_faults_of_the_catalogue_have_one_name_and_none_outlasts_its_window():
    assert len({fault.name for fault in CATALOGUE}) == len(CATALOGUE)
    assert all(1 <= fault.days <= WINDOW for fault in CATALOGUE)


@settings(deadline=None)
@given(st.lists(st.one_of(st.just(np.nan), st.floats(-100, 100).map(lambda v: round(v, 3))), min_size=1, max_size=30))
def test_a_day_is_anomalous_when_it_lies_three_deviations_from_the_mean_of_fourteen_days_it_among_them(values):
    expected = []
    for place, value in enumerate(values):
        window = [one for one in values[max(0, place - 13) : place + 1] if not np.isnan(one)]
        deviation = np.std(window, ddof=1) if len(window) > 1 else 0
        score = (value - np.mean(window)) / deviation if deviation > 1e-12 and not np.isnan(value) else 0
        expected.append((place >= 6 and len(window) >= 7, abs(score)))
    found = zscores.anomalous(np.array(values))
    for said, (counts, score) in zip(found, expected, strict=True):
        assert said == (counts and score > 3) or abs(score - 3) < 1e-9


def test_one_wild_day_in_fourteen_is_anomalous_and_two_alike_are_not():
    quiet = [0.0] * 13
    assert zscores.anomalous(np.array([*quiet, 9.0]))[-1]  # (n - 1) / sqrt(n) = 3.47
    assert not zscores.anomalous(np.array([*quiet[1:], 9.0, 9.0]))[-1]


def test_metrics_of_a_column_are_those_of_its_type():
    rows = pa.table({"n": [0.0, 2.0, None], "t": ["", "abc", None], "b": [True, None, False]})
    assert zscores.metrics(rows, "n") == {
        ("n", "null_count"): 1.0, ("n", "null_percent"): pytest.approx(100 / 3), ("n", "zero_count"): 1.0,
        ("n", "zero_percent"): pytest.approx(100 / 3), ("n", "min"): 0.0, ("n", "max"): 2.0, ("n", "average"): 1.0,
        ("n", "standard_deviation"): pytest.approx(2**0.5), ("n", "variance"): pytest.approx(2.0),
    }  # fmt: skip
    assert zscores.metrics(rows, "t")["t", "missing_count"] == 2.0
    assert zscores.metrics(rows, "t")["t", "average_length"] == 1.5
    assert set(zscores.metrics(rows, "b")) == {("b", "null_count"), ("b", "null_percent")}


def test_only_what_the_twin_does_not_say_counts_and_the_day_of_the_fault_is_the_first():
    alarms = [Alarm("a", DAY + timedelta(days=n)) for n in (0, 1, 4)]
    end = DAY + timedelta(days=WINDOW)
    assert detection.delay(alarms, [], DAY, end) == 1  # an alarm known on the morning of the fault speaks of the day before
    assert detection.delay(alarms, alarms[:2], DAY, end) == 4
    assert detection.delay(alarms, alarms, DAY, end) is None
    assert detection.delay([Alarm("a", end + timedelta(days=1))], [], DAY, end) is None


def _finding(day: date, kind: str = "volume", severity: str = "warning") -> Finding:
    at = datetime.combine(day, datetime.min.time())
    return Finding("p", kind, "s", f"{kind}/p/s", None, at, 1.0, 0.5, severity, None, None)


def test_kinds_whose_findings_all_begin_on_mondays_speak_of_weeks():
    monday = DAY
    found = [_finding(monday, "weekly"), _finding(monday, "daily"), _finding(monday + timedelta(days=2), "daily")]
    weeks = detection.weekly(found)
    assert weeks == {"weekly"}
    assert [detection.known(one, weeks) - monday for one in found] == [timedelta(days=n) for n in (7, 1, 3)]


def test_an_alert_calls_once_while_it_stands_again_when_it_is_back_and_never_for_information():
    days = [DAY + timedelta(days=n) for n in range(30)]
    said = [*range(5), 20]
    found = [(_finding(DAY + timedelta(days=n)), DAY + timedelta(days=n + 1)) for n in said]
    found += [(_finding(DAY, "hint", "info"), DAY + timedelta(days=1))]
    opened = detection.alerts(found, days, {"volume": 3, "hint": 3}, Lineage({}))
    assert opened == [(days[1], "volume/p/s"), (days[21], "volume/p/s")]


def test_rates_count_worlds_and_take_the_median_of_the_days():
    fault = CATALOGUE[0]
    outcomes = [Outcome(fault, "us", True, delay) for delay in (1, None, 5, 1)]
    assert str(rate(outcomes)) == "3 of 4, 1 d"
    assert rate(outcomes).within_a_day == 2
    assert str(rate([])) == "0 of 0"
    assert Calm("us", True, 182, 9, 3).pages_a_quarter == 1.5
