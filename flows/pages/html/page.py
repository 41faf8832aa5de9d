"""A page is Markdown with figures; its HTML form is one file that needs no server, no network, and prints well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from flows.pages.html import chart

STYLE = (Path(__file__).parent / "page.css").read_text()
# A comment is for those who edit the page: it stays in the Markdown, and the HTML does not show it.
COMMENT = re.compile(r"^<!-- .* -->\n?", flags=re.M)
FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\.svg\)")


def write(file: Path, title: str, markdown: str, figures: Mapping[str, str] | None = None) -> list[Path]:
    """Write `file` (….md), its HTML form (….html) beside it, and the figures into a folder named like the page.

    In `markdown` a figure is `![what it shows](name.svg)`, with `name` a key of `figures` (SVG text); in the written page
    the link goes to `<page>/<name>.svg`, in the HTML the picture itself stands there. Returns the written files.
    """
    figures = figures or {}
    folder = file.with_suffix("")
    linked = FIGURE.sub(
        lambda found: f"![{found[1]}]({folder.name}/{found[2]}.svg)" if found[2] in figures else found[0], markdown
    )
    written = {file: linked.rstrip() + "\n", file.with_suffix(".html"): html(title, markdown, figures)}
    written |= {folder / f"{name}.svg": text for name, text in figures.items()}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(written)


def html(title: str, markdown: str, figures: Mapping[str, str] | None = None) -> str:
    """The whole page as one HTML text, figures inline."""
    figures = figures or {}
    body = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(COMMENT.sub("", markdown))
    for name, svg in figures.items():
        text = chart.themed(svg)
        picture = re.compile(rf'<p><img src="{re.escape(name)}\.svg" alt="([^"]*)"\s*/?></p>')
        body = picture.sub(lambda found, text=text: f"<figure>{text}<figcaption>{found[1]}</figcaption></figure>", body)
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    return shell(title, f"<main>\n{body}</main>")


def shell(title: str, body: str, style: str = "") -> str:
    """A whole HTML page around `body`, with the common style and more `style`; a browser loads nothing else for it."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def plain(text: str) -> str:
    """Text that Markdown shows as it is, whatever somebody has put into it: no link, no markup."""
    return re.sub(r"([\\`*_{}\[\]<>()#!~&])", r"\\\1", text)


def harmless(text: str) -> str:
    """Text in which no HTML, link, picture or code of somebody's comes alive in Markdown; what else it says stays as it is."""
    return re.sub(r"([\\`\[\]<>!*])", r"\\\1", text)


def table(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table; numbers are right-aligned, `|` and line ends in a cell are kept harmless, None is empty."""
    cells = [[_cell(value) for value in row] for row in rows]
    right = [bool(rows) and all(isinstance(row[at], int | float) or row[at] is None for row in rows) for at in range(len(header))]
    lines = [f"| {' | '.join(header)} |", f"|{'|'.join('---:' if one else '---' for one in right)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if type(value) is int else str(value)
    return " ".join(text.split()).replace("|", "\\|")
