"""Names of columns and of categories keep what people wrote, in any script."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.pages.html.words import of_one
from flows.studies.scaffolding import naming
from flows.studies.scaffolding.features import _shares
from flows.studies.scaffolding.looking import _names, look
from flows.studies.scaffolding.source import _described, _worded
from ml.problem.declared.columns import IDENTIFIER, Column


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Zähler-Nr.", "zaehler_nr"), ("Eröffnet", "eroeffnet"), ("Königsfeld", "koenigsfeld"),
        ("STRASSE/GRÖẞE", "strasse_groesse"), ("São Paulo", "sao_paulo"), ("Łódź", "lodz"), ("Crème brûlée", "creme_brulee"),
        ("Номер счётчика", "nomer_schetchika"), ("Ελληνικά", "ellenika"), ("Visit No.", "visit_no"), ("VisitNo", "visit_no"),
        ("Jo's 1,000 &amp; more", "jo_s_1_000_amp_more"), ("1st", "c_1st"), ("😀", "c"),
    ],
)  # fmt: skip
def test_a_heading_is_a_name_that_can_be_read(heading: str, name: str) -> None:
    assert naming.column(heading) == name


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_of_ascii_every_letter_and_digit_stays(text: str) -> None:
    assert naming.snake(text) == re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8, unique=True))
def test_columns_of_any_headings_have_names_of_their_own_that_sql_can_carry(headings: list[str]) -> None:
    names = _names(headings)
    assert len({*names}) == len(headings) and all(IDENTIFIER.match(name) for name in names)


def test_categories_that_read_alike_have_names_of_their_own() -> None:
    one = SimpleNamespace(kind="category", name="art", said="kind", levels=["Größe", "Groesse", "Leck", "???"])
    assert [name for name, *_ in _shares(one)] == ["art_groesse", "art_groesse_2", "art_leck", "art_other"]


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("The meter.", "meter"), ("Number of the shop.", "number of the shop"), ("Flight: date and carrier.", "flight"),
        ("", "zaehler nr"), ("The meter that was read by somebody who came along to read it.", "zaehler nr"),
    ],
)  # fmt: skip
def test_a_table_of_entities_is_headed_by_what_they_are(description: str, said: str) -> None:
    problem = SimpleNamespace(entity="zaehler_nr", columns=[Column("zaehler_nr", "bigint", "entity", description, "number")])
    assert of_one(problem) == said


def test_a_heading_that_its_name_cannot_carry_stands_in_descriptions_as_the_file_has_it(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("Zähler-Nr.;Eröffnet am;Staff No.\n1;2026-01-01;7\n2;2026-01-02;8\n", encoding="utf-8")
    found = look(file).columns
    assert [one.name for one in found] == ["zaehler_nr", "eroeffnet_am", "staff_no"]
    assert [_described(one).partition(",")[0] for one in found] == ["Zähler-Nr", "Eröffnet am", "Staff no"]
    assert [_worded(one) for one in found[1:]] == [{"config": {"meta": {"words": "Eröffnet am"}}}, {}]
    assert _worded(replace(found[1], words="opened")) == {"config": {"meta": {"words": "opened"}}}
