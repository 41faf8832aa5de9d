"""The validation pipeline: a challenger goes into production only when it is not worse."""

from __future__ import annotations

from datetime import datetime

from prefect import flow

from flows.pages.card import cards
from flows.runtime import artifacts, warehouse
from flows.runtime.errors import explaining
from flows.steps.data.building import prepare
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.steps.training.training import train_rule
from flows.steps.validation.judging import judge
from flows.steps.validation.promoting import promote_by_hand
from flows.store import clock, problems, registry
from ml.models.of_rule import NoProbability
from ml.validation.judge import INCONCLUSIVE, PROMOTE


@flow(name="validation")
@explaining
@failures_reported()
def validation(problem: str, challenger: str | None = None, at: datetime | None = None) -> str:
    """Judge a version, the latest by default, and promote it when the verdict says so, with its card; returns the decision.

    As of an instant, by default the clock.
    """
    verdict = _judge(problem, challenger, at, promoting=True)
    if verdict["decision"] == PROMOTE:
        cards.write(problem, verdict["challenger"])
    elif registry.rival(problem) is None:
        _until_one_wins(problem, verdict, at or clock.now())
    return verdict["decision"]


def _until_one_wins(problem: str, verdict: dict, at: datetime) -> None:
    """Who answers from an instant on while no model has won: the rule, or by declaration a model that did better than it."""
    best = problems.get(problem).validation.first_champion == "best_of_rule_and_model"
    if best and verdict["decision"] == INCONCLUSIVE and (gain := _gain_on_the_rule(verdict["verdict_id"])) > 0:
        reason = f"not certain to beat the rule, but better by {gain:.4f} on its holdout: declared as best_of_rule_and_model"
        registry.promote(problem, verdict["challenger"], at, reason)
        cards.write(problem, verdict["challenger"])
    elif not registry.champion(problem):
        _serve_the_rule(problem, at)


def _gain_on_the_rule(verdict: str) -> float:
    found = warehouse.rows("select estimate from ledger.verdict_gates where verdict_id = ? and gate = 'beats_rule'", [verdict])
    return found[0]["estimate"] if found and found[0]["estimate"] is not None else 0.0


def _serve_the_rule(problem: str, at: datetime) -> None:
    """Let the rule answer from an instant on, where it is a probability."""
    try:
        version = train_rule(problems.get(problem), at, "no model has won yet")
    except NoProbability:
        return
    registry.promote(problem, version, at, "no model has won yet, so the rule is served: the champion that it is")


def judged(problem: str, challenger: str | None = None, at: datetime | None = None, **options: bool) -> dict:
    """Judge a version as of an instant and promote nothing, unless the `options` of `judge` ask for it; returns its verdict."""
    prepare()
    return _judge(problem, challenger, at, **options)


def _judge(problem: str, challenger: str | None, at: datetime | None, **options: bool) -> dict:
    verdict = judge(problems.get(problem), at or clock.now(), challenger, **options)
    artifacts.verdict(verdict)
    return verdict


def promoted(problem: str, version: str, reason: str | None = None) -> bool:
    """Promote a version by its PROMOTE verdict or for a person's reason, and write its card; returns whether anything changed."""
    changed = promote_by_hand(problem, version, clock.now(), reason)
    cards.write(problem, version)
    return changed
