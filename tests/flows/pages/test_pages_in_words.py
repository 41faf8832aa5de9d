"""What people read on the report and the card speaks in words: names of columns and raw thresholds stand in small print only."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from flows.pages import summary
from flows.pages.html import words as html_words
from ml.problem import words
from ml.problem.declared.columns import Column
from ml.statistics import evaluate
from tests.clone import flows
from tests.conftest import PROJECT
from tests.synthetic import FILES, PROBLEM


def seen(html: str) -> str:
    """The text of a page outside of small print and code, on one line."""
    text = re.sub(r"<style>.*?</style>|<small class=\"raw\">.*?</small>|<code>.*?</code>|<!--.*?-->", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


@pytest.mark.slow
def test_no_page_shows_the_name_of_a_column_or_a_gate_but_in_small_print(shop_project: Path) -> None:
    flows(shop_project, "promote", "--reason", "to see what it looks at")
    flows(shop_project, "cycle", "--step", "day")
    flows(shop_project, "report")
    flows(shop_project, "card")
    report, card = (next((shop_project / "published").glob(f"{folder}/*.html")).read_text() for folder in ("reports", "models"))
    declared = yaml.safe_load((FILES / "problems" / PROBLEM / f"_{PROBLEM}.yml").read_text())["models"][0]["columns"]
    names = [one["name"] for one in declared if one["name"].startswith(("past_", "last_"))]
    for text in (report, card):
        assert [name for name in (*names, *html_words.GATES) if "_" in name and name in seen(text)] == []
        assert not re.search(r"[≤<>] -?\d", seen(text)), "no raw threshold"
    assert "visits of 7 days" in seen(report) and "past_<wbr>visits_<wbr>7d" in report
    assert "visits of 7 days" in seen(card) and "<code>past_visits_7d</code>" in card


def test_features_that_a_text_names_are_said_in_words_and_ordinary_words_stay() -> None:
    text = "past_7d_share went missing; past_7d of past_7d_x.past_7d: rows of shops"
    features = (Column("past_7d", "double", "feature", "Visits of 7 days.", "number"),
                Column("past_7d_share", "double", "feature", "Share of members.", "number"),
                Column("rows", "double", "feature", "Rows of seats.", "number"))  # fmt: skip
    problem = SimpleNamespace(columns=features, feature_names=[one.name for one in features])
    said = html_words.spelled(text, problem, lambda name, words: f"<{name}: {words}>")
    assert said == (
        "<past_7d_share: share of members> went missing; <past_7d: visits of 7 days> of past_7d_x.<past_7d: visits of 7 days>: "
        "rows of shops"
    )


def test_every_gate_of_the_documentation_has_words() -> None:
    table = (PROJECT / "docs" / "validation.md").read_text().partition("\n## The gates\n")[2].partition("\n\nThe bounds")[0]
    named = [name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")]
    assert len(named) > 10 and named == list(html_words.GATES)


def test_a_gate_of_a_slice_and_what_it_found_are_said_by_the_column() -> None:
    def says(name: str) -> words.Words:
        return words.words(Column(name, "varchar", "feature", "How they came.", "category"))

    asked = [
        {"gate": "slices", "reason": "none of 2 slices is worse; nearest to it is came_by=web or app with -0.01; roc_auc +0.2"},
        {"gate": "slice came_by=web", "reason": "fine"},
        {"gate": "slice came_by=web or app", "reason": "fine"},
    ]
    assert html_words.gate("slice came_by=web", says) == "group: how they came: web"
    assert html_words.gate("beats_rule", says) == "better than the rule" and html_words.gate("new_one", says) == "new_one"
    found = html_words.reason(asked[0], asked, says)
    assert found == "none of 2 slices is worse; nearest to it is “how they came: web or app” with -0.01; ROC AUC +0.2"


def test_every_metric_that_the_monitors_write_is_said_with_its_interval() -> None:
    written = re.findall(r"'(\w+)': \[", (PROJECT / "macros" / "statistics" / "quality_of_numbers.sql").read_text())
    shown = {name for names in summary.SHOWN.values() for name in names}
    assert "coverage_80" in written and {*shown, *written} - {"pinball"} <= html_words.METRICS.keys()
    for name in html_words.METRICS:
        assert html_words.measured(name, 0.5, 0.4, 0.6) == "0.500 (0.400–0.600)"
        least, most = evaluate.BOUNDS[name]
        assert html_words.measured(name, 0.5, least, most).startswith("too few rows to say"), name
