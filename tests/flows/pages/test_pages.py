"""Pages say in HTML what they say in Markdown, need nothing from outside, and repeat to the byte."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.pages.html import chart, page, parts


def drawn(values: list[float]) -> str:
    with chart.figure(4, 2) as (fig, axes):
        axes.plot(values, label="champion")
        axes.legend()
        return chart.svg(fig, "A line & more", "it rises from 1 to 3")


def test_the_same_numbers_are_the_same_picture() -> None:
    assert drawn([1, 2, 3]) == drawn([1, 2, 3])
    assert drawn([1, 2, 3]) != drawn([1, 2, 4])


def test_a_picture_says_its_title_and_its_numbers_in_words() -> None:
    text = drawn([1, 2, 3])
    assert text.startswith("<svg") and 'role="img"' in text
    assert "<title>A line &amp; more</title><desc>it rises from 1 to 3</desc>" in text
    assert ">champion<" in text, "text stays text"


def test_a_page_links_its_figures_and_its_twin_holds_them(tmp_path: Path) -> None:
    files = page.write(tmp_path / "report.md", "Report", "# Report\n\n![A line](line.svg)\n", {"line": drawn([1, 2])})
    assert {file.relative_to(tmp_path).as_posix() for file in files} == {"report.md", "report.html", "report/line.svg"}
    assert "![A line](report/line.svg)" in (tmp_path / "report.md").read_text()
    html = (tmp_path / "report.html").read_text()
    assert "<figure><svg" in html and "<figcaption>A line</figcaption>" in html
    assert not re.search(r'(src|href)="(?!#)', re.sub(r'xlink:href="#', 'href="#', html)), "nothing is loaded from anywhere"


def test_a_table_keeps_what_stands_in_its_cells() -> None:
    text = page.table(["what", "n"], [["a | b\nc", 1234], ["d", None]])
    assert text.splitlines() == ["| what | n |", "|---|---:|", "| a \\| b c | 1,234 |", "| d |  |"]


def test_markup_in_data_stays_text() -> None:
    assert "<script>" not in page.html("x", page.table(["a"], [["<script>alert(1)</script>"]]))


@settings(max_examples=50, deadline=None)
@given(
    text=st.text(alphabet="[a](b)<i>&amp;*_`~|!#\\{}1. -+", min_size=1, max_size=30).map(
        lambda text: f"x{' '.join(text.split())}"
    )
)
def test_plain_text_of_anybody_is_shown_as_it_is(text: str) -> None:
    html = page.html("x", page.table(["a"], [[page.plain(text)]]))
    assert unescape(re.search("<td>(.*?)</td>", html)[1]) == text


HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[click](javascript:alert(1))", "![x](http://127.0.0.1:9/pixel.png)",
    "<http://127.0.0.1:9/>", "`</code><b>`", "a\\`<i>`", "</td></tr></table><iframe>", "| x |\n\n# heading", "&lt;script&gt;",
)  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_come_alive_neither_in_markdown_nor_in_html(value: str) -> None:
    for text in (f"A reason: {page.harmless(' '.join(value.split()))}", page.table(["a"], [[page.harmless(value)]])):
        assert not re.search(r"(?<!\\)(<[a-z/]|\[|`|!)", text), "a viewer of Markdown sees no markup of theirs"
        shown = page.html("x", text)
        body = shown[shown.index("<main>") : shown.index("</main>")]
        assert set(re.findall(r"<(/?\w+)", body)) <= {"main", "p", "/p", "div", "/div"} | TABLE, body
        assert not re.search(r"<[^>]*(href|src|on\w+)=", body)
    assert "<" not in parts.html(value)


TABLE = {f"{end}{name}" for end in ("", "/") for name in ("table", "thead", "tbody", "tr", "th", "td")}


def test_a_picture_in_a_page_takes_its_colours_from_the_page_and_keeps_what_it_refers_to() -> None:
    text = chart.themed(drawn([1, 2, 3]))
    assert "var(--ink, #1f2933)" in text and not re.search(r"[^(]#1f2933", text.replace("var(--ink, #1f2933)", ""))
    referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text))
    assert referred and all(f'id="{a or b}"' in text for a, b in referred)
    style = (Path(chart.__file__).parent / "page.css").read_text()
    dark = re.search(r"prefers-color-scheme: dark.*?\n\}", style, flags=re.S)[0]
    assert [name for name in chart.THEME.values() if f"--{name}:" not in dark] == [], "each has a colour in the dark"
