"""The leak proof on a small world: it holds for the project, and it notices when a mutant leaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from flows.studies.leak_proof import mutants, project, proof
from flows.studies.leak_proof.running import differences, run
from tests.flights.conftest import PROBLEM, Lived


def correct_some_labels(warehouse: Path) -> None:
    """People correct one label in forty, each twice: six hours after the flight was due, and a day and a half after that."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute(
            f"insert into landing.feedback__remarks by name select '{PROBLEM}' as problem, flight_id as entity_id, as_of, "
            f"is_disrupted = (hours > 6) as label, 'seen' as comment, 'ann' as author, as_of + to_hours(hours) as reported_at, "
            f"'by hand' as _batch_id, row_number() over () as _line, as_of as _landed_at, 1000000 as _landing_number "
            f"from problems.{PROBLEM}__labels cross join (values (6), (42)) as later (hours) where hash(flight_id) % 40 = 0"
        )
        assert con.execute(f"select count_if(is_correction) from problems.{PROBLEM}__labels").fetchall()[0][0] > 100


def test_the_project_holds_and_three_mutants_are_caught(lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    house = lived.started.copy(tmp_path / "house")
    correct_some_labels(house.warehouse)
    monkeypatch.setenv("ASOF_WAREHOUSE", str(house.warehouse))
    wanted = {"strict to non-strict", "random instead of temporal split", "a join that duplicates"}
    some = [mutant for mutant in mutants.of(PROBLEM) if mutant.name in wanted]
    with proof.scratch() as folder:
        base = proof.begin(folder, PROBLEM, days=20, seed=7)
        assert base.end - base.begin == timedelta(days=20)
        parts = ("keys", "split", "cuts", "batches")
        job = replace(base, folder=str(folder / "cuts"), cuts=1, days=1, hours=8, parts=parts)
        results = run(project.copy(folder / "project_cuts", parsed=house.folder / "target"), job)
        assert differences(results) == []
        compared = {result.check: result.rows for result in results if result.check != "full build"}
        assert all(compared.values()), f"nothing is proved by comparing nothing: {compared}"
        fates = proof.prove_mutants(base, some, proof.sql_of(results))
    caught = {fate.mutant.name: fate.difference.check.split()[0] for fate in fates if fate.difference}
    assert caught == {
        "strict to non-strict": "removed", "random instead of temporal split": "split:", "a join that duplicates": "one",
    }  # fmt: skip
    assert list(folder.parent.glob("proof-*")) == []
