"""Reasons read as a person would say them: every unit, any number, any text, declared or not."""

from __future__ import annotations

import math
import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.models.explain import reason
from ml.problem import words
from ml.problem.declared.columns import read
from ml.problem.declared.reason import UNITS
from tests.macros.compiling import PROJECT, copied, invoke

DECLARED = yaml.safe_load((PROJECT / "models" / "reasons" / "_reasons.yml").read_text())["models"]
# How Python says the columns of both problems, which is how pages say them.
WORDS = {
    model["name"].removesuffix("__training_set"): {one.name: words.words(one) for one in read(model["columns"])[0]}
    for model in DECLARED
}

NUMBERS = st.floats(allow_nan=False) | st.integers(-(10**15), 10**15).map(float)
TEXTS = st.text(max_size=90) | st.text(alphabet="\"\\'=;(+0.1) \n{value}<b>&|s", max_size=90)
# unit, value, and how it is said
SAID = [
    ("share", 0.4944, "49 %"), ("share", 0.0042, "0.42 %"), ("share", 0.999, "over 99 %"), ("share", 1, "100 %"),
    ("share", 0, "0 %"), ("share", -0.031, "minus 3 %"), ("share", 1.4, "140 %"), ("share", 40, "4,000 %"),
    ("count", 351, "351"), ("count", 12400, "12,400"), ("count", 2.7, "3"), ("count", 0.25, "0.25"), ("count", -1, "minus 1"),
    ("number", 1003.4, "1,003"), ("number", 13.31, "13"), ("number", 4.773, "4.8"), ("number", 3.99, "4"),
    ("number", 0.1411, "0.14"), ("number", -7.7, "minus 7.7"), ("number", 1e300, "1e+300"), ("number", 0, "0"),
    ("money", 1240, "USD 1,240"), ("money", 12.5, "USD 12.50"), ("money", 1240.49, "USD 1,240"), ("money", -5, "minus USD 5"),
    ("money", 99.999, "USD 100"), ("money", 1234567, "USD 1,234,567"),
    ("minutes", 200, "3 hours 20 minutes"), ("minutes", 42.3, "42 minutes"), ("minutes", 1, "1 minute"),
    ("minutes", 0, "0 minutes"),
    ("minutes", 59.7, "1 hour"), ("minutes", 61, "1 hour 1 minute"), ("minutes", -200, "minus 3 hours 20 minutes"),
    ("minutes", 0.4, "24 seconds"), ("seconds", 0.2, "0.2 seconds"), ("seconds", 1, "1 second"),
    ("seconds", 90000, "1 day 1 hour"),
    ("hours", 1.5, "1 hour 30 minutes"), ("hours", 23.999, "1 day"), ("hours", 240, "10 days"),
    ("days", 3, "3 days"), ("days", 1, "1 day"), ("days", 0, "0 days"), ("days", 4000, "4,000 days"),
    ("days", 2.25, "2 days 6 hours"),
    ("date", 15765, "1 March 2013"), ("date", -1, "31 December 1969"), ("date", "2013-03-01", "1 March 2013"),
    ("date", 20130301, "20130301"),
    ("time_of_day", 1110, "18:30"), ("time_of_day", 5, "00:05"), ("time_of_day", 1440, "1,440"), ("time_of_day", -5, "minus 5"),
    ("weekday", 1, "Monday"), ("weekday", 7, "Sunday"), ("weekday", 8, "8"),
    ("category", "UA", "UA"), ("category", "", "empty"), ("category", "missing", "missing"), ("category", 1545, "1545"),
    ("category", "a\nb\t c\u202e", "a b c"), ("category", "x" * 61, "x" * 59 + "…"), ("category", "{value}(s)", "{value}(s)"),
    ("date", -354285, "1 January 1000"), ("date", -354286, "-354286"), ("date", "2013-02-30", "2013-02-30"),
    ("boolean", True, "yes"), ("boolean", False, "no"), ("boolean", 1, "yes"), ("boolean", 2, "2"),
    ("share", "soon", "soon"), ("minutes", math.inf, "inf"), ("minutes", 1e308, "1e+308"),
]  # fmt: skip


