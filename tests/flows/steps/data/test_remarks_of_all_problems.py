"""`feedback --list` shows remarks on all problems, or on the one that is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli import tables
from flows.runtime import warehouse
from flows.steps.data import feedback

pytestmark = pytest.mark.slow


@pytest.fixture
def remarked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An inbox with a remark on each of two problems."""
    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setenv("ASOF_LANDING", str(tmp_path / "landing"))
    with feedback._ready() as con:
        for number, name in enumerate(("late", "busy")):
            con.execute(
                f"insert into {feedback.INBOX} (problem, entity_id, as_of, comment, author, reported_at) "
                f"values ('{name}', 'a{number}', timestamp '2026-01-01', 'said', 'ann', timestamp '2026-01-0{2 + number}')"
            )
    yield
    warehouse.close()


def test_remarks_on_all_problems_are_listed_each_with_its_problem(remarked: None, capsys: pytest.CaptureFixture) -> None:
    assert [(one["problem"], one["state"]) for one in feedback.remarks()] == [("busy", "waiting"), ("late", "waiting")]
    assert [one["problem"] for one in feedback.remarks("late")] == ["late"]
    tables.remarks(feedback.remarks(), [])
    busy, late = (line for line in capsys.readouterr().out.splitlines() if "said" in line)
    assert "busy" in busy and "a1" in busy and "late" in late and "a0" in late
