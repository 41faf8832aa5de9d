"""The validation pipeline: a challenger goes into production only when it is not worse."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from prefect import flow

from flows.pages.card import cards
from flows.runtime import artifacts, flow_run, warehouse
from flows.runtime.errors import explaining
from flows.steps.data.building import prepare
from flows.steps.monitoring.alerting.failures import failures_reported
from flows.steps.training.training import train_rule
from flows.steps.validation.judging import judge
from flows.steps.validation.promoting import promote_by_hand
from flows.steps.validation.shadow_evidence import OVER, ROLLBACK, look_at_shadows
from flows.store import clock, problems, registry, shadows
from ml.errors import AsofError
from ml.models.of_rule import NoProbability
from ml.validation.judge import INCONCLUSIVE, KEEP, PROMOTE


@flow(name="validation", timeout_seconds=6 * 3600)
@explaining
@failures_reported()
def validation(problem: str, challenger: str | None = None, at: datetime | None = None) -> str:
    """Judge a version, the latest by default, and promote it when the verdict says so, with its card; returns the decision.

    As of an instant, by default the clock.
    """
    at = at or clock.now()
    flow_run.named(problem, at)
    verdict = _judge(problem, challenger, at, promoting=True)
    follow(problem, verdict["challenger"], verdict["decision"], at)
    if verdict["decision"] != PROMOTE and registry.rival(problem) is None:
        _until_one_wins(problem, verdict, at)
    return verdict["decision"]


def follow(problem: str, version: str, decision: str, at: datetime) -> None:
    """What a decision on a challenger brings: a card and a watch, or time in the shadow. Once more changes nothing.

    A challenger takes the place of one that waits in the shadow still.
    """
    _supersede(problem, version, at)
    if decision == PROMOTE:
        cards.write(problem, version)
        _watch(problem, version, at)
    elif decision == INCONCLUSIVE and problems.get(problem).validation.past and registry.rival(problem) is not None:
        reason = "its verdict was INCONCLUSIVE: the days to come decide"
        shadows.begin(problem, version, at, reason, shadows.UNDECIDED)


def _supersede(problem: str, version: str, at: datetime) -> None:
    for one in shadows.active(problem):
        if one.purpose == shadows.UNDECIDED and one.model_version != version and one.start < at:
            shadows.stop(problem, one.model_version, at, f"superseded by {version}")


def _watch(problem: str, version: str, at: datetime) -> None:
    """Let the champion before a promotion go on in the shadow, where it is a model that can score still."""
    declared, promotion = problems.get(problem), registry.promoted(problem, version, at)
    if promotion is None:
        return
    for one in shadows.active(problem):
        if one.purpose == shadows.WATCH and one.start < at:
            shadows.stop(problem, one.model_version, at, f"superseded: {version} is champion now")
    before = promotion["previous"]
    if before is None or not declared.validation.watch_days or registry.row(problem, before)["rounds"] == 0:
        return
    with suppress(AsofError):  # features that are gone: nothing can be watched
        registry.model(problem, before).check(declared)
        reason = f"{version} is watched against it for {declared.validation.watch_days} days"
        shadows.begin(problem, before, at, reason, shadows.WATCH)


def settle(problem: str, at: datetime) -> None:
    """What newly settled days say of versions in the shadow, and what follows: promotion, end, or rollback."""
    if all(one.purpose == shadows.BY_HAND for one in shadows.active(problem)):
        return
    for row in look_at_shadows(problems.get(problem), at):
        if row["said"] in (PROMOTE, KEEP):
            _decide(problem, row, at)
        elif row["said"] == ROLLBACK:
            reason = f"{row['champion']} is worse than {row['model_version']} by more than {row['margin']:g}: {_figures(row)}"
            registry.promote(problem, row["model_version"], at, reason, kind="rollback")
        elif row["said"] == OVER:
            shadows.stop(problem, row["model_version"], at, "the watch is over")


def _decide(problem: str, row: dict, at: datetime) -> None:
    """Ask all gates of a version whose settled days are clear."""
    version = row["model_version"]
    decision = _judge(problem, version, at, shadow=True, sequence=True, promoting=True)["decision"]
    if decision == KEEP:
        shadows.stop(problem, version, at, f"kept out: {_figures(row)}")
    elif decision == PROMOTE:
        follow(problem, version, PROMOTE, at)


def _figures(row: dict) -> str:
    return f"{row['metric']} {shadows.said(row)} on {row['clusters']} settled clusters"


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
    follow(problem, version, PROMOTE, clock.now())
    return changed
