"""Whether given files can be read at all: one that cannot is named with its line, what is wrong with it, and what to do."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.errors import AsofError

WIDE = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip
FIRST = 50


def check(file: Path) -> None:
    """AsofError where a file of text is empty, damaged, in another encoding than UTF-8, or holds NUL or a CR alone."""
    empty = True
    for number, line in enumerate(lines(file), 1):
        if wide := next((name for mark, name in WIDE if number == 1 and line.startswith(mark)), None):
            raise AsofError(f"{file}, line 1: this is {wide}, not UTF-8; convert it: {_convert(file, wide)}")
        if (at := line.find(b"\0")) >= 0:
            raise AsofError(
                f"{file}, line {number}: byte {at + 1} is NUL, which no text holds; take it out, or convert the file if it is "
                f"UTF-16: {_convert(file, 'UTF-16LE')}"
            )
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise AsofError(
                f"{file}, line {number}: byte {error.start + 1} is not UTF-8; convert it, from WINDOWS-1252 or what it is: "
                f"{_convert(file, 'WINDOWS-1252')}"
            ) from error
        if b"\r" in (line.removesuffix(b"\n").removesuffix(b"\r")) and b'"' not in line:
            raise AsofError(f"{file}, line {number}: it holds a CR without LF; write lines that end with LF")
        empty = empty and not line.removeprefix(codecs.BOM_UTF8).strip()
    if empty:
        raise AsofError(f"{file} is empty: not even line 1 holds anything")


def lines(file: Path) -> Iterator[bytes]:
    """The lines of a file as bytes, unpacked; AsofError where it is no gzip or a damaged one."""
    if file.suffix != ".gz":
        with file.open("rb") as handle:
            yield from handle
        return
    try:
        with gzip.open(file, "rb") as handle:
            yield from handle
    except (OSError, EOFError, zlib.error) as error:
        raise AsofError(f"{file} is no gzip, or is damaged: {error}; pack it again") from error


def first(file: Path) -> str:
    """The first lines of a file that was checked, without a byte order mark."""
    return b"".join(itertools.islice(lines(file), FIRST)).decode("utf-8-sig")


def header(file: Path, mark: str) -> list[str]:
    """The names in the first record of a CSV; AsofError where they are no names of columns."""
    try:
        names = next(csv.reader(io.StringIO(first(file), newline=""), delimiter=mark), [])
    except csv.Error as error:
        raise AsofError(f"{file}, line 1: this is no header of a CSV: {error}") from error
    if not names:
        raise AsofError(f"{file}, line 1: it is blank; write the names of the columns there")
    check_names(file, names)
    return names


def check_names(file: Path, names: Sequence[str]) -> None:
    """AsofError where a column has no name, one that SQL cannot carry, or that of another column."""
    for at, name in enumerate(names, 1):
        if not name.strip():
            raise AsofError(f"{file}, line 1: column {at} has no name; write one there")
        if not name.isprintable() or '"' in name:
            raise AsofError(
                f"{file}, line 1: column {at} is called {name[:60]!r}; a name holds no quote and no control character"
            )
        if name.lower() in [one.lower() for one in names[: at - 1]]:
            raise AsofError(f"{file}, line 1: two columns are called {name}; give one of them another name")


def check_headers(files: Sequence[Path], mark: str) -> list[str]:
    """The header that all files share; AsofError names one that has another."""
    names = header(files[0], mark)
    for file in files[1:]:
        if (other := header(file, mark)) != names:
            raise AsofError(f"{file}, line 1: its columns are {', '.join(other)}, but those of {files[0]} are {', '.join(names)}")
    return names


def check_objects(file: Path) -> None:
    """AsofError names the first line of JSON lines that is no object."""
    for number, line in enumerate(lines(file), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise AsofError(f"{file}, line {number}: this is not JSON: {error}; each line is one object") from error
        if not isinstance(row, dict):
            raise AsofError(f'{file}, line {number}: this is no object such as {{"id": 1}}; each line is one')


def unread(file: Path, error: Exception) -> AsofError:
    """What DuckDB says of a file that it cannot read, with the line that it names."""
    said = re.sub(r"\s+", " ", str(error).split("\n\n")[0])[:300]
    line = re.search(r"line:? (\d+)", said, flags=re.I)
    return AsofError(f"{file}{f', line {line[1]}' if line else ''}: it cannot be read: {said}; write it anew")


def _convert(file: Path, encoding: str) -> str:
    packed = file.suffix == ".gz"
    plain = file.with_suffix("") if packed else file
    read = f"gunzip -c {file} | iconv -f {encoding} -t UTF-8" if packed else f"iconv -f {encoding} -t UTF-8 {file}"
    return f"`{read} > {plain.with_stem(plain.stem + '-utf8')}`"
