"""Where the records of a CSV begin and end, found without the parser that reads them.

The grammar is that of RFC 4180, without exceptions: a quote opens a field, closes it, or stands twice inside of one. A file
that breaks it cannot be trusted to have the records that any parser sees, so it is refused whole, with the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.errors import AsofError

QUOTE, NEWLINE, RETURN = 34, 10, 13
BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff")
PAGES = (b"<!doctype", b"<html", b"<?xml")


@dataclass(frozen=True)
class Records:
    """A run of whole records: their bytes, where they end (None: at every newline), the line of the file that each starts on."""

    data: bytes
    ends: np.ndarray | None
    lines: Sequence[int]
    quotes: bool

    def __len__(self) -> int:
        return len(self.lines)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Offsets in `data` where each record starts and where it ends, its line end included."""
        ends = _positions(self.data, NEWLINE) + 1 if self.ends is None else self.ends
        if not len(ends) or ends[-1] < len(self.data):
            ends = np.append(ends, len(self.data))
        starts = np.concatenate(([0], ends[:-1]))
        kept = ~_blank(self.data, starts, ends)
        return starts[kept], ends[kept]

    def texts(self, lines: Iterable[int]) -> Iterator[tuple[int, str]]:
        """The records that start on `lines`, as they stand in the file; a byte that is not UTF-8 as \\xff."""
        starts, ends = self.bounds()
        for line in lines:
            at = self.lines.index(line) if isinstance(self.lines, range) else int(np.searchsorted(self.lines, line))
            yield line, self.data[starts[at] : ends[at]].decode("utf-8", "backslashreplace").rstrip("\r\n")


