"""A verdict that was given stands; on other evidence, or by another declaration, it is another verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flows.runtime import warehouse
from flows.steps.validation import judging
from flows.store import clock, problems
from ml.problem.problem import Problem
from tests.flights.conftest import PROBLEM


def gates(verdict: dict) -> dict[str, float]:
    found = warehouse.rows("select gate, threshold from ledger.verdict_gates where verdict_id = ?", [verdict["verdict_id"]])
    return {row["gate"]: row["threshold"] for row in found}


def test_the_same_evidence_is_judged_once(two: tuple[str, str]) -> None:
    problem = problems.get(PROBLEM)
    first, again = (judging.judge(problem, clock.now(), two[1]) for _ in range(2))
    assert first["verdict_id"] == again["verdict_id"] and first["reason"] == again["reason"]
    assert len(warehouse.rows("from ledger.verdicts")) == 1


def alone() -> Problem:
    """The problem, if each challenger had to prove itself on its rows alone."""
    problem = problems.get(PROBLEM)
    return replace(problem, validation=replace(problem.validation, past=False))


def test_a_verdict_by_another_margin_is_another_one_whose_gates_are_its_own(two: tuple[str, str]) -> None:
    problem = alone()
    first = judging.judge(problem, clock.now(), two[1])
    other = judging.judge(replace(problem, margin=0.25), clock.now(), two[1])
    assert gates(first)["not_worse"] == -problem.margin and gates(other)["not_worse"] == -0.25
    stored = {row["verdict_id"]: row for row in warehouse.rows("from ledger.verdicts")}
    assert stored.keys() == {first["verdict_id"], other["verdict_id"]}
    assert all(stored[one["verdict_id"]]["decision"] == one["decision"] for one in (first, other))
    assert other["alpha"] == first["alpha"] / 2, "it looks at the same rows again"


def test_a_known_recipe_shares_no_alpha_and_another_one_does_and_is_expected_to_be_equal(two: tuple[str, str]) -> None:
    problem = problems.get(PROBLEM)
    known = [judging.judge(one, clock.now(), two[1]) for one in (problem, replace(problem, margin=0.25))]
    assert [(one["past"], one["alpha"]) for one in known] == [("retrained", problem.alpha)] * 2
    gate = warehouse.rows("from ledger.verdict_gates where gate = 'not_worse' and verdict_id = ?", [known[0]["verdict_id"]])[0]
    assert "was expected (newer data" in gate["reason"] and 0 <= gate["probability"] <= 1
    with warehouse.transaction() as con:  # of an earlier version of the project, so that nobody knows what it learned from
        con.execute("update ledger.model_versions set feature_sql = null where model_version = ?", [two[0]])
    first, other = (judging.judge(replace(problem, margin=margin), clock.now(), two[1]) for margin in (0.006, 0.26))
    assert (first["past"], first["alpha"], other["alpha"]) == ("changed", problem.alpha, problem.alpha / 2)
    gate = warehouse.rows("from ledger.verdict_gates where gate = 'not_worse' and verdict_id = ?", [first["verdict_id"]])[0]
    assert abs(gate["expected"]) < 1e-6 and "another recipe, no such judged before" in gate["reason"]


def test_a_later_challenger_that_learned_from_older_data_is_kept_out(two: tuple[str, str]) -> None:
    problem, older = problems.get(PROBLEM), "update ledger.model_versions set newest_as_of = ? where model_version = ?"
    said = {row["model_version"]: row["newest_as_of"] for row in warehouse.rows("from ledger.model_versions")}
    assert said[two[0]] < said[two[1]]
    first = judging.judge(problem, clock.now(), two[1])
    assert gates(first)["fresh"] == 0 and "older than the champion's" not in first["reason"]
    with warehouse.transaction() as con:
        con.execute(older, [said[two[0]] - timedelta(hours=1), two[1]])
        con.execute("delete from ledger.verdicts")
        con.execute("delete from ledger.verdict_gates")
    kept = judging.judge(problem, clock.now(), two[1])
    assert kept["decision"] == "KEEP" and "older than the champion's, though it was trained later" in kept["reason"]


def test_of_a_version_that_did_not_keep_how_new_its_data_were_nobody_asks(two: tuple[str, str]) -> None:
    with warehouse.transaction() as con:
        con.execute("update ledger.model_versions set newest_as_of = null where model_version = ?", [two[0]])
    assert "fresh" not in gates(judging.judge(problems.get(PROBLEM), clock.now(), two[1]))


def test_a_label_that_was_corrected_is_other_evidence(two: tuple[str, str]) -> None:
    problem = problems.get(PROBLEM)
    first = judging.judge(problem, clock.now(), two[1])
    with warehouse.transaction() as con:
        con.execute(f"create or replace table other as from problems.{PROBLEM}__training_set")
        con.execute(f"update other set {problem.label} = not {problem.label} where as_of > ?", [first["rows_from"]])
        con.execute(f"create or replace view problems.{PROBLEM}__training_set as from other")
    assert judging.judge(problem, clock.now(), two[1])["verdict_id"] != first["verdict_id"]
