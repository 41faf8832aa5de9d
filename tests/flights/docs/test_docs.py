"""What the documentation names exists: links, targets, verbs, files, models, macros, pages, columns."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from tests.conftest import PROJECT
from tests.flights.conftest import Lived

TESTS = sorted((PROJECT / "tests").rglob("test_*.py"))


def _blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(), flags=re.S | re.M)
    return [block for block in found if block.strip()]


def _names(pattern: str) -> set[str]:
    return {path.stem for path in PROJECT.glob(pattern)}


def test_every_test_of_a_fault_exists() -> None:
    there = re.findall(r"^def (test_\w+)\(", "\n".join(one.read_text() for one in TESTS), flags=re.M)
    named = re.findall(r"`(test_\w+)`", (PROJECT / "docs" / "faults.md").read_text())
    assert len(named) > 30 and set(named) <= set(there)


def _queries(*names: str) -> list[str]:
    return [query for name in names for query in _blocks(PROJECT / name, "sql")]


@pytest.mark.parametrize("query", _queries("docs/how-to/read-predictions.md"))
def test_a_question_to_the_published_file_is_answered(lived: Lived, query: str) -> None:
    with duckdb.connect(str(lived.day.published), read_only=True) as con:
        assert con.execute(query).description


@pytest.mark.parametrize("query", _queries(*(f"docs/alerts/{kind}.md" for kind in sorted(_names("docs/alerts/*.md")))))
def test_a_question_of_an_alert_page_is_answered(lived: Lived, query: str) -> None:
    with duckdb.connect(str(lived.day.warehouse), read_only=True) as con:
        con.execute("set search_path = 'main,marts'")
        assert con.execute(query).description


def test_the_example_of_the_readme_reads_the_published_file(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lived.day.folder)
    for code in [*_blocks(PROJECT / "README.md", "python"), *_blocks(PROJECT / "docs/how-to/read-predictions.md", "python")]:
        exec(compile(code, "docs", "exec"), {})


def test_the_picture_is_drawn_from_a_published_file(lived: Lived) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("make", PROJECT / "docs" / "pictures" / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    make.FEWEST_DAYS = 1  # the house has lived for a few days only
    months, promoted = make.measure(lived.day.published)
    assert months
    assert make.draw(months, promoted).startswith("<svg")
