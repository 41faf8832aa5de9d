"""The report of a problem as one HTML page: no script, no server, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flows.steps.pages import page
from flows.steps.pages.parts import Html
from flows.steps.pages.report import decisions, drift, glance, operations, quality
from flows.steps.reports import Report

STYLE = (Path(__file__).parent / "report.css").read_text()
# In the order in which somebody asks who has been woken up: what is the matter, how bad, why, and what else may be.
SECTIONS: list[tuple[str, str, Callable[[Report], Html]]] = [
    ("lately", "What changed lately", glance.lately),
    ("alerts", "Alerts", operations.alerts),
    ("quality", "Quality over time", quality.over_time),
    ("scores", "Scores and labels", quality.scores),
    ("proxies", "Before labels are known", quality.proxies),
    ("drift", "Drift", drift.heat),
    ("features", "Features, then and now", drift.features),
    ("errors", "Where it errs most", decisions.errors),
    ("verdicts", "Verdicts", decisions.verdicts),
    ("sources", "Sources", operations.sources),
    ("runs", "Runs", operations.runs),
    ("quotas", "Quotas", operations.quotas),
]


def html(report: Report) -> str:
    """The page."""
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title, _ in SECTIONS)
    body = "\n".join(draw(report) for _, _, draw in SECTIONS)
    return page.shell(
        f"{report.problem.name}: report",
        f'<a class="skip" href="#main">Skip to the report</a>\n<div class="frame">\n'
        f'<nav aria-label="Sections"><ul><li><a href="#main">Health</a></li>{links}</ul></nav>\n'
        f'<main id="main" tabindex="-1">\n{glance.head(report)}\n{body}\n{glance.foot(report)}\n</main>\n</div>',
        STYLE,
    )