@pytest.fixture(scope="module")
def say(sql: dict[str, str], con: duckdb.DuckDBPyConnection):
    """Reasons as Python writes them → rows of a model that says them."""

    def said(texts: list[str | None], problem: str = "spoken") -> list[dict]:
        con.register("given_reasons", pa.table({"case_id": range(len(texts)), "reasons": pa.array(texts, pa.string())}))
        return con.sql(f"from ({sql[f'reasons_of_{problem}']}) order by case_id").to_arrow_table().to_pylist()

    return said


def test_every_unit_is_said_as_people_say_it(say) -> None:
    rows = say([reason(f"of_{unit}", value, 0.25) for unit, value, _ in SAID])
    got = [(unit, value, row["words"]) for (unit, value, _), row in zip(SAID, rows, strict=True)]
    assert got == [(unit, value, f"raises: <{words}>") for unit, value, words in SAID]


@pytest.mark.parametrize(("unit", "value", "said"), SAID)
def test_pages_say_every_unit_as_sql_does(unit: str, value: object, said: str) -> None:
    assert WORDS["spoken"][f"of_{unit}"].say(value) == f"<{said}>"


def test_the_examples_cover_every_unit_and_sql_knows_the_same_units_as_python(sql: dict[str, str], con) -> None:
    assert {unit for unit, _, _ in SAID} == set(UNITS)
    assert con.sql(sql["units_of_reasons"]).fetchall()[0][0] == list(UNITS)


def test_a_direction_stands_before_the_first_reason_that_it_holds_for(say) -> None:
    three = [reason("of_count", 3, 0.5), reason("of_share", 0.5, 0.2), reason("of_count", 1, -0.1), reason("of_count", 2, 1e-9)]
    assert say(["; ".join(three)])[0]["words"] == "raises: <3>; <50 %>; lowers: <1>; raises: <2>"


@pytest.mark.parametrize(
    ("feature", "value", "words"),
    [
        ("wind", 12.4, "east wind of 12"), ("wind", -12.4, "west wind of 12"), ("wind", None, "no one's report"),
        ("wind", math.nan, "no one's report"), ("queue", 1, "1 flight wait"), ("queue", 0, "0 flights wait"),
        ("queue", 1200, "1,200 flights wait"), ("holiday", True, "a holiday"), ("holiday", False, "no holiday"),
        ("of_share", None, "unknown: what share is"), ("later", 2, "later on: 2"), ("gone_since", 0.5, "gone since: 0.5"),
        ("gone_since", "x", "gone since: x"), ("gone_since", None, "unknown: gone since"),
    ],
)  # fmt: skip
def test_a_text_may_differ_below_zero_for_one_for_nothing_and_without_a_declaration(say, feature, value, words) -> None:
    assert say([reason(feature, value, -0.5)])[0]["words"] == f"lowers: {words}"
    if feature in WORDS["spoken"]:
        assert WORDS["spoken"][feature].say(value) == words


def test_a_problem_without_any_text_is_said_by_its_descriptions(say) -> None:
    values = [("leaf_mm", 12.25), ("species", "O'Hara; \"x\""), ("is_potted", True), ("sown_on", 15765), ("leaf_mm", None),
              ("species", None)]  # fmt: skip
    texts = [reason(*value, -1 if value[1] is True else 1) for value in values]
    said = [row["words"] for row in say(texts, "plants")]
    assert [one.partition(": ")[2] for one in said] == [WORDS["plants"][feature].say(value) for feature, value in values]
    assert said == [
        "raises: length of the longest leaf, \"tip\" to stem; 'mm': 12", "raises: EU name of value of the plants: O'Hara; \"x\"",
        "lowers: is potted: yes", "raises: sown on: 15,765",
        "raises: unknown: length of the longest leaf, \"tip\" to stem; 'mm'", "raises: unknown: EU name of value of the plants",
    ]  # fmt: skip


@pytest.mark.parametrize("text", [None, "", "no reason at all", "a=1", "a=1 (+0.2); and more", "; ", "(+0.2)"])
def test_what_is_no_list_of_reasons_stays_as_it_is(say, text: str | None) -> None:
    assert say([text])[0]["words"] == text


