"""Status: in ten lines at most, whether all is well."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli import tables
from flows.pages.html.words import STATES
from flows.pages.summary import Summary
from tests.clone import flows


def lines(project: Path, *options: str) -> list[str]:
    return [line for line in flows(project, "status", *options).splitlines() if line.strip()]


def test_status_says_in_ten_lines_whether_all_is_well_and_in_full_what_it_knows(shop_project: Path) -> None:
    shown = lines(shop_project)
    assert len(shown) <= 10
    assert shown[0][0] in "✓!" and "big_sale as of" in shown[0] and any(one in shown[0] for _, _, one in STATES.values())
    assert "scored" in shown[1] and "rule" in shown[2]
    full = lines(shop_project, "--full")
    assert any("live quality" in line for line in full) and any(line.startswith("  seconds ") for line in full)


def test_status_says_what_asks_for_somebody_in_as_many_lines(shop_project: Path) -> None:
    file = shop_project / "data" / "warehouse.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("delete from landing.shop__visits where _landing_number % 2 = 0")
    (shop_project / "published" / "analytics.duckdb").unlink()
    shown = lines(shop_project)
    assert len(shown) <= 10 and shown[0][0] == "!"
    assert any("landed and not where it must be: shop.visits" in line for line in shown)
    assert "nothing is published yet" in shown[-1]


AT = datetime(2026, 6, 8)


def stands(**facts: Any) -> Summary:
    """A problem that asks for nobody, but for these facts."""
    nothing = {one.name: [] if one.type.startswith("list") else None for one in fields(Summary)}
    counts = dict.fromkeys(("landed", "quarantined", "scored", "flagged"), 0)
    return Summary(
        **{
            **nothing,
            **counts,
            "problem": "busy",
            "now": AT,
            "health": {"state": "HEALTHY"},
            "refused": "",
            "others": {},
            **facts,
        }
    )


def test_a_healthy_problem_says_in_its_first_line_what_its_mark_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    tables.standing(stands())
    assert capsys.readouterr().out.startswith("✓ busy")
    tables.standing(stands(others={"sales": "BLIND", "crowd": "HEALTHY"}, unwatched=AT))
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("! busy") and first.endswith("healthy. But the monitors are not looked at, sales is BLIND.")


def test_status_in_full_says_in_a_line_why_a_verdict_is_no_promotion(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"decided_as_of": AT, "champion": None, "reason": "144 rows on 3 days;\nneeded are 10"}
    verdicts = [{**row, "challenger": "new", "decision": "INCONCLUSIVE"}, {**row, "challenger": "newer", "decision": "PROMOTE"}]
    tables.summary(stands(verdicts=verdicts), why=True)
    shown = capsys.readouterr().out
    assert "new INCONCLUSIVE: 144 rows on 3 days;\\nneeded are 10\n" in shown and shown.count("144 rows") == 1
