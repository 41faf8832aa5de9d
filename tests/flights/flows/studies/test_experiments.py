"""Experiments: a box that ends on time, crashes that are rows, and a declaration that changes by one visible difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.studies.experiments import accepting, leaderboard, running
from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.studies.experiment import Experiment, Plan
from tests.flights.conftest import PROBLEM, House

pytestmark = pytest.mark.slow
TRIED = Experiment("tried", "It helps.", "size of a tree", {"num_leaves": 15}, "better", 30.0, "", "experiments.yml")


def test_an_experiment_leaves_a_row_and_a_crash_too(inside: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from flows.runtime import warehouse
    from flows.store import problems
    from flows.studies import plans
    from flows.studies.experiments.run import experiment

    crash = replace(TRIED, name="crash", change={"num_leaves": 3})
    # No declaration gets as far as LightGBM with a value that it refuses: here one does.
    hostile = replace(Recipe.of(problems.get(PROBLEM)), params={"num_leaves": 1})
    sane = running.changed
    monkeypatch.setattr(running, "changed", lambda one, problem: hostile if one.name == "crash" else sane(one, problem))
    rule = replace(TRIED, name="rule", dimension="algorithm", change={"algorithm": "rule"})
    plan = Plan("experiments.yml", date(2013, 2, 25), date(2013, 3, 4), 3, 0.001, False, (crash, rule))
    monkeypatch.setattr(plans, "plan", lambda problem: plan)
    running.prepare()
    rows = experiment(PROBLEM, ["crash", "rule"])
    assert [row["status"] for row in rows] == ["crashed", "finished"]
    kept = warehouse.rows("select * from marts.experiments order by started_at")
    assert [row["name"] for row in kept] == ["baseline", "crash", "rule"]
    assert "num_leaves" in kept[1]["error"] and kept[2]["decision"] in ("accepted", "rejected", "undecided")
    assert kept[0]["roc_auc"] > 0.5 and len({row["data_fingerprint"] for row in kept}) == 1
    again = experiment(PROBLEM, ["rule"])[0]
    assert again["estimate"] == rows[1]["estimate"], "the baseline was kept, and the same rows give the same figures"
    assert [row["n"] for row in warehouse.rows("select count(*) as n from ledger.experiments where dimension = 'baseline'")] == [
        1
    ], warehouse.rows("select recipe_hash, data_fingerprint, started_at from ledger.experiments where dimension = 'baseline'")
    with pytest.raises(AsofError, match="crash is undecided"):
        accepting._row(problems.get(PROBLEM), "crash")
    written = leaderboard.write(PROBLEM, tmp_path / "page.md")
    assert "crash" in written[0].read_text() and (tmp_path / "page.html").exists()
    leaderboard.table(PROBLEM)
