"""The terminal: text of people and data is printed as it is, never read as markup, never acted on, whatever the encoding."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from typing import Any

from rich.console import Console, ConsoleDimensions
from rich.table import Table
from rich.text import Text

# What stands for a character where the terminal's encoding does not have it; any other becomes its escape.
_PLAINER = {"✓": "ok:", "✗": "error:", "·": "|", "–": "-", "−": "-", "…": "...", "×": "x", "≤": "<=", "≥": ">=", "→": "->"}
# A pipe and a file have no width: what reads them breaks lines itself, or looks for whole ones.
_UNBOUNDED = 100_000
# The zero-width joiner holds an emoji together.
_JOINER = "\u200d"


def plain(text: object) -> str:
    """The text with what a terminal would act on or hide as its escape, such as `\\x1b`; line ends stay."""
    return "".join(one if _shows(one) else one.encode("unicode_escape").decode("ascii") for one in str(text))


def one_line(text: object) -> str:
    """The same without line ends: `\\n` stands for them."""
    return plain(text).replace("\n", "\\n")


def styled(*parts: str | tuple[str, str]) -> Text:
    """A text of parts, each a string or a string with its style, none of them markup."""
    return Text.assemble(*((plain(part[0]), part[1]) if isinstance(part, tuple) else plain(part) for part in parts))


def _shows(one: str) -> bool:
    return one in ("\n", _JOINER) or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


class Terminal(Console):
    """A console of rich that takes no string for markup, highlights nothing, and replaces no `:word:`.

    A table loses nothing in it: where no terminal is, it is as wide as it must be; on a narrow one its cells go on
    in the next line.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    @property
    def size(self) -> ConsoleDimensions:
        found = super().size
        return found if self.is_terminal else ConsoleDimensions(_UNBOUNDED, found.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        Console.size.fset(self, new_size)

    def print(self, *objects: Any, **options: Any) -> None:
        for table in objects:
            for column in table.columns if isinstance(table, Table) else ():
                column.overflow = "fold"  # the default is …, which takes the end of a number
        super().print(*objects, **options)

    def render_str(self, text: str, **options) -> Text:
        return super().render_str(plain(text), **{**options, "markup": False, "emoji": False})

    def on_broken_pipe(self) -> None:
        """Nobody reads the output any more."""
        discard(sys.stdout)
        if not self.stderr:
            sys.stderr.write("error: nobody reads the output any more, so the rest of it was not printed; what was done stays\n")
        raise SystemExit(1)


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    there = error.object[error.start : error.end]
    return "".join(_PLAINER.get(one) or one.encode("unicode_escape").decode("ascii") for one in there), error.end


def prepare() -> None:
    """Let standard output and error print every character in their encodings, as its escape where it must be."""
    codecs.register_error("plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plainer")


def flush() -> None:
    """Write out what is printed; OSError where that cannot be, and then the rest is given up."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        discard(sys.stdout)
        raise


def discard(stream) -> None:
    """Let what a stream still holds go nowhere, or Python complains at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError, AttributeError):
        return
