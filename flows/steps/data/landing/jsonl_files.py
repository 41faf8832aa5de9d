"""Reading JSON lines: one object a line, with exactly the declared keys, each once, and values of the declared kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from checks.landing import LandingSource
from checks.written import INTEGERS
from flows.steps.data.landing.header import columns_of, too_long
from flows.steps.data.landing.records import BOM, PAGES, WIDE
from flows.steps.data.landing.stage import Reject
from flows.steps.data.landing.values import WORDS
from ml.errors import AsofError

BLOCK = 50_000


class Whole(str):
    """A number without fraction and exponent, as it is written."""


class Fraction(str):
    """Any other number, as it is written."""


class Constant(str):
    """NaN or Infinity, which are not JSON."""


class Pairs(list):
    """The keys and values of an object."""


# What each type takes beside a string in its written form: numbers keep their digits, no value is turned into another kind.
KINDS = {
    **dict.fromkeys(INTEGERS, (Whole,)), "double": (Whole, Fraction, Constant), "boolean": (bool,),
    "varchar": (), "date": (), "timestamp": (),
}  # fmt: skip
DECODER = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=Whole, parse_float=Fraction, parse_constant=Constant)


class JsonLinesReader:
    """The lines of one file, in blocks; `pieces` gives its bytes from the start."""

    def __init__(self, source: LandingSource, pieces: Callable[[], Iterable[bytes]]) -> None:
        self.source, self.pieces, self.received = source, pieces, 0
        headers = {column: header for header, column in source.rename}
        self.keys = [headers.get(one.name, one.name) for one in source.columns]
        self.kinds = [KINDS[one.data_type] for one in source.columns]

    def blocks(self) -> Iterator[tuple[pa.Table, list[Reject]]]:
        """Rows of text under their declared names, with `_line`, and the lines that are no rows. AsofError refuses the file."""
        rows, numbers, rejects = [], [], []
        for number, line in self._lines():
            self.received += 1
            found = self._row(number, line)
            if isinstance(found, Reject):
                rejects.append(found)
            else:
                rows.append(found)
                numbers.append(number)
            if len(rows) + len(rejects) >= BLOCK:
                yield self._block(rows, numbers), rejects
                rows, numbers, rejects = [], [], []
        if rows or rejects:
            yield self._block(rows, numbers), rejects

    def raw(self, lines: list[int]) -> Iterator[tuple[int, str]]:
        """The text of `lines`, which are in order."""
        wanted = iter(lines)
        line = next(wanted, None)
        for number, text in self._lines():
            if number == line:
                yield number, text.decode("utf-8", "backslashreplace").rstrip("\r")
                line = next(wanted, None)
                if line is None:
                    return

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that are not blank, by number."""
        rest, number, most = b"", 0, self._most()
        for first, piece in enumerate(self.pieces()):
            piece = _head(piece) if first == 0 else piece
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                number += 1
                if line.strip():
                    yield number, line
            if len(rest) > most:
                raise AsofError(f"is refused: line {number + 1} is longer than {most:,} bytes; write one object a line")
        if rest.strip():
            yield number + 1, rest

    def _most(self) -> int:
        # An escaped character takes up to six bytes.
        return min(64 * 1024 * 1024, 6 * self.source.limits.field_characters * max(len(self.keys), 2))

    def _row(self, number: int, line: bytes) -> list[str | None] | Reject:
        try:
            pairs = DECODER.decode(line.decode("utf-8"))
        except UnicodeDecodeError:
            return Reject(number, None, "holds bytes that are not UTF-8; expected UTF-8")
        except (ValueError, RecursionError):
            return Reject(number, None, f"is not JSON; expected {self._object()}")
        if not isinstance(pairs, Pairs):
            return Reject(number, None, f"is no JSON object; expected {self._object()}")
        values = dict(pairs)
        if len(values) != len(self.keys) or len(pairs) != len(values) or any(key not in values for key in self.keys):
            if self.received == 1:
                columns_of([key for key, _ in pairs], self.source)
            return Reject(number, None, f"has other keys; expected {self._object()}")
        row = [values[key] for key in self.keys]
        for at, (value, kinds) in enumerate(zip(row, self.kinds, strict=True)):
            kind = type(value)
            if value is None:
                continue
            if kind is str:
                if value in self.source.null:
                    row[at] = None
                elif not value.isascii() and _surrogate(value):
                    return Reject(
                        number, self.source.columns[at].name, "is not Unicode; expected text without half a surrogate pair"
                    )
            elif kind not in kinds:
                return self._other(number, at, value)
            elif kind is Fraction:
                # The number is JSON's, whatever marks the texts of this source have.
                row[at] = value.replace(".", self.source.columns[at].written.decimal)
            elif kind is bool:
                row[at] = (
                    self.source.columns[at].written.true_values[0] if value else self.source.columns[at].written.false_values[0]
                )
        return row

    def _other(self, number: int, at: int, value: object) -> Reject:
        column = self.source.columns[at]
        shown = value if isinstance(value, str) else json.dumps(_plain(value))
        return Reject(
            number,
            column.name,
            f"'{shown[:100]}' is a JSON {_kind(value)}, not {WORDS[column.data_type]}; expected {_expected(column.data_type)}",
        )

    def _object(self) -> str:
        few = ", ".join(self.keys[:20]) + (", …" if len(self.keys) > 20 else "")
        return f"a JSON object with exactly the keys {few}, each once"

    def _block(self, rows: list, numbers: list[int]) -> pa.Table:
        columns = zip(*rows, strict=True) if rows else [[] for _ in self.keys]
        table = {one.name: pa.array(values, pa.string()) for one, values in zip(self.source.columns, columns, strict=True)}
        block = pa.table({**table, "_line": pa.array(numbers, pa.int64())})
        too_long(block, self.source)
        return block


def _head(data: bytes) -> bytes:
    if data.startswith(WIDE):
        raise AsofError("is UTF-16; write it as UTF-8")
    data = data.removeprefix(BOM)
    if data.lstrip()[:14].lower().startswith(PAGES):
        raise AsofError("is an HTML or XML page, not jsonl; deliver the data")
    return data


def _surrogate(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


def _plain(value: object) -> object:
    if isinstance(value, Pairs):
        return {key: _plain(one) for key, one in value}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "number"
    return "object" if isinstance(value, Pairs) else "list"


def _expected(data_type: str) -> str:
    if data_type in INTEGERS:
        return "a number such as 42"
    return {"double": "a number", "boolean": "true or false", "varchar": "a string"}.get(
        data_type, f"a string that is a {data_type}"
    )