def test_reasons_that_were_written_before_texts_stood_in_quotes_are_read_as_well(say) -> None:
    old = "of_category=New York (JFK) (+0.3); of_minutes=1.234e+04 (+0.2); of_category=6'2\" (-0.1); of_share=missing (-1e-05)"
    row = say([old])[0]
    assert row["words"] == "raises: <New York (JFK)>; <8 days 14 hours>; lowers: <6'2\">; unknown: what share is"
    assert [part["contribution"] for part in row["parts"]] == ["+0.3", "+0.2", "-0.1", "-1e-05"]


@settings(max_examples=15, deadline=None)
@given(cases=st.lists(st.tuples(st.lists(TEXTS, min_size=1, max_size=4), st.floats(-9, 9).filter(bool)), min_size=1))
def test_any_text_is_read_back_as_it_was_and_said_on_one_line(say, cases: list[tuple[list[str], float]]) -> None:
    rows = say(["; ".join(reason("of_category", text, moved) for text in texts) for texts, moved in cases])
    for (texts, moved), row in zip(cases, rows, strict=True):
        assert [(part["feature"], part["value"]) for part in row["parts"]] == [("of_category", text) for text in texts]
        assert all(float(part["contribution"]) == pytest.approx(moved, rel=0.06) for part in row["parts"])
        assert re.fullmatch("(raises|lowers): <.+>", row["words"])
        assert len(row["words"]) <= len("raises: ") + len(texts) * (60 + len("<>; "))


@settings(max_examples=15, deadline=None)
@given(numbers=st.lists(NUMBERS, min_size=1))
def test_any_number_is_said_in_any_unit_with_its_sign_and_size(say, numbers: list[float]) -> None:
    asked = [(unit, number) for unit in UNITS for number in numbers]
    for (unit, number), row in zip(asked, say([reason(f"of_{unit}", number, 0.1) for unit, number in asked]), strict=True):
        words = re.fullmatch("raises: <(.+)>", row["words"])[1]
        assert WORDS["spoken"][f"of_{unit}"].say(row["parts"][0]["value"]) == f"<{words}>", "pages say the same"
        assert "nan" not in words and "{" not in words
        if unit in ("share", "count", "number") and abs(number) < 1e308 and words != "over 99 %":
            size = float(words.removeprefix("minus ").removesuffix(" %").replace(",", "")) / (100 if words.endswith("%") else 1)
            # two digits, and what the raw text had rounded before; whole percents and counts err by a half
            most = {"share": 0.0051, "count": 0.51, "number": 0}[unit] if abs(number) > 0.009 else 0
            assert size == pytest.approx(abs(number), rel=0.06, abs=most + 1e-300)
            assert words.startswith("minus ") == (number < 0)


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(TEXTS | st.text(alphabet="1 _.e+-0\t", max_size=5), min_size=1))
@example(texts=["0 ", "1_0", "+-1", "\t1.\n", "-+1", "1__0", " "])
def test_pages_say_any_text_in_any_unit_as_sql_does(say, texts: list[str]) -> None:
    asked = [(unit, text) for unit in UNITS for text in texts]
    for (unit, text), row in zip(asked, say([reason(f"of_{unit}", text, 0.1) for unit, text in asked]), strict=True):
        assert row["words"] == f"raises: {WORDS['spoken'][f'of_{unit}'].say(text)}"


def test_a_unit_that_does_not_exist_is_refused_with_file_and_column(dbt_work: Path, tmp_path: Path) -> None:
    project = copied(tmp_path)
    file = project / "models" / "reasons" / "_reasons.yml"
    file.write_text(file.read_text().replace("unit: share", "unit: percent"))
    result = invoke(["compile", "--select", "reasons_of_spoken"], tmp_path, project)
    said = " ".join(str(one.message) for one in result.result) if result.result else str(result.exception)
    assert not result.success
    assert "_reasons.yml: column of_share: reason.unit 'percent' is unknown; units are share, count" in said
