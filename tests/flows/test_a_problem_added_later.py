"""A problem that is added to a warehouse that lives is built before anything is done with it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests import synthetic
from tests.clone import flows

pytestmark = pytest.mark.slow


def test_a_problem_is_added_and_trained_scored_and_replayed_without_a_failed_run_or_a_build_by_hand(tmp_path: Path) -> None:
    project = synthetic.plant(tmp_path / "project")
    synthetic.write_visits(project / "data" / "landing")
    flows(project, "land", "--until", "2026-02-24")
    flows(project, "build")
    synthetic.add_other(project, "next_sales")
    flows(project, "train", "--problem", "next_sales")
    synthetic.add_other(project, "crowd")
    flows(project, "replay", "--until", "2026-02-24")
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        trained = {name for (name,) in con.execute("select problem from ledger.model_versions").fetchall()}
        failed = con.execute("select phase, message from ledger.runs where status = 'failed'").fetchall()
    assert trained == {synthetic.PROBLEM, *synthetic.OTHERS} and not failed
