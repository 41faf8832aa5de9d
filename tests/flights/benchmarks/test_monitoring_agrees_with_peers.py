"""What is measured of monitoring gives the answers of NumPy and scikit-learn, and the same from counts that were kept."""

import math
from pathlib import Path

import duckdb
import numpy as np
import pytest

from benchmarks.bench import Bench, _beyond
from benchmarks.compare import largest_differences
from benchmarks.contestants import in_numpy, in_sklearn, macros
from benchmarks.observed import CATEGORIES, NUMBERS

ROWS = 3000


@pytest.fixture(scope="module")
def sql(bench: Bench) -> dict[str, str]:
    return bench.sql


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two files of 25 columns: numbers that repeat and that do not, levels that one side lacks, nulls, values off the grid."""
    made = {}
    for number, side in enumerate(("reference", "current")):
        made[side] = tmp_path_factory.mktemp("sides") / f"{side}.parquet"
        whole = f"cast(hash(i, {number}, '{{c}}') % {{m}} as double)"
        numbers = [f"case when i % {7 + k} > 0 then {whole.format(c=c, m=20 if k % 2 else 4000)} / {1 + k % 3} end as {c}"
                   for k, c in enumerate(NUMBERS)]  # fmt: skip
        levels = [f"case when i % {5 + k} > 0 then 'l' || hash(i, {number}, '{c}') % {20 + number} end as {c}"
                  for k, c in enumerate(CATEGORIES)]  # fmt: skip
        duckdb.execute(f"copy (select {', '.join(numbers + levels)} from range({ROWS}) t(i)) to '{made[side]}'")
    return made


def answered(sql: str, views: dict[str, str], file: Path) -> Path:
    macros.query({"views": views, "sql": sql, "threads": 1, "scratch": str(file.parent)})(str(file))
    return file


def test_exact_distances_are_those_of_tuned_numpy(sql: dict[str, str], sides: dict[str, Path], tmp_path: Path) -> None:
    views = {"reference": f"(from '{sides['reference']}')", "current_rows": f"(from '{sides['current']}')"}
    mine = answered(sql["drift_exact"], views, tmp_path / "mine.parquet")
    asked = {name: str(file) for name, file in sides.items()} | {"numbers": NUMBERS, "categories": CATEGORIES}
    in_numpy.drift(asked)(str(tmp_path / "numpy.parquet"))
    apart = largest_differences(mine, tmp_path / "numpy.parquet", "feature")
    assert apart.keys() == {"psi", "jensen_shannon", "ks", "wasserstein"} and max(apart.values()) < 1e-9


def test_counts_that_were_kept_say_what_the_rows_say(sql: dict[str, str], sides: dict[str, Path], tmp_path: Path) -> None:
    views = {"reference": f"(from '{sides['reference']}')", "current_rows": f"(from '{sides['current']}')"}
    kept = answered(sql["drift_counts"], views, tmp_path / "kept.parquet")
    rows = answered(sql["drift_on_cells"], views, tmp_path / "rows.parquet")
    counts = answered(sql["drift_stored"], {"kept": f"(from '{kept}')", **views}, tmp_path / "counts.parquet")
    apart = largest_differences(rows, counts, "feature")
    assert "rows" not in apart and max(apart.values()) < 1e-9


def test_quality_is_that_of_scikit_learn(sql: dict[str, str], tmp_path: Path) -> None:
    scored = tmp_path / "scored.parquet"
    duckdb.execute(f"""copy (
        select 1 as everything, (hash(i) % 999 + 0.5) / 1000 as score, hash(i, 1) % 1000 < hash(i) % 999 as label
        from range({ROWS}) t(i)
    ) to '{scored}'""")
    mine = answered(sql["quality_exact"], {"scored": f"(from '{scored}')"}, tmp_path / "mine.parquet")
    in_sklearn.quality({"scored": str(scored)})(str(tmp_path / "theirs.parquet"))
    apart = largest_differences(mine, tmp_path / "theirs.parquet", "everything")
    assert len(apart) == 5 and max(apart.values()) < 1e-9


def test_an_estimate_is_that_of_each_pair_with_scores_calibrated_by_numpy(sql: dict[str, str], tmp_path: Path) -> None:
    scored, known = tmp_path / "scored.parquet", {"score": [0.1, 0.3, 0.30001, 0.8], "probability": [0.05, 0.05, 0.4, 0.9]}
    duckdb.execute(f"""copy (
        select date '2030-01-01' as period, (hash(i) % 999 + 0.5) / 1000 as score from range({ROWS}) t(i)
    ) to '{scored}'""")
    rows = ", ".join(f"({x}, {y})" for x, y in zip(*known.values(), strict=True))
    views = {"scored": f"(from '{scored}')", "knots": f"(from (values {rows}) as t(score, probability))"}
    found = {}
    for form in ("exact", "cells"):
        file = answered(sql[f"estimate_{form}"], views, tmp_path / f"{form}.parquet")
        found[form] = duckdb.execute(f"select roc_auc, log_loss, brier from '{file}'").fetchone()
    x = duckdb.execute(f"select score from '{scored}'").fetchnumpy()["score"]
    p = np.interp(x, *known.values())
    ordered = (x[:, None] > x) + 0.5 * (x[:, None] == x)
    area = p @ ordered @ (1 - p) / (p.sum() * (1 - p).sum())
    loss, brier = -np.mean(p * np.log(x) + (1 - p) * np.log(1 - x)), np.mean(p * (1 - x) ** 2 + (1 - p) * x**2)
    assert found["exact"] == pytest.approx((area, loss, brier), abs=1e-9)
    assert found["cells"] == pytest.approx((area, loss, brier), abs=2e-5)


def test_an_answer_that_is_too_far_off_or_lacks_rows_is_told(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    duckdb.execute(f"copy (select i as id, i / 3 as a, i::double as b from range(10) t(i)) to '{one}'")
    duckdb.execute(f"copy (select i as id, i / 3 + (i = 4)::int * 1e-3 as a from range(9) t(i)) to '{two}'")
    apart = largest_differences(one, two, "id")
    assert apart["rows"] == 1 and apart["a"] == pytest.approx(1e-3) and "b" not in apart
    assert _beyond(apart, {"a": 1e-2}) == {"rows": 1}
    assert _beyond({"a": 1e-3}, {"a": 1e-4, "b": 1}) == {"a": 1e-3, "b": None}
    assert _beyond({"a": float("nan")}, {"a": 1}).keys() == {"a"}


def test_a_null_on_one_side_is_no_agreement_and_one_on_both_is(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    value = "case when i not in ({}) then i / 2 end as {}"
    for file, lacking in ((one, "3"), (two, "3, 4, 5")):
        columns = ", ".join((value.format(3, "both"), value.format(lacking, "psi"), value.format(lacking, "wasserstein")))
        duckdb.execute(f"copy (select i as id, {columns} from range(10) t(i)) to '{file}'")
    apart = largest_differences(one, two, "id")
    assert apart == {"both": 0, "psi": math.inf, "wasserstein": math.inf} == largest_differences(two, one, "id")
    assert _beyond(apart, {"both": 1e-9, "psi": 1}) == {"psi": math.inf}


def test_a_distance_from_nothing_is_relative_to_nothing_and_infinite(tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    for file, moved in ((one, 0.0), (two, 0.1)):
        duckdb.execute(f"copy (select 1 as id, {moved}::double as wasserstein) to '{file}'")
    assert largest_differences(one, two, "id") == {"wasserstein": math.inf}
    assert largest_differences(one, one, "id") == {"wasserstein": 0}
