"""dbt's project as it was last parsed, beside dbt's own files: who only reads it neither imports dbt nor parses.

It is kept under a digest of all that it was made of. Whatever is not as it was written counts as not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

import yaml

from flows.runtime import settings
from flows.runtime.settings import PROJECT

NAME, OF_DBT = "asof_manifest.json", "partial_parse.msgpack"
# Where dbt looks where dbt_project.yml does not say; and what is read besides.
FOLDERS = {
    "model-paths": ["models"], "seed-paths": ["seeds"], "macro-paths": ["macros"], "snapshot-paths": ["snapshots"],
    "test-paths": ["tests"], "analysis-paths": ["analyses"], "docs-paths": [], "packages-install-path": "dbt_packages",
}  # fmt: skip
FILES = ("dbt_project.yml", "profiles.yml", "packages.yml", "dependencies.yml", "package-lock.yml", "selectors.yml", ".dbtignore")
PARSERS = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb")
# Where dbt writes says nothing of what it reads.
ELSEWHERE = ("DBT_TARGET_PATH", "DBT_LOG_PATH")
_ASKED = re.compile(rb"env_var\s*\(\s*['\"](\w+)['\"]")


def digest(environment: Mapping[str, str]) -> str | None:
    """A digest of each file that dbt reads, of the variables of an environment that these name, and of what parses them.

    None where a file cannot be read, or names a variable by an expression: nobody can say what the project depends on.
    """
    try:
        files = {os.path.relpath(path, PROJECT): path.read_bytes() for path in _files()}
    except (OSError, yaml.YAMLError):
        return None
    whole, asked = hashlib.sha256(), set()
    for name, content in files.items():
        variables = _ASKED.findall(content)
        if len(variables) != len(re.findall(rb"env_var\s*\(", content)):
            return None
        asked |= {one.decode() for one in variables}
        whole.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    asked |= {name for name in environment if name.startswith("DBT_") and name not in ELSEWHERE}
    parts = [str(PROJECT), *(f"{name} {metadata.version(name)}" for name in PARSERS)]
    parts += [f"{name} {environment.get(name)!r}" for name in sorted(asked)]
    whole.update("\n".join(parts).encode())
    return whole.hexdigest()


def read(key: str) -> dict | None:
    """What was written under a digest; None where that was another one, nothing, or is damaged."""
    _, manifest = _kept(key)
    try:
        return json.loads(manifest)
    except ValueError:
        return None


def is_dbts(key: str) -> bool:
    """Whether what dbt itself keeps of its last parse is what it kept when this digest was written."""
    return _kept(key)[0] == _of_dbt()


def text(manifest: dict) -> bytes:
    """A manifest as JSON, dates as texts, as in dbt's own `manifest.json`."""
    return json.dumps(manifest, default=lambda value: value.isoformat()).encode()


def write(key: str, manifest: bytes) -> None:
    """Keep the text of a manifest under its digest, in the place of the one before; a disk that takes nothing is no error."""
    with suppress(OSError), _in_place(_file()) as part:
        content = _of_dbt() + b"\n" + manifest
        part.write_bytes(_head(key, content) + b"\n" + content)


def folder() -> Path:
    """Where dbt writes."""
    return settings.path("DBT_TARGET_PATH", "target")


def carry(target: Path, other: Path) -> None:
    """Copy what is kept of the last parse from one target folder to another, if any is; a disk that takes nothing is no error."""
    with suppress(OSError):
        for name in (OF_DBT, NAME):
            with _in_place(other / name) as part:
                shutil.copyfile(target / name, part)


@contextmanager
def _in_place(file: Path) -> Iterator[Path]:
    """Where to write what becomes the file when it is whole."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _kept(key: str) -> tuple[bytes, bytes]:
    """The digest of what dbt kept, and the manifest; nothing where nothing is kept under this digest as it was written."""
    try:
        head, _, content = _file().read_bytes().partition(b"\n")
    except OSError:
        return b"", b""
    of_dbt, _, manifest = content.partition(b"\n")
    return (of_dbt, manifest) if head == _head(key, content) else (b"", b"")


def _head(key: str, content: bytes) -> bytes:
    return f"{key} {hashlib.sha256(content).hexdigest()}".encode()


def _of_dbt() -> bytes:
    try:
        return hashlib.sha256(_file().with_name(OF_DBT).read_bytes()).hexdigest().encode()
    except OSError:
        return b"none"


def _file() -> Path:
    return folder() / NAME


def _files() -> Iterator[Path]:
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text()) or {}
    yield from (PROJECT / name for name in FILES if (PROJECT / name).is_file())
    for key, usual in FOLDERS.items():
        folders = declared.get(key, usual)
        for folder in [folders] if isinstance(folders, str) else folders or []:
            for where, inner, names in os.walk(PROJECT / folder, followlinks=True):
                inner.sort()
                yield from (Path(where) / name for name in sorted(names))
