"""The parts of an HTML page: sections, tables and figures that say their numbers in words, and how numbers are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any

from flows.pages.html import chart
from flows.pages.html.words import measured


class Html(str):
    """Text that is HTML already; all other text is escaped."""


def html(value: object) -> str:
    """A value as HTML: None is a dash, markup stays, integers get commas, everything else is escaped."""
    if value is None:
        return '<span class="none">–</span>'
    if isinstance(value, Html):
        return value
    if type(value) is int:
        return f"{value:,}"
    return escape(f"{value:.4g}" if isinstance(value, float) else str(value))


def said(words: str, raw: str) -> Html:
    """Words, and below them in small print the raw name that they stand for."""
    return Html(f'{escape(words)} <small class="raw"><code>{_breakable(raw)}</code></small>')


def section(anchor: str, title: str, *body: str) -> Html:
    """A section with its heading; empty parts are left out."""
    inside = "\n".join(part for part in body if part)
    heading = f'<h2 id="{anchor}-title">{escape(title)}</h2>'
    return Html(f'<section id="{anchor}" aria-labelledby="{anchor}-title">\n{heading}\n{inside}\n</section>')


def text(words: str) -> Html:
    """A paragraph of plain words; nothing where there are none."""
    return Html(f"<p>{escape(words)}</p>" if words else "")


def table(name: str, header: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> Html:
    """A table in a region that scrolls by itself where the page is narrow; columns `right` are aligned to the right."""
    side = dict.fromkeys(right, ' class="n"')
    head = "".join(f'<th scope="col"{side.get(at, "")}>{escape(one)}</th>' for at, one in enumerate(header))
    body = "\n".join(
        "<tr>" + "".join(f"<td{side.get(at, '')}>{html(value)}</td>" for at, value in enumerate(row)) + "</tr>" for row in rows
    )
    return Html(
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(name, quote=True)}"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def figure(svg: str, caption: str) -> Html:
    """A picture as wide as the page; where that is too narrow to read it, it scrolls by itself."""
    return Html(
        f'<figure class="wide"><div class="picture" role="region" tabindex="0" aria-label="{escape(_title(svg), quote=True)}">'
        f"{chart.themed(svg)}</div><figcaption>{escape(caption)}</figcaption></figure>"
    )


def small(svg: str, title: str, facts: str, raw: str = "") -> Html:
    """One of many small pictures, below its title and its facts; `raw` is the name that the title stands for."""
    told = said(facts, raw) if raw else escape(facts)
    caption = f"<figcaption><b>{_breakable(title)}</b> {told}</figcaption>"
    return Html(f'<figure class="small">{caption}<div class="picture">{chart.themed(svg)}</div></figure>')


def folded(title: str, *body: str) -> Html:
    """What only some want to read: a line that opens."""
    inside = "\n".join(body)
    return Html(f"<details><summary>{escape(title)}</summary>\n{inside}\n</details>")


def _breakable(name: str) -> str:
    """A long name may be broken where its words are."""
    return escape(name).replace("_", "_<wbr>").replace(".", ".<wbr>")


def _title(svg: str) -> str:
    return svg.partition("<title>")[2].partition("</title>")[0]


def pill(word: str, tone: str) -> Html:
    """A word that carries a colour and is read without it: good, bad, warn, calm."""
    return Html(f'<span class="pill {tone}">{escape(word)}</span>')


def link(target: str, words: str) -> Html:
    """A link."""
    return Html(f'<a href="{escape(target, quote=True)}">{escape(words)}</a>')


def bar(share: float, tone: str) -> Html:
    """How much of a whole is used, beside its number in words."""
    return Html(f'<span class="bar {tone}" aria-hidden="true"><i style="width:{min(max(share, 0), 1):.1%}"></i></span>')


def day(at: date | datetime | None) -> str:
    """A day as people write it."""
    return "–" if at is None else f"{at.day} {at:%b %Y}"


def instant(at: datetime | None) -> str:
    """A day and a time, UTC."""
    return "–" if at is None else f"{at.day} {at:%b %Y %H:%M}"


def three(value: float | None) -> str:
    """Three digits after the point."""
    return "–" if value is None else f"{value:.3f}"


def interval_of(row: Mapping[str, Any], metric: str) -> str:
    """A metric of a row that holds value, low and high, as `flows.pages.html.words` says it."""
    return measured(metric, row["value"], row["low"], row["high"])


def hours(value: float | None) -> str:
    """Hours up to two days, then days."""
    if value is None:
        return "–"
    return f"{value:.0f} h" if abs(value) < 48 else f"{value / 24:.0f} days"


def many(n: int, one: str, more: str = "") -> str:
    """A number and its noun: `1 alert`, `3 alerts`, `no alert`."""
    return f"no {one}" if n == 0 else f"1 {one}" if n == 1 else f"{n:,} {more or one + 's'}"
