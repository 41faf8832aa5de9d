"""Labels that come later than monitors look back: what was lived day by day is what a build of today says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.monitoring.worlds import warehouse_of

START = datetime(2013, 1, 7)
DAYS, ROWS = 102, 40
# Positives show within ten days; that nothing happened is known after 67.
FAST, SLOW = 10, 67
# Labels of the first days are known at the first look; the others become known later than five weeks back.
LOOKS = (81, 100, 101, DAYS)
# On top of that: nothing happened on day 10, and of four rows that was known late or never; on day 17 the labels of a smaller
# version were late. Before the third look labels of day 25 are corrected, before the fourth all of day 18 are withdrawn.
CHANGES = """
    alter table monitoring.future add column corrected boolean;
    alter table monitoring.future add column corrected_at timestamp;
    create macro day_of(as_of) as date_diff('day', timestamp '2013-01-07', as_of);
    update monitoring.future set label = false, label_known_at = as_of + interval 67 days + case
        when minute(as_of) < 2 then interval 18 days when minute(as_of) < 4 then interval 1000 days else interval 0 days end
    where problem = 'p' and day_of(as_of) = 10;
    update monitoring.future set model_version = 'small', label_known_at = as_of + interval 82 days
    where problem = 'p' and day_of(as_of) = 17 and minute(as_of) < 8;
    update monitoring.future set corrected = not label, corrected_at = timestamp '2013-01-07' + interval 2410 hours
    where problem = 'p' and day_of(as_of) = 25 and minute(as_of) < 9;
    update monitoring.future set corrected = null, corrected_at = timestamp '2013-01-07' + interval 2430 hours
    where problem = 'p' and day_of(as_of) = 18;
"""
MODELS = (
    "mon_proxies", "mon_profiles", "mon_drift", "mon_drift_by_day", "mon_label_overlap", "mon_quality", "mon_label_share",
    "mon_scored_by_period", "mon_label_delay", "mon_label_arrival", "mon_score_reliability", "mon_expected_labels",
    "mon_quality_expected", "mon_auc_claimed", "mon_measures", "mon_robust_z_scores", "mon_alarm_limits", "mon_signals",
)  # fmt: skip
GROWING = (
    "mon_proxies", "mon_drift", "mon_drift_by_day", "mon_quality", "mon_quality_expected", "mon_auc_claimed",
    "mon_robust_z_scores", "mon_signals",
)  # fmt: skip
TABLES = """
    create schema ledger;
    create table ledger.profiles (problem varchar, model_version varchar, stage varchar, day date, feature varchar,
        cell int, rows bigint);
    create table ledger.model_versions (problem varchar, model_version varchar, edges varchar);
    create table monitoring.mon_cells (problem varchar, model_version varchar, feature varchar, cell int, kind varchar,
        low double, high double, name varchar, place double, rows_trained bigint, cell_group int);
    insert into monitoring.mon_cells
    select 'p', 'm', feature, cell, 'inside', cell - 2, cell - 2, null, cell - 2, 10, 10 * (cell - 2)
    from range(2, 4) t(cell), (values ('x'), ('label')) f(feature);
    create table monitoring.mon_residuals (problem varchar, feature varchar, aspect varchar, day date, residual double,
        unit double, rows bigint);
    create table monitoring.mon_reasons_moved (problem varchar, model_version varchar, day date, rows_explained bigint,
        moved double);
    create table monitoring.mon_volume (source varchar, day date, clock timestamp, rows bigint, hours_behind double);
    create table monitoring.mon_special_days (day date);
