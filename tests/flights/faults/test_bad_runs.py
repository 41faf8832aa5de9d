"""Runs that go wrong in themselves: failed tests, features that are not the model's, scores that nobody should read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest

from flows.runtime import warehouse
from flows.steps.serving import scoring
from flows.store import clock, problems, registry
from ml.errors import AsofError
from ml.models.model import Model
from tests import children
from tests.children import House
from tests.flights.conftest import PROBLEM
from tests.flights.faults import state
from tests.flights.faults.state import DAY, PREDICTIONS

VERSIONS = "select model_version from ledger.model_versions order by trained_as_of"
JUDGED = "select entity_id, as_of, model_version, score, rule_score, flagged from monitoring.mon_scored order by all"


def failed_alerts(house: House) -> list[tuple]:
    return state.ask(house, "select subject from monitoring.alerts where kind = 'failed_run' order by all")


def test_a_failing_test_publishes_nothing_and_is_an_alert(copied: House) -> None:
    state.change(copied, "insert into ledger.promotions from ledger.promotions limit 1")
    before = state.published(copied)
    line = state.refusal(children.run(copied, "replay", "--until", "2013-03-06"))
    assert "unique_ledger_promotions_promotion_id" in line
    assert state.published(copied) == before
    assert ("tests",) in failed_alerts(copied)


@pytest.fixture
def due(inside: House) -> House:
    """The last day waits to be scored."""
    with warehouse.transaction() as con:
        con.execute(f"delete from {PREDICTIONS} where as_of >= ?", [DAY])
    return inside


def refused(match: str) -> None:
    """Scoring fails with this message, and predictions, profiles and the published file stay as they are."""
    read = f"select * from {PREDICTIONS} order by flight_id"
    before = warehouse.rows(read), warehouse.rows("select count(*) from ledger.profiles")
    with pytest.raises(AsofError, match=match):
        scoring.score(problems.get(PROBLEM), clock.now())
    assert (warehouse.rows(read), warehouse.rows("select count(*) from ledger.profiles")) == before
    failed = warehouse.rows("select message from ledger.runs where status = 'failed' and phase = 'serving'")
    assert len(failed) == 1
    assert not warehouse.has_table("ledger", f"staged_{PROBLEM}")


def leaves(value: str, tree: int | None = None) -> Callable[[Model], dict]:
    """A change of a model: every leaf holds `value`, or the first leaf of one tree alone."""

    def changed(model: Model) -> dict:
        rows = re.findall(r"^leaf_value=.*$", model.text, flags=re.M)
        text = model.text
        if tree is None:
            text = re.sub(
                r"^leaf_value=(.*)$", lambda row: "leaf_value=" + " ".join([value] * len(row[1].split())), text, flags=re.M
            )
        else:
            first = rows[tree].removeprefix("leaf_value=").split()[0]
            text = text.replace(rows[tree], rows[tree].replace(first, value, 1), 1)
        return {"text": re.sub(r"^tree_sizes=.*\n", "", text, flags=re.M)}

    return changed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (leaves("nan"), r"(\d\d\d) of \1 scores are missing"),
        (leaves("nan", tree=0), "scores are missing"),
        (leaves("0"), "all .* scores are"),
    ],
    ids=["all null", "some null", "constant"],
)
def test_scores_that_cannot_be_are_not_promoted(due: House, change: Callable[[Model], dict], told: str) -> None:
    state.put_in_office(change)
    refused(told)


@pytest.mark.parametrize("score", ["-0.2", "1.5", "'inf'::double", "'nan'::double", "null"])
def test_a_staged_score_that_is_no_probability_ends_the_run(due: House, score: str) -> None:
    """No model gives one, since what it gives is cut to what a probability can be: the staged row itself is spoilt."""
    problem, version = problems.get(PROBLEM), registry.champion(PROBLEM)
    with scoring.staging(PROBLEM) as staged:
        pending = problems.pending(problem, DAY, clock.now())
        rows = scoring.stage(problem, version, pending, staged, Counter())
        scoring.audit(staged, rows)
        with warehouse.cursor() as con:
            con.execute(f"update {staged} set score = {score} where entity = (select min(entity) from {staged})")
        with pytest.raises(AsofError, match=r"missing|outside 0 to 1"):
            scoring.audit(staged, rows)


@pytest.mark.parametrize("change", ["fewer", "more"])
def test_a_model_of_other_features_is_refused_by_their_names(due: House, change: str) -> None:
    def other(model: Model) -> dict:
        kept = tuple(name for name in model.features if name != "rain_3h") + (("snow_3h",) if change == "more" else ())
        return {"features": kept, "spec": {**model.spec, "feature_hash": "of another declaration"}}

    state.put_in_office(other)
    refused("added rain_3h" + ("; missing snow_3h" if change == "more" else "; train again"))


def test_a_model_whose_row_belongs_to_another_version_is_refused(due: House) -> None:
    with warehouse.transaction() as con:
        con.execute("update ledger.model_versions set sha256 = 'f' || substr(sha256, 2) || 'x'")
    refused("damaged")


def test_late_data_changes_no_prediction_and_no_feature_that_was_made(copied: House) -> None:
    """A file of facts that were known long before the clock arrives late: what was predicted without it stays."""
    late = copied.folder / "landing" / "flights" / "weather" / "late_1h.csv"
    header = next(late.parent.glob("*.csv")).read_text().splitlines()[0]
    late.write_text(f"{header}\nEWR,2013-03-03T12:30:00Z,40,30,60,10,5,NA,0,1010,10,2013-03-03T13:30:00Z\n")
    features = "select * from problems.flight_disruption__features where as_of < '2013-03-05 05:00' order by flight_id"
    before = state.predictions(copied), state.ask(copied, features)
    for verb in (("land", "--until", "2013-03-05T05:00"), ("build",), ("score",)):
        done = children.run(copied, *verb)
        assert done.code == 0, done.err
    assert state.ask(copied, "select count(*) from landing.flights__weather where observed_at = '2013-03-03 12:30'") == [(1,)]
    assert (state.predictions(copied), state.ask(copied, features)) == before


def test_a_backfill_under_a_new_model_replaces_that_batch_alone_and_keeps_what_was_said(copied: House) -> None:
    champion, challenger = (name for (name,) in state.ask(copied, VERSIONS))
    assert children.run(copied, "promote", "--model", challenger, "--reason", "it is newer").code == 0
    before, judged = state.predictions(copied), state.ask(copied, JUDGED)
    window = ("2013-03-03T12:00", "2013-03-04T12:00")
    assert "say it with --reason" in state.refusal(children.run(copied, "score", "--again", *window))
    done = children.run(copied, "score", "--again", *window, "--reason", "late weather")
    assert done.code == 0, done.err
    after = state.predictions(copied)
    inside = [row for row in after if datetime(2013, 3, 3, 12) <= row[1] < datetime(2013, 3, 4, 12)]
    assert [row[:2] for row in after] == [row[:2] for row in before], "readers see each row once"
    assert [row for row in after if row not in inside] == [row for row in before if row[1] not in {one[1] for one in inside}]
    assert {row[2] for row in inside} == {challenger} and 0 < len(inside) < len(after)
    run = state.ask(copied, "select run_id, rows, message from ledger.runs where phase = 'rescoring' and status = 'succeeded'")
    assert run[0][1] == len(inside) and "late weather" in run[0][2]
    lineage = f"select count(*) from {PREDICTIONS} where run_id = '{run[0][0]}'"
    assert state.ask(copied, lineage) == [(len(inside),)]
    history = state.ask(
        copied, "select entity_id, as_of, model_version, score, flagged, reasons from ledger.replaced_predictions"
    )
    assert sorted(history) == sorted(row for row in before if row[1] in {one[1] for one in inside})
    assert state.ask(copied, JUDGED) == judged, "monitors judge what was said at the time"
    again = children.run(copied, "score", "--again", *window, "--reason", "late weather")
    assert again.code == 0 and "nothing to replace" in again.out
    assert state.predictions(copied) == after
    assert champion != challenger and children.run(copied, "score").code == 0
    assert state.predictions(copied) == after


def test_the_sha256_of_every_model_is_that_of_its_text(inside: House) -> None:
    for row in warehouse.rows("select * from ledger.model_versions"):
        assert Model.from_row(row).sha256 == row["sha256"]
