"""The leak proof on a small world: it holds for the project, and it notices when a mutant leaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from checks.landing import LandingColumn, LandingSource
from flows.steps.proving import mutants, project, proof, report, worlds
from flows.steps.proving.comparing import Difference, first_difference
from flows.steps.proving.lineage import knowable, lineage
from flows.steps.proving.poisoning import poisoned
from flows.steps.proving.proof import Fate, Proof
from flows.steps.proving.running import Result, differences, run
from flows.steps.settings import PROJECT
from ml.errors import AsofError
from tests.conftest import PROBLEM, Lived

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
    worlds.create(con, [SHOPS], datetime(2013, 1, 3), T, poison)
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


def test_every_mutant_fits_the_project_and_has_a_name_of_its_own():
    found = mutants.of(PROBLEM)
    assert len(found) >= 12
    assert len({one.name for one in found}) == len(found)
    for mutant in found:
        for edit in mutant.edits:
            assert (PROJECT / edit.file).read_text().count(edit.before) == 1, (mutant.name, edit.file)


def test_a_list_of_mutants_with_a_wrong_entry_is_refused(tmp_path: Path):
    (tmp_path / "p.yml").write_text("- {name: no edits, changed: nothing}")
    with pytest.raises(AsofError, match=r"p.yml: .* is not a mutant"):
        mutants.of("p", tmp_path)


def test_a_survivor_and_a_mutant_that_cannot_run_make_the_proof_fail():
    mutant = mutants.Mutant("m", "all", (), shared=True)
    difference = Difference("removed", "model", "column", "row", "1", "2", 1)
    fates = {
        "caught": (Fate(mutant, difference, True, 1), True), "survived": (Fate(mutant, None, True, 1), False),
        "not in use": (Fate(mutant, None, False, 1), True), "broken": (Fate(mutant, None, True, 0, "could not run"), False),
    }  # fmt: skip
    job = proof.Job(PROBLEM, "", "", T, T)
    for name, (fate, holds) in fates.items():
        made = Proof(job, [Result("split", 1, 1.0, ())], [fate])
        assert made.holds == holds, name
        assert len(list(report.tables(made))) == 2
    assert "1 of 1 mutants were not caught: m" in report.verdict(Proof(job, [], [fates["survived"][0]]))
    leak = Proof(job, [Result("removed", 1, 1.0, (difference,))])
    assert not leak.holds
    assert "does not hold" in report.verdict(leak) and "model.column differs in the row of row" in report.verdict(leak)


def test_a_warehouse_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from flows.cli import cli

    monkeypatch.setenv("ASOF_WAREHOUSE", str(tmp_path / "none.duckdb"))
    done = CliRunner().invoke(cli, ["prove", "--no-mutants"])
    assert done.exit_code == 1
    assert list(tmp_path.iterdir()) == [], "the scratch folder is gone"


def correct_some_labels(warehouse: Path) -> None:
    """People correct one label in forty, each twice: six hours after the flight was due, and a day and a half after that."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute(
            f"insert into landing.feedback__remarks by name select '{PROBLEM}' as problem, flight_id as entity_id, as_of, "
            f"is_disrupted = (hours > 6) as label, 'seen' as comment, 'ann' as author, as_of + to_hours(hours) as reported_at, "
            f"'by hand' as _batch_id, row_number() over () as _line, as_of as _landed_at "
            f"from problems.{PROBLEM}__labels cross join (values (6), (42)) as later (hours) where hash(flight_id) % 40 = 0"
        )
        assert con.execute(f"select count_if(is_correction) from problems.{PROBLEM}__labels").fetchall()[0][0] > 100


def test_the_project_holds_and_three_mutants_are_caught(lived: Lived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    house = lived.started.copy(tmp_path / "house")
    correct_some_labels(house.warehouse)
    monkeypatch.setenv("ASOF_WAREHOUSE", str(house.warehouse))
    wanted = {"strict to non-strict", "random instead of temporal split", "a join that duplicates"}
    some = [mutant for mutant in mutants.of(PROBLEM) if mutant.name in wanted]
    with proof.scratch() as folder:
        base = proof.begin(folder, PROBLEM, days=20, seed=7)
        assert base.end - base.begin == timedelta(days=20)
        parts = ("keys", "split", "cuts", "batches")
        job = replace(base, folder=str(folder / "cuts"), cuts=1, days=1, hours=8, parts=parts)
        results = run(project.copy(folder / "project_cuts", parsed=house.folder / "target"), job)
        assert differences(results) == []
        compared = {result.check: result.rows for result in results if result.check != "full build"}
        assert all(compared.values()), f"nothing is proved by comparing nothing: {compared}"
        fates = proof.prove_mutants(base, some, proof.sql_of(results))
    caught = {fate.mutant.name: fate.difference.check.split()[0] for fate in fates if fate.difference}
    assert caught == {
        "strict to non-strict": "removed", "random instead of temporal split": "split:", "a join that duplicates": "one",
    }  # fmt: skip
    assert list(folder.parent.glob("proof-*")) == []
