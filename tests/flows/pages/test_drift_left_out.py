"""The map of drift says which features it leaves out, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

from flows.pages.report import drift
from flows.pages.report.facts import Report
from tests.ml import of_tasks

WEEK = date(2026, 2, 23)


def report(*names: str, calendar: tuple[str, ...] = (), learned: tuple[str, ...] | None = None) -> SimpleNamespace:
    """Of a small problem: what the map needs to know, with the drift of some features."""
    problem = of_tasks.declared("regression")
    columns = tuple(replace(one, drift=one.name not in calendar) for one in problem.columns)
    problem = replace(problem, columns=columns)
    learned = problem.feature_names if learned is None else learned
    made = SimpleNamespace(
        problem=problem, importances=dict.fromkeys(learned, 1 / max(1, len(learned))), cells={name: [] for name in learned},
        drift=[{"feature": name, "week": WEEK, "psi": 0.1, "rows_served": 900} for name in names], fewest=500,
    )  # fmt: skip
    made.has_learned, made.moved = Report.has_learned.fget(made), {}
    made.order = Report.order.fget(made)
    made.words, made.called = (lambda column: Report.words(made, column)), (lambda name: Report.called(made, name))
    return made


FEATURES = of_tasks.declared("regression").feature_names


def test_where_all_are_in_the_picture_nothing_is_said() -> None:
    page = drift.heat(report("score", "label", *FEATURES))
    assert "Not in the picture" not in page and "Drift by feature and week" in page


def test_what_leaves_the_picture_is_named_below_it_with_the_reason() -> None:
    calendar, newer, *rest = FEATURES
    made = report("score", *rest, calendar=(calendar,), learned=(calendar, *rest))
    page = drift.heat(made)
    line = page[page.index("Not in the picture: ") :].split("</p>")[0]
    assert page.index("</figure>") < page.index(line)
    assert f"“{made.called(calendar)}” (drift: false is declared, because the calendar moves such values)" in line
    assert f"“{made.called(newer)}” (not learned from by the champion, so there are no rows to compare with)" in line
    assert "“label: what happened” (no label of these weeks is known yet)" in line
    assert not any(f"“{made.called(name)}”" in line for name in rest)
