"""The leak proof on a small world: it holds for the project, and it notices when a mutant leaks."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from checks.landing import LandingColumn, LandingSource
from flows.runtime.lineage import knowable, lineage
from flows.studies.leak_proof import mutants, project, proof, rebuilding, rebuilds, report, survivors
from flows.studies.leak_proof.checks import reach
from flows.studies.leak_proof.comparing import Difference, first_difference
from flows.studies.leak_proof.poisoning import poisoned
from flows.studies.leak_proof.proof import Fate, Proof
from flows.studies.leak_proof.running import Result
from ml.errors import AsofError
from tests.synthetic import PROBLEM

T = datetime(2013, 1, 2)


def column(name: str, data_type: str, required: bool = False, low: float | None = None, high: float | None = None):
    return LandingColumn(name, data_type, required, low, high, ())


SHOPS = LandingSource(
    "shop", "sales", "_shop.yml", "shop/sales", "csv", (), ("sale",), "known_at", 0.0, None,
    (
        column("sale", "integer", required=True), column("sold_at", "timestamp"), column("town", "varchar"),
        column("price", "double"), column("percent", "integer", low=0, high=100), column("paid", "boolean"),
        column("known_at", "timestamp", required=True),
    ),
)  # fmt: skip


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute(
            "create table sales as select i::integer as sale, timestamp '2013-01-01' + to_hours(i::integer) as sold_at, "
            "'town ' || (i % 7) as town, if(i % 5 = 0, null, i * 1.5e0) as price, (i % 101)::integer as percent, "
            "i % 2 = 0 as paid, "
            "timestamp '2013-01-01' + to_hours(i::integer) as known_at, i as _line from range(48) as t(i)"
        )
        yield connection


def test_poison_keeps_keys_and_times_and_changes_every_other_value(con):
    con.execute(f"create table later as {poisoned(SHOPS, 'from sales')}")
    pairs = "sales inner join later using (sale, sold_at, known_at, _line)"
    assert con.execute(f"select count(*) from {pairs}").fetchone() == (48,)
    same = con.execute(
        f"select count_if(sales.price is not distinct from later.price), count_if(sales.paid = later.paid), "
        f"count_if(sales.town = later.town) from {pairs}"
    ).fetchone()
    assert same[:2] == (0, 0)
    assert same[2] < 24, "a permutation of seven towns leaves some where they were, not most"


def test_poison_could_have_landed(con):
    con.execute(f"create table later as {poisoned(SHOPS, 'from sales')}")
    assert con.execute("select typeof(price), typeof(percent), typeof(town), typeof(paid) from later limit 1").fetchone() == (
        "DOUBLE", "INTEGER", "VARCHAR", "BOOLEAN",
    )  # fmt: skip
    assert con.execute("select min(percent) >= 0 and max(percent) <= 100 from later").fetchone() == (True,)
    assert (
        con.execute("select list_sort(list(town)) from later").fetchone()
        == con.execute("select list_sort(list(town)) from sales").fetchone()
    )


def test_a_source_of_keys_and_times_alone_stays_as_it_is():
    bare = replace(SHOPS, columns=(SHOPS.columns[0], SHOPS.columns[1], SHOPS.columns[-1]))
    assert poisoned(bare, "from sales") == "from sales"


@pytest.mark.parametrize("poison, rows", [(False, 24), (True, 48)])
def test_a_world_holds_what_was_known_before_the_cut_and_then_nothing_or_poison(con, poison, rows):
    con.execute("attach ':memory:' as slice; create schema slice.landing")
    con.execute("create table slice.landing.shop__sales as from sales")
    rebuilds.create(con, [SHOPS], datetime(2013, 1, 3), T, poison)
    assert con.execute("select count(*) from landing.shop__sales").fetchone() == (rows,)
    honest = "select * from landing.shop__sales where known_at < timestamp '2013-01-02'"
    assert con.execute(f"select count(*) from (({honest}) intersect all from sales)").fetchone() == (24,)


@pytest.mark.parametrize(
    "change, where, values",
    [
        ("update there set price = price + 1e-12 where sale = 3", "price", ("4.5", "4.500000000001")),
        ("update there set price = null where sale = 3", "price", ("4.5", "null")),
        ("delete from there where sale = 3", "(row)", ("the row", "no such row")),
        ("insert into there from there where sale = 3", "(row)", ("no such row", "the row")),
    ],
    ids=["the last bits", "a null", "a row missing", "a row twice"],
)  # fmt: skip
def test_the_first_difference_names_column_row_and_both_values(con, change, where, values):
    con.execute("create table there as from sales")
    assert first_difference(con, "sales", "there", ["sale"], "check", "sales") is None
    con.execute(change)
    found = first_difference(con, "sales", "there", ["sale"], "check", "sales")
    assert (found.where, found.row, (found.full, found.other), found.rows) == (f"sales.{where}", "3", values, 1)


def test_rows_that_could_not_be_known_yet_are_not_compared(con):
    con.execute("create table there as from sales")
    con.execute("update there set price = -1 where known_at >= timestamp '2013-01-02'")
    assert first_difference(con, "sales", "there", ["sale"], "check", "sales", "known_at < timestamp '2013-01-02'") is None
    assert first_difference(con, "sales", "there", ["sale"], "check", "sales").rows == 24


def test_a_table_with_another_column_differs(con):
    con.execute("create table there as select *, 1 as more from sales")
    assert first_difference(con, "sales", "there", [], "check", "sales").column == "more"


def test_labels_count_from_when_they_are_known_features_from_as_of_facts_from_known_at():
    class Declared:
        as_of, label_known_at = "as_of", "label_known_at"

    assert knowable(["as_of", "known_at", "label_known_at"], Declared, T) == "label_known_at < timestamp '2013-01-02 00:00:00'"
    assert knowable(["as_of", "known_at"], Declared, T) == "as_of <= timestamp '2013-01-02 00:00:00'"
    assert knowable(["known_at"], Declared, T) == "known_at < timestamp '2013-01-02 00:00:00'"
    assert knowable(["day"], Declared, T) is None


def test_the_lineage_comes_in_the_order_in_which_models_read_each_other():
    def node(name, *parents, materialized="view", kind="model"):
        return {
            "name": name, "alias": name, "schema": "s", "resource_type": kind, "config": {"materialized": materialized},
            "depends_on": {"nodes": list(parents)},
        }  # fmt: skip

    nodes = {"c": node("p__training_set", "b"), "b": node("b", "a", "seed", materialized="table"), "a": node("a"),
             "seed": node("seed", kind="seed"), "z": node("other", "a"), "d": node("p__scoring_set", "b")}  # fmt: skip
    models = lineage({"nodes": nodes}, "p")
    assert [(one.name, one.stored) for one in models] == [
        ("a", False), ("b", True), ("p__training_set", False), ("p__scoring_set", False),
    ]  # fmt: skip


def test_an_edit_that_does_not_fit_exactly_once_is_an_error(tmp_path: Path):
    with pytest.raises(AsofError, match=r"dbt_project.yml holds 'no such text' 0 times, not once: mend the mutant"):
        project.copy(tmp_path / "copy", [project.Edit("dbt_project.yml", "no such text", "")])


def test_a_list_of_mutants_with_a_wrong_entry_is_refused(tmp_path: Path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mutants.yml").write_text("- {name: no edits, changed: nothing}")
    with pytest.raises(AsofError, match=r"p/mutants.yml: .* is not a mutant"):
        mutants.of("p", tmp_path)


def test_a_mutant_that_was_missed_or_cannot_run_makes_the_proof_fail_and_one_with_nothing_to_show_on_leaves_it_in_part():
    mutant = mutants.Mutant("m", "all", (), shared=True)
    difference = Difference("removed", "model", "column", "row", "1", "2", 1)
    fates = {
        "caught": (Fate(mutant, difference, True, 1), True, True),
        "missed": (Fate(mutant, None, True, 1, changed=7, first=difference), False, False),
        "unseen": (Fate(mutant, None, True, 1), True, False), "not in use": (Fate(mutant, None, False, 1), True, True),
        "broken": (Fate(mutant, None, True, 0, "could not run"), False, False),
    }  # fmt: skip
    job = proof.Job(PROBLEM, "", "", T, T)
    for name, (fate, holds, whole) in fates.items():
        made = Proof(job, [Result("split", 1, 1.0, ())], [fate])
        assert (made.holds, made.whole) == (holds, whole), name
        assert len(list(report.tables(made))) == 2
    assert "1 of 1 mutants were not caught: m" in report.verdict(Proof(job, [], [fates["missed"][0]]))
    caught, missed, unseen = (fates[name][0] for name in ("caught", "missed", "unseen"))
    said = report.verdict(Proof(job, [], [caught, unseen]))
    assert "holds nothing from the future" in said and "1 of 2 mutants in use were caught; 1 had nothing to show on" in said
    both = report.verdict(Proof(job, [], [missed, unseen]))
    assert "1 of 2 mutants were not caught: m; 1 had nothing to show on" in both
    (row,) = report.mutants_of([missed])
    assert row[2:] == ["**nothing: it survived**", "7 rows are others, the first in model.column"]
    leak = Proof(job, [Result("removed", 1, 1.0, (difference,))])
    assert not leak.holds
    assert "does not hold" in report.verdict(leak) and "model.column differs in the row of row" in report.verdict(leak)


def test_what_a_survivor_changed_is_counted_in_rows_and_nothing_where_it_built_the_same(tmp_path: Path):
    for name, delay in (("own", 3), ("same", 3), ("other", 4)):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as con:
            con.execute(
                f"create schema {rebuilding.FULL}; create schema removed; create table removed.features as select 9 as shop"
            )
            con.execute(
                f"create table {rebuilding.FULL}.features as select shop, timestamp '2026-01-05' as as_of, "
                f"case when shop > 1 then {delay} else 3 end as delay from range(4) r(shop)"
            )
            con.execute(f"create table {rebuilding.FULL}.cohort as select 1 as shop")
    own, same, other = (survivors.Made(tmp_path / f"{name}.duckdb", "a") for name in ("own", "same", "other"))
    assert survivors.changed(own, same, ["shop", "as_of"]) == (0, None)
    rows, first = survivors.changed(own, other, ["shop", "as_of"])
    assert (rows, first.where, first.full, first.other) == (2, "features.delay", "3", "4")
    rows, first = survivors.changed(own, dataclasses.replace(same, split="b"), ["shop", "as_of"])
    assert (rows, first.check) == (1, "split")


@pytest.mark.parametrize(
    ("asked", "days"),
    [(["2026-01-05", "2026-01-12", "2026-01-19"], 20), (["2026-01-30", "2026-01-31"], 2), (["2025-12-01"], 62), ([], 1)],
)
def test_a_holdout_of_the_proof_reaches_behind_the_horizon_to_two_questions(asked: list[str], days: int):
    assert reach(np.array(asked, dtype="datetime64[us]"), datetime(2026, 2, 1)) == days


def test_the_days_of_a_proof_count_from_the_facts_of_its_own_problem_and_hold_labels(tmp_path: Path):
    """Years of another problem's facts come before; the horizon is two weeks."""
    old, lived = dataclasses.replace(SHOPS, table="older", path="shop/older"), tmp_path / "lived.duckdb"
    with duckdb.connect(str(lived)) as con:
        con.execute(
            "create schema landing; create schema problems; create table landing.clock as select timestamp '2026-06-01' as now"
        )
        for source, first in ((old, "2020-01-01"), (SHOPS, "2026-01-05")):
            rows = f"select timestamp '{first}' + to_days(i::integer) as known_at, 1 as _landing_number from range(140) as t(i)"
            con.execute(f"create table {source.relation} as {rows}")
        con.execute("create table problems.labels as select timestamp '2026-01-12' as asked_at, timestamp '2026-01-26' as known")
    labels = ("problems.labels", "asked_at", "known")
    cut = rebuilds.cut_slice(lived, tmp_path / "slice", [old, SHOPS], 10, {"shop.sales"}, labels)
    two_weeks = timedelta(days=14)
    assert cut == (datetime(2026, 1, 5), datetime(2026, 1, 31) + 3 * two_weeks, datetime(2026, 1, 26), two_weeks)
    job = proof.Job("p", "", "", cut.begin, datetime(2026, 5, 5), labels=cut.labels, wait=two_weeks.total_seconds())
    assert proof.short(job).end == datetime(2026, 2, 5) + 3 * two_weeks, "ten days of labels, and three horizons"
    assert proof.short(dataclasses.replace(job, labels=None, wait=0)).end == datetime(2026, 1, 25)
    unbuilt = rebuilds.cut_slice(lived, tmp_path / "again", [old, SHOPS], 10, {"shop.sales"}, ("problems.none", "x", "y"))
    assert unbuilt == (datetime(2026, 1, 5), datetime(2026, 1, 15), None, timedelta(0))
