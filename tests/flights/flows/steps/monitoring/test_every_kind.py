"""Kinds of alerts that the example's life never raised: the ledger is changed, the monitors are built, people are told."""

from __future__ import annotations

from datetime import timedelta

from flows.runtime import warehouse
from flows.steps.data import building
from flows.steps.monitoring.alerting import evaluating, events, telling
from flows.store import clock, ledger
from tests.children import House
from tests.conftest import PROJECT

LAST = "date '2013-03-04'"
# A hundred days like the last quiet one, before the three that were lived: limits come from history.
HISTORY = [
    "insert into ledger.profiles by name select * exclude (ago) replace (day - cast(ago as integer) as day) "
    "from ledger.profiles, generate_series(2, 101) as days(ago) "
    "where stage = 'serving' and feature = 'score' and day = date '2013-03-03'",
    "insert into monitoring.mon_proxies by name select * exclude (ago) replace (day - cast(ago as integer) as day) "
    "from monitoring.mon_proxies, generate_series(2, 101) as days(ago) where day = date '2013-03-03'",
    "insert into monitoring.mon_auc_claimed by name select * exclude (ago) replace (day - cast(ago as integer) as day) "
    "from monitoring.mon_auc_claimed, generate_series(2, 101) as days(ago) where day = date '2013-03-03'",
    # what is kept by the day is built anew over all of it
    *(f"drop table monitoring.{name}" for name in ("mon_drift_by_day", "mon_robust_z_scores", "mon_signals")),
]
# What is done to the ledger, the alert that it makes, and what is said of it.
CHANGES = {
    "skew": (
        [f"update ledger.served set fingerprint = fingerprint + 1 where cast(as_of as date) = {LAST}"],
        "served rows", "share of the served rows that would be others today rose to 1, allowed up to 0.01",
    ),
    "prediction_drift": (
        [f"update ledger.profiles set cell = 5 where stage = 'serving' and feature = 'score' and day = {LAST}"],
        "score", "share of the rows in its fullest cell rose to 1, allowed up to",
    ),
    # the scores say the opposite: the rule is better, and labels are not what the scores let expect
    "quality_below_rule": (
        ["update problems.flight_disruption__predictions set score = 1 - score"],
        "champion", "area under the ROC curve, champion less rule fell to -0.",
    ),
    "quality_realised": ([], "champion", "its scores claim and labels do not give rose to"),
    "label_drift": ([], "label", "share of true labels less mean score fell to -0."),
    "training_overdue": (
        ["update ledger.runs set as_of = as_of - interval 100 days where phase = 'training'"],
        "training", "days since the last training that succeeded rose to 10",
    ),
    "rollback": (
        [
            "insert into ledger.shadow_evidence by name select 'flight_disruption' as problem, 'the-one-before' as model_version,"
            " model_version as champion, 'watch' as purpose, timestamp '2013-03-05' as looked_as_of, 'roc_auc' as metric, "
            "0.03 as estimate, 0.005 as margin, 900 as rows, 'PROPOSE' as said from ledger.model_versions limit 1"
        ],
        "champion", "loss in roc_auc against the-one-before rose to 0.03, allowed up to 0.005",
    ),
    "no_promotion": (
        [
            f"insert into ledger.{table} by name select * exclude (n) replace ({more}concat(verdict_id, n) as verdict_id) "
            f"from ledger.{table}, generate_series(1, 6) as copies(n) "
            "where verdict_id = (select max_by(verdict_id, decided_as_of) from ledger.verdicts)"
            for table, more in (("verdict_gates", ""), ("verdicts", "decided_as_of + n * interval 1 hour as decided_as_of, "))
        ],
        "challengers", "verdicts since the last promotion rose to 7, allowed up to 6",
    ),
}  # fmt: skip


def test_every_kind_that_was_never_raised_becomes_an_alert_with_its_page(inside: House) -> None:
    assert not {row["kind"] for row in events.standing(now=False)} & set(CHANGES)
    with warehouse.transaction() as con:
        for statement in [*HISTORY, *(one for statements, _, _ in CHANGES.values() for one in statements)]:
            con.execute(statement)
    # the week is over, and the champion's worst day was in it
    clock.move(clock.now() + timedelta(days=3))
    building.watch(clock.now())
    found = {row["kind"] for row in warehouse.rows("select kind from monitoring.mon_findings where is_standing")}
    assert found >= set(CHANGES)
    for kind in CHANGES:  # each by itself: together they are one alert, that of the features they stand on
        evaluating.evaluate(clock.now(), ledger.wall_clock(), frozenset({kind}))
    alerts = {row["kind"]: row for row in events.standing()}
    for kind, (_, subject, said) in CHANGES.items():
        assert (alerts[kind]["subject"], alerts[kind]["page"]) == (subject, f"docs/alerts/{kind}.md")
        assert (PROJECT / alerts[kind]["page"]).exists()
        assert said in telling.text([alerts[kind]])[1]
