"""A digest of SQL changes with what the SQL says, and with nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.problem.sql_digest import TOKENS, changed, digest

SQL = """select a.spent * 100 as "Spent", 'it''s -- no /* comment */' as said -- money
from "shop"."landing"."visits" as a /* all of
them */ where a.x>=1.5 and b <> 'A'"""


@pytest.mark.parametrize(
    "same",
    [
        SQL.replace("\n", "  \n\t"),
        SQL.replace("-- money", "-- roubles; 'and a quote"),
        SQL.replace("/* all of\nthem */", ""),
        SQL.replace("select", "SELECT").replace("a.spent", "A.Spent"),
        SQL.replace(">=", " >= "),
        SQL.replace('"shop".', '"other".'),
    ],
)
def test_layout_comments_case_and_the_name_of_the_warehouse_change_nothing(same):
    assert digest(same, "other" if '"other"' in same else "shop") == digest(SQL, "shop")


@pytest.mark.parametrize(
    "other",
    [
        SQL.replace("100", "10"),
        SQL.replace("1.5", "15"),
        SQL.replace("it''s", "it''S"),
        SQL.replace("-- no", "--no"),
        SQL.replace('"Spent"', '"spent"'),
        SQL.replace("a.x", "a.y"),
        SQL.replace("'A'", "'a'"),
        SQL.replace(">=", ">"),
        SQL.replace('"landing"', '"staging"'),
        SQL.replace("1.5 and", "1.5 or"),
        SQL + " limit 1",
    ],
)
def test_whatever_changes_an_answer_changes_the_digest(other):
    assert digest(other, "shop") != digest(SQL, "shop")


@given(
    st.lists(st.sampled_from(["select", "a", "'b  c'", '"D d"', "1.5", ",", "(", ")", "<=", "||"]), min_size=1, max_size=12),
    st.data(),
)
def test_any_space_and_comment_between_tokens_says_nothing(tokens, data):
    gaps = st.sampled_from([" ", "\n", "\t ", " -- x\n", " /* y */ ", " -- 'z\n ", '/* " */'])
    text = "".join(data.draw(gaps) + token for token in tokens)
    assert digest(text) == digest(" ".join(tokens))
    joined = [token for token in TOKENS.findall(text) if token[:2] not in ("--", "/*")]
    assert "".join(joined) == "".join(tokens)


def test_what_changed_is_named():
    assert changed({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == ["a", "b", "c"]
    assert changed({"a": "1"}, {"a": "1"}) == []
