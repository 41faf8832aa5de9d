"""The installation: packages against the lock, modes of files, what killed processes left, room on the disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flows.runtime import journal, orphans, settings, warehouse
from flows.runtime.settings import PROJECT
from flows.steps.data.backup import restoring
from flows.steps.serving import publishing
from flows.studies.doctor.finding import Finding

LOCK = PROJECT / "requirements.lock"
OLDEST_PYTHON = (3, 11)
TOLD = 5
# A build and a publication write beside what is there; below a gigabyte a day of anything may fail.
LEAST_FREE = 2**30
# Modules that a verb starts as processes of their own, and waits for.
CHILDREN = ("-m flows.studies.", "-m flows.steps.", "-m flows.runtime.")
INSTALL = "install what is locked: `.venv/bin/python -m pip install --no-deps --require-hashes -r requirements.lock`"


def versions(lock: Path = LOCK) -> Iterator[Finding]:
    """Packages that are missing or of another version than the lock has, and a Python that is too old."""
    if sys.version_info < OLDEST_PYTHON:
        yield Finding(
            "versions", f"Python is {sys.version.split()[0]}", "3.11 or newer is needed: `make status PYTHON=python3.12`"
        )
    try:
        lines = lock.read_text().splitlines()
    except OSError as error:
        yield Finding("versions", f"{lock} cannot be read ({error.strerror})", "bring it back: `git checkout requirements.lock`")
        return
    there = {canonicalize_name(one.metadata["Name"]): one.version for one in metadata.distributions()}
    wrong = []
    for line in lines:
        if line[:1].isalnum():
            wanted = Requirement(line.removesuffix("\\").strip())
            if wanted.marker is None or wanted.marker.evaluate():
                found = there.get(canonicalize_name(wanted.name))
                if found is None or not wanted.specifier.contains(found, prereleases=True):
                    wrong.append(f"{wanted.name} {found or 'is missing'} ({wanted.specifier})")
    if wrong:
        more = f" and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
        yield Finding("versions", f"other packages than in {lock.name} are installed: {', '.join(wrong[:TOLD])}{more}", INSTALL)


def modes() -> Iterator[Finding]:
    """Files that hold everything or a secret, and that others than their owner can read."""
    where = warehouse.file()
    password = settings.path("PREFECT_HOME", "data/prefect") / "auth_string"
    for file in (where, journal.beside(where), settings.ENV_FILE, password):
        if file.is_file() and (mode := file.stat().st_mode & 0o777) & 0o077:
            yield Finding("modes", f"{file} can be read by others (mode {mode:o})", f"run `chmod 600 {file}`")


def left_over() -> Iterator[Finding]:
    """Files that killed processes have left, and processes that outlived the one that had started them."""
    where, published = warehouse.file(), settings.published_file()
    places = [(published, publishing.ENDING, "the next `python -m flows publish` removes it")]
    for page in sorted((published.parent / "reports").glob("*.html")):
        places.append((page, publishing.ENDING, "the next `python -m flows report` removes it"))
    places.append((where, restoring.ENDING, "a restore was killed; once it has succeeded it may go"))
    for target, ending, mend in places:
        for path in orphans.orphans(target, ending):
            yield Finding("leftovers", f"{path} was left by a process that was killed", mend)
    if Path(f"{where}.wal").exists() and not holders(where):
        what = f"{where}.wal was left by a process that was killed; it holds commits"
        yield Finding(
            "leftovers", what, "keep it: the next verb, such as `python -m flows status`, takes them into the warehouse"
        )
    running = dict(_running())
    for pid, command in running.items():
        if any(module in command for module in CHILDREN) and _parent(pid) not in {os.getpid(), *running}:
            yield Finding("leftovers", f"process {pid} ({command[:80]}) outlived what had started it", f"stop it: `kill {pid}`")


def disk(least: int = LEAST_FREE) -> Iterator[Finding]:
    """Less room than the warehouse takes once more, or than `least` bytes, where the warehouse and the published file lie."""
    size = warehouse.size()
    for name, path in (("warehouse", warehouse.file()), ("published file", settings.published_file())):
        folder = next(one for one in path.parents if one.is_dir())
        free = shutil.disk_usage(folder).free
        if free < max(least, size):
            yield Finding(
                "disk",
                f"{folder}, where the {name} lies, has {free / 2**20:,.0f} MB free, and a full build may need "
                f"{max(least, size) / 2**20:,.0f} MB",
                f"free some disk space, or set {'ASOF_WAREHOUSE' if name == 'warehouse' else 'ASOF_PUBLISHED'} to another disk",
            )  # fmt: skip


def holders(file: Path) -> list[tuple[int, str]]:
    """The processes other than this one that have a file open, as far as this user may see, with their commands."""
    found = []
    for pid, command in _processes():
        try:
            handles = list(Path(f"/proc/{pid}/fd").iterdir())
            if pid != os.getpid() and any(handle.samefile(file) for handle in handles if handle.exists()):
                found.append((pid, command))
        except OSError:
            continue
    return found


def _running() -> Iterator[tuple[int, str]]:
    """Processes that run in the folder of this project."""
    for pid, command in _processes():
        try:
            if pid != os.getpid() and Path(f"/proc/{pid}/cwd").resolve() == PROJECT:
                yield pid, command
        except OSError:
            continue


def _processes() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
