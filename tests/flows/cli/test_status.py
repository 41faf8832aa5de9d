"""Status: in ten lines at most, whether all is well."""

from __future__ import annotations

from pathlib import Path

import duckdb

from flows.pages.html.words import STATES
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
