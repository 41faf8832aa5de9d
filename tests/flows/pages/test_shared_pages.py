"""A page that people and the system write together: numbers become new, words stay, damage is refused by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.pages.html.shared import Block, Prose, merge
from ml.errors import AsofError

PAGE = "docs/designs/late.md"


def parts(number: int) -> list[Block | Prose]:
    return [
        Prose("# Late?"),
        Block("summary", f"> It is {number}.\n\n![a](late/a.svg)"),
        Prose("## Decision\n\nNobody has decided yet."),
        Block("facts", f"## Facts\n\n| n |\n|---:|\n| {number} |"),
    ]


def test_numbers_are_new_and_what_people_wrote_is_still_there() -> None:
    first = merge(None, parts(1), PAGE)
    edited = (
        first.replace("Nobody has decided yet.", "Ann decided on 3 May: *go*.\n\n- because of the queue").replace(
            "# Late?", "# Will it be late?"
        )
        + "\n## Afterwards\n\nIt went well.\n"
    )
    again = merge(edited, parts(2), PAGE)
    assert "It is 2." in again and "It is 1." not in again and "| 2 |" in again
    for words in (
        "# Will it be late?",
        "Ann decided on 3 May: *go*.\n\n- because of the queue",
        "## Afterwards\n\nIt went well.",
    ):
        assert words in again
    assert "Nobody has decided yet" not in again


def test_writing_twice_changes_nothing() -> None:
    first = merge(None, parts(1), PAGE)
    assert merge(first, parts(1), PAGE) == first


def test_a_moved_block_stays_where_people_put_it() -> None:
    first = merge(None, parts(1), PAGE)
    block = re.search(r"<!-- measured:facts.*?/measured:facts -->\n?", first, flags=re.S)[0]
    moved = block + "\n" + first.replace(block, "")
    again = merge(moved, parts(2), PAGE)
    assert again.index("## Facts") < again.index("# Late?") and "| 2 |" in again


def test_a_block_that_was_deleted_with_its_markers_returns_behind_the_one_before() -> None:
    first = merge(None, parts(1), PAGE)
    without = re.sub(r"<!-- measured:summary.*?/measured:summary -->\n?", "", first, flags=re.S)
    assert merge(without, parts(1), PAGE).count("measured:summary") == 2
    behind = re.sub(r"<!-- measured:facts.*?/measured:facts -->\n?", "", first, flags=re.S) + "\nmy words\n"
    again = merge(behind, parts(1), PAGE)
    assert again.index("/measured:summary") < again.index("## Facts") and "my words" in again


def test_folders_of_figures_and_blank_line_ends_are_no_edit() -> None:
    first = merge(None, parts(1), PAGE)
    assert merge(first.replace("(late/a.svg)", "(a.svg)").replace("> It is 1.", "> It is 1.  "), parts(1), PAGE)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda text: text.replace("<!-- /measured:summary -->\n", ""),
            "block facts begins inside summary, whose end is missing",
        ),
        (lambda text: text.replace("<!-- /measured:facts -->", ""), "block facts begins and never ends"),
        (lambda text: re.sub("<!-- measured:summary .* -->\n", "", text), "the end of block summary never begins"),
        (lambda text: re.sub("measured:summary [0-9a-f]{12}", "measured:summary", text), "summary has lost its digest"),
        (lambda text: text.replace("measured:summary", "measured:sumary"), r"no block sumary \(did you mean summary\?\)"),
        (lambda text: text.replace("/measured:summary -->", "/measured:summary->"), "is a damaged marker"),
        (lambda text: re.sub("<!-- (measured:facts .*) -->", r"<-- \1 -->", text), "is a damaged marker"),
        (lambda text: text + text[text.index("<!-- measured:facts") :], "block facts begins a second time"),
        (lambda text: text.replace("It is 1.", "It is 1, says Ann."), "block summary was edited by hand"),
        (
            lambda text: text.replace("<!-- /measured:facts -->", "<!-- /measured:summary -->"),
            "the end of block summary stands inside facts",
        ),
    ],
)
def test_a_damaged_page_is_refused_by_name(damage, said: str) -> None:
    damaged = damage(merge(None, parts(1), PAGE))
    with pytest.raises(AsofError, match=rf"{PAGE}, line \d+: .*{said}"):
        merge(damaged, parts(2), PAGE)


def test_a_page_that_somebody_else_wrote_is_refused() -> None:
    with pytest.raises(AsofError, match="holds no measured block"):
        merge("# My own page\n", parts(1), PAGE)


words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=60).filter(lambda text: "measured:" not in text)


@given(st.lists(words, min_size=1, max_size=5), st.integers(0, 99))
def test_any_words_survive_any_number_of_writings(lines: list[str], number: int) -> None:
    said = "\n".join(lines).strip("\n")
    text = merge(None, [Prose(said) if isinstance(one, Prose) else one for one in parts(1)], PAGE)
    if said.strip() != said:
        return
    for _ in range(2):
        text = merge(text, parts(number), PAGE)
    assert text.count(said) >= 2 or not said
