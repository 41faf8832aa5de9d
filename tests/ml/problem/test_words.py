"""Features are named, and ranges of their values said, as people would: by what a column declares, or by its description."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.problem import words
from ml.problem.declared.columns import Column
from ml.problem.declared.reason import UNITS, Reason
from ml.problem.words import Words


def column(unit: str | None, text: str | None, kind: str = "number", negative: str | None = None, **more: str) -> Words:
    reason = Reason(text=text, unit=unit, negative=negative, **more)
    return words.words(Column("past_7d", "double", "feature", "Some measure. And more.", kind, reason))


SHARE = column("share", "{value} of all visits by members", missing="no visit")
LATE = column("minutes", "trains left {value} late at noon", negative="trains left {value} early at noon")
WIND = column("number", "east wind of {value} knots", negative="west wind of {value} knots")
TIME, DAY = column("time_of_day", "opens at {value}"), column("date", "built on {value}")
WEEKDAY, COUNT = column("weekday", "opens on a {value}"), column("count", "{value} visit(s) before")
HOLIDAY = column("boolean", "a holiday", "boolean", negative="not a holiday")
MONEY, BARE = column("money", "spent {value}", currency="USD"), column(None, None)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (SHARE, "… % of all visits by members"), (LATE, "trains left … minutes late or early at noon"),
        (WIND, "east or west wind of … knots"), (TIME, "opens at …"), (DAY, "built on …"), (WEEKDAY, "opens on a …"),
        (COUNT, "… visits before"), (HOLIDAY, "a or not a holiday"), (MONEY, "spent USD …"), (BARE, "some measure"),
        (column("hours", None), "some measure"), (column("share", None), "some measure (%)"),
        (column("category", "channel: {value}", "category"), "channel"), (column("money", None), "some measure"),
    ],
)  # fmt: skip
def test_a_feature_is_named_by_its_text_with_a_gap_for_the_value(said: Words, name: str) -> None:
    assert said.name == name


@pytest.mark.parametrize(
    ("said", "cell", "expected"),
    [
        (SHARE, "> 0.4944", "over 49 % of all visits by members"), (SHARE, "≤ 0.0042", "at most 0.42 % of all visits by members"),
        (SHARE, "0.031 < … ≤ 0.4944", "3 to 49 % of all visits by members"), (SHARE, "missing", "no visit"),
        (SHARE, "0.491 < … ≤ 0.4944", "about 49 % of all visits by members"),
        (SHARE, "> 0.999", "over 99 % of all visits by members"), (SHARE, "≤ 0.999", "less than 100 % of all visits by members"),
        (LATE, "> 42.3", "trains left over 42 minutes late at noon"),
        (LATE, "≤ -5", "trains left at least 5 minutes early at noon"),
        (LATE, "45 < … ≤ 200", "trains left 45 minutes to 3 hours 20 minutes late at noon"),
        (LATE, "-20 < … ≤ -5", "trains left 5 to 20 minutes early at noon"),
        (LATE, "-5 < … ≤ 12", "trains left less than 5 minutes early or at most 12 minutes late at noon"),
        (LATE, "> -5", "trains left less than 5 minutes early or over 0 minutes late at noon"),
        (LATE, "≤ 12", "trains left over 0 minutes early or at most 12 minutes late at noon"),
        (WIND, "-5 < … ≤ 12", "west wind of less than 5 or east wind of at most 12 knots"),
        (TIME, "> 1110", "opens at a time after 18:30"), (TIME, "540 < … ≤ 1110", "opens at 09:00 to 18:30"),
        (TIME, "≤ 540", "opens at 09:00 or earlier"), (DAY, "> 15765", "built on a day after 1 March 2013"),
        (DAY, "15765 < … ≤ 15767", "built on 1 March 2013 to 3 March 2013"),
        (WEEKDAY, "≤ 2", "opens on a Monday to Tuesday"), (WEEKDAY, "2 < … ≤ 3", "opens on a Wednesday"),
        (WEEKDAY, "> 5", "opens on a Saturday to Sunday"),
        (COUNT, "≤ 1", "at most 1 visit before"), (COUNT, "> 1", "over 1 visits before"),
        (COUNT, "1 < … ≤ 1200", "1 to 1,200 visits before"),
        (HOLIDAY, "true", "a holiday"), (HOLIDAY, "false", "not a holiday"), (HOLIDAY, "missing", "unknown: some measure"),
        (column("boolean", "a holiday", negative="not a holiday"), "≤ 0", "not a holiday"),
        (column("boolean", "a holiday", negative="not a holiday"), "0 < … ≤ 1", "a holiday"),
        (column("boolean", "member: {value}"), "≤ 1", "member: yes or no"),
        (MONEY, "12.5 < … ≤ 99.1", "spent USD 12.50 to 99.10"), (MONEY, "> 1240", "spent over USD 1,240"),
        (BARE, "> -3", "some measure: over minus 3"), (BARE, "-7 < … ≤ -3", "some measure: minus 7 to minus 3"),
        # a category may look like a quarter
        (column("category", "channel {value}", "category"), "≤ 5", "channel ≤ 5"),
    ],
)  # fmt: skip
def test_a_quarter_of_the_values_is_said_in_words_and_units(said: Words, cell: str, expected: str) -> None:
    assert said.cell(cell) == expected


ENDS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2, unique=True)


@given(unit=st.sampled_from(sorted(UNITS)), negative=st.booleans(), ends=ENDS)
def test_any_quarter_is_said_and_never_as_its_raw_form(unit: str, negative: bool, ends: list[float]) -> None:
    said = column(unit, "gap of {value} there", negative="lack of {value} there" if negative else None)
    low, high = (f"{end:.7g}" for end in sorted(ends))
    for cell in (f"≤ {low}", f"{low} < … ≤ {high}", f"> {high}"):
        assert re.fullmatch(r"(gap|lack) of [^<>{}≤…]+ there", said.cell(cell)), cell


def test_a_feature_that_is_declared_no_more_is_said_by_its_name(problem) -> None:
    assert words.of(problem, "gone_since").say(0.5) == "gone since: 0.5"
    assert words.of(problem, "gone_since").cell("> 0.5") == "gone since: over 0.5"
