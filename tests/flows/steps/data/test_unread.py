"""What lies in the landing folder under a name that no source declares is told, and not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.steps.data import landing_zone
from flows.steps.data.landing.unread import unread
from tests.gauges import ROWS, gauges, put

SOURCES = [gauges(), gauges("rivers", path="river/lists/rivers.csv"), gauges("deep", path="sea/deep")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file of each declared path, hidden files, and an archive."""
    put(tmp_path, "a.csv", ROWS)
    for name in ("river/lists/rivers.csv", "sea/deep/a.csv", "archive/old.csv", ".partial/a.csv", "river/.a.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def told(folder: Path) -> list[str]:
    return unread(SOURCES, folder, frozenset({"archive"}))


def test_what_sources_declare_is_not_told_of(folder: Path) -> None:
    assert told(folder) == []
    assert unread(SOURCES, folder / "nowhere") == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("rivers/levels/a.csv", "rivers/"),
        ("river/level/a.csv", "river/level/"),
        ("river/levels/2026-01/a.csv", "river/levels/2026-01/"),
        ("river/lists/lakes.csv", "river/lists/lakes.csv"),
        ("a.csv", "a.csv"),
        ("sea/shallow/deep/a.csv", "sea/shallow/"),
    ],
)
def test_a_folder_or_file_that_no_source_declares_is_told_by_its_name(folder: Path, name: str, shown: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("")
    assert told(folder) == [shown]


@pytest.mark.parametrize("name", ["other.txt", "folder.csv"])
def test_what_the_listing_of_a_source_refuses_is_not_told_twice(folder: Path, name: str) -> None:
    where = folder / "river" / "levels" / name
    where.mkdir() if name == "folder.csv" else where.write_text("")
    assert told(folder) == []


def test_a_link_to_a_folder_is_told_and_not_followed(folder: Path) -> None:
    (folder / "elsewhere").symlink_to(folder / "sea")
    (folder / "loop").symlink_to(folder)
    assert told(folder) == ["elsewhere/", "loop/"]


def test_the_line_names_a_few_and_counts_the_rest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        (folder / f"typo {number}\n").mkdir()
    monkeypatch.setattr(landing_zone, "sources", lambda: SOURCES)
    monkeypatch.setattr(landing_zone, "feeds", lambda: {"archive": None})
    monkeypatch.setenv("ASOF_LANDING", str(folder))
    lines: list[str] = []
    landing_zone.tell_unread(lines.append)
    assert len(lines) == 1 and r"typo 0\n/, " in lines[0] and "and 2 more" in lines[0] and "nothing of it lands" in lines[0]
    monkeypatch.setattr(landing_zone, "feeds", dict)
    landing_zone.tell_unread(lines.append)
    assert "archive/" in lines[1]
