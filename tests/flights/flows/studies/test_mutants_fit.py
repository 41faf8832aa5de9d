"""The mutants of the example, and those that all problems share, fit the project as it is."""

from __future__ import annotations

from flows.runtime.settings import PROJECT
from flows.studies.leak_proof import mutants
from tests.flights.conftest import PROBLEM


def test_every_mutant_fits_the_project_and_has_a_name_of_its_own():
    found = mutants.of(PROBLEM)
    assert len(found) >= 12
    assert len({one.name for one in found}) == len(found)
    for mutant in found:
        for edit in mutant.edits:
            assert (PROJECT / edit.file).read_text().count(edit.before) == 1, (mutant.name, edit.file)
