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
        ["last_before", "version_before", "valid_before", "aggregate_before_buckets", "label_within", "cohort_on_schedule",
         "aggregate_before_running_by_hour", "last_before_every_day", "label_over_sum",
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
        ["aggregate_before_range", "aggregate_before_buckets", "trailing_daily"],
    ),
    "ties counted among different values": (
        "point_in_time/known_before_frame.sql", "interval '1 microsecond' preceding", "interval '0 microseconds' preceding",
        ["aggregate_before_range"],
    ),
    "lower bound of a window opened": (
        "point_in_time/_pit_fragments.sql", "f.pit_at >= e.pit_edge", "f.pit_at > e.pit_edge", ["aggregate_before_buckets"],
    ),
    "a fact leaves a window late": (
        "point_in_time/_pit_flow.sql", "+ interval '{{ length }} seconds'", "+ interval '{{ length + 1 }} seconds'",
        ["aggregate_before_running_by_hour", "aggregate_before_running_by_day"],
    ),
    "a sum over nothing is zero": (
        "point_in_time/_pit_running_answers.sql", "> 0 then", ">= 0 then", ["aggregate_before_running_by_day"],
    ),
    "what flows at an instant counts for it": (
        "point_in_time/_pit_running_levels.sql", "order by pit_at, pit_asked rows", "order by pit_at, pit_asked desc rows",
        ["aggregate_before_running_by_hour", "aggregate_before_running_by_day"],
    ),
    "the midnight after instead of the one before": (
        "point_in_time/last_midnight_before.sql", "{{ as_of }} - interval '1 microsecond'", "{{ as_of }} + interval '1 day'",
        ["last_before_every_day"],
    ),
    "event at the decision counts as later": (
        "point_in_time/_pit_within_frame.sql", " exclude group\n", "\n", ["label_within"],
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
    tmp_path: Path,
    con: duckdb.DuckDBPyConnection,
) -> None:
    macro, before, after, models = MUTANTS[mutant]
    sql = compiled(tmp_path, mutated(tmp_path, macro, before, after), select=" ".join(models))
    for model in models:
        assert any(disagrees(con, sql[model], model, world) for world in sample(20)), model
