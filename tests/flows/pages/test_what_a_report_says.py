"""What a report says of rows that are made up here: of a rule, of the order of events, of sources."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date, datetime
from html import unescape
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.pages.card.page import of_whom
from flows.pages.html.chart import small
from flows.pages.html.parts import interval_of
from flows.pages.report import drift, operations, recent, summary
from flows.pages.report.facts import Report
from ml.problem.declared.columns import Column
from ml.problem.words import Words
from ml.statistics.histogram import Histogram

NOW = datetime(2026, 6, 8)
COLUMNS = (
    Column("past_visits", "double", "feature", "Visits of 7 days.", "number"),
    Column("past_members", "double", "feature", "Members who came.", "number"),
)
PROBLEM = SimpleNamespace(
    columns=COLUMNS, features=COLUMNS, feature_names=[one.name for one in COLUMNS], metric="roc_auc", name="busy"
)
CELLS = [
    {"kind": "inside", "low": float(at), "high": at + 1.0, "name": None, "rows_trained": 5, "rows_served": 4} for at in (0, 1)
]


def made(**facts: Any) -> Report:
    """A report of these facts, and of nothing else."""
    nothing = {one.name: {} if one.type.startswith("dict") else [] for one in fields(Report)}
    return Report(**{**nothing, "problem": PROBLEM, "now": NOW, "champion": None, "fewest": 1, **facts})


def text(html: str) -> str:
    """What a reader sees, on one line."""
    return " ".join(unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.S)).split())


def with_champion(name: str, rounds: int, importances: dict[str, float]) -> Report:
    moved = {"score": 0.1, "past_members": 0.05, "past_visits": 0.4}
    return made(
        champion={"model_version": name, "rounds": rounds},
        health={"champion": name},
        importances=importances,
        drift=[{"feature": one, "week": date(2026, 6, 1), "psi": psi, "rows_served": 10} for one, psi in moved.items()],
        cells=dict.fromkeys(PROBLEM.feature_names, CELLS),
    )


def test_of_a_rule_the_report_says_that_it_learns_nothing_and_shows_first_what_moved_farthest() -> None:
    report = with_champion("rule-of-busy-20260601", 0, {})
    said = text(drift.heat(report)) + text(drift.features(report))
    assert "learned" not in said and "training rows" not in said
    assert said.count("a rule learns from none of them") == 2
    assert report.order == ["score", "label", "past_visits", "past_members"], "the one that moved farthest comes first"
    assert drift.features(report).index("visits of 7 days") < drift.features(report).index("members who came")


def test_of_a_model_the_report_shows_the_features_that_it_learned_from_and_no_others_as_such() -> None:
    report = with_champion("neat-gannet-20260601", 9, {"past_members": 1.0, "past_visits": 0.0})
    assert "those first that the champion learned most from" in text(drift.heat(report))
    said = text(drift.features(report))
    assert "The feature that neat-gannet-20260601 learned most from" in said
    assert "100.0% of what was learned" in said and "0.0% of what was learned" not in said.replace("100.0%", "")


def test_of_events_of_one_instant_the_one_that_came_later_stands_above() -> None:
    alert = {
        "title": "A run failed",
        "kind": "failed_run",
        "subject": "data",
        "severity": "critical",
        "opened_at": NOW,
        "closed_at": NOW,
    }
    promoted = {"effective_at": NOW, "kind": "promotion", "model_version": "new", "previous": None}
    judged = {"decided_as_of": NOW, "challenger": "new", "decision": "PROMOTE"}
    trained = {"trained_as_of": NOW, "model_version": "new", "rows_trained": 9, "rounds": 3}
    rule = {"trained_as_of": NOW, "model_version": "rule-of-busy", "rows_trained": 9, "rounds": 0}
    failed = {"as_of": NOW, "phase": "data", "message": "no"}
    said = text(
        recent.recent(made(alerts=[alert], promotions=[promoted], verdicts=[judged], versions=[rule, trained], failures=[failed]))
    )
    places = [
        said.index(one) for one in ("closed A run", "critical A run", "promotion", "verdict new", "training new is", "failed run")
    ]
    assert places[0] < places[1] < places[5], said
    assert places[2] < places[3] < places[4], said
    assert "rule-of-busy is trained" not in said and "rule-of-busy is made of the rule" in said


def aged(source: str, behind: float, usual: float, silent: bool = False) -> dict:
    return {"source": source, "hours_behind": behind, "hours_usual": usual, "is_silent": silent}


def test_a_source_is_late_by_its_own_past_and_one_that_comes_rarely_is_not() -> None:
    volumes = [
        {"source": source, "day": NOW.date(), "rows": 3, "rows_usual": 3, "rows_z": 0.0, "hours_behind": behind, "rows_shown": 3}
        for source, behind in (("shop.lists", 140 * 24.0), ("shop.visits", 25.0))
    ]
    daily, ended = aged("shop.visits", 25, 24), aged("shop.old", 24 * 200, 24)
    assert summary._freshness(made(ages=[], volumes=volumes))[1] == "not known yet"
    # the list is older than ever was a weekday, and comes too rarely to have a cadence: it has no row among the ages
    told = summary._freshness(made(ages=[daily, ended], volumes=volumes))
    assert told == ("Freshness", "as usual", "shop.visits is 25 h behind, usually up to 24 h")
    late = summary._freshness(made(ages=[daily, aged("shop.prices", 24 * 9, 24 * 2, silent=True)], volumes=volumes))
    assert late == ("Freshness", "7 days late", "shop.prices is 9 days behind, usually up to 2 days")
    assert summary._freshness(made(ages=[ended], volumes=volumes))[1] == "ended"
    table = text(operations.sources(made(ages=[daily], volumes=volumes)))
    assert "140 days –" in table and "25 h 24 h" in table


def test_a_card_says_that_the_rule_was_champion_where_it_was() -> None:
    assert of_whom("neat-gannet-20260601", "neat-gannet-20260601") == "the champion neat-gannet-20260601"
    assert of_whom(None, None) == "the rule alone: there was no champion"
    assert of_whom(None, "rule-of-busy-20260501") == "the rule, which was champion as rule-of-busy-20260501"


def test_an_interval_that_holds_all_that_a_metric_can_be_is_said_in_words() -> None:
    row = {"value": 0.68, "low": 0.0, "high": 1.0}
    assert interval_of(row, "pr_auc") == "too few rows to say (0.680 of these)"
    assert interval_of({**row, "low": 0.1}, "pr_auc") == "0.680 (0.100–1.000)"
    assert interval_of(row, "rmse") == "0.680 (0.000–1.000)", "an error of numbers can be more than 1"
    assert interval_of({**row, "low": None}, "pr_auc") == "0.680" and interval_of({**row, "value": None}, "pr_auc") == "–"


@pytest.mark.parametrize(
    ("through", "newest"), [(None, "No label is known"), (date(2013, 5, 3), "The newest label is of 3 May 2013")]
)
def test_a_blind_report_says_why_and_when_labels_come(through: date | None, newest: str) -> None:
    health = {"state": "BLIND", "champion": "new", "champion_since": NOW, "critical_alerts": 0, "warning_alerts": 0}
    health["measured_through"] = through
    report = made(
        health=health, served={"rows": 9}, estimates=[{"blind_because": "that is known with the label"}],
        proxies=[{"label_delay_hours": 29 * 24.0}],
    )  # fmt: skip
    assert (
        f"{newest}; half of the labels come within 29 days, and quality cannot be estimated: that is known with the label."
    ) in summary._because(report)


@given(
    st.sampled_from(["seconds", "minutes", "hours", "days", "number", "share", "money", "date", "count"]),
    st.floats(-1e9, 1e9).map(lambda one: round(one, 1)),
    st.floats(1e-3, 1e10),
)
@settings(max_examples=60, deadline=None)
def test_labels_below_a_small_picture_neither_touch_nor_leave_it(unit: str, low: float, width: float) -> None:
    low = min(abs(low), 30_000) if unit == "date" else low
    found = Histogram(np.linspace(low, low + (min(width, 30_000) + 30 if unit == "date" else width), 9), np.ones(8), np.ones(8))
    words = Words("it", "number", "it: {value}", unit, None, "unknown", None)
    with small() as (fig, axes):
        axes.set_xlim(found.edges[0], found.edges[-1])
        drift._bare(axes)
        drift._units(axes, words, found)
        fig.canvas.draw()
        labels = [one for one in axes.get_xticklabels() if one.get_visible() and one.get_text()]
        inside = [one.get_window_extent() for one in labels if found.edges[0] <= one.get_position()[0] <= found.edges[-1]]
        assert inside
        assert all(before.x1 < after.x0 for before, after in pairwise(inside))
        if unit != "number":
            assert all(one.x0 >= -1 and one.x1 <= fig.bbox.x1 + 1 for one in inside)


def test_the_axis_of_a_duration_is_in_a_unit_that_people_read() -> None:
    words = Words("it", "number", "it: {value}", "seconds", None, "unknown", None)
    for most, said in (
        (30_000_000, ["0 days", "100 days", "200 days", "300 days"]),
        (90, ["0 s", "20 s", "40 s", "60 s", "80 s"]),
    ):
        with small() as (fig, axes):
            axes.set_xlim(0, most)
            drift._bare(axes)
            drift._units(axes, words, Histogram(np.linspace(0, most, 9), np.ones(8), np.ones(8)))
            fig.canvas.draw()
            assert [one.get_text() for one in axes.get_xticklabels() if float(one.get_position()[0]) <= most] == said
    assert words.name == "it"


def test_live_quality_says_how_many_days_its_interval_stands_on() -> None:
    row = {"value": 0.68, "low": 0.6, "high": 0.7, "rows_labelled": 1234, "clusters": 28}
    name, value, told = summary._live(made(recent={"champion": row, "rule": {**row, "value": 0.5}}))
    assert "1,234 rows on 28 days; " in told and value.startswith("0.680 (") and "four weeks" in name
