"""A score in words agrees with its flag, whatever threshold it was flagged by."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from tests.conftest import PROJECT

MACRO = (PROJECT / "macros" / "problem" / "score_in_words.sql").read_text()
SQL = str(Environment().from_string(MACRO).module.score_in_words("score", "flagged"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_from_the_threshold_on_and_only_then_a_score_is_likely_enough_to_act(scores: list[float], threshold: float) -> None:
    with duckdb.connect() as con:
        con.execute("create table rows (score double, flagged boolean)")
        con.executemany("insert into rows values (?, ?)", [(score, score >= threshold) for score in scores])
        found = con.execute(f"select score, {SQL} from rows order by score").fetchall()
    assert {said for score, said in found if score >= threshold} <= {"likely enough to act"}
    assert "likely enough to act" not in {said for score, said in found if score < threshold}
    order = ["unlikely", "more than usual", "likely enough to act"]
    told = [order.index(said) for _, said in found]
    assert told == sorted(told), "a higher score is never said to be less likely"
