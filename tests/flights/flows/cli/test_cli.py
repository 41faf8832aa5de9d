"""The one door: every verb explains itself, and says in one line what it cannot do."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests import children
from tests.children import Ended, House
from tests.flights.conftest import PROBLEM, Lived


def refused(ended: Ended) -> str:
    """The one line that a refusal is."""
    assert ended.code == 1, ended
    assert "Traceback" not in ended.err
    lines = [line for line in ended.err.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("✗"), ended.err
    return lines[0]


def test_status_shows_what_the_ledger_says(copied: House) -> None:
    shown = children.run(copied, "status", COLUMNS="160")
    assert shown.code == 0, shown.err
    with duckdb.connect(str(copied.warehouse), read_only=True) as con:
        scored = con.execute(f"select count(*) from problems.{PROBLEM}__predictions").fetchall()[0][0]
        champion = con.execute("select arg_max(model_version, promoted_at) from ledger.promotions").fetchall()[0][0]
    assert f"scored {scored:,}" in shown.out
    assert champion in shown.out
    assert "rule" in shown.out


def test_status_works_before_anything_is_scored(lived: Lived, tmp_path: Path) -> None:
    shown = children.run(lived.started.copy(tmp_path / "house"), "status")
    assert shown.code == 0, shown.err
    assert "scored 0" in shown.out


def test_promote_refuses_a_model_without_a_verdict(copied: House) -> None:
    with duckdb.connect(str(copied.warehouse)) as con:
        con.execute("delete from ledger.verdicts")
    assert "has no verdict" in refused(children.run(copied, "promote"))


def test_promote_refuses_a_verdict_that_is_not_promote_unless_a_reason_is_said(copied: House) -> None:
    with duckdb.connect(str(copied.warehouse)) as con:
        con.execute("delete from ledger.promotions where effective_at > (select min(effective_at) from ledger.promotions)")
        con.execute("update ledger.verdicts set decision = 'KEEP', reason = 'not better than the rule'")
    assert "not better than the rule" in refused(children.run(copied, "promote"))
    overruled = children.run(copied, "promote", "--reason", "the duty managers asked for it")
    assert overruled.code == 0, overruled.err
    assert "is the champion" in overruled.out


def test_judge_refuses_the_champion_itself(lived: Lived, tmp_path: Path) -> None:
    assert "train a challenger" in refused(children.run(lived.started.copy(tmp_path / "house"), "judge"))


def test_rollback_refuses_where_there_was_no_champion_before(lived: Lived, tmp_path: Path) -> None:
    started = lived.started.copy(tmp_path / "house")
    assert "no earlier champion" in refused(children.run(started, "rollback", "--reason", "to see"))


def test_the_clock_never_goes_back(copied: House) -> None:
    assert "cannot go back" in refused(children.run(copied, "land", "--until", "2013-01-15"))


def test_monitor_tests_the_tables_and_lists_the_alerts(copied: House) -> None:
    shown = children.run(copied, "monitor", COLUMNS="160")
    assert shown.code == 0, shown.err
    with duckdb.connect(str(copied.warehouse), read_only=True) as con:
        assert con.execute("select count(*) from ledger.runs where phase = 'tests' and status = 'failed'").fetchall()[0][0] == 0
