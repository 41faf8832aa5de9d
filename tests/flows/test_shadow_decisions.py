"""What waits in the shadow is decided by the days that settle, and a promotion that turns out bad is taken back."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import duckdb
import pytest

from tests import forked, synthetic
from tests.clone import environment
from tests.verbs import in_turn

pytestmark = pytest.mark.slow
KIND = replace(synthetic.SHOP, days=82, shops=120, cadence="never")
GOOD = "training: {rounds: 20, params: {min_data_in_leaf: 20, num_leaves: 7}}"
PARTS = "validation_days: 7"
# One tree of two leaves that splits where hardly any row is.
POOR = "training: {rounds: 1, params: {min_data_in_leaf: 20, num_leaves: 2, feature_fraction: 0.05}, seed: 3}"
UNDECIDED = """
from flows.runtime import settings
settings.load()
from flows.store import clock, registry, shadows
print(shadows.begin("big_sale", registry.latest("big_sale"), clock.now(), "for this test", shadows.UNDECIDED))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one problem that trains when it is told to, with two trainings; then a poor model was promoted by hand."""
    project = synthetic.plant(tmp_path_factory.mktemp("shadows") / "project", KIND)
    synthetic.write_visits(project / "data" / "landing", KIND)
    file = project / "models" / "problems" / "big_sale" / "_big_sale.yml"
    text = file.read_text()
    assert PARTS in text and GOOD in text
    text = text.replace(PARTS, f"{PARTS}\n          validation: {{past: true, watch_days: 28}}")
    file.write_text(text)
    before = (("land", "--until", "2026-03-01"), ("build",), ("train",), ("judge",), ("promote",))
    run(project, *before, ("land", "--until", "2026-03-02"), ("build",), ("train",))
    file.write_text(text.replace(GOOD, POOR).replace("triggers: [new_labels], new_labels: 90, ", ""))
    run(project, ("train",), ("promote", "--reason", "to see what happens"))
    return project


def run(project: Path, *verbs: tuple[str, ...]) -> None:
    in_turn(project, *verbs, ASOF_TIME_ZONE=synthetic.ZONE)


def served(project: Path, *days: int) -> None:
    """So many days go by before each look at what waits in the shadow."""
    run(project, *chain(*((("land", "--step", "day"),) * each + (("build",), ("score",)) for each in days)))


def rows(project: Path, sql: str) -> list[dict]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_a_poor_champion_is_rolled_back_and_a_poor_challenger_is_kept_out_by_the_days_that_settle(home: Path) -> None:
    good, poor = (row["model_version"] for row in rows(home, "from ledger.promotions order by rowid"))
    assert [(row["model_version"], row["purpose"]) for row in rows(home, "from ledger.shadows")] == [(good, "watch")]
    folds = rows(home, "from ledger.retraining_gains order by fold_from")
    assert folds and len({(row["recipe"], row["fold_from"]) for row in folds}) == len(folds)
    assert all(row["fold_until"] <= row["measured_as_of"] and row["standard_error"] > 0 and row["days"] == 10 for row in folds)
    assert all(row["saved"] is not None for row in folds), "the problem declares costs"

    served(home, 3, 2, 3, 2, 1, 1)
    last = rows(home, "from ledger.promotions order by rowid")[-1]
    assert (last["model_version"], last["previous"], last["kind"]) == (good, poor, "rollback")
    assert "worse than" in last["reason"]
    looks = rows(home, "from ledger.shadow_evidence order by settled_until")
    assert [row["said"] for row in looks] == ["OPEN"] * (len(looks) - 1) + ["ROLLBACK"]
    assert looks[-1]["low"] > looks[-1]["margin"] and looks[-1]["clusters"] >= 10
    assert all(later["rows"] > earlier["rows"] for earlier, later in pairwise(looks))
    assert looks[0]["estimate"] is None, "two days say nothing, and a figure of them would be read"

    begun = forked.run(["-c", UNDECIDED], home, environment())
    assert begun.stdout.strip() == "True", begun.stderr
    served(home, 5, 5, 1, 1)
    verdict = rows(home, "from ledger.verdicts where basis = 'live'")[-1]
    assert (verdict["challenger"], verdict["champion"], verdict["decision"]) == (poor, good, "KEEP")
    ended = rows(home, "from ledger.shadows order by number")[-1]
    assert (ended["model_version"], ended["kind"]) == (poor, "stop") and "kept out" in ended["reason"]
    assert rows(home, "from ledger.promotions order by rowid")[-1] == last
