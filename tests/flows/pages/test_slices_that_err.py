"""The table of slices that err most, as people see it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.pages.html import page
from flows.pages.report import decisions
from flows.pages.report.page import STYLE
from ml.problem import words
from ml.problem.declared.columns import Column
from ml.problem.declared.reason import Reason
from tests import browser
from tests.browser import Browser

LONG = "visits_of_all_shops_in_this_street_since_the_opening"
SAID = Reason(text="{value} of all visits in this street by members since the opening of the first shop", unit="share")
COLUMNS = {"past_members": Column("past_members", "double", "feature", "Share of members.", "number", SAID)}


def said(name: str) -> words.Words:
    return words.words(COLUMNS.get(name) or Column(name, "double", "feature", "", "number"))


def drawn(*cells: tuple[str, str, str | None, str | None]) -> str:
    """The section of a report whose slices are these: feature and cell, and perhaps another feature and cell."""
    figures = {
        "rows": 12_340, "error_rate": 0.314, "rest_error_rate": 0.102, "difference": 0.212, "low": 0.105, "high": 0.319,
        "mean_score": 0.41, "label_rate": 0.52, "slices_looked_at": 1_234,
    }  # fmt: skip
    slices = [dict(zip(("feature_1", "cell_1", "feature_2", "cell_2"), one, strict=True), **figures) for one in cells]
    known = SimpleNamespace(num_rows=1)
    report = SimpleNamespace(health={"champion": "m"}, known=known, slices=slices, now=datetime(2026, 3, 1), words=said)
    return decisions.errors(report)


def test_a_slice_is_said_in_words_and_units_with_its_columns_in_small_print() -> None:
    text = drawn(("past_members", "> 0.4944", "street_number", "missing"))
    shown = "over 49 % of all visits in this street by members since the opening of the first shop and unknown: street number"
    small = "past_<wbr>members &gt; 0.<wbr>4944 and street_<wbr>number missing"
    assert f'<td>{shown} <small class="raw"><code>{small}</code></small></td>' in text


@pytest.mark.slow
@pytest.mark.skipif(browser.path() is None, reason="no Chromium is installed")
def test_the_table_fits_windows_of_1200_and_800_pixels_however_long_names_are(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    section = drawn((LONG, "1.5 < … ≤ 4754321", f"{LONG}_again", "> 4754321"), ("past_members", "> 0.4944", None, None))
    body = f'<div class="frame"><nav><ul><li><a href="#errors">Errors</a></li></ul></nav><main>{section}</main></div>'
    file.write_text(page.shell("report", body, STYLE))
    window = Browser(tmp_path / "chromium")
    try:
        assert window.look(file, (400, 800, 1200)).problems == []
        beyond = {}
        for width in (800, 1200):
            window.picture(width)
            beyond[width] = window.run("(e => e.scrollWidth - e.clientWidth)(document.querySelector('.wide'))")
        assert beyond == {800: 0, 1200: 0}
    finally:
        window.close()
