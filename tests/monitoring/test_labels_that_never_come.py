"""A fifth of the labels never come: monitors wait for those that do, and learn within two quarters how many these are."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from ml.problem.split import split
from ml.studies.feasibility import trial
from tests.monitoring.test_late_labels_count import MODELS, TABLES
from tests.monitoring.worlds import warehouse_of

pytestmark = pytest.mark.slow

START, DAYS, ROWS = datetime(2013, 1, 7), 150, 60
# What has not come within a quarter never comes.
QUARTER = 91


@pytest.fixture(scope="module")
def found() -> dict[str, list[dict]]:
    from flows.runtime import dbt, warehouse

    with warehouse_of({"p": _world()}):
        with warehouse.cursor() as con:
            con.execute(TABLES)
            con.execute("update staging.stg_asof__clock set now = ?", [START + timedelta(days=DAYS)])
        dbt.run("seed", select=["monitored_measures"])
        dbt.run("run", select=MODELS)
        return {name: warehouse.rows(f"select * from monitoring.{name}") for name in ("mon_measures", "mon_quality_expected")}


def _world() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(2)
    as_of = np.array([np.datetime64(START + timedelta(days=d, minutes=m), "us") for d in range(DAYS) for m in range(ROWS)])
    score = draw.uniform(0.1, 0.9, len(as_of))
    label = (draw.random(len(as_of)) < score).astype(object)
    known = as_of + np.timedelta64(30, "h")
    never = draw.random(len(as_of)) < 0.2
    label[never], known[never] = None, np.datetime64("NaT")
    return {
        "as_of": as_of, "model_version": np.array(["m"] * len(as_of)), "score": score, "rule_score": np.full(len(as_of), 0.3),
        "flagged": score > 0.5, "label": label, "label_known_at": known,
    }  # fmt: skip


@pytest.mark.parametrize("measure", ["label_rate", "label_surprise", "auc_lost"])
def test_what_labels_say_of_a_day_is_measured_once_it_is_known_that_some_never_come(found, measure: str) -> None:
    days = {row["day"] for row in found["mon_measures"] if row["measure"] == measure}
    young = {(START + timedelta(days=day)).date() for day in range(QUARTER + 10, DAYS - 3)}
    assert len(days & young) > 0.8 * len(young), f"{len(days)} days are measured"


def test_what_was_expected_of_a_period_is_verified_by_the_labels_that_come(found) -> None:
    periods = [row for row in found["mon_quality_expected"] if row["grain"] == "day" and row["metric"] == "roc_auc"]
    later = [row for row in periods if row["period"] >= (START + timedelta(days=QUARTER + 10)).date()]
    # the tenth day of ten is the measure: most have as many
    assert np.mean([row["is_verified"] for row in later[:-3]]) > 0.6
    assert all(row["realised"] is not None for row in later if row["is_verified"])


def test_parts_and_folds_hold_the_rows_whose_label_came_and_wait_for_no_other() -> None:
    world, now = _world(), np.datetime64(START + timedelta(days=DAYS), "us")
    parts = split(world["as_of"], world["label_known_at"], now, 20, 20)
    there = ~np.isnat(world["label_known_at"])
    for rows in (parts.train, parts.validation, parts.holdout):
        assert there[rows].all()
    assert len(parts.holdout) == there[world["as_of"] >= parts.holdout_start].sum() - (world["label_known_at"] >= now).sum()
    edges = trial.edges(world["as_of"], world["label_known_at"], now, 20, 6)
    assert len(edges) > trial.FEWEST_FOLDS and edges[-1] > now - np.timedelta64(3, "D")
