"""A challenger in the shadow scores what the champion scores, and nobody reads it but the verdict."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flows.runtime import warehouse
from flows.steps.serving import shadowing
from flows.steps.validation import judging
from flows.steps.validation.shadow_evidence import look_at_shadows
from flows.store import clock, problems, registry, shadows
from ml.errors import AsofError
from tests.flights.conftest import PROBLEM

START = datetime(2013, 3, 2, 5)


def predictions() -> list[dict]:
    return warehouse.rows(f"select * from problems.{PROBLEM}__predictions order by all")


def test_a_shadow_scores_each_row_of_the_champion_once_and_leaves_its_predictions_alone(two: tuple[str, str]) -> None:
    problem, open_ = problems.get(PROBLEM), predictions()
    assert shadowing.declare(problem, two[1], START) and not shadowing.declare(problem, two[1], START)
    assert shadowing.score_shadows(problem, clock.now()) == len(open_) > 1000
    assert shadowing.score_shadows(problem, clock.now()) == 0
    assert predictions() == open_
    shadow = warehouse.rows("select entity_id, model_version, score from ledger.shadow_predictions order by entity_id")
    assert {row["model_version"] for row in shadow} == {two[1]}
    assert [row["entity_id"] for row in shadow] == sorted(row["flight_id"] for row in open_)
    own = registry.model(PROBLEM, two[1])
    rows = problems.training_rows(problem, clock.now())
    live = problems.live_scores(problem, clock.now(), two[1], shadow=True)
    there = live["score"].is_valid()
    assert live.filter(there)["score"].to_pylist() == own.predict(rows.filter(there)).tolist()


def test_a_live_verdict_stands_on_rows_that_both_scored(two: tuple[str, str]) -> None:
    problem = problems.get(PROBLEM)
    with pytest.raises(AsofError, match="python -m flows shadow"):
        judging.judge(problem, clock.now(), two[1], shadow=True)
    shadowing.declare(problem, two[1], START)
    shadowing.score_shadows(problem, clock.now())
    verdict = judging.judge(problem, clock.now(), two[1], shadow=True)
    assert (verdict["decision"], verdict["basis"], verdict["champion"]) == ("INCONCLUSIVE", "live", two[0])
    assert "needed are 10 days" in verdict["reason"] and verdict["more_clusters"] >= 6
    assert verdict["rows_from"] >= START


def test_a_row_whose_label_people_corrected_is_judged_live_once(two: tuple[str, str]) -> None:
    problem, now = problems.get(PROBLEM), clock.now()
    before, training = problems.live_scores(problem, now, two[0]), f"problems.{PROBLEM}__training_set"
    with warehouse.cursor() as con:
        con.execute(
            f"create table problems.once as select * from {training}; drop view {training}; "
            f"create view {training} as select * from problems.once union all by name "
            "select * replace (label_known_at + interval 1 second as label_known_at) from problems.once "
            f"where label_known_at < timestamp '{now}' - interval 1 day and hash(flight_id) % 100 = 0"
        )
        assert con.execute(f"select count(*) from {training}").fetchall()[0][0] > before.num_rows
    live = problems.live_scores(problem, now, two[0])
    assert live.equals(before) and live.num_rows == problems.training_rows(problem, now).num_rows


def test_all_in_the_shadow_are_looked_at_on_one_reading_and_each_as_if_it_were_alone(
    two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, now = problems.get(PROBLEM), clock.now()
    shadows.begin(PROBLEM, two[1], START, purpose=shadows.UNDECIDED)
    shadowing.score_shadows(problem, now)
    shadows.begin(PROBLEM, "another", START + timedelta(days=1), purpose=shadows.WATCH)
    with warehouse.transaction() as con:
        con.execute(
            "insert into ledger.shadow_predictions select * replace ('another' as model_version) from ledger.shadow_predictions"
        )
    read, both = problems.training_rows, shadows.active(PROBLEM)
    readings: list[datetime] = []
    monkeypatch.setattr(problems, "training_rows", lambda one, at, since: readings.append(since) or read(one, at, since))
    together = look_at_shadows(problem, now)
    assert readings == [START] and [row["model_version"] for row in together] == [two[1], "another"]
    assert together[0]["rows"] > together[1]["rows"] > 0
    for one, row in zip(both, together, strict=True):
        with warehouse.transaction() as con:
            con.execute("delete from ledger.shadow_evidence")
        monkeypatch.setattr(shadows, "active", lambda name, one=one: [one])
        assert look_at_shadows(problem, now) == [row]


def test_a_later_verdict_on_the_same_rows_has_half_the_alpha(two: tuple[str, str]) -> None:
    problem = problems.get(PROBLEM)
    with warehouse.transaction() as con:  # another recipe: of one that is known, verdicts share nothing
        con.execute("update ledger.model_versions set feature_sql = null where model_version = ?", [two[0]])
    first = judging.judge(problem, clock.now(), two[1])
    shadowing.declare(problem, two[1], START)
    shadowing.score_shadows(problem, clock.now())
    second = judging.judge(problem, clock.now(), two[1], shadow=True)
    again = judging.judge(problem, clock.now(), two[1])
    assert (first["alpha"], second["alpha"]) == (0.05, 0.025)
    assert len(warehouse.rows("select * from ledger.verdicts")) == 2 and again["verdict_id"] == first["verdict_id"]


def test_promotion_ends_the_shadow_and_so_does_a_stop(two: tuple[str, str]) -> None:
    problem, now = problems.get(PROBLEM), clock.now()
    with pytest.raises(AsofError, match="champion"):
        shadowing.declare(problem, two[0], now)
    with pytest.raises(AsofError, match="no version does"):
        shadows.stop(PROBLEM, two[1], now)
    shadowing.declare(problem, two[1], now)
    shadows.stop(PROBLEM, two[1], now, "seen enough")
    shadowing.declare(problem, two[1], now)
    registry.promote(PROBLEM, two[1], now, "better live")
    assert shadows.active(PROBLEM) == [] and len(shadows.spans(PROBLEM)) == 2
    assert [row["reason"] for row in warehouse.rows("select reason from ledger.shadows order by number")] == [
        "declared", "seen enough", "declared", "promoted",
    ]  # fmt: skip


def test_a_warehouse_of_an_earlier_version_gets_the_new_tables_and_columns(two: tuple[str, str]) -> None:
    from flows.steps.data import building

    with warehouse.transaction() as con:
        con.execute("drop table ledger.shadows")
        con.execute("alter table ledger.verdicts drop column alpha")
    building.prepare()
    assert warehouse.rows("select count(*) as n from ledger.shadows") == [{"n": 0}]
    assert judging.judge(problems.get(PROBLEM), clock.now(), two[1])["alpha"] == 0.05
    assert warehouse.rows("select alpha from ledger.verdicts") == [{"alpha": 0.05}]
