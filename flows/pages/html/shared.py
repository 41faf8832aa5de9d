"""A page that people and the system write together: measured blocks between markers, everything else is people's.

    <!-- measured:facts 3f2a9c01b7de -->
    …written by the system, replaced each time…
    <!-- /measured:facts -->

The number is a digest of the block. Where it does not fit the text, somebody has written inside the block, and their words would
be lost: then nothing is written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.pages.html import page as pages
from flows.runtime.settings import PROJECT
from ml.errors import AsofError
from ml.problem.keys import did_you_mean

MARKER = re.compile(r"<!-- (/?)measured:([a-z_]+)(?: ([0-9a-f]{12}))? -->\Z")
# What is meant to be a marker, also where it is damaged.
LIKE_MARKER = re.compile(r"<!--.*measured|measured:[a-z_]+ [0-9a-f]{6,} *-->")
FIGURE = re.compile(r"\]\((?:[^)\s]*/)?([\w-]+\.svg)\)")


@dataclass(frozen=True)
class Block:
    """Text of the system's, by a name of small letters."""

    name: str
    text: str


@dataclass(frozen=True)
class Prose:
    """Text of people's; what a new page starts with there."""

    text: str


Part = Block | Prose


def check(file: Path, blocks: Iterable[str]) -> None:
    """AsofError as in `merge` when the page that is there could not be written anew with these blocks."""
    if file.exists():
        merge(file.read_text(), [Block(name, "") for name in blocks], _shown(file))


def write(file: Path, title: str, parts: list[Part], figures: Mapping[str, str]) -> Path:
    """Write a page, its HTML form and its figures (SVG by name); what people wrote stays. AsofError as in `merge`."""
    text = merge(file.read_text() if file.exists() else None, parts, _shown(file))
    bare = re.sub(rf"\]\({re.escape(file.stem)}/([\w-]+\.svg)\)", r"](\1)", text)
    pages.write(file, title, bare, figures)
    return file


def _shown(file: Path) -> str:
    """The path as people type it."""
    return str(file.relative_to(PROJECT)) if file.is_relative_to(PROJECT) else str(file)


def merge(old: str | None, parts: list[Part], page: str) -> str:
    """The new text of a page: the blocks of `parts`, and between them what people wrote in `old` (None: a new page).

    A block that `old` lacks altogether returns behind the one before it. AsofError names the page, the line and the marker when
    markers are damaged, doubled, crossed or unknown, or a block was edited.
    """
    if old is None:
        return "\n\n".join(_marked(part) if isinstance(part, Block) else part.text.strip() for part in parts) + "\n"
    names = [part.name for part in parts if isinstance(part, Block)]
    found = _parsed(old, names, page)
    if not any(isinstance(part, Block) for part in found):
        raise AsofError(f"{page} holds no measured block, so it was not written here: move it away, and run it again")
    fresh = {part.name: part for part in parts if isinstance(part, Block)}
    kept = [fresh[part.name] if isinstance(part, Block) else part for part in found]
    for at, name in enumerate(names):
        there = [part.name for part in kept if isinstance(part, Block)]
        if name not in there:
            before = next((one for one in reversed(names[:at]) if one in there), None)
            place = next((i + 1 for i, part in enumerate(kept) if isinstance(part, Block) and part.name == before), 0)
            kept.insert(place, fresh[name])
    texts = (_marked(part) if isinstance(part, Block) else part.text.strip("\n") for part in kept)
    return "\n\n".join(text for text in texts if text.strip()) + "\n"


def _marked(block: Block) -> str:
    text = block.text.strip()
    return f"<!-- measured:{block.name} {digest(text)} -->\n{text}\n<!-- /measured:{block.name} -->"


def digest(text: str) -> str:
    """Twelve hex digits of a block: blank space at the ends of lines and folders of figures do not count."""
    lines = [line.rstrip() for line in FIGURE.sub(r"](\1)", text).strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _parsed(text: str, names: list[str], page: str) -> list[Part]:
    """The parts of a written page, prose and blocks in turn. AsofError as in `merge`."""
    parts: list[Part] = []
    lines: list[str] = []
    inside: tuple[str, str, int] | None = None
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        marker = MARKER.match(line.strip())
        if not marker:
            if LIKE_MARKER.search(line):
                raise _damaged(page, number, f"{line.strip()!r} is a damaged marker; put it back as it was")
            lines.append(line)
            continue
        closing, name, sum_ = marker.groups()
        if name not in names:
            raise _damaged(page, number, f"there is no block {name}{did_you_mean(name, names)}")
        if closing:
            if inside is None or inside[0] != name:
                opened = f"inside {inside[0]}, which line {inside[2]} begins" if inside else "never begins"
                raise _damaged(page, number, f"the end of block {name} {'stands ' if inside else ''}{opened}")
            if digest("\n".join(lines)) != inside[1]:
                raise AsofError(
                    f"{page}, line {inside[2]}: block {name} was edited by hand, and the edit would be lost; move your words "
                    f"outside of its markers and delete the block with both of them: it is then written anew"
                )
            parts.append(Block(name, "\n".join(lines)))
            inside, lines = None, []
            continue
        if inside:
            raise _damaged(page, number, f"block {name} begins inside {inside[0]}, whose end is missing")
        if name in seen:
            raise _damaged(page, number, f"block {name} begins a second time; the first is in line {seen[name]}")
        if sum_ is None:
            raise _damaged(page, number, f"the beginning of block {name} has lost its digest; put it back")
        parts.append(Prose("\n".join(lines)))
        inside, lines, seen[name] = (name, sum_, number), [], number
    if inside:
        raise _damaged(page, inside[2], f"block {inside[0]} begins and never ends; put <!-- /measured:{inside[0]} --> behind it")
    return [*parts, Prose("\n".join(lines))]


def _damaged(page: str, line: int, what: str) -> AsofError:
    return AsofError(f"{page}, line {line}: {what}; nothing was written")
