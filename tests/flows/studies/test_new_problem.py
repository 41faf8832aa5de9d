"""`new problem` writes what builds, beside other problems and without touching them, or it leaves nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from flows.studies.scaffolding.facts import Column, Table
from flows.studies.scaffolding.features import by_entity, by_group, slug, windows
from flows.studies.scaffolding.pruning import prune
from tests import synthetic
from tests.architecture import sql_lint


def flows(where: Path, *words: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASOF_", "DBT_"))}
    command = [sys.executable, "-m", "flows", *words]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=900)


def write_orders(path: Path) -> Path:
    """Orders of customers by name from 2018 on, in the manner of another country."""
    draw, lines = random.Random(5), ["order;customer;plan;at;amount"]
    customers = [(f"c-{i:03}", draw.choice(["basic", "pro"]), 0.05 + 0.3 * draw.random()) for i in range(60)]
    for day in range(300):
        for customer, plan, rate in customers:
            if draw.random() < rate:
                at = datetime(2018, 12, 31) + timedelta(days=day, seconds=draw.randrange(86_400))
                amount = f"{draw.expovariate(1 / (30 if plan == 'pro' else 12)) + 1:.2f}".replace(".", ",")
                lines.append(f"{len(lines)};{customer};{plan};{at:%d.%m.%Y %H:%M};{amount}")
    path.write_text("\n".join(lines) + "\n")
    return path


def files(where: Path) -> dict[str, bytes]:
    found = [*(where / "models").rglob("*"), *(where / "checks").rglob("*.yml"), where / "dbt_project.yml"]
    return {str(one.relative_to(where)): one.read_bytes() for one in found if one.is_file()}


@pytest.mark.slow
def test_a_number_of_another_era_is_added_beside_a_problem_and_a_failed_attempt_leaves_nothing(tmp_path: Path) -> None:
    where = synthetic.plant(tmp_path / "project")
    synthetic.write_visits(where / "data" / "landing")
    orders = write_orders(tmp_path / "orders.csv")
    assert flows(where, "new", "source", "crm.orders", "--from", str(orders), "--known-at", "at").returncode == 0
    before = files(where)
    asked = (
        "--entity",
        "customer",
        "--every",
        "7 days",
        "--horizon",
        "28 days",
        "--from",
        "stg_crm__orders",
        "--task",
        "regression",
    )
    failed = flows(where, "new", "problem", "spend", *asked, "--label", "sum(nothing)")
    assert failed.returncode == 1 and "nothing" in failed.stderr and "Traceback" not in failed.stderr
    assert files(where) == before and not list((where / "data").glob("new-*"))

    done = flows(where, "new", "problem", "spend", *asked, "--label", "sum(amount)", "--otherwise", "0", "--seconds", "5")
    assert done.returncode == 0, done.stderr
    after = files(where)
    assert {name for name in before if before[name] != after[name]} == {"dbt_project.yml"}
    assert yaml.safe_load(after["dbt_project.yml"])["vars"]["problems"] == [synthetic.PROBLEM, "spend"]
    declared = yaml.safe_load(after["models/problems/spend/_spend.yml"])["models"][0]
    roles = [one.get("config", {}).get("meta", {}).get("role") for one in declared["columns"]]
    assert declared["config"]["meta"]["problem"]["task"] == "regression" and roles.count(None) >= 5
    assert "why it is left out" in after["models/problems/spend/left_out.md"].decode()
    built = subprocess.run(
        [Path(sys.executable).parent / "dbt", "build", "--quiet", "--select", *("+spend__outcomes", "+spend_by_day")],
        cwd=where, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout[-3000:]
    compiled = [one for one in (where / "target" / "compiled").rglob("spend*.sql") if "models" in one.parts]
    assert [f"{one.name}: {said}" for one in compiled for said in sql_lint.lint(one.read_text())] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Big", "--entity", "shop", "--every", "1 day", "--horizon", "7 days"), "the problem is 'Big'"),
        (("big", "--entity", "order", "--every", "1 day", "--horizon", "7 days"), "--entity is 'order'"),
        (("big", "--entity", "shop", "--every", "daily", "--horizon", "7 days"), "--every is 'daily': say '6 hours'"),
        (("big", "--entity", "shop", "--every", "1 day", "--horizon", "a week"), "--horizon is 'a week'"),
        (("big", "--entity", "shop", "--every", "1 day", "--horizon", "7 days"), "there is no model stg_of_nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_option_before_anything_is_read(words: tuple[str, ...], told: str) -> None:
    from click.testing import CliRunner

    from flows.cli.main import cli

    said = CliRunner().invoke(cli, ["new", "problem", *words, "--label", "count(*)", "--from", "stg_of_nothing"])
    assert said.exit_code == 1 and told in said.output


def test_three_windows_follow_from_the_horizon() -> None:
    assert windows("7 days") == {"7d": "7 days", "28d": "28 days", "91d": "91 days"}
    assert windows("1 day") == {"1d": "1 day", "7d": "7 days", "28d": "28 days"}
    assert windows("2 weeks") == windows("14 days")
    assert windows("3 hours") == {"3h": "3 hours", "1d": "1 day", "7d": "7 days"}


def test_a_category_becomes_part_of_a_name() -> None:
    assert [slug(text) for text in ("Web Shop", "über-Nacht", "???")] == ["web_shop", "ber_nacht", "other"]


def test_features_speak_of_things_by_their_words_and_not_by_the_names_of_columns() -> None:
    columns = [
        Column("dur", "number", 9, (), "minutes"),
        Column("part_no", "name", 9),
        Column("line", "category", 3, ("a", "b", "c")),
    ]
    stops = Table(
        "stg_plant__short_stops", "x", columns, True, False, 9, "bigint", words={"dur": "minutes", "mach_no": "machine"}
    )
    says = {one.name: one.says for one in by_entity("stands", stops, "mach_no", windows("1 day")).features}
    assert says["short_stops_dur_mean_7d"] == "Mean minutes of the short stops of this machine, last 7 days"
    assert says["short_stops_part_no_kinds_ever"] == "Different values of part among the short stops of this machine, so far"
    grouped = by_group("stands", stops, "line", windows("1 day")).features[0].says
    assert grouped == "Short stops of its line, last day"
    household = Table("stg_shop__baskets", "x", [], True, False, 9, "bigint")
    assert (
        by_entity("stays", household, "household_id", windows("1 day")).features[0].says == "Baskets of this household, last day"
    )


def test_pruning_says_why_each_feature_goes_and_keeps_the_one_that_tells() -> None:
    draw = random.Random(1)
    n = 3_000
    tells = [draw.random() for _ in range(n)]
    table = pa.table({
        "as_of": pa.array([datetime(2020, 1, 1) + timedelta(hours=i) for i in range(n)], pa.timestamp("us")),
        "tells": tells, "again": tells, "empty": pa.nulls(n, pa.float64()), "one": [1.0] * n,
        "noise": [draw.random() for _ in range(n)], "kind": [draw.choice("ab") for _ in range(n)],
        "y": [draw.random() < one for one in tells],
    })  # fmt: skip
    found = prune(table, ["tells", "again", "empty", "one", "noise", "kind"], "y", "as_of", True, 30, 1)
    why = dict(found.left_out)
    assert "tells" in found.kept and found.rule.feature == "tells"
    assert (why["again"], why["empty"], why["one"]) == ("a copy of tells", "empty", "constant")
    assert list(found.rule.values) == sorted(found.rule.values) and 0 < found.rule.values[0] < found.rule.values[-1] < 1
