"""Problems of every kind: one alone that has as little as may be, several at once, and one that comes and goes beside others.

`replay` and `monitor` run every data test.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests import synthetic
from tests.clone import flows
from tests.synthetic import HALF_DAYS, PLAIN, SHOP, WEEKLY, Kind
from tests.verbs import in_turn

pytestmark = pytest.mark.slow

HISTORY, SERVED, LATER, LAST = "2026-02-24", "2026-02-25", "2026-02-26", "2026-02-27"
# A place for kinds of other tasks.
KINDS = (SHOP, WEEKLY, HALF_DAYS)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one problem that has as little as may be; cycles have brought it from nothing to a first served day."""
    project = synthetic.plant(tmp_path_factory.mktemp("alone") / "project", PLAIN)
    synthetic.write_visits(project / "data" / "landing", PLAIN)
    first, served = (("cycle", "--until", day) for day in ("2026-03-15", "2026-03-16"))
    in_turn(project, first, ("promote", "--reason", "to see it serve"), served, ("monitor",))
    return project


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all kinds were lived at once, over one warehouse."""
    project = synthetic.plant(tmp_path_factory.mktemp("together") / "project", *KINDS)
    for kind in KINDS:
        synthetic.write_visits(project / "data" / "landing", kind)
    flows(project, "replay", "--history", HISTORY, "--until", SERVED)
    return project


def asked(project: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def judged(project: Path) -> set[str]:
    """The problems of which a version was judged."""
    return {name for (name,) in asked(project, "select problem from ledger.verdicts")}


def tables(project: Path, kind: Kind) -> dict[str, list[tuple]]:
    """What stands in the tables of a problem that grow, up to where history ends: how many rows, and a digest of them."""
    rows = f"select count(*), bit_xor(hash(rows)) from problems.{{}}__{{}} as rows where as_of < timestamp '{HISTORY}'"
    return {name: asked(project, rows.format(kind.problem, name)) for name in ("cohort", "features", "labels")}


def test_a_problem_with_a_number_as_key_and_without_slices_feed_and_holidays_is_lived(alone: Path) -> None:
    by_models = "where model_version in (select model_version from ledger.model_versions where rounds > 0)"
    assert asked(alone, f"select count(*) > 10 from problems.{PLAIN.problem}__predictions {by_models}") == [(True,)]
    assert (alone / "published" / "analytics.duckdb").exists()
    phases = {row[0] for row in asked(alone, "select distinct phase from ledger.runs where status = 'succeeded'")}
    assert phases >= {
        "data", "features", "serving", "contracts", "publishing", "monitors", "tests", "monitoring", "training", "reporting",
    }  # fmt: skip


def test_what_nobody_feeds_lands_without_advice_to_land(alone: Path, tmp_path: Path) -> None:
    project = shutil.copytree(alone, tmp_path / "project")
    shutil.rmtree(project / "data")
    synthetic.write_visits(project / "data" / "landing", replace(PLAIN, days=2))
    assert "landed " in flows(project, "land")


def test_problems_of_different_eras_cadences_and_keys_are_lived_at_once(together: Path) -> None:
    assert judged(together) == {kind.problem for kind in KINDS}
    for kind in (SHOP, HALF_DAYS):  # the third asks on Mondays
        assert asked(together, f"select count(*) > 0 from problems.{kind.problem}__predictions") == [(True,)], kind.problem
    assert (together / "published" / "analytics.duckdb").exists()


def test_one_problem_is_added_trained_and_removed_beside_others_without_touching_them(together: Path) -> None:
    stay = [kind for kind in KINDS if kind is not HALF_DAYS]
    before = {kind.problem: tables(together, kind) for kind in stay}
    synthetic.add(together, PLAIN)
    synthetic.write_visits(together / "data" / "landing", replace(PLAIN, days=52))  # up to LATER
    of_it = ("--problem", PLAIN.problem)
    in_turn(together, ("land", "--until", LATER), ("train", *of_it), ("judge", *of_it))
    assert PLAIN.problem in judged(together)
    assert {kind.problem: tables(together, kind) for kind in stay} == before
    for kind in (PLAIN, HALF_DAYS):
        synthetic.take_away(together, kind)
        shutil.rmtree(together / "data" / "landing" / (kind.feed or "") / kind.source)  # files of no source are refused by name
    flows(together, "replay", "--until", LAST)
    flows(together, "status")
    assert {kind.problem: tables(together, kind) for kind in stay} == before
    assert asked(together, f"select max(as_of) = timestamp '{LATER}' from problems.{SHOP.problem}__predictions") == [(True,)]