class Splitter:
    """Cuts the bytes of a CSV, which come in pieces, into runs of whole records; AsofError names the line that is wrong."""

    def __init__(self, delimiter: str, most: int) -> None:
        """`most` is the length of a record, in bytes, beyond which none is believed to be one."""
        self.delimiter, self.most = ord(delimiter), most
        self.line, self.header, self.crlf = 1, True, False

    def records(self, pieces: Iterable[bytes]) -> Iterator[Records]:
        """Runs of records: the first holds the header alone."""
        rest, first = b"", True
        for piece in pieces:
            rest = rest + piece if rest else piece
            if first:
                rest, first = self._head(rest), False
            while (run := self._cut(rest, last=False)) is not None:
                yield run
                rest = rest[len(run.data) :]
            if len(rest) > self.most:
                self._endless(self.line)
        while rest:
            run = self._cut(rest, last=True)
            yield run
            rest = rest[len(run.data) :]

    def _head(self, data: bytes) -> bytes:
        if data.startswith(WIDE):
            raise AsofError("is UTF-16; write it as UTF-8")
        data = data.removeprefix(BOM)
        if data.lstrip()[:14].lower().startswith(PAGES):
            raise AsofError("is an HTML or XML page, not csv; deliver the data")
        return data

    def _cut(self, data: bytes, last: bool) -> Records | None:
        """The whole records at the start of `data`: the header alone, later as many as there are."""
        if (at := data.find(b"\0")) >= 0:
            raise AsofError(f"is refused: line {self._line_of(data, at)} holds a NUL byte; the file is damaged, or it is UTF-16")
        quotes = _positions(data, QUOTE) if b'"' in data else None
        if quotes is not None:
            self._grammar(data, quotes, last)
        ends = self._ends(data, quotes)
        whole = data.rfind(b"\n") + 1 if ends is None else int(ends[-1]) if len(ends) else 0
        if last and not (self.header and whole):
            if quotes is not None and len(quotes) % 2:
                self._unclosed(data, quotes)
            whole = len(data)
        self._line_ends(data[:whole] if whole else data, quotes, last)
        if not whole:
            return None
        newlines = np.frombuffer(data, np.uint8, whole) == NEWLINE
        run = self._run(data[:whole], ends, quotes is not None, newlines)
        self._longest(run)
        self.header = False
        self.line += int(np.count_nonzero(newlines))
        return run

    def _longest(self, run: Records) -> None:
        if run.quotes or has_long_line(run.data, self.most):
            starts, ends = run.bounds()
            long = np.flatnonzero(ends - starts > self.most)
            if len(long):
                self._endless(int(run.lines[int(long[0])]))

    def _endless(self, line: int) -> None:
        raise AsofError(f"is refused: the record of line {line} does not end within {self.most:,} bytes; correct the file")

    def _ends(self, data: bytes, quotes: np.ndarray | None) -> np.ndarray | None:
        """Offsets behind the newlines that end records, of the header only the first; None: behind every newline."""
        if quotes is None and not self.header:
            return None
        newlines = _positions(data, NEWLINE)
        ends = newlines[~_inside(quotes, newlines)] + 1
        return ends[:1] if self.header else ends

    def _run(self, data: bytes, ends: np.ndarray | None, quotes: bool, newlines: np.ndarray) -> Records:
        blank = data.startswith((b"\n", b"\r\n")) or (newlines[1:] & newlines[:-1]).any() or (self.crlf and b"\n\r\n" in data)
        if ends is None and not blank:
            return Records(data, None, range(self.line, self.line + np.count_nonzero(newlines) + (not newlines[-1])), quotes)
        starts, _ = Records(data, ends, (), quotes).bounds()
        return Records(data, ends, self.line + np.searchsorted(np.flatnonzero(newlines), starts), quotes)

    def _grammar(self, data: bytes, quotes: np.ndarray, last: bool) -> None:
        """Refuse a quote that neither opens a field, nor closes it, nor stands twice."""
        seen = np.frombuffer(data, np.uint8)
        opens, closes = quotes[::2], quotes[1::2]
        before = seen[opens - 1]
        before[opens == 0] = NEWLINE
        again = np.zeros(len(opens), bool)
        again[1:] = closes[: len(opens) - 1] == opens[1:] - 1
        wrong = ~((before == self.delimiter) | (before == NEWLINE) | again)
        if not last and len(closes) and closes[-1] == len(data) - 1:
            closes = closes[:-1]  # what follows is not read yet
        after = seen[np.minimum(closes + 1, len(data) - 1)]
        ended = (after == self.delimiter) | (after == NEWLINE) | (after == RETURN) | (after == QUOTE) | (closes + 1 >= len(data))
        first_open = int(np.argmax(wrong)) if wrong.any() else None
        first_close = int(np.argmin(ended)) if not ended.all() else None
        if first_close is not None and (first_open is None or first_close < first_open):
            began = self._line_of(data, self._opener(quotes, again, first_close))
            raise AsofError(
                f"is refused: a quote that opens in line {began} does not close where a field ends; close it, and write a quote "
                "within a field twice"
            )
        if first_open is not None:
            line = self._line_of(data, int(opens[first_open]))
            raise AsofError(
                f"is refused: line {line} holds a quote within a field that is not quoted; quote the field and double the quote"
            )

    def _unclosed(self, data: bytes, quotes: np.ndarray) -> None:
        opens, closes = quotes[::2], quotes[1::2]
        again = np.concatenate(([False], closes == opens[1:] - 1))
        line = self._line_of(data, self._opener(quotes, again, len(opens) - 1))
        raise AsofError(f"is refused: the quote that opens in line {line} is never closed; close it")

    @staticmethod
    def _opener(quotes: np.ndarray, again: np.ndarray, at: int) -> int:
        while again[at]:
            at -= 1
        return int(quotes[2 * at])

    def _line_ends(self, data: bytes, quotes: np.ndarray | None, last: bool) -> None:
        """Refuse a carriage return outside of quotes, unless every line ends in one and a newline."""
        if b"\r" not in data and not self.crlf:
            return
        seen, returns, newlines = np.frombuffer(data, np.uint8), _positions(data, RETURN), _positions(data, NEWLINE)
        returns, newlines = returns[~_inside(quotes, returns)], newlines[~_inside(quotes, newlines)]
        # The last byte that was read may be half of a line end.
        lone = returns[(seen[np.minimum(returns + 1, len(data) - 1)] != NEWLINE) & (last | (returns < len(data) - 1))]
        if len(lone):
            line = self._line_of(data, int(lone[0]))
            raise AsofError(
                f"is refused: line {line} holds a carriage return (CR) that ends no line; end lines in LF or in CR LF"
            )
        crlf = seen[newlines - 1] == RETURN
        if self.header and len(newlines):
            self.crlf = bool(crlf[0])
        odd = newlines[crlf != self.crlf]
        if len(odd):
            line, names = self._line_of(data, int(odd[0])), ("CR LF", "LF")
            raise AsofError(
                f"is refused: line {line} ends in {names[self.crlf]}, the lines before in {names[not self.crlf]}; end all alike"
            )

    def _line_of(self, data: bytes, at: int) -> int:
        return self.line + data.count(b"\n", 0, at)


def has_long_line(data: bytes, most: int) -> bool:
    """Whether there is a line of more than `most` bytes: by leaps, so that it costs next to nothing."""
    at = 0
    while at + most < len(data):
        found = data.rfind(b"\n", at, at + most)
        if found < 0:
            return True
        at = found + 1
    return False


def _positions(data: bytes, byte: int) -> np.ndarray:
    return np.flatnonzero(np.frombuffer(data, np.uint8) == byte)


def _inside(quotes: np.ndarray | None, at: np.ndarray | int) -> np.ndarray:
    """Whether positions lie within a quoted field: behind an odd number of quotes."""
    return np.searchsorted(quotes, at) % 2 == 1 if quotes is not None else np.zeros(np.shape(at), bool)


def _blank(data: bytes, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    seen, length = np.frombuffer(data, np.uint8), ends - starts
    first, second = seen[starts], seen[np.minimum(starts + 1, len(data) - 1)]
    return ((length == 1) & (first == NEWLINE)) | ((length == 2) & (first == RETURN) & (second == NEWLINE))
