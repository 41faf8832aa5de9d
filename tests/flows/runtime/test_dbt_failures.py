"""What is said of a command of dbt that failed: on which nodes, with what, or that somebody stopped it."""

from __future__ import annotations

from flows.runtime.dbt import failure


def test_nodes_that_failed_are_named_with_what_runs_them_alone() -> None:
    nodes = [{"name": "stg_shop__visits", "message": "no column\n spent > in macro x"}, *({"name": "b", "message": "c"},) * 4]
    said = failure("run", nodes, None)
    assert said.startswith("dbt run failed on stg_shop__visits: no column spent; b: c; b: c; `dbt run --select stg_shop__visits`")


def test_a_command_that_was_stopped_says_so_and_not_that_it_failed_on_nothing() -> None:
    for nothing in (None, KeyboardInterrupt()):
        assert failure("test", [], nothing).startswith("dbt test was stopped before its end")
    assert failure("test", [], ValueError("no profile")) == "dbt test failed on no profile"
