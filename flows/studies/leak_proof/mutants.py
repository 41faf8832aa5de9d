"""Mutants: the project with one way of letting the future in. The proof must catch every one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from flows.runtime.settings import PROJECT
from flows.studies.leak_proof.project import Edit
from ml.errors import AsofError

# Lists of mutants: one for what all problems share, and one beside the declaration of each problem that has its own.
SHARED = Path(__file__).with_suffix(".yml")
PROBLEMS = PROJECT / "models" / "problems"


@dataclass(frozen=True)
class Mutant:
    """A name, what was changed in words, and the edits that change it."""

    name: str
    changed: str
    edits: tuple[Edit, ...]
    shared: bool


def of(problem: str, problems: Path = PROBLEMS) -> list[Mutant]:
    """The mutants for a problem: the shared ones, then its own. AsofError names an entry that is not one."""
    found = []
    for path in (SHARED, problems / problem / "mutants.yml"):
        for entry in (yaml.safe_load(path.read_text()) or []) if path.exists() else []:
            try:
                edits = tuple(Edit(**edit) for edit in entry["edits"])
                found.append(Mutant(entry["name"], entry["changed"], edits, path == SHARED))
            except (KeyError, TypeError) as error:
                where = f"{path.parent.name}/{path.name}"
                raise AsofError(f"{where}: {entry!r:.80} is not a mutant (name, changed, edits): {error}") from error
    return found
