"""Models as rows: who is champion, since when, and what a change of champion needs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flows.runtime import warehouse
from flows.store import registry
from ml.errors import AsofError
from tests.children import House
from tests.flights.conftest import PROBLEM

START = datetime(2013, 3, 2, 5)


@pytest.fixture
def two(inside: House) -> tuple[str, str]:
    """The first champion, and a challenger that is not."""
    with warehouse.transaction() as con:
        con.execute("delete from ledger.promotions where effective_at > (select min(effective_at) from ledger.promotions)")
    both = warehouse.rows("select model_version from ledger.model_versions order by trained_as_of")
    return both[0]["model_version"], both[1]["model_version"]


def test_a_term_ends_when_the_next_begins(two: tuple[str, str]) -> None:
    first, second = two
    at = START + timedelta(days=1)
    assert registry.promote(PROBLEM, second, at, "better on unseen days")
    period = registry.ChampionPeriod
    assert registry.champion_periods(PROBLEM) == [period(first, START, at), period(second, at, None)]
    assert registry.champion(PROBLEM) == second


def test_a_term_that_was_replaced_at_its_start_never_was(two: tuple[str, str]) -> None:
    first, second = two
    registry.promote(PROBLEM, second, START, "better at once")
    assert [term.model_version for term in registry.champion_periods(PROBLEM)] == [second]
    assert first != second


def test_the_monitors_see_the_same_champion_periods(two: tuple[str, str]) -> None:
    first, second = two
    registry.promote(PROBLEM, second, START + timedelta(days=1), "better")
    registry.rollback(PROBLEM, START + timedelta(days=2), "complaints")
    registry.promote(PROBLEM, second, START + timedelta(days=2), "no, it is better")
    seen = warehouse.rows("select model_version, starts_at, ends_at from monitoring.mon_champion_periods order by starts_at")
    assert [registry.ChampionPeriod(*period.values()) for period in seen] == registry.champion_periods(PROBLEM)
    assert len(seen) == 3 and first == seen[0]["model_version"]


def test_promoting_the_champion_changes_nothing(two: tuple[str, str]) -> None:
    assert not registry.promote(PROBLEM, two[0], START + timedelta(days=1), "again")
    assert len(warehouse.rows("select * from ledger.promotions")) == 1


def test_a_rollback_is_a_row_with_its_reason(two: tuple[str, str]) -> None:
    registry.promote(PROBLEM, two[1], START + timedelta(days=1), "better")
    assert registry.rollback(PROBLEM, START + timedelta(days=2), "complaints from the desk") == two[0]
    last = warehouse.rows("select * from ledger.promotions order by effective_at")[-1]
    assert (last["kind"], last["reason"], last["previous"]) == ("rollback", "complaints from the desk", two[1])


def test_a_rollback_within_the_same_instant_takes_effect(two: tuple[str, str]) -> None:
    at = START + timedelta(days=1)
    registry.promote(PROBLEM, two[1], at, "better")
    registry.rollback(PROBLEM, at, "at once, please")
    assert registry.champion(PROBLEM) == two[0]


def test_a_version_can_be_promoted_again_in_the_instant_of_its_rollback(two: tuple[str, str]) -> None:
    at = START + timedelta(days=1)
    registry.promote(PROBLEM, two[1], at, "better")
    registry.rollback(PROBLEM, at, "a mistake")
    assert registry.promote(PROBLEM, two[1], at, "no mistake after all")
    assert registry.champion(PROBLEM) == two[1]


def test_a_promotion_needs_a_reason(two: tuple[str, str]) -> None:
    with pytest.raises(AsofError, match="--reason"):
        registry.promote(PROBLEM, two[1], START + timedelta(days=1), "  ")


def test_the_past_cannot_be_given_away(two: tuple[str, str]) -> None:
    with pytest.raises(AsofError, match="the past"):
        registry.promote(PROBLEM, two[1], START - timedelta(hours=1), "earlier would have been better")


def test_an_unknown_version_is_refused_with_those_that_exist(two: tuple[str, str]) -> None:
    with pytest.raises(AsofError, match=two[0]):
        registry.promote(PROBLEM, "brave-otter-19700101", START, "why not")


def test_the_first_champion_cannot_be_rolled_back(two: tuple[str, str]) -> None:
    with pytest.raises(AsofError, match="no earlier champion"):
        registry.rollback(PROBLEM, START + timedelta(days=1), "to see")


def test_a_model_comes_out_of_its_row_as_it_went_in(two: tuple[str, str]) -> None:
    row = registry.row(PROBLEM, two[0])
    model = registry.model(PROBLEM, two[0])
    assert (model.to_json(), model.sha256, model.name) == (row["model"], row["sha256"], two[0])


def test_the_latest_model_is_the_one_trained_last(two: tuple[str, str]) -> None:
    assert registry.latest(PROBLEM) == two[1]
    with warehouse.transaction() as con:
        con.execute("delete from ledger.model_versions")
    with pytest.raises(AsofError, match="flows train"):
        registry.latest(PROBLEM)