"""


@pytest.fixture(scope="module")
def lived() -> dict[str, tuple[list[dict], list[dict]]]:
    """By growing monitor: its rows after four looks, and after one that builds all anew; `open`: the SQL of a fifth.

    Between the looks everything happens to labels that can: see CHANGES.
    """
    from flows.runtime import dbt, warehouse

    with warehouse_of({"p": _world(range(DAYS), SLOW), "q": _world([*range(40, 50), *range(90, DAYS)], 1)}):
        with warehouse.cursor() as con:
            con.execute("alter table monitoring.mon_scored rename to future")
            con.execute(TABLES + CHANGES)
        dbt.run("seed", select=["monitored_measures"])
        for day in LOOKS:
            with warehouse.cursor() as con:
                _live(con, START + timedelta(days=day))
            dbt.run("run", select=MODELS)
        found = {name: _rows(name) for name in GROWING}
        again = dbt.compiled(*GROWING)
        dbt.run("run", MODELS, (), "--full-refresh")
        return {"open": again} | {name: (found[name], _rows(name)) for name in GROWING}


def _world(days: Iterable[int], slow: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)
    as_of = np.array([np.datetime64(START + timedelta(days=d, minutes=m), "us") for d in days for m in range(ROWS)])
    label = draw.random(len(as_of)) < 0.3
    delay = np.where(label, draw.integers(1, FAST, len(as_of)), slow) * np.timedelta64(86_400_000_000, "us")
    return {
        "as_of": as_of,
        "model_version": np.array(["m"] * len(as_of)),
        "score": draw.uniform(0.1, 0.9, len(as_of)),
        "rule_score": np.full(len(as_of), 0.3),
        "flagged": label,
        "label": label,
        "label_known_at": as_of + delay,
    }


def _live(con, now: datetime) -> None:
    con.execute("update staging.stg_asof__clock set now = $now", {"now": now})
    con.execute(
        "create or replace table monitoring.mon_scored as select * exclude (corrected, corrected_at) replace ("
        "if(label_known_at < $now, if(corrected_at < $now, corrected, label), null) as label, "
        "if(label_known_at < $now, label_known_at, null) as label_known_at) from monitoring.future where as_of < $now",
        {"now": now},
    )
    con.execute(
        "delete from ledger.profiles; insert into ledger.profiles select problem, 'm', 'serving', cast(as_of as date), 'x', "
        "2 + cast(score > 0.5 as int), count(*) from monitoring.mon_scored group by all"
    )


def _rows(name: str) -> list[dict]:
    from flows.runtime import warehouse

    # last_day says of the whole problem how far labels were in
    rows = warehouse.rows(f"select * from monitoring.{name}")
    return [{key: value for key, value in row.items() if key != "last_day"} for row in rows]


def _apart(rows: list[dict]) -> tuple[list[str], np.ndarray]:
    """What is exact of rows, in order, and their floats: the order of a sum is not promised."""
    exact = [json.dumps({k: v for k, v in row.items() if not isinstance(v, float)}, default=str) for row in rows]
    order = sorted(range(len(rows)), key=exact.__getitem__)
    return [exact[i] for i in order], np.array([v for i in order for v in rows[i].values() if isinstance(v, float)])


@pytest.mark.parametrize("name", GROWING)
def test_what_was_lived_is_what_a_build_of_today_says(lived: dict, name: str) -> None:
    (grown, grown_numbers), (anew, numbers) = map(_apart, lived[name])
    assert len(anew) > 5 and grown == anew
    assert grown_numbers == pytest.approx(numbers, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", GROWING)
def test_a_look_at_labels_that_stayed_as_they_were_opens_no_old_day(lived: dict, name: str) -> None:
    assert set(re.findall(r"least\(date '([-0-9]+)'", lived["open"][name])) == {"9999-12-31"}


def test_periods_whose_labels_came_after_two_months_are_verified(lived: dict) -> None:
    of_days = [row for row in lived["mon_quality_expected"][0] if row["problem"] == "p" and row["grain"] == "day"]
    # all but the two days whose labels are not all there
    assert len({row["period"] for row in of_days if row["is_verified"]}) == DAYS - SLOW - 2
    rates = [row["label_rate"] for row in lived["mon_proxies"][0] if row["problem"] == "p" and row["share_labelled"] == 1]
    assert len(rates) == DAYS - SLOW - 2 + 1 and max(rates) < 0.8
