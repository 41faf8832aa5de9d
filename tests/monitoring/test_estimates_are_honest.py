"""Quality before labels are known: the interval holds the truth, or the estimate says that it is blind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from flows.runtime import dbt
from ml.studies.backtest.estimating import Estimator, Limits, Scored
from tests.monitoring.worlds import KINDS, estimates, honest, share, world

pytestmark = pytest.mark.slow

DAILY = replace(KINDS["daily, labels in hours"], periods=90, rows=300)
# What docs/estimation.md claims. The worlds are drawn with fixed seeds, so chance decides nothing here.
LEAST = 0.95
DRIFTS = ("none", "covariate", "concept", "concept, slowly", "concept, shifted")
SEEDS = 3


@pytest.fixture(scope="module")
def found() -> list[dict]:
    """Estimates of three worlds of each kind of drift, and of one of promotions; `problem` is the drift and the seed."""
    worlds = {f"{drift}/{seed}": world(DAILY, drift, seed) for drift in DRIFTS for seed in range(SEEDS)}
    return estimates(worlds | {"promotions/0": promotions()})


def promotions() -> dict[str, np.ndarray]:
    """Two promotions within a day, the second of a version that scores too low; and labels that are slow for three weeks, more
    than a quarter ago in the end, and stop for nine days."""
    rows = world(replace(DAILY, periods=150, rows=200), "concept, shifted", 0)
    day = (rows["as_of"] - np.datetime64("2013-01-07T00:00", "us")) / np.timedelta64(1, "D")
    slow = np.where(day < 21, 3, np.where((day >= 76) & (day < 85), 85 - np.floor(day), 0)).astype(np.int64)
    version = np.select([day < 50.4, day < 90.6], ["m1", "m2"], "m3")
    return rows | {"model_version": version, "label_known_at": rows["label_known_at"] + slow * np.timedelta64(1, "D")}


@pytest.mark.parametrize("drift", [*DRIFTS, "promotions"])
@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_a_backtest_estimates_what_the_monitors_do(found: list[dict], drift: str, metric: str) -> None:
    rows = promotions() if drift == "promotions" else world(DAILY, drift, 0)
    order = np.argsort(rows["as_of"], kind="stable")
    scored = Scored(*(rows[name][order] for name in ("as_of", "label_known_at", "label", "score", "model_version")))
    estimator = Estimator(metric, Limits(**dbt.project_vars()["estimation"]))
    days = np.unique(scored.as_of.astype("datetime64[D]"))
    mine = {day: estimator.add(scored, np.datetime64(day, "us"), np.datetime64(day + 1, "us")) for day in days}
    theirs = [row for row in found if row["problem"] == f"{drift}/0" and row["metric"] == metric]
    assert len(theirs) > 80 and {row["state"] for row in theirs} == {"BLIND", "ESTIMATED"}
    for row in theirs:
        one = mine[np.datetime64(row["period"], "D")]
        assert one.expected == pytest.approx(row["estimate"], abs=1e-9)
        assert (one.low, one.high) == pytest.approx((row["low"], row["high"]), abs=1e-9), row["period"]


def test_in_a_world_of_promotions_every_reason_to_be_blind_is_told(found: list[dict]) -> None:
    told = {row["blind_because"] for row in found if row["problem"] == "promotions/0"}
    assert told == {
        None, "too few periods whose truth is known", "recent estimates missed the truth", "scores that no label has verified",
        "labels stopped coming",
    }  # fmt: skip


@pytest.mark.parametrize("drift", DRIFTS)
def test_intervals_hold_the_truth_or_say_that_they_are_blind(found: list[dict], drift: str) -> None:
    mine = [row for row in found if row["problem"].startswith(f"{drift}/")]
    assert len(mine) > 400
    assert share(mine, honest) >= LEAST


def test_what_was_expected_of_a_period_is_not_changed_by_anything_that_comes_later() -> None:
    whole = world(replace(DAILY, rows=100), "none", 1)
    cut = np.datetime64("2013-01-07T00:00", "us") + np.timedelta64(60, "D")
    # in the time that is cut off labels become slower, and another model answers
    late = whole["as_of"] >= cut
    whole["label_known_at"] = whole["label_known_at"] + late * np.timedelta64(5, "D")
    whole["model_version"] = np.where(late, "m2", "m")
    past = {name: values[~late] for name, values in whole.items()}
    unknown = past["label_known_at"] >= cut
    past |= {name: pa.array(past[name], mask=unknown) for name in ("label", "label_known_at")}
    told: dict[str, list] = {"past": [], "whole": []}
    for row in estimates({"past": past, "whole": whole}):
        told[row.pop("problem")].append({k: round(v, 12) if isinstance(v, float) else v for k, v in row.items()})
    assert len(told["past"]) > 100
    assert told["whole"][: len(told["past"])] == told["past"]


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
