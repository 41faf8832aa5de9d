"""Quality before labels are known: the interval holds the truth, or the estimate says that it is blind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.monitoring.worlds import KINDS, estimates, honest, share, world

DAILY = replace(KINDS["daily, labels in hours"], periods=90, rows=400)
# Of some 700 estimates that should hold in 95 %, fewer than 91 % hold by chance once in ten thousand.
LEAST = 0.91
DRIFTS = ("none", "covariate", "concept")


@pytest.fixture(scope="module")
def found() -> list[dict]:
    """Estimates of four worlds of each kind of drift; `problem` is the drift and the seed."""
    return estimates({f"{drift}/{seed}": world(DAILY, drift, seed) for drift in DRIFTS for seed in range(4)})


@pytest.mark.parametrize("drift", DRIFTS)
def test_intervals_hold_the_truth_or_say_that_they_are_blind(found: list[dict], drift: str) -> None:
    mine = [row for row in found if row["problem"].startswith(f"{drift}/")]
    assert len(mine) > 400
    assert share(mine, honest) >= LEAST


def test_without_drift_most_periods_are_not_blind(found: list[dict]) -> None:
    calm = [row for row in found if row["problem"].startswith("none/")]
    since = sorted({row["period"] for row in calm})[25]
    assert share([row for row in calm if row["period"] >= since], lambda row: row["state"] == "ESTIMATED") > 0.8


def test_a_concept_that_changes_makes_estimates_blind_until_labels_have_taught_them(found: list[dict]) -> None:
    days = sorted({row["period"] for row in found})
    turn = days[int(DAILY.periods * 0.6)]

    def blind(drift: str) -> float:
        mine = [row for row in found if row["problem"].startswith(f"{drift}/") and row["metric"] == "roc_auc"]
        after = [row for row in mine if turn <= row["period"] <= turn + timedelta(days=14)]
        return share(after, lambda row: row["blind_because"] == "recent estimates missed the truth")

    assert blind("concept") > 0.2 > blind("covariate")


def test_the_first_periods_say_that_they_cannot_know(found: list[dict]) -> None:
    first = sorted({row["period"] for row in found})[:15]
    assert {row["blind_because"] for row in found if row["period"] in first} == {"too few periods whose truth is known"}
