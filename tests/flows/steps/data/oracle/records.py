"""The records of a CSV, read byte by byte; Refused where no reader could be sure of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class Refused(Exception):
    """A file that may not land at all."""


@dataclass
class Record:
    """One record: its first line, its fields with whether each is quoted, and its bytes without the line end."""

    line: int
    fields: list[tuple[bytes, bool]] = field(default_factory=list)
    raw: bytes = b""
    size: int = 0


def records(data: bytes, delimiter: bytes) -> list[Record]:
    """All records but the blank lines, the header first."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("UTF-16")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        raise Refused("NUL")
    found, at, line, crlf = [], 0, 1, None
    while at < len(data):
        record, begun = Record(line), at
        while True:
            value, quoted, at = _field(data, at, delimiter)
            record.fields.append((value, quoted))
            if data[at : at + 1] != delimiter:
                break
            at += 1
        record.raw = data[begun:at]
        if at < len(data):
            ending = b"\r\n" if data[at : at + 2] == b"\r\n" else data[at : at + 1]
            if ending == b"\r":
                raise Refused("CR")
            crlf = ending == b"\r\n" if crlf is None else crlf
            if crlf != (ending == b"\r\n"):
                raise Refused("mixed line ends")
            at += len(ending)
        record.size = at - begun
        line += data.count(b"\n", begun, at)
        if record.raw:
            found.append(record)
        elif not found:
            raise Refused("a blank line for a header")
    return found


def _field(data: bytes, at: int, delimiter: bytes) -> tuple[bytes, bool, int]:
    if data[at : at + 1] != b'"':
        end = at
        while end < len(data) and data[end : end + 1] not in (delimiter, b"\n", b"\r"):
            if data[end : end + 1] == b'"':
                raise Refused("a quote within a field")
            end += 1
        return data[at:end], False, end
    value = bytearray()
    at += 1
    while True:
        if at >= len(data):
            raise Refused("a quote that is never closed")
        if data[at : at + 2] == b'""':
            value += b'"'
            at += 2
        elif data[at : at + 1] == b'"':
            at += 1
            if at < len(data) and data[at : at + 1] not in (delimiter, b"\n", b"\r"):
                raise Refused("text behind a closing quote")
            return bytes(value), True, at
        else:
            value += data[at : at + 1]
            at += 1


def swallowed(value: str, at: int, kinds: list[str], delimiter: str, null: tuple[str, ...]) -> bool:
    """Whether the field at `at` reads like the end of its own record and the start of another."""
    lines = value.split("\n")
    rest, begun = lines[0].rstrip("\r").split(delimiter), lines[-1].split(delimiter)
    if len(rest) != len(kinds) - at or len(begun) != at + 1:
        return False
    cells = [*zip(kinds[at + 1 :], rest[1:], strict=True), *zip(kinds[:at], begun[:-1], strict=True)]
    typed = [cell for kind, cell in cells if kind != "varchar" and cell and cell not in null]
    return bool(typed) and all(
        cell.lower() in ("true", "false") or (re.fullmatch(r"[0-9 :.,'+/TZeE-]+", cell) and re.search("[0-9]", cell))
        for cell in typed
    )
