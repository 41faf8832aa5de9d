"""The report of a problem as one HTML page: no script, no server, nothing loaded from anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from flows.pages.html import page
from flows.pages.html.parts import Html
from flows.pages.report import decisions, drift, operations, quality, scores, summary
from flows.pages.report.facts import Report
from flows.pages.report.recent import recent

STYLE = (Path(__file__).parent / "report.css").read_text()
# In the order in which somebody asks who has been woken up: what is the matter, how bad, why, and what else may be.
SECTIONS: list[tuple[str, str, Callable[[Report], Html]]] = [
    ("recent", "Recent changes", recent),
    ("alerts", "Alerts", operations.alerts),
    ("quality", "Quality over time", quality.over_time),
    ("scores", "Scores and labels", scores.distributions),
    ("reasons", "What moved the scores", scores.reasons),
    ("proxies", "Before labels are known", scores.proxies),
    ("drift", "Drift", drift.heat),
    ("features", "Features, then and now", drift.features),
    ("errors", "Where it errs most", decisions.errors),
    ("verdicts", "Verdicts", decisions.verdicts),
    ("sources", "Sources", operations.sources),
    ("runs", "Runs", operations.runs),
    ("quotas", "Quotas", operations.quotas),
]


def kept(page: str, anchor: str, version: str | None) -> Html | None:
    """A section of a page that was written before; None where it is about another version."""
    found = re.search(rf'<section id="{anchor}".*?</section>', page, flags=re.S)
    return Html(found[0]) if found and version and f"<code>{escape(version)}</code>" in found[0] else None


def html(report: Report, errors: Html | None = None) -> str:
    """The page; `errors` is the section of that name where it is kept from the page before."""
    links = "".join(f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title, _ in SECTIONS)
    body = "\n".join(errors if errors and anchor == "errors" else draw(report) for anchor, _, draw in SECTIONS)
    return page.shell(
        f"{report.problem.name}: report",
        f'<a class="skip" href="#main">Skip to the report</a>\n<div class="frame">\n'
        f'<nav aria-label="Sections"><ul><li><a href="#main">Health</a></li>{links}</ul></nav>\n'
        f'<main id="main" tabindex="-1">\n{summary.head(report)}\n{body}\n{summary.foot(report)}\n</main>\n</div>',
        STYLE,
    )
