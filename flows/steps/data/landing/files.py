"""The files of a source: which of them may be opened at all, and their bytes in pieces of bounded size."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from checks.landing import LandingSource
from ml.errors import AsofError

PIECE = 8 * 1024 * 1024
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def one_line(text: str) -> str:
    """Text of files, with line breaks and control characters written out: it goes into messages and onto terminals."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


@dataclass(frozen=True)
class Found:
    """A file of a source: its name below the landing folder, and why it is refused, if it is."""

    name: str
    path: Path
    size: int = 0
    modified_ns: int = 0
    refusal: str | None = None


def listing(source: LandingSource, folder: Path) -> list[Found]:
    """The files of a source, by name. A declared path that ends like its format is one file, any other is a folder."""
    where, ending = folder / source.path, f".{source.format}"
    single = source.path.endswith(ending)
    parent = where.parent if single else where
    if not parent.is_dir() or (single and not os.path.lexists(where)):
        raise AsofError(f"{source.path} of {source.name} is missing below {folder}; deliver it or correct {source.declared_in}")
    if not _inside(parent, folder):
        raise AsofError(f"{source.path} of {source.name} is a link that leads out of {folder}; links out of it are not followed")
    with os.scandir(parent) as entries:
        # Hidden files are still being written: they get their name when they are whole.
        found = [
            _looked_at(one, folder, ending)
            for one in entries
            if not one.name.startswith(".") and (not single or one.name == where.name)
        ]
    return sorted((one for one in found if one), key=lambda one: one.name)


def _looked_at(entry: os.DirEntry, folder: Path, ending: str) -> Found | None:
    path = Path(entry.path)
    # Bytes that are not UTF-8 are shown as such.
    name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
    if not entry.name.endswith(ending) and entry.is_dir(follow_symlinks=False):
        return None
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return Found(name, path, refusal="has a name that is not UTF-8; rename it")
    if entry.is_symlink():
        if not _leads_somewhere(path):
            return Found(name, path, refusal="is a link to nothing; deliver the file itself")
        if not _inside(path, folder):
            return Found(
                name, path, refusal="is a link that leads out of the landing folder and is not followed; deliver the file itself"
            )
    try:
        status = path.stat()
    except OSError as error:
        return Found(name, path, refusal=f"cannot be read ({error.strerror}); mend it or remove it")
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        return Found(name, path, refusal=f"is {kind}, not a file; move it elsewhere")
    if not entry.name.endswith(ending):
        return Found(name, path, refusal=f"is not named *{ending}; rename or remove it")
    return Found(name, path, status.st_size, status.st_mtime_ns)


def _leads_somewhere(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a loop of links
        return False


def _inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def refuse(found: Found, source: LandingSource) -> None:
    """AsofError for a file that is not to be opened at all."""
    if found.refusal:
        raise AsofError(found.refusal)
    if not found.size:
        raise AsofError("is empty; deliver it again")
    if found.size > source.limits.file_bytes:
        raise AsofError(
            f"has {found.size:,} bytes, more than the limit of {source.limits.file_bytes:,}; deliver it in parts, "
            f"or declare landing.limits.file_bytes in {source.declared_in}"
        )


@contextmanager
def opened(found: Found, folder: Path) -> Iterator[BinaryIO]:
    """The file, open for reading: still a file, still below the folder, whatever happened since it was listed."""
    try:
        number = os.open(found.path.resolve(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise AsofError(f"cannot be read ({error.strerror}); mend it or remove it") from error
    with os.fdopen(number, "rb", buffering=0) as handle:
        if not stat.S_ISREG(os.fstat(number).st_mode) or not _inside(found.path, folder):
            raise AsofError("is no file below the landing folder any more; deliver it again")
        yield handle


def unchanged(handle: BinaryIO, found: Found) -> None:
    """AsofError when the file was written to while it was read."""
    status = os.fstat(handle.fileno())
    if (status.st_size, status.st_mtime_ns) != (found.size, found.modified_ns):
        raise AsofError("changed while it was read; write it under another name and rename it")


def digest(handle: BinaryIO) -> str:
    """The sha256 of all bytes of an open file."""
    handle.seek(0)
    found = hashlib.file_digest(handle, "sha256")
    return found.hexdigest()


def pieces(handle: BinaryIO, source: LandingSource) -> Iterator[bytes]:
    """The bytes of a file, unpacked where it is packed, in pieces; stops at the declared limit."""
    handle.seek(0)
    packed = source.format.endswith(".gz")
    # The name that gzip would ask the handle for is a number.
    stream = gzip.GzipFile(fileobj=handle, filename="", mode="rb") if packed else handle
    total = 0
    while piece := _read(stream):
        total += len(piece)
        if packed and total > source.limits.unpacked_bytes:
            raise AsofError(
                f"unpacks to more than {source.limits.unpacked_bytes:,} bytes; deliver it in parts, "
                f"or declare landing.limits.unpacked_bytes in {source.declared_in}"
            )
        yield piece


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.read(PIECE)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise AsofError(f"is damaged gzip ({error}); deliver it again") from error
    except OSError as error:
        raise AsofError(f"cannot be read ({error.strerror or error}); deliver it again") from error
