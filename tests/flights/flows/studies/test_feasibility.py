"""The design document of a house that has landed two months: facts against plain Python, no model without history, words stay."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests import children
from tests.children import House
from tests.flights.conftest import PROBLEM, Lived


@pytest.fixture(scope="module")
def planned(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Path, str]:
    """A copy of the lived house, the folder of its page, and what the verb said."""
    folder = tmp_path_factory.mktemp("planned")
    house = lived.day.copy(folder / "house")
    ended = children.run(house, "feasibility", "--quick", "--to", str(folder / "designs"), COLUMNS="160")
    assert ended.code == 0, ended
    return house, folder / "designs" / f"{PROBLEM}.md", ended.out


def _training(house: House) -> list[dict]:
    with duckdb.connect(str(house.warehouse), read_only=True) as con:
        return (
            con.sql(
                f"select as_of, is_disrupted, label_known_at, dest_trouble_2h from problems.{PROBLEM}__training_set "
                "where label_known_at < (select now from landing.clock)"
            )
            .to_arrow_table()
            .to_pylist()
        )


def test_two_months_are_too_short_and_the_answer_is_not_yet(planned: tuple[House, Path, str]) -> None:
    _, page, said = planned
    assert "Not yet" in said and "enough history" in said
    assert "> **Not yet" in page.read_text() and "No model was tried" in page.read_text()


def test_the_facts_are_those_that_plain_python_counts(planned: tuple[House, Path, str]) -> None:
    house, page, _ = planned
    rows, text = _training(house), page.read_text()
    days = Counter(row["as_of"].date() for row in rows)
    positives = sum(row["is_disrupted"] for row in rows)
    delays = sorted((row["label_known_at"] - row["as_of"]).total_seconds() / 3600 for row in rows)
    assert f"**{len(rows):,}** labelled rows of" in text and f"on {len(days)} days" in text
    assert f"{positives / len(rows):.1%} are positive" in text
    assert f"known {delays[len(delays) // 2]:.1f} h after" in text
    known = sum(row["dest_trouble_2h"] is not None for row in rows) / len(rows)
    assert f"`dest_trouble_2h` {known:.0%} (" in text
    assert "No row with a key that was there before" in text


def test_the_page_holds_the_framing_and_its_twin_stands_alone(planned: tuple[House, Path, str]) -> None:
    _, page, _ = planned
    text, twin = page.read_text(), page.with_suffix(".html").read_text()
    for heading in ("## Framing", "## Plan", "## Why", "## Decision", "## Notes", "## Appendix"):
        assert heading in text
    assert "invented for the example" in text and "working days in all" in text
    assert f"]({PROBLEM}/labels.svg)" in text and (page.parent / PROBLEM / "labels.svg").exists()
    assert "<!--" not in twin and "&lt;!--" not in twin and "<figure><svg" in twin


def test_words_stay_and_damage_is_refused_before_anything_is_measured(planned: tuple[House, Path, str]) -> None:
    house, page, _ = planned
    page.write_text(page.read_text().replace("Nobody has decided yet.", "We wait until June, says Ann."))
    before = page.read_text()
    again = children.run(house, "feasibility", "--quick", "--to", str(page.parent))
    assert again.code == 0, again
    assert "We wait until June, says Ann." in page.read_text() and "Nobody has decided" not in page.read_text()
    damaged = before.replace("<!-- /measured:facts -->", "")
    page.write_text(damaged)
    refused = children.run(house, "feasibility", "--quick", "--to", str(page.parent))
    assert refused.code == 1 and "begins inside facts, whose end is missing; nothing was written" in refused.err
    assert page.read_text() == damaged
    with duckdb.connect(str(house.warehouse), read_only=True) as con:
        assert con.execute("select count(*) from ledger.runs where phase = 'planning'").fetchall() == [(2,)]
