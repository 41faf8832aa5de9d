"""The oracle can fail: each way of letting the future in, or of losing a bound, makes it disagree."""

from pathlib import Path

import duckdb
import pytest

from tests.macros.cases import RowTwiceError, World, flatten, run, sample
from tests.macros.compiling import compiled, mutated
from tests.macros.test_point_in_time_equals_oracle import EXPECTED

MUTANTS = {
    "strict to non-strict": (
        "point_in_time/known_before.sql", "{{ known_at }} < {{ as_of }}", "{{ known_at }} <= {{ as_of }}",
        ["last_before", "version_before", "valid_before", "label_within", "cohort_on_schedule", "last_before_every_day",
         "label_over_sum",
         "aggregate_last_before", "aggregate_ahead"],
    ),
    "what happens at the decision is ahead": (
        "point_in_time/label_over.sql", "{{ event_at }} > pit_as_of", "{{ event_at }} >= pit_as_of", ["label_over_sum"],
    ),
    "what happened with an unknown value is taken for nothing": (
        "point_in_time/label_over.sql", "when pit_something then", "when pit_label is not null then", ["label_over_category"],
    ),
    "what is scheduled for the decision is ahead": (
        "point_in_time/aggregate_ahead.sql", "f.pit_at > s.", "f.pit_at >= s.", ["aggregate_ahead"],
    ),
    "one fact more than asked": (
        "point_in_time/aggregate_last_before.sql", "n - 1 if n", "n if n", ["aggregate_last_before"],
    ),
    "ties of the current row included": (
        "point_in_time/known_before_frame.sql", " exclude group\n", "\n",
        ["aggregate_before", "aggregate_before_of_frames", "trailing_daily"],
    ),
    "ties counted among different values": (
        "point_in_time/known_before_frame.sql", "interval '1 microsecond' preceding", "interval '0 microseconds' preceding",
        ["aggregate_before"],
    ),
    "a window ends late": (
        "point_in_time/_pit_running.sql", "for length in [0]", "for length in [-1]", ["aggregate_before_of_sums"],
    ),
    "a window starts early": (
        "point_in_time/_pit_running.sql", "'{{ length }} seconds'", "'{{ length + 1 if length else 0 }} seconds'",
        ["aggregate_before_of_sums"],
    ),
    "a sum over nothing is zero": (
        "point_in_time/_pit_differences.sql", "_{{ tag }} > 0 then", "_{{ tag }} >= 0 then", ["aggregate_before_of_sums"],
    ),
    "what is known at an instant counts for it": (
        "point_in_time/dialect/running_sums.sql", "pit_at, pit_end)", "pit_at, pit_end desc)", ["aggregate_before_of_sums"],
    ),
    "one end of a window is taken for another": (
        "point_in_time/_pit_differences.sql", "when {{ end }} then -", "else -", ["aggregate_before_of_sums"],
    ),
    "a row without a key is lost": (
        "point_in_time/_pit_differences.sql", "where not (", "where false and not (", ["aggregate_before_of_sums"],
    ),
    "what is not true counts": (
        "point_in_time/dialect/running_sums.sql", "'= 1'", "'>= 0'", ["aggregate_before_of_sums"],
    ),
    "the midnight after instead of the one before": (
        "point_in_time/last_midnight_before.sql", "{{ as_of }} - interval '1 microsecond'", "{{ as_of }} + interval '1 day'",
        ["last_before_every_day"],
    ),
    "event at the decision counts as later": (
        "point_in_time/_pit_within_frame.sql", " exclude group\n", "\n", ["label_within"],
    ),
    "a corrected fact counts beside its correction": (
        "point_in_time/as_corrected.sql", "and (f.pit_until is null", "and (true or f.pit_until is null",
        ["corrected_sums", "corrected_last", "corrected_label"],
    ),
    "a correction counts before it is known": (
        "point_in_time/as_corrected.sql", "where (f.{{ known_at }} =", "where (true or f.{{ known_at }} =", ["corrected_sums"],
    ),
    "a fact stays with a key that its correction took it from": (
        "point_in_time/corrected_before.sql", "where pit_until is not null and", "where false and", ["corrected_last"],
    ),
    "a corrected fact is taken for a new one": (
        "point_in_time/_pit_versions.sql", "min({{ known_at }}) over (partition by {{ fact | join(', ') }})", "{{ known_at }}",
        ["corrected_sums", "corrected_last"],
    ),
    "a state looks back from its last instant": (
        "point_in_time/as_corrected.sql", "s.pit_begins - interval", "s.pit_ends - interval", ["corrected_aggregates"],
    ),
    "validity starts one microsecond late": (
        "point_in_time/valid_before.sql", "- interval '1 microsecond'", "- interval '0 microsecond'", ["valid_before"],
    ),
}  # fmt: skip


def disagrees(con: duckdb.DuckDBPyConnection, sql: str, model: str, world: World) -> bool:
    """Whether the oracle objects: other rows, or a row twice."""
    facts, spine = flatten(world)
    try:
        return run(con, sql, facts, spine, keys=3) != EXPECTED[model](facts, spine)
    except RowTwiceError:
        return True


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutated_macro_disagrees_with_the_oracle(
    mutant: str,
    dbt_work: Path,
    sql: dict[str, str],
    tmp_path: Path,
    con: duckdb.DuckDBPyConnection,
) -> None:
    macro, before, after, models = MUTANTS[mutant]
    wrong = compiled(tmp_path, mutated(tmp_path, dbt_work, macro, before, after), select=" ".join(models))
    for model in models:
        assert wrong[model] != sql[model]
        assert any(disagrees(con, wrong[model], model, world) for world in sample(20)), model
