"""History replayed: what a policy would have trained, let in and scored, and nothing that could not be known then."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from ml.models.train import train
from ml.problem.declared.retraining import Retraining
from ml.problem.rows import Rows
from ml.problem.split import instants as at
from ml.studies.backtest import estimating
from ml.studies.backtest.outcome import choose, outcomes
from ml.studies.backtest.policy import Gate, Policy, instants, policies
from ml.studies.backtest.shared import Drifting, SharedWork
from ml.studies.backtest.simulation import planned, simulate
from ml.studies.backtest.trainings import Key, Trainings
from ml.studies.backtest.windows import Limits, Windows, lost

pytestmark = pytest.mark.slow

FIRST, UNTIL, END = datetime(2013, 5, 8), datetime(2013, 6, 8), datetime(2013, 6, 30)
PROJECT = yaml.safe_load((Path(__file__).resolve().parents[3] / "dbt_project.yml").read_text())
ESTIMATION = estimating.Limits(**PROJECT["vars"]["estimation"])
LIMITS = Limits(Drifting(0.25, 0.5), ESTIMATION)


def policy(cadence: str = "never", gate: Gate | None = None, **given) -> Policy:
    return Policy(Retraining(cadence, **given), gate, 20)


@pytest.fixture(scope="module")
def shared(rows) -> SharedWork:
    return SharedWork(rows, instants(FIRST, END))


def test_instants_are_those_days_of_a_month_on_which_cadences_meet():
    found = instants(datetime(2013, 4, 1), datetime(2013, 5, 2))
    assert [one.day for one in found] == [1, 8, 15, 22, 1, 2]
    last = instants(datetime(2013, 4, 1), datetime(2013, 5, 1, 5))[-2:]
    assert [one.day for one in last] == [22, 1], "nobody trains for five hours"


def test_a_model_that_is_never_trained_again_scores_every_row(shared, rows):
    replay = simulate(shared, policy(), LIMITS)
    assert replay.trainings == ()
    first = train(rows, FIRST).challenger
    lived = rows.take((rows.as_of >= np.datetime64(FIRST)) & (rows.as_of < np.datetime64(END)))
    np.testing.assert_array_equal(replay.score, first.predict(lived))
    np.testing.assert_array_equal(replay.flagged, replay.score >= first.threshold)


def test_scores_of_stretches_are_put_together_to_those_of_any_rows(shared):
    key, rows = Key(FIRST, 20), np.sort(np.random.default_rng(0).choice(len(shared.as_of), 2000, replace=False))
    rows = rows[shared.as_of[rows] < np.datetime64(END)]
    assert rows[0] < shared.stretches[0][0]
    np.testing.assert_array_equal(shared.said(key, rows), shared.trainings[key].challenger.predict(shared.rows.take(rows)))


def test_a_life_may_begin_with_a_stretch_that_has_no_row(rows):
    edges = instants(FIRST, END)
    gap = rows.take((rows.as_of < np.datetime64(FIRST)) | (rows.as_of >= np.datetime64(edges[1])))
    late, key = SharedWork(gap, edges), Key(FIRST, 20)
    assert [len(rows) > 0 for rows in late.stretches] == [False] + [True] * (len(edges) - 2)
    rows = np.arange(late.stretches[1][0] - 2, late.stretches[1][0] + 2)
    assert len(late.said(key, rows)) == 4, "each row once"
    np.testing.assert_array_equal(late.said(key, rows), late.trainings[key].challenger.predict(gap.take(rows)))
    replay = simulate(late, policy(triggers=("drift", "realised_loss", "estimated_loss")), LIMITS)
    assert len(replay.score) == sum(map(len, late.stretches))
    assert replay.blind[0] == edges[1], "of nothing nobody can say how good it is"


def test_without_a_gate_each_stretch_is_scored_by_the_model_trained_at_its_beginning(shared, rows):
    replay = simulate(shared, policy("weekly"), LIMITS)
    assert [one.at for one in replay.trainings] == list(shared.edges[1:-1])
    assert {one.cause for one in replay.trainings} == {"schedule"} and all(one.promoted for one in replay.trainings)
    last = train(rows, shared.edges[-2]).challenger.predict(rows.take(shared.stretches[-1]))
    np.testing.assert_array_equal(replay.score[-len(last) :], last)


def test_policies_share_their_trainings(shared):
    simulate(shared, policy("weekly"), LIMITS)
    before = len(shared.trainings)
    for cadence in ("fortnightly", "monthly", "quarterly"):
        simulate(shared, policy(cadence), LIMITS)
        simulate(shared, policy(cadence, Gate(0.01, 20)), LIMITS)
    assert len(shared.trainings) == before


def test_trainings_at_the_same_time_give_the_bytes_of_one_after_the_other(rows):
    keys = [Key(at, 20) for at in (FIRST, datetime(2013, 6, 1), datetime(2013, 6, 15))]
    made, heard = Trainings(rows, threads=2), []
    made.ahead([*keys, keys[0]], lambda *said: heard.append(said))
    assert heard == [("trainings", at, 3) for at in (1, 2, 3)] and len(made) == 3
    for key in keys:
        alone = train(rows, key.at)
        assert made[key].challenger.to_json() == alone.challenger.to_json()
        assert made[key].holdout_model.to_json() == alone.holdout_model.to_json()
        assert made.cpu_seconds(key) > 0


@pytest.mark.parametrize("cadence", ["never", "quarterly", "monthly", "fortnightly", "weekly"])
def test_what_a_calendar_will_ask_for_is_known_before(shared, cadence):
    replay = simulate(shared, policy(cadence), LIMITS)
    assert planned(replay.policy, shared.edges) == [Key(FIRST, 20), *(one.key for one in replay.trainings)]


def test_labels_that_come_late_are_waited_for(table, problem):
    place = table.schema.get_field_index("label_known_at")
    late = pa.array(at(table["label_known_at"]) + np.timedelta64(10, "D"))
    slow = SharedWork(Rows.of(table.set_column(place, "label_known_at", late), problem), instants(FIRST, END))
    score = slow.rows.rule[slow.stretches[0]]
    assert slow.realised(score, 0, slow.edges[1], 0.9) is None, "none of its labels is ten days old"
    assert 0.5 < slow.realised(score, 0, slow.edges[3], 0.9) < 1
    seen = Windows(slow, Retraining("never", ("realised_loss",)), LIMITS)
    for stretch in range(3):
        seen.close(stretch, Key(FIRST, 20), slow.rows.rule[slow.stretches[stretch]])
    assert [one.end for one in seen.seen["realised_loss"]] == [slow.edges[1]], "the others are not in"


def test_a_loss_that_is_only_estimated_starts_a_training_and_blindness_starts_none(table, problem):
    edges = [datetime(2013, 4, 20) + at * timedelta(days=2) for at in range(36)]
    turn = datetime(2013, 6, 15)
    broken = table["recent_delay"].to_numpy(zero_copy_only=False).copy()
    broken[at(table["as_of"]) >= np.datetime64(turn)] *= -1
    soon = pa.array(at(table["as_of"]) + np.timedelta64(6, "h"))
    spoiled = table
    for name, column in (("recent_delay", pa.array(broken)), ("label_known_at", soon)):
        spoiled = spoiled.set_column(spoiled.schema.get_field_index(name), name, column)
    asked = Policy(Retraining("never", ("estimated_loss",), beyond=1, cooldown_days=14), None, 20)
    replay = simulate(SharedWork(Rows.of(spoiled, problem), edges), asked, LIMITS)
    assert [one.cause for one in replay.trainings] == ["estimated_loss"] and replay.trainings[0].at > turn
    assert set(edges[1:20]) <= set(replay.blind) and len(replay.blind) < 25, "nineteen periods have to be verified first"
    limits = LIMITS._replace(estimation=ESTIMATION._replace(fewest_in_bin=10**6))
    blind = simulate(SharedWork(Rows.of(spoiled, problem), edges), asked, limits)
    assert blind.trainings == () and len(blind.blind) == 35


def test_nothing_that_was_not_known_then_changes_what_was_done(shared, table, problem):
    eager = policy("fortnightly", triggers=("drift", "realised_loss"), beyond=1, cooldown_days=0)
    cut = np.datetime64(shared.edges[4], "us")
    label = table["is_disrupted"].to_numpy(zero_copy_only=False).copy()
    later = at(table["label_known_at"]) >= cut
    label[later] = np.random.default_rng(0).random(later.sum()) < 0.5
    place = table.schema.get_field_index("is_disrupted")
    turned = Rows.of(table.set_column(place, "is_disrupted", pa.array(label)), problem)
    other = SharedWork(turned, shared.edges)
    mine, theirs = simulate(shared, eager, LIMITS), simulate(other, eager, LIMITS)
    seen = sum(len(rows) for rows in shared.stretches[:5])
    np.testing.assert_array_equal(mine.score[:seen], theirs.score[:seen])
    assert not np.array_equal(mine.score[seen:], theirs.score[seen:]), "what is known later does change what is done later"
    known = [one for one in mine.trainings if one.at <= shared.edges[4]]
    assert known == list(theirs.trainings)[: len(known)]


def test_a_gate_of_a_wide_margin_lets_in_what_a_narrow_one_keeps_out(table, problem, shared):
    # So little is judged that no gate but the margin may matter: any value will do.
    lenient = replace(problem, slices=(), validation=replace(problem.validation, value_margin=1.0))
    easy = SharedWork(Rows.of(table, lenient), shared.edges)
    narrow, wide = (simulate(easy, policy("weekly", Gate(margin, 20)), LIMITS) for margin in (0.0, 0.4))
    let_in = [sum(one.decision == "PROMOTE" for one in replay.trainings) for replay in (narrow, wide)]
    assert let_in[0] < let_in[1] == sum(one.promoted for one in wide.trainings)
    assert not np.array_equal(narrow.score, wide.score)


def test_a_trigger_trains_on_enough_new_labels_and_waits_for_the_cooldown(shared):
    often = simulate(shared, policy(triggers=("new_labels",), new_labels=300, cooldown_days=0), LIMITS)
    seldom = simulate(shared, policy(triggers=("new_labels",), new_labels=300, cooldown_days=14), LIMITS)
    assert len(often.trainings) > len(seldom.trainings) > 0
    assert {one.cause for one in (*often.trainings, *seldom.trainings)} == {"new_labels"}
    assert simulate(shared, policy(triggers=("new_labels",), new_labels=10**6), LIMITS).trainings == ()


def test_everything_drifts_where_nothing_may_move(shared):
    found = simulate(shared, policy(triggers=("drift",), beyond=1, cooldown_days=0), LIMITS._replace(drifting=Drifting(0.0, 0.1)))
    assert [one.cause for one in found.trainings] == ["drift"] * (len(shared.edges) - 2)
    assert simulate(shared, policy(triggers=("drift",), beyond=1), LIMITS._replace(drifting=Drifting(99.0, 0.1))).trainings == ()


@pytest.mark.parametrize(
    ("metric", "realised", "beyond"),
    [
        ("roc_auc", [0.8, 0.8, 0.8, 0.8, 0.76], True),
        ("roc_auc", [0.8, 0.8, 0.8, 0.8, 0.78], False),
        ("roc_auc", [0.8, 0.8, 0.8, 0.5], False),
        ("roc_auc", [0.8, np.nan, 0.8, 0.8, 0.5], False),
        ("log_loss", [0.5, 0.5, 0.5, 0.5, 0.54], True),
        ("log_loss", [0.5, 0.5, 0.5, 0.5, 0.4], False),
    ],
)
def test_a_loss_is_held_against_half_of_at_least_four_stretches_before(metric, realised, beyond):
    assert lost(metric, realised, 0.03) == beyond


def test_value_stands_against_cost_and_the_policy_in_use_against_itself(shared, problem):
    asked = [policy("monthly"), policy("weekly"), policy()]
    replays = [simulate(shared, one, LIMITS) for one in asked]
    choice, report = outcomes(shared, replays, FIRST, UNTIL), outcomes(shared, replays, UNTIL, END)
    assert [one.trainings for one in choice] == [1, 3, 0] and [one.trainings for one in report] == [0, 3, 0]
    assert sum(one.rows for one in (choice[0], report[0])) == len(replays[0].score)
    assert choice[0].gained.estimate == choice[0].saved_more.estimate == 0
    assert choice[1].cpu_seconds > choice[0].cpu_seconds > choice[2].cpu_seconds == 0
    assert choice[0].money(problem, choice[0].saved) is None, "no price is declared"
    prices = replace(problem.framing, prices=replace(problem.framing.prices, currency="EUR", cost_unit=10.0, cpu_hour=3600.0))
    priced = replace(problem, framing=prices)
    month = choice[1].rows / choice[1].days * 365.25 / 12
    assert choice[1].money(priced, choice[1].saved).estimate == pytest.approx(10 * choice[1].saved.estimate * month)
    assert choice[1].spent(priced) == pytest.approx(choice[1].cpu_seconds / 31 * 365.25 / 12)


def test_of_equals_the_one_with_fewer_trainings_is_chosen(shared, problem):
    asked = [policy("quarterly"), policy(), policy("quarterly", Gate(0.01, 20))]
    found = outcomes(shared, [simulate(shared, one, LIMITS) for one in asked], FIRST, UNTIL)
    assert len({one.quality["roc_auc"].estimate for one in found}) == 1
    assert choose([replace(found[0], trainings=3), found[1], found[2]], problem, gated=False) is found[1]
    assert choose(found, problem) is found[2], "without a gate nothing is chosen"


def test_the_policy_in_use_comes_first_and_none_comes_twice(problem):
    found = policies(problem)
    assert found[0].gate == Gate(problem.margin, problem.holdout_days, prior=True) and found[0].retraining.cadence == "weekly"
    assert len({one.name for one in found}) == len(found) > 20
