"""Mutants: the project with one way of letting the future in. The proof must catch every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from flows.steps.proving.project import Edit
from flows.steps.settings import PROJECT
from ml.errors import AsofError

# Lists of mutants, beside the tests: one for what all problems share, one per problem that has its own.
FOLDER = PROJECT / "tests" / "mutants"
SHARED = "any_problem"


@dataclass(frozen=True)
class Mutant:
    """A name, what was changed in words, and the edits that change it."""

    name: str
    changed: str
    edits: tuple[Edit, ...]
    shared: bool


def of(problem: str, folder: Path = FOLDER) -> list[Mutant]:
    """The mutants for a problem: the shared ones, then its own. AsofError names an entry that is not one."""
    found = []
    for name in (SHARED, problem):
        path = folder / f"{name}.yml"
        for entry in (yaml.safe_load(path.read_text()) or []) if path.exists() else []:
            try:
                edits = tuple(Edit(**edit) for edit in entry["edits"])
                found.append(Mutant(entry["name"], entry["changed"], edits, name == SHARED))
            except (KeyError, TypeError) as error:
                raise AsofError(f"{path.name}: {entry!r:.80} is not a mutant (name, changed, edits): {error}") from error
    return found
