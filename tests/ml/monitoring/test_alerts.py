"""Findings become alerts: by likely cause, ranked, opened, closed and told by rules that can be read off here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.monitoring.alerts.cycle import Notice, changes, decide
from ml.monitoring.alerts.finding import Alert, Finding, latest, rank, short_id
from ml.monitoring.alerts.group import group
from ml.monitoring.alerts.lineage import Lineage
from ml.monitoring.alerts.message import costing, measured, message, order, share
from ml.monitoring.alerts.stake import Stake, concerned, cost, owner

DAY = datetime(2013, 7, 1)
# Two feeds; the features of p stand on both, each column on one of them; scores and outcomes stand on the features.
HOUSE = Lineage(
    parents={
        "f.weather": (), "f.flights": (), "stg_weather": ("f.weather",), "stg_flights": ("f.flights",),
        "ftr_weather": ("stg_weather",), "ftr_past": ("stg_flights",),
        "p__features": ("ftr_weather", "ftr_past"), "p__predictions": ("p__features",), "p__labels": ("stg_flights",),
        "p__outcomes": ("p__predictions", "p__labels"), "verdicts": (),
    },
    columns={
        **{("p__features", f"w{i}"): ("ftr_weather",) for i in range(40)},
        ("p__features", "late"): ("ftr_past",), ("p__features", "both"): ("ftr_past", "ftr_weather"),
    },
)  # fmt: skip


def finding(kind: str, subject: str, node: str | None = None, days: float = 0, **more) -> Finding:
    own = "features" if kind == "feature_drift" else subject
    problem = more.pop("problem", None if node is None or node.startswith("f.") else "p")
    facts = {
        "problem": problem, "kind": kind, "subject": subject, "node": node, "seen_at": DAY + timedelta(days=days), "value": 1.0,
        "alert_id": "/".join(part for part in (kind, problem, own) if part), "limit_value": 0.25, "severity": "warning",
        "damage": 0.01, "rows_at_stake": 100,
    }  # fmt: skip
    return Finding(**{**facts, **more})


FORTY = [finding("feature_drift", f"w{i}", "p__features", damage=0.02) for i in range(40)]
SCORE = finding("prediction_drift", "score", "p__predictions", damage=0.3)


def test_a_feed_that_stops_is_one_alert_that_names_the_feed() -> None:
    stopped = finding("freshness", "f.weather", "f.weather", days=1.2)
    made = group([*FORTY, SCORE, stopped], HOUSE)
    assert [one.alert_id for one in made] == ["freshness/f.weather"]
    assert len(made[0].members) == 42
    assert "f.weather" in made[0].cause
    assert made[0].damage == pytest.approx(0.8), "forty features of .02"


def test_features_of_the_other_feed_are_an_alert_of_their_own() -> None:
    late = finding("feature_drift", "late", "p__features")
    made = {one.alert_id: one for one in group([late, *FORTY, finding("freshness", "f.weather", "f.weather")], HOUSE)}
    assert set(made) == {"freshness/f.weather", "feature_drift/p/features"}
    assert made["feature_drift/p/features"].members == (late,)
    assert made["feature_drift/p/features"].cause.startswith("f.flights: all of it")


def test_where_nothing_earlier_deviates_the_cause_is_what_most_of_it_is_computed_from() -> None:
    late = finding("feature_drift", "late", "p__features", damage=0.2)
    (made,) = group([late, *FORTY], HOUSE)
    assert made.cause.startswith("f.weather: 80% of it is computed from there")


def test_what_deviates_downstream_joins_the_alert_of_the_features() -> None:
    bad = finding("quality_below_rule", "champion", "p__outcomes", severity="critical", damage=1.0)
    (made,) = group([*FORTY, SCORE, bad], HOUSE)
    assert made.alert_id == "feature_drift/p/features"
    assert made.severity == "critical", "it is as bad as the worst of what it holds"
    assert made.findings.startswith("quality_below_rule champion; prediction_drift score; feature_drift w0, w1")
    assert made.findings.endswith("and 34 more")


def test_the_label_does_not_stand_on_the_features() -> None:
    label = finding("label_drift", "label", "p__labels")
    assert {one.alert_id for one in group([*FORTY, label], HOUSE)} == {"feature_drift/p/features", "label_drift/p/label"}


def test_what_began_after_the_period_that_a_finding_speaks_of_is_no_cause() -> None:
    week = finding("quality_estimated", "champion", "p__outcomes", period_days=7)
    for effect, last in ((FORTY[0], 1), (week, 7)):
        for days, alerts in ((last, 1), (last + 0.2, 1), (last + 1, 2)):
            stopped = finding("volume", "f.weather", "f.weather", days=days)
            assert len(group([effect, stopped], HOUSE)) == alerts, (effect.kind, days)


def test_a_day_out_of_range_in_the_week_before_a_feed_stops_is_no_part_of_it() -> None:
    before = finding("missing_values", "late", "p__features", days=-7)
    stopped = finding("volume", "f.flights", "f.flights")
    made = {one.alert_id: one for one in group([before, stopped], HOUSE)}
    assert made["volume/f.flights"].first_seen == DAY and len(made) == 2


def test_findings_without_a_place_are_grouped_by_the_alert_they_name() -> None:
    runs = [finding("failed_run", phase, days=day) for phase in ("data", "tests") for day in (0, 1)]
    assert sorted((one.alert_id, len(one.members)) for one in group(runs, HOUSE)) == [
        ("failed_run/data", 2),
        ("failed_run/tests", 2),
    ]


def test_problems_share_an_alert_only_by_a_common_cause() -> None:
    gates = [finding("gate_failed", "g", "verdicts", problem=problem) for problem in ("p", "q")]
    assert len(group(gates, HOUSE)) == 2


def test_an_open_alert_keeps_its_name_when_another_monitor_of_the_same_node_fires_harder() -> None:
    both = [finding("freshness", "f.weather", "f.weather"), finding("quarantine", "f.weather", "f.weather", damage=0.9)]
    assert group(both, HOUSE)[0].alert_id == "quarantine/f.weather"
    assert group(both, HOUSE, frozenset({"freshness/f.weather"}))[0].alert_id == "freshness/f.weather"


def test_alerts_are_ranked_by_severity_and_then_by_damage() -> None:
    found = [
        finding("quota", "disk", severity="critical", damage=None), finding("label_drift", "label", "p__labels", damage=0.9),
        finding("failed_run", "data", severity="critical", damage=1.0), finding("gate_failed", "g", "verdicts", severity="info"),
    ]  # fmt: skip
    assert [one.root.kind for one in group(found, HOUSE)] == ["failed_run", "quota", "label_drift", "gate_failed"]


def test_damage_counts_each_feature_once_and_is_never_more_than_everything() -> None:
    twice = [finding("feature_drift", "w0", "p__features", days=day, damage=0.4) for day in (0, 7)]
    assert group(twice, HOUSE)[0].damage == pytest.approx(0.4)
    assert group([finding("feature_drift", f"w{i}", "p__features", damage=0.4) for i in range(3)], HOUSE)[0].damage == 1.0


P, Q = Stake(rows=900, cost=1.5), Stake(rows=100, cost=10.0)


def test_a_cost_is_that_of_one_kind_of_finding_and_never_the_share_of_one_with_the_rows_of_another() -> None:
    many = finding("label_drift", "label", "p__features", damage=0.001, rows_at_stake=300_000)
    (made,) = group([many, finding("prediction_drift", "score", "p__features", damage=0.92, rows_at_stake=100)], HOUSE)
    assert cost(made.members, {"p": P}, HOUSE) == pytest.approx(300_000 * 0.001 * 1.5), "and not 300,000 x .92"


def test_features_of_a_kind_add_up_but_never_to_more_than_every_decision() -> None:
    assert cost(FORTY, {"p": P}, HOUSE) == pytest.approx(40 * 0.02 * 100 * 1.5)
    assert cost([replace(one, damage=0.5) for one in FORTY], {"p": P}, HOUSE) == pytest.approx(100 * 1.5)


def test_what_puts_no_decision_in_doubt_costs_nothing_that_can_be_said() -> None:
    assert cost([finding("training_cost", "memory", "verdicts", damage=None)], {"p": P}, HOUSE) is None
    assert cost([replace(SCORE, problem="gone")], {"p": P}, HOUSE) is None


def test_a_finding_about_a_source_costs_a_day_of_every_problem_that_stands_on_it() -> None:
    stopped = finding("volume", "f.weather", "f.weather", damage=0.5, rows_at_stake=72)
    assert concerned(stopped, {"p": P, "q": Q}, HOUSE) == ("p",), "q stands on nothing that is known"
    assert cost([stopped], {"p": P, "q": Q}, HOUSE) == pytest.approx(0.5 * 900 * 1.5), "of its decisions, not of the feed's rows"
    run = finding("failed_run", "data", damage=1.0, rows_at_stake=None)
    assert cost([run], {"p": P, "q": Q}, HOUSE) == pytest.approx(900 * 1.5 + 100 * 10)
    assert cost([run], {"p": replace(P, rows=None)}, HOUSE) is None, "nobody can say before the first prediction"


def test_an_alert_without_a_problem_belongs_to_the_owners_of_the_problems_that_it_is_about() -> None:
    stakes = {"p": replace(P, owner="ada"), "q": replace(Q, owner="eve"), "r": replace(Q, owner="eve")}
    assert owner(SCORE, stakes, HOUSE) == "ada"
    assert owner(finding("volume", "f.weather", "f.weather"), stakes, HOUSE) == "ada"
    assert owner(finding("quota", "disk"), stakes, HOUSE) == "ada, eve"
    assert owner(finding("volume", "f.unread", "f.unread"), stakes, HOUSE) == "ada, eve", "somebody has to look at it"
    assert owner(SCORE, {}, HOUSE) is None


FINDINGS = st.lists(
    st.sampled_from(
        [*FORTY[:3], SCORE, finding("freshness", "f.weather", "f.weather"), finding("freshness", "f.flights", "f.flights"),
         finding("feature_drift", "both", "p__features"), finding("failed_run", "data"),
         finding("label_drift", "label", "p__labels"),
         finding("quality_below_rule", "champion", "p__outcomes")]
    )
)  # fmt: skip


@given(found=st.lists(st.tuples(st.sampled_from([*FORTY[:4], SCORE]), st.floats(0, 1), st.integers(1, 1000)), min_size=1))
def test_a_cost_is_at_least_that_of_each_finding_that_counts_and_at_most_that_of_every_decision(found: list[tuple]) -> None:
    members = [replace(one, damage=damage, rows_at_stake=rows) for one, damage, rows in found]
    reckoned = cost(members, {"p": P}, HOUSE)
    assert all(reckoned >= one.damage * one.rows_at_stake * 1.5 * (1 - 1e-9) for one in latest(members))
    assert reckoned <= max(one.rows_at_stake for one in members) * 1.5 * (1 + 1e-9)


@given(found=FINDINGS, seed=st.randoms())
def test_every_finding_is_in_exactly_one_alert_whatever_the_order(found: list[Finding], seed) -> None:
    made = group(found, HOUSE)
    assert sorted(map(repr, (one for each in made for one in each.members))) == sorted(map(repr, found))
    assert len({each.alert_id for each in made}) == len(made)
    seed.shuffle(found)
    assert {each.alert_id: each.findings for each in group(found, HOUSE)} == {each.alert_id: each.findings for each in made}


# -- what an evaluation changes


def alert(state: str = "open", **more) -> Alert:
    facts = {
        "alert_id": SCORE.alert_id,
        "severity": "warning",
        "last_seen": DAY,
        "points": 1,
        "closed_by": None,
        "opened_number": 1,
    }
    return Alert(state=state, **{**facts, **more})


def events(found: list[Finding], there: Alert | None, kinds: frozenset[str] | None = None) -> list[tuple[str, str | None]]:
    made = changes(group(found, HOUSE), {there.alert_id: there} if there else {}, kinds)
    return [(one.event, one.note) for one in made]


LATER = finding("prediction_drift", "score", "p__predictions", days=7)
NOW = replace(LATER, period_days=None)
WORSE = finding("prediction_drift", "score", "p__predictions", severity="critical")


@pytest.mark.parametrize(
    ("found", "there", "expected"),
    [
        ([SCORE], None, [("opened", None)]),
        ([SCORE], alert(), []),
        ([SCORE, LATER], alert(), [("seen", None)]),
        ([SCORE, LATER], alert("acknowledged"), [("seen", None)]),
        ([WORSE], alert(), [("opened", "worse: critical")]),
        ([WORSE], alert("acknowledged"), [("opened", "worse: critical")]),
        ([SCORE], alert(severity="critical"), [("seen", None)]),
        ([], alert(), [("closed", "its reason has passed")]),
        ([], alert("acknowledged"), [("closed", "its reason has passed")]),
        ([], alert("closed"), []),
        ([SCORE], alert("closed"), [("opened", "it is back")]),
        ([SCORE], alert("closed", closed_by="ada"), []),
        ([SCORE, LATER], alert("closed", closed_by="ada"), [("opened", "it is back")]),
        ([SCORE, SCORE], alert("closed", closed_by="ada"), [("opened", "it is back")]),
        ([WORSE], alert("closed", closed_by="ada"), [("opened", "it is back")]),
        ([*FORTY, SCORE], alert(), [("opened", None), ("closed", "part of feature_drift/p/features")]),
        # what tells how things stand at the clock is no newer for being asked again
        ([NOW], alert(), [("seen", None)]),
        ([NOW], alert("closed", closed_by="ada"), []),
        ([replace(NOW, severity="critical")], alert("closed", closed_by="ada"), [("opened", "it is back")]),
        ([NOW, LATER], alert("closed", closed_by="ada"), [("opened", "it is back")]),
        # once it is gone, what was settled is over, and the next time is another
        ([], alert("closed", closed_by="ada"), [("closed", "its reason has passed; ada had closed it")]),
    ],
)
def test_an_evaluation_does_this_to_an_alert(found, there, expected) -> None:
    assert events(found, there) == expected


def test_kinds_that_were_not_looked_at_are_not_closed() -> None:
    assert events([], alert(), kinds=frozenset({"failed_run"})) == []
    assert events([], alert(), kinds=frozenset({"prediction_drift"})) == [("closed", "its reason has passed")]


# -- who is told


@pytest.mark.parametrize(
    ("state", "severity", "hours", "notice", "expected"),
    [
        ("open", "warning", 0, Notice(), "tell"),
        ("open", "info", 0, Notice(), None),
        ("acknowledged", "warning", 0, Notice(), None),
        ("closed", "warning", 0, Notice(), None),
        ("closed", "warning", 0, Notice(is_pending=True), "tell"),
        ("acknowledged", "warning", 0, Notice(is_pending=True), "tell"),
        ("open", "warning", 23.9, Notice(DAY, 5, "warning"), None),
        ("open", "warning", 24, Notice(DAY, 5, "warning"), "tell"),
        ("acknowledged", "warning", 99, Notice(DAY, 5, "warning"), None),
        ("open", "critical", 1, Notice(DAY, 5, "warning"), "tell"),
        ("open", "warning", 1, Notice(DAY, 5, "critical"), None),
        ("open", "warning", 1, Notice(DAY, 3, "warning"), "suppress"),
        ("open", "warning", 1, Notice(DAY, 3, "warning", 6), None),
    ],
)
def test_a_channel_is_told_of_an_alert_that_was_opened_by_event_4(state, severity, hours, notice, expected) -> None:
    assert decide(state, severity, 4, timedelta(hours=24), notice, DAY + timedelta(hours=hours)) == expected


# -- what is said

ROW = {
    "alert_id": "label_drift/p/label", "short_id": "abc123", "problem": "p", "kind": "label_drift", "subject": "label",
    "state": "open", "severity": "warning", "first_seen": DAY.date(), "last_seen": DAY.date(), "times_seen": 1,
    "measure": "share of true labels", "value": 0.41234567, "limit_value": 0.25,
    "damage": 0.41, "cost": 1234.5, "cause": "f.flights: the source",
    "findings": "label_drift label", "note": None, "title": "The rate of the label has moved", "advice": "Wait.",
    "page": "docs/alerts/label_drift.md", "owner": "ada",
}  # fmt: skip


def test_a_message_says_what_since_when_how_bad_why_and_what_to_do() -> None:
    title, body = message([ROW], "https://example.org/alerts/")
    assert title == "warning: The rate of the label has moved (label)"
    for part in ("label of p", "share of true labels rose to 0.4123, allowed up to 0.25",
                 "41%", "1,234", "2013-07-01", "f.flights: the source", "Owner: ada",
                 "Wait.", "https://example.org/alerts/label_drift.md", "alerts ack abc123"):  # fmt: skip
        assert part in body, part


@pytest.mark.parametrize(
    ("value", "limit", "said"),
    [
        (0.1, 0.2, "rows of the day fell to 0.1, allowed down to 0.2"),
        (0.12, 0.114, "rows of the day rose to 0.12, allowed up to 0.114"),
        (6.0, 6.0, "rows of the day reached 6"),
        (0.0100001, 0.01, "rows of the day rose to 0.0100001, allowed up to 0.01"),
        (3.0, None, "rows of the day reached 3"),
    ],
)
def test_a_message_says_which_way_it_went_and_how_far_it_may_go(value: float, limit: float | None, said: str) -> None:
    assert measured({"measure": "rows of the day", "value": value, "limit_value": limit}) == said


def test_a_small_share_is_not_told_as_nothing() -> None:
    assert [share(one) for one in (0.0, 0.004, 0.01, 1.0)] == ["0%", "less than 1%", "1%", "100%"]


def test_a_message_is_short_however_many_alerts_there_are_and_begins_with_the_worst() -> None:
    rows = [{**ROW, "alert_id": f"a{i}"} for i in range(30)] + [{**ROW, "severity": "critical", "title": "A run failed"}]
    title, body = message(rows, "x")
    assert title.startswith("critical: A run failed") and title.endswith("and 30 more")
    assert body.startswith("A run failed")
    assert "21 more: python -m flows alerts" in body


def test_a_message_that_comes_late_says_that_it_has_passed() -> None:
    assert "passed meanwhile" in message([{**ROW, "state": "closed", "note": "its reason has passed"}], "x")[1]


def test_money_ranks_and_what_nobody_can_price_is_not_taken_for_nothing() -> None:
    rows = [
        {**ROW, "alert_id": "dear", "cost": 5.0, "damage": 0.1}, {**ROW, "alert_id": "cheap", "cost": 1.5, "damage": 0.9},
        {**ROW, "alert_id": "no price", "cost": None, "damage": 0.5},
        {**ROW, "alert_id": "no doubt", "cost": None, "damage": None},
    ]  # fmt: skip
    assert [row["alert_id"] for row in sorted(rows, key=order)] == ["no price", "dear", "cheap", "no doubt"]


def test_short_ids_never_change() -> None:
    assert short_id("feature_drift/big_sale/features") == "900a5c"
    assert [rank(one) for one in ("info", "warning", "critical", None)] == [0, 1, 2, -1]


def test_the_earliest_of_several_nodes_stand_on_none_of_the_others() -> None:
    assert HOUSE.earliest(["p__features", "stg_weather", "f.flights", "p__outcomes"]) == ["f.flights", "stg_weather"]
    assert HOUSE.above("p__features", "w1") == {"ftr_weather", "stg_weather", "f.weather"}
    assert HOUSE.above("p__features", "unknown") == HOUSE.above("p__features")
    assert HOUSE.origin("p__features", "both") == "p__features", "the way parts at once"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "at most 0 units of cost"), (0.3, "less than 1 unit of cost"), (1.2, "at most 1 unit of cost"),
     (1234.5, "at most 1,234 units of cost")],
)  # fmt: skip
def test_a_cost_is_said_with_its_noun_in_the_right_number(value: float, told: str) -> None:
    assert costing(value) == told
