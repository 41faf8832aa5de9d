"""Every point-in-time macro, as dbt compiles it, against the brute-force oracle on thousands of random worlds."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import duckdb
import pytest

from tests.macros import oracle
from tests.macros.cases import Ask, Fact, flatten, run, sample

Expected = Callable[[list[Fact], list[Ask]], oracle.Answer]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2020, 1, 4, 6)
UNTIL = datetime(2020, 1, 6, 7)
WORLDS = 34

EXPECTED: dict[str, Expected] = {
    "last_before": oracle.last_before,
    "version_before": oracle.version_before,
    "valid_before": oracle.valid_before,
    "label_within": lambda f, s: oracle.label_within(f, s, 2 * DAY, 3 * HOUR, NOW),
    "label_within_early": lambda f, s: oracle.label_within(f, s, 2 * DAY, 3 * HOUR, NOW, early=True),
    "label_over_sum": lambda f, s: oracle.label_over(f, s, 2 * DAY, 3 * HOUR, NOW, oracle.total_x),
    "label_over_category": lambda f, s: oracle.label_over(
        f, s, 2 * DAY, 0 * HOUR, NOW, oracle.least_letter, otherwise="none", where=oracle.positive
    ),
    "aggregate_last_before": lambda f, s: oracle.aggregate_last(f, s, [1, 3, None]),
    "aggregate_ahead": lambda f, s: oracle.aggregate_ahead(f, s, [3 * HOUR, 2 * DAY]),
    "cohort_on_schedule": lambda f, s: oracle.cohort(f, datetime(2020, 1, 1), datetime(2020, 1, 5), 12 * HOUR, 2, DAY),
    "aggregate_before": lambda f, s: oracle.aggregate_before(f, s, [3 * HOUR, 2 * DAY], distinct=True),
    "aggregate_before_of_sums": lambda f, s: oracle.subtractable(f, s, [3 * HOUR, 2 * DAY]),
    "aggregate_before_of_frames": lambda f, s: oracle.framed(f, s, [3 * HOUR, 2 * DAY]),
    "last_before_within": lambda f, s: oracle.last_before(f, s, DAY),
    "trailing_daily_lively": lambda f, s: oracle.aggregate_before(
        f, oracle.lively(f, oracle.midnights(f, UNTIL), 2 * DAY), [DAY, 2 * DAY], distinct=False
    ),
    "last_before_every_day": oracle.last_before_midnight,
    "corrected_aggregates": oracle.corrected(lambda f, s: oracle.aggregate_before(f, s, [3 * HOUR, 2 * DAY], distinct=True)),
    "corrected_sums": oracle.corrected(lambda f, s: oracle.subtractable(f, s, [3 * HOUR, 2 * DAY])),
    "corrected_last": oracle.corrected(lambda f, s: oracle.aggregate_last(f, s, [1, 3, None])),
    "corrected_label": oracle.corrected(
        lambda f, s: oracle.label_over(f, s, 2 * DAY, 3 * HOUR, NOW, oracle.total_x), later=2 * DAY + 3 * HOUR
    ),
    "trailing_daily": lambda f, s: oracle.aggregate_before(f, oracle.midnights(f, UNTIL), [DAY, 2 * DAY], distinct=False),
}


def first_difference(answer: oracle.Answer, expected: oracle.Answer, facts: list[Fact]) -> str:
    """The first row that differs, with the facts of its case: small enough to be read. Empty if none does."""
    for key in sorted(answer.keys() | expected.keys(), key=repr):
        if answer.get(key) != expected.get(key):
            case = [f for f in facts if f.case_id == key[0]]
            return f"{key}: {answer.get(key)}, the oracle says {expected.get(key)}; facts: {case}"
    return ""


@pytest.mark.parametrize("macro", EXPECTED)
def test_every_answer_equals_the_oracle(macro: str, sql: dict[str, str], con: duckdb.DuckDBPyConnection) -> None:
    for facts, spine in map(flatten, sample(WORLDS)):
        assert not first_difference(run(con, sql[macro], facts, spine, keys=3), EXPECTED[macro](facts, spine), facts)


def test_the_sample_is_large_and_holds_the_hard_cases() -> None:
    cases = [case for world in sample(WORLDS) for case in world]
    assert len(cases) >= 2000
    pairs = [(f, a) for facts, asks in cases for f in facts for a in asks if f.k == a.k is not None and f.known_at]
    assert sum(f.known_at == a.as_of for f, a in pairs) > 100, "ties"
    assert sum(a.as_of - f.known_at in (3 * HOUR, 2 * DAY) for f, a in pairs) > 100, "facts on a window's lower bound"
    assert sum(f.event_at < a.as_of <= f.known_at for f, a in pairs) > 100, "late facts"
    versions = [Counter((f.k, f.event_at) for f in facts if f.known_at and f.k) for facts, _ in cases]
    assert sum(n > 1 for count in versions for n in count.values()) > 100, "revisions"
