"""What production runs, on the cells and rows that production has: drift against SciPy, live quality against scikit-learn."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn import metrics

from ml.statistics import profile
from tests.monitoring.worlds import warehouse_of

DAY = datetime(2013, 7, 8)
MODELS = ("mon_cells", "mon_profiles", "mon_drift_by_day", "mon_proxies", "mon_label_overlap", "mon_quality")
NUMBERS, CATEGORY = ("bell", "waiting", "few"), "letter"
EXACT = 1e-9
# How far a hundred cells, as training makes them, may be from the rows themselves. KS: what lies within one cell is not seen, and
# a cell holds a hundredth of training. Wasserstein: a row counts at the lower end of its cell, in deviations of training.
KS_BOUND, WASSERSTEIN_BOUND = 0.01, 0.05


def drawn(seed: int, rows: int, moved: float) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    found = {
        "bell": draw.normal(moved, 1 + moved, rows),
        "waiting": draw.exponential(8 + 5 * moved, rows),
        "few": draw.poisson(3 + moved, rows).astype(float),
        "letter": draw.choice(list("abcd") if moved == 0 else list("bcde"), rows, p=[0.4, 0.3, 0.2, 0.1]),
    }
    for name in NUMBERS:
        found[name][draw.random(rows) < 0.03 * (1 + moved)] = np.nan
    return found


TRAINED = drawn(1, 20_000, 0.0)
SERVED = {"now": drawn(2, 900, 0.3), "before": drawn(3, 4000, 0.1)}
SPECS: profile.Profile = {
    **{name: {"kind": "number", "edges": profile.cuts(TRAINED[name][~np.isnan(TRAINED[name])], 100)} for name in NUMBERS},
    CATEGORY: {"kind": "category", "levels": list("abcd")},
}


def cells(values: dict[str, np.ndarray], feature: str) -> np.ndarray:
    """The cell of each row, looked up one by one."""
    if feature == CATEGORY:
        return np.array([2 + "abcd".index(v) if v in "abcd" else 1 for v in values[feature]])
    edges = np.array(SPECS[feature]["edges"])
    x = values[feature]
    inside = 1 + np.searchsorted(edges, x, side="right") + (x > edges[-1])
    return np.where(np.isnan(x), 0, inside)


@pytest.fixture(scope="module")
def live() -> dict[str, np.ndarray]:
    """Forty days of predictions: scores with ties, labels that follow them."""
    draw = np.random.default_rng(5)
    rows = 4000
    score = np.round(draw.beta(2, 4, rows), 3).clip(0.001, 0.999)
    start = np.datetime64("2013-06-03T00:00", "us")
    as_of = start + np.arange(rows) // 100 * np.timedelta64(86_400_000_000, "us")
    return {
        "as_of": as_of,
        "entity_id": np.arange(rows).astype(str),
        "model_version": np.full(rows, "m"),
        "score": score,
        "rule_score": np.round(draw.beta(2, 4, rows), 1).clip(0.1, 0.9),
        "flagged": score > 0.4,
        "label": draw.random(rows) < score,
        "label_known_at": as_of + np.timedelta64(3_600_000_000, "us"),
    }


@pytest.fixture(scope="module")
def found(live: dict[str, np.ndarray]) -> dict[str, list[dict]]:
    from flows.runtime import dbt, warehouse

    counted = [("training", DAY - timedelta(days=60), TRAINED), ("serving", DAY, SERVED["now"])]
    counted += [("serving", DAY - timedelta(days=3), SERVED["before"])]
    rows = [
        {"stage": stage, "day": day.date(), "feature": feature, "cell": cell, "rows": n}
        for stage, day, values in counted
        for feature, cell, n in profile.counts(SPECS, {**values, **{k: pa.array(values[k], from_pandas=True) for k in NUMBERS}})
    ]
    with warehouse_of({"p": live}):
        with warehouse.cursor() as con:
            con.register("counted", pa.Table.from_pylist(rows))
            con.execute("create schema ledger")
            con.execute("create table ledger.profiles as select 'p' as problem, 'm' as model_version, * from counted")
            con.execute("create table ledger.model_versions as select 'p' as problem, 'm' as model_version, $1 as edges", [
                json.dumps(SPECS)
            ])  # fmt: skip
        dbt.run("run", MODELS)
        return {name: warehouse.rows(f"select * from monitoring.{name}") for name in ("mon_drift_by_day", "mon_quality")}


def grouped(feature: str, *sides: np.ndarray) -> list[np.ndarray]:
    """Counts in the groups that shares are read over: twentieths of training, missing, unseen, below and above by themselves."""
    trained = np.bincount(cells(TRAINED, feature), minlength=profile.size(SPECS[feature]))
    special = {0, 1} if feature == CATEGORY else {0, 1, len(trained) - 1}
    inside = [cell for cell in range(len(trained)) if cell not in special]
    before = np.cumsum([0, *(trained[cell] for cell in inside)])
    group = {cell: 20 * before[at] // before[-1] for at, cell in enumerate(inside)} | {cell: 100 + cell for cell in special}
    names = sorted(set(group.values()))
    return [np.array([sum(side[cell] for cell in group if group[cell] == name) for name in names]) for side in sides]


def counts_of(values: dict[str, np.ndarray], feature: str) -> np.ndarray:
    return np.bincount(cells(values, feature), minlength=profile.size(SPECS[feature]))


def drift_of(found: dict, feature: str) -> dict:
    (one,) = (row for row in found["mon_drift_by_day"] if row["feature"] == feature and row["day"] == DAY.date())
    return one


@pytest.mark.parametrize("feature", [*NUMBERS, CATEGORY])
def test_shares_over_cells_are_exactly_those_of_scipy(found: dict, feature: str) -> None:
    one = drift_of(found, feature)
    sides = [counts_of(values, feature) for values in (TRAINED, SERVED["before"], SERVED["now"])]
    trained, before, now = grouped(feature, *sides)
    for suffix, reference in (("", trained), ("_previous", before)):
        assert one[f"psi{suffix}"] == pytest.approx(profile.psi(reference, now), abs=EXACT)
        hit = reference + now > 0
        p, q = reference[hit] + 0.5, now[hit] + 0.5
        assert one[f"psi{suffix}"] == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=EXACT)
        assert one[f"jensen_shannon{suffix}"] == pytest.approx(jensenshannon(reference, now, base=2), abs=EXACT)
    hit = trained + now > 0
    exact = stats.chi2_contingency([trained[hit], now[hit]], correction=False)
    assert one["chi_square"] == pytest.approx(exact.statistic, rel=EXACT)
    assert one["degrees"] == exact.dof


@pytest.mark.parametrize("feature", NUMBERS)
def test_distances_over_cells_are_exactly_those_of_scipy(found: dict, feature: str) -> None:
    one, edges = drift_of(found, feature), np.array(SPECS[feature]["edges"])
    # a row stands at the lower end of its cell; what is above at the end of the range
    place = np.concatenate([[np.nan, edges[0]], edges, [edges[-1]]])
    trained, before, now = (
        cells(values, feature)[~np.isnan(values[feature])] for values in (TRAINED, SERVED["before"], SERVED["now"])
    )
    assert one["ks"] == pytest.approx(stats.ks_2samp(trained, now).statistic, abs=EXACT)
    assert one["ks_previous"] == pytest.approx(stats.ks_2samp(before, now).statistic, abs=EXACT)
    assert one["wasserstein"] == pytest.approx(stats.wasserstein_distance(place[trained], place[now]), abs=EXACT)
    assert one["mean"] == pytest.approx(place[now].mean(), abs=EXACT)
    assert one["deviation"] == pytest.approx(place[now].std(), abs=EXACT)
    assert one["deviation_trained"] == pytest.approx(place[trained].std(), abs=EXACT)


@pytest.mark.parametrize("feature", NUMBERS)
def test_a_hundred_cells_are_within_the_stated_distance_of_the_rows_themselves(found: dict, feature: str) -> None:
    one = drift_of(found, feature)
    trained, now = (values[feature][~np.isnan(values[feature])] for values in (TRAINED, SERVED["now"]))
    assert one["ks"] == pytest.approx(stats.ks_2samp(trained, now).statistic, abs=KS_BOUND)
    inside = np.clip(now, trained.min(), trained.max())
    exact = stats.wasserstein_distance(trained, inside)
    assert one["wasserstein"] == pytest.approx(exact, abs=WASSERSTEIN_BOUND * trained.std())


@pytest.mark.parametrize("scorer", ["champion", "m", "rule"])
@pytest.mark.parametrize("grain", ["all", "week", "month"])
def test_live_quality_is_exactly_what_scikit_learn_says(found: dict, live: dict, scorer: str, grain: str) -> None:
    score = live["rule_score" if scorer == "rule" else "score"]
    mine = [row for row in found["mon_quality"] if row["scorer"] == scorer and row["grain"] == grain]
    assert len(mine) == {"all": 1, "week": 6, "month": 2}[grain]
    for row in mine:
        begin = np.datetime64(row["period"], "us")
        unit = {"all": None, "week": np.timedelta64(7, "D")}.get(grain)
        if grain == "month":
            rows = live["as_of"].astype("datetime64[M]") == begin.astype("datetime64[M]")
        else:
            rows = (live["as_of"] >= begin) & (live["as_of"] < begin + unit) if unit else np.full(len(score), True)
        label, said = live["label"][rows], score[rows]
        assert row["rows_labelled"] == len(label)
        assert row["roc_auc"] == pytest.approx(metrics.roc_auc_score(label, said), abs=EXACT)
        assert row["pr_auc"] == pytest.approx(metrics.average_precision_score(label, said), abs=EXACT)
        assert row["log_loss"] == pytest.approx(metrics.log_loss(label, said), abs=EXACT)
        assert row["brier"] == pytest.approx(metrics.brier_score_loss(label, said), abs=EXACT)
