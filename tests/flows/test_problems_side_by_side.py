"""Problems of every kind: one alone that has as little as may be, several at once, and one that comes and goes beside others."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests import synthetic
from tests.clone import build, flows
from tests.synthetic import HALF_DAYS, PLAIN, SHOP, WEEKLY, Kind

pytestmark = pytest.mark.slow

GOOD = {"success", "pass", "no-op"}
# Unit tests bring their own rows: what landed and which problems there are changes nothing in them. They run once here.
AGAIN = ("build", "--exclude-resource-type", "unit_test")
HISTORY, UNTIL, SERVED, LATER = "2026-02-24", "2026-02-25", "2026-02-27", "2026-02-28"
# A place for kinds of other tasks.
KINDS = (SHOP, WEEKLY, HALF_DAYS)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all kinds were lived at once, over one warehouse."""
    project = synthetic.plant(tmp_path_factory.mktemp("together") / "project", *KINDS)
    for kind in KINDS:
        synthetic.write_visits(project / "data" / "landing", kind)
    flows(project, "replay", "--history", HISTORY, "--until", UNTIL)
    for kind in KINDS:
        if not asked(project, f"select * from ledger.promotions where problem = '{kind.problem}'"):
            flows(project, "promote", "--problem", kind.problem, "--reason", "to see it serve")
    flows(project, "replay", "--until", SERVED)
    return project


def asked(project: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def tables(project: Path, kind: Kind) -> dict[str, list[tuple]]:
    """What stands in the tables of a problem that grow, up to a day: how many rows, and a digest of them."""
    rows = "select count(*), bit_xor(hash(rows)) from problems.{}__{} as rows where as_of < timestamp '2026-02-26'"
    return {name: asked(project, rows.format(kind.problem, name)) for name in ("cohort", "features", "labels")}


def test_a_problem_with_a_number_as_key_and_without_slices_feed_and_holidays_is_lived(tmp_path: Path) -> None:
    project = synthetic.plant(tmp_path / "project", PLAIN)
    synthetic.write_visits(project / "data" / "landing", PLAIN)
    assert set(build(project, "build")) <= GOOD
    flows(project, "land", "--until", "2026-03-16")
    for verb in ("build", "train", "judge"):
        flows(project, verb)
    flows(project, "promote", "--reason", "to see it serve")
    flows(project, "land", "--until", "2026-03-17")
    for verb in ("build", "score", "monitor", "publish"):
        flows(project, verb)
    assert asked(project, f"select count(*) > 10 from problems.{PLAIN.problem}__predictions") == [(True,)]
    assert set(build(project, *AGAIN)) <= GOOD


def test_what_nobody_feeds_lands_without_advice_to_land(tmp_path: Path) -> None:
    project = synthetic.plant(tmp_path / "project", PLAIN)
    synthetic.write_visits(project / "data" / "landing", replace(PLAIN, days=2))
    assert "landed " in flows(project, "land")


def test_problems_of_different_eras_cadences_and_keys_are_lived_at_once(together: Path) -> None:
    done = asked(together, "select problem, count(*) from ledger.verdicts group by problem order by problem")
    assert [name for name, _ in done] == sorted(kind.problem for kind in KINDS)
    for kind in (SHOP, HALF_DAYS):  # the third asks on Mondays
        assert asked(together, f"select count(*) > 0 from problems.{kind.problem}__predictions") == [(True,)], kind.problem
    assert set(build(together, *AGAIN)) <= GOOD
    flows(together, "publish")


def test_one_problem_is_added_trained_and_removed_beside_others_without_touching_them(together: Path) -> None:
    stay = [kind for kind in KINDS if kind is not HALF_DAYS]
    before = {kind.problem: tables(together, kind) for kind in stay}
    synthetic.add(together, PLAIN)
    synthetic.write_visits(together / "data" / "landing", replace(PLAIN, days=40))
    flows(together, "land", "--until", LATER)
    assert set(build(together, *AGAIN)) <= GOOD
    flows(together, "train", "--problem", PLAIN.problem)
    flows(together, "judge", "--problem", PLAIN.problem)
    assert {kind.problem: tables(together, kind) for kind in stay} == before
    for kind in (PLAIN, HALF_DAYS):
        synthetic.take_away(together, kind)
        shutil.rmtree(together / "data" / "landing" / (kind.feed or "") / kind.source)  # files of no source are refused by name
    assert set(build(together, *AGAIN)) <= GOOD
    flows(together, "monitor")
    flows(together, "replay", "--until", "2026-03-01")
    flows(together, "status")
    assert {kind.problem: tables(together, kind) for kind in stay} == before
