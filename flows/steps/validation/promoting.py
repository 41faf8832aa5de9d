"""From a verdict to a champion."""

from __future__ import annotations

from datetime import datetime

from flows.runtime import warehouse
from flows.runtime.step import step
from flows.store import registry
from ml.errors import AsofError
from ml.validation.judge import PROMOTE


@step()
def promote_by_hand(problem: str, version: str, now: datetime, reason: str | None = None) -> bool:
    """Promote a version for a person's reason, or by its own PROMOTE verdict; returns whether anything changed.

    AsofError when there is neither: then the verdict's reason says why not.
    """
    if reason:
        return registry.promote(problem, version, now, reason)
    verdicts = warehouse.rows(
        "select decision, reason from ledger.verdicts where problem = ? and challenger = ? order by rowid desc limit 1",
        [problem, version],
    )
    if not verdicts:
        raise AsofError(f"{version} has no verdict: run `python -m flows judge --model {version}`, or say --reason")
    if verdicts[0]["decision"] != PROMOTE:
        raise AsofError(
            f"the verdict on {version} is {verdicts[0]['decision']}: {verdicts[0]['reason']}; say --reason to overrule it"
        )
    return registry.promote(problem, version, now, verdicts[0]["reason"])
