"""A copy of the project in a scratch folder, as it is or mutated."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.runtime.settings import PROJECT
from ml.errors import AsofError

# What dbt and its steps need to run; the copy's own Python runs, so that a mutant may be one of Python.
COPIED = ("dbt_project.yml", "profiles.yml", ".dbtignore", "models", "macros", "seeds", "tests/dbt", "flows", "checks", "ml")
PARSED = "partial_parse.msgpack"


@dataclass(frozen=True)
class Edit:
    """One replacement in one file; `before` must stand there exactly once."""

    file: str
    before: str
    after: str


def copy(target: Path, edits: Iterable[Edit] = (), parsed: Path | None = None) -> Path:
    """Copy the project to `target` and edit it there; returns `target`.

    `parsed` is the target folder of a project that was parsed: from there dbt parses only what the edits change. AsofError
    when an edit does not fit.
    """
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        elif source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    if parsed and (parsed / PARSED).exists():
        (target / "target").mkdir()
        shutil.copy2(parsed / PARSED, target / "target")
    for edit in edits:
        path = target / edit.file
        text = path.read_text() if path.exists() else ""
        if (found := text.count(edit.before)) != 1:
            raise AsofError(f"{edit.file} holds {edit.before!r} {found} times, not once: mend the mutant")
        path.write_text(text.replace(edit.before, edit.after))
    return target
