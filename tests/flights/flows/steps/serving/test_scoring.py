"""Scoring: every row once, by the model that was champion as of that very row."""

from __future__ import annotations

from datetime import datetime

import pytest

from flows.runtime import warehouse
from flows.steps.serving import scoring
from flows.store import clock, problems, registry
from ml.errors import AsofError
from tests.children import House
from tests.flights.conftest import PROBLEM, Lived
from tests.flights.flows.test_replay import rows

PREDICTIONS = f"problems.{PROBLEM}__predictions"
# The last lived day, New York's 1 March.
DAY = datetime(2013, 3, 4, 5)
# Who was champion as of each prediction, said without the program: the last promotion that is not later.
BY_ANOTHER = f"""
    select p.flight_id, p.model_version, c.model_version as champion
    from {PREDICTIONS} as p
    asof join (from ledger.promotions order by effective_at) as c on p.as_of >= c.effective_at
    where p.model_version <> c.model_version
"""


@pytest.fixture
def day_to_score(inside: House) -> House:
    """The last day has not been scored yet, and a second model is not champion yet."""
    with warehouse.transaction() as con:
        con.execute(f"delete from {PREDICTIONS} where as_of >= ?", [DAY])
        con.execute("delete from ledger.profiles where stage = 'serving' and day >= ?", [DAY])
        con.execute("delete from ledger.promotions where effective_at > (select min(effective_at) from ledger.promotions)")
    return inside


def score() -> int:
    return scoring.score(problems.get(PROBLEM), clock.now())


def versions() -> tuple[str, str]:
    both = warehouse.rows("select model_version from ledger.model_versions order by trained_as_of")
    return both[0]["model_version"], both[1]["model_version"]


def test_each_prediction_was_made_by_the_champion_as_of_its_own_as_of(lived: Lived) -> None:
    assert rows(lived.day, f"select count(*) as n from {PREDICTIONS}")[0]["n"] > 2000
    assert rows(lived.day, BY_ANOTHER) == []


def test_by_the_hour_too(hour: House) -> None:
    assert rows(hour, BY_ANOTHER) == []


def test_a_promotion_in_the_middle_of_a_day_divides_the_day(day_to_score: House) -> None:
    first, second = versions()
    noon = warehouse.rows("select as_of from problems.flight_disruption__features where as_of > ? order by as_of", [DAY])[400][
        "as_of"
    ]
    registry.promote(PROBLEM, second, noon, "to see")
    assert score() > 800
    told = warehouse.rows(
        f"select model_version, min(as_of) as a, max(as_of) as z from {PREDICTIONS} where as_of >= ? group by all", [DAY]
    )
    by = {one["model_version"]: one for one in told}
    assert by[first]["z"] < noon == by[second]["a"], "a row as of the very instant belongs to the new champion"
    assert warehouse.rows(BY_ANOTHER) == []


def test_after_a_rollback_the_champion_before_scores_again(day_to_score: House) -> None:
    first, second = versions()
    registry.promote(PROBLEM, second, datetime(2013, 3, 4, 15), "to see")
    assert registry.rollback(PROBLEM, datetime(2013, 3, 4, 19), "it was wrong") == first
    score()
    spans = warehouse.rows(
        f"select model_version, count(*) as n from {PREDICTIONS} where as_of >= timestamp '2013-03-04 19:00' group by all"
    )
    assert [span["model_version"] for span in spans] == [first]
    assert {r["model_version"] for r in warehouse.rows(f"select model_version from {PREDICTIONS} where as_of >= ?", [DAY])} == {
        first,
        second,
    }
    assert warehouse.rows(BY_ANOTHER) == []


def test_scoring_twice_adds_nothing(day_to_score: House) -> None:
    assert score() > 800
    before = warehouse.rows(f"select (select count(*) from {PREDICTIONS}) as p, (select count(*) from ledger.profiles) as c")
    assert score() == 0
    assert (
        warehouse.rows(f"select (select count(*) from {PREDICTIONS}) as p, (select count(*) from ledger.profiles) as c") == before
    )


def test_scoring_again_what_was_lost_gives_the_same_scores(day_to_score: House, lived: Lived) -> None:
    score()
    sql = f"select flight_id, score, raw_score, flagged, reasons from {PREDICTIONS} where as_of >= '{DAY}' order by flight_id"
    champions = rows(lived.day, f"select distinct model_version from {PREDICTIONS}")
    if len(champions) > 1:
        registry.promote(PROBLEM, versions()[1], DAY, "as it was")
    assert [r["flight_id"] for r in warehouse.rows(sql)] == [r["flight_id"] for r in rows(lived.day, sql)]
    if len(champions) == 1:
        assert warehouse.rows(sql) == rows(lived.day, sql)


def test_predictions_and_the_run_that_made_them_stand_together(lived: Lived) -> None:
    orphans = f"select run_id from {PREDICTIONS} anti join (from ledger.runs where status = 'succeeded') using (run_id)"
    assert rows(lived.day, orphans) == []
    told = "select run_id, rows from ledger.runs where phase = 'serving' and rows > 0 order by all"
    made = f"select run_id, count(*) as rows from {PREDICTIONS} group by all order by all"
    assert rows(lived.day, told) == rows(lived.day, made)


def test_only_flagged_rows_carry_reasons_and_every_score_is_a_probability(lived: Lived) -> None:
    wrong = (
        f"select * from {PREDICTIONS} where (reasons is not null) <> flagged or not score between 0 and 1 or rule_score is null"
    )
    assert rows(lived.day, wrong) == []


def test_what_the_model_saw_is_counted_once_for_every_prediction(lived: Lived) -> None:
    scored = rows(lived.day, f"select count(*) as n from {PREDICTIONS}")[0]["n"]
    counted = rows(
        lived.day,
        "select feature, cast(sum(rows) as bigint) as n from ledger.profiles where stage = 'serving' group by all "
        f"having sum(rows) <> {scored}",
    )
    assert counted == []


def test_without_a_champion_nothing_is_scored(inside: House) -> None:
    with warehouse.transaction() as con:
        con.execute("delete from ledger.promotions")
    with pytest.raises(AsofError, match="has no champion"):
        score()


def test_no_staged_scores_are_left_behind(day_to_score: House) -> None:
    score()
    assert not warehouse.has_table("ledger", f"staged_{PROBLEM}")
