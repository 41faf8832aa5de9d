"""`new problem` writes what builds, beside other problems and without touching them, or it leaves nothing."""

from __future__ import annotations

import dataclasses
import random
import re
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flows.cli import new
from flows.studies.scaffolding import facts, label, problem, telling, words, writing
from flows.studies.scaffolding.days import Usual, days, usual
from flows.studies.scaffolding.facts import Column, Table
from flows.studies.scaffolding.features import by_entity, by_group, slug, windows
from flows.studies.scaffolding.plan import Plan, Wanted, duration
from flows.studies.scaffolding.pruning import in_words, prune
from flows.studies.scaffolding.rules import best
from ml.errors import AsofError
from ml.problem.split import days as days_of
from ml.problem.split import split
from ml.statistics.slices import MIN_CLUSTERS
from tests import forked, synthetic
from tests.architecture import sql_lint, yaml_lint
from tests.clone import build, environment


def flows(where: Path, *words: str) -> subprocess.CompletedProcess:
    return forked.run(["-m", "flows", *words], where, environment(), timeout=900)


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


def declaration(where: Path, name: str) -> dict:
    """The training set of a problem, as it was declared."""
    return yaml.safe_load((where / "models" / "problems" / name / f"_{name}.yml").read_text())["models"][0]


@pytest.mark.slow
def test_a_number_and_classes_of_another_era_are_added_beside_a_problem_and_a_failed_attempt_leaves_nothing(
    tmp_path: Path,
) -> None:
    where = synthetic.plant(tmp_path / "project")
    synthetic.write_visits(where / "data" / "landing")
    orders = write_orders(tmp_path / "orders.csv")
    listed = tmp_path / "customers.csv"
    listed.write_text("customer,region\n" + "".join(f"c-{i:03},{'north' if i % 3 else 'south'}\n" for i in range(65)))
    # All orders of a day are known at once, at its end: which of them is the last, known_at does not say.
    known = ("--known-at-expr", "date_trunc('day', its_at) + interval 1 day", "--event-at", "at")
    assert flows(where, "new", "source", "crm.orders", "--from", str(orders), *known).returncode == 0
    assert flows(where, "new", "source", "crm.customers", "--from", str(listed), "--known-always").returncode == 0
    before = files(where)
    asked = ("--entity", "customer", "--every", "7 days", "--horizon", "28 days", "--from", "stg_crm__orders")
    vanishing = flows(where, "new", "problem", "spend", *asked, "--task", "regression", "--label", "sum(amount)")
    assert vanishing.returncode == 1 and re.search(r"of [\d,]+ rows would have no label and vanish", vanishing.stderr)
    assert "Traceback" not in vanishing.stderr
    assert files(where) == before and not list((where / "data").glob("new-*"))
    parsed = where / "target" / "asof_manifest.json"
    assert b"stg_crm__orders" in parsed.read_bytes() and b"spend__labels" not in parsed.read_bytes()

    said = ("--label", "sum(amount)", "--otherwise", "0", "--seconds", "5")
    everybody = ("--from", "stg_crm__customers", "--cohort", "stg_crm__customers")
    done = flows(where, "new", "problem", "spend", *asked, *everybody, "--task", "regression", *said)
    assert done.returncode == 0, done.stderr
    labelled, of = re.search(r"([\d,]+) of ([\d,]+) rows whose horizon is over have a label", done.stdout).groups()
    assert labelled == of, "nothing is 0, and no row vanishes"
    assert "asked about is each customer of stg_crm__customers at every instant, 65 of them" in done.stdout
    assert int(of.replace(",", "")) % 65 == 0, "also those who never ordered"
    assert b"spend__labels" in parsed.read_bytes(), "the next command need not parse what was written"
    after = files(where)
    assert {name for name in before if before[name] != after[name]} == {"dbt_project.yml"}
    assert yaml.safe_load(after["dbt_project.yml"])["vars"]["problems"] == [synthetic.PROBLEM, "spend"]
    declared = declaration(where, "spend")
    roles = [one.get("config", {}).get("meta", {}).get("role") for one in declared["columns"]]
    assert declared["config"]["meta"]["problem"]["task"] == "regression" and roles.count(None) >= 5
    assert declared["config"]["meta"]["problem"]["metric"] == "rmse" and "judged by rmse: the label is a sum" in done.stdout
    assert declared["config"]["meta"]["problem"]["label_range"] == {"at_least": 0}
    assert "why it is left out" in after["models/problems/spend/left_out.md"].decode()

    kinds = "case when count(*) = 0 then 'nothing' when sum(amount) > 60 then 'much' else 'some' end"
    said = ("--label", kinds, "--title", "Who will buy much?", "--at-least", "2", "--start", "2019-02-04T06:00", "--seconds", "5")
    done = flows(where, "new", "problem", "basket", *asked, "--task", "multiclass", *said)
    assert done.returncode == 0, done.stderr
    assert "asked about is each customer from its first of stg_crm__orders on, 60 so far" in done.stdout
    declared = declaration(where, "basket")
    meta = declared["config"]["meta"]["problem"]
    assert meta["title"] == "Who will buy much?" and set(meta["classes"]) == {"nothing", "some", "much"}
    roles = {one["name"]: one.get("config", {}).get("meta", {}).get("role") for one in declared["columns"]}
    assert [name for name, role in roles.items() if role == "rule"] == [f"rule_{one}" for one in meta["classes"]]

    made = [text for name, text in files(where).items() if name.startswith(("models/problems/spend/", "models/problems/basket/"))]
    last = [call for text in made for call in re.findall(rb"last_before\((?:[^{}]|\{\n|\n *\}\))*\) \}\}", text)]
    assert last and all(b"order_by=['event_at', 'its_order']" in call for call in last), last

    build(where, "build", "--select", *(f"+{name}{one}" for name in ("spend", "basket") for one in ("__outcomes", "_by_day")))
    declared = [one for one in files(where) if one.endswith(".yml")]
    assert [f"{one}: {said}" for one in declared for said in yaml_lint.lint((where / one).read_text())] == []
    compiled = [one for one in (where / "target" / "compiled").rglob("*.sql") if one.name.startswith(("spend", "basket"))]
    assert [f"{one.name}: {said}" for one in compiled if "models" in one.parts for said in sql_lint.lint(one.read_text())] == []


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


def test_a_label_of_a_single_fact_is_refused_at_once_with_the_aggregate_that_was_meant() -> None:
    with pytest.raises(AsofError, match=r"for hours_down, .* \(such as max\(hours_down\) > 5\)"):
        label.aggregates("hours_down > 5")
    with pytest.raises(AsofError, match=r"such as sum\(spent\) > max\(most\)"):
        label.aggregates("sum(spent) > most")
    with pytest.raises(AsofError, match="looks at no fact"):
        label.aggregates("1 = 1")
    for more in ("sum(spent), 5", "sum(spent) from visits", "sum(spent); select sum(spent)"):
        with pytest.raises(AsofError, match="say one expression"):
            label.aggregates(more)
    with pytest.raises(AsofError, match="is no SQL: syntax error"):
        label.aggregates("sum(spent")
    assert label.aggregates("case when count(*) filter (where x > 1) = 0 then 'a' else max_by(b, c) end") == [
        "count_star", "max_by",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "task", "told"),
    [
        ("BOOLEAN", "regression", "is a yes or no, and --task regression wants a number; --task binary asks whether"),
        (
            "DECIMAL(38,2)",
            "binary",
            r"is a number, and --task binary wants a yes or no \(such as x > 0\); --task regression asks",
        ),
        ("BOOLEAN", "multiclass", "--task multiclass wants a text"),
        ("INTERVAL", "regression", "is of type interval; say a yes or no, a number, or a text"),
    ],
)
def test_a_label_that_answers_another_question_than_the_task_asks_is_refused(kind: str, task: str, told: str) -> None:
    with pytest.raises(AsofError, match=told):
        label.fits("x", kind, task)
    label.fits("x", "BIGINT", "regression")


def test_a_label_of_a_column_that_is_not_there_is_refused_by_name() -> None:
    table = Table("stg_crm__orders", "(select 1 as customer, 2.5 as amount)", [], True, True, 9, "varchar")
    wanted = Wanted("spend", "customer", "7 days", "28 days", "sum(nothing)", ("stg_crm__orders",), task="regression")
    with pytest.raises(AsofError, match=r"--label 'sum\(nothing\)': Binder Error.*nothing"):
        problem._over_nothing(SimpleNamespace(reading=duckdb.connect), table, wanted)


def test_what_is_said_of_nothing_cannot_look_at_a_fact() -> None:
    label.constant("--otherwise", "null")
    with pytest.raises(AsofError, match="--otherwise is 'spent': where nothing happened there is no fact to look at"):
        label.constant("--otherwise", "spent")


@pytest.mark.parametrize(
    ("said", "values", "metric", "why"),
    [
        ("sum(hours)", [1.0, 2.0, 3.0], "rmse", "the label is a sum"),
        ("coalesce(round(count(*)), 0)", [1.0, 2.0, 3.0], "rmse", "the label is a count"),
        ("max(hours)", [0.0] * 78 + [9.0] * 22, "rmse", "78% of the labels are the smallest, 0"),
        ("median(hours)", [float(one) for one in range(40)], "mae", "the middle"),
    ],
)
def test_a_number_is_judged_by_what_is_asked_of_it_and_by_no_middle_where_most_rows_are_the_smallest(
    said: str, values: list[float], metric: str, why: str
) -> None:
    found, told = label.metric(said, np.array(values))
    assert found == metric and why in told


@pytest.mark.parametrize(
    ("said", "labels", "why"),
    [
        ("count(*)", [0.0, 3.0], "a count is never below 0"),
        ("coalesce(count_if(change < 0)::bigint, 0)", [0.0, 3.0], "a count is never below 0"),
        ("sum(amount) filter (where change < 0)", [0.0, 3.0], "amount was below 0 in none of 3 facts"),
        ("cast(avg(amount * 2) as double)", [1.0], r"\(amount \* 2\) was below 0 in none of 3 facts"),
        ("sum(change)", [1.0, 3.0], ""),
        ("sum(amount - 2)", [1.0, 3.0], ""),
        ("sum(amount) - count(*)", [1.0, 3.0], ""),
        ("sum(amount)", [-1.0, 3.0], ""),
        ("max(amount)", [1.0, 3.0], ""),
        ("sum(nothing)", [1.0], ""),
    ],
)
def test_a_count_and_a_sum_of_what_is_never_negative_are_at_least_0_and_nothing_else_is(
    said: str, labels: list[float], why: str
) -> None:
    with duckdb.connect() as con:
        con.execute(
            "create table facts as from (values (1.0, 5, null::int), (7.5, -1, null), (0.0, 2, null)) t(amount, change, nothing)"
        )
        assert re.fullmatch(why, label.never_negative(con, said, "facts", np.array(labels)))


def test_what_is_never_negative_is_declared_with_the_reason() -> None:
    plan = planned(50_000, 500, 2)
    assert "label_range" not in writing._declaration(plan, [], None)
    plan.never_negative = "a count is never below 0"
    text = writing._declaration(plan, [], None)
    assert yaml_lint.lint(text) == [] and "# a count is never below 0: neither is a prediction" in text
    assert yaml.safe_load(text)["models"][0]["config"]["meta"]["problem"]["label_range"] == {"at_least": 0}
    assert "label_range is {at_least: 0}: a count is never below 0" in telling.chosen(plan)


@pytest.mark.parametrize(("metric", "usual", "error"), [("rmse", np.mean, np.square), ("mae", np.median, np.abs)])
def test_the_rule_of_a_number_says_in_each_step_what_is_best_by_its_metric(metric, usual, error) -> None:
    draw = np.random.default_rng(1)
    x = draw.integers(0, 5, 20_000).astype(float)
    y = draw.exponential(1 + x)
    rule = best(["x"], x[:, None], y, {}, metric, 0)
    step = np.digitize(x, rule.edges)
    said = np.array([value for (value,) in rule.values])[step]
    assert len(rule.values) >= 4
    assert all(abs(rule.values[at][0] - usual(y[step == at])) < 0.02 for at in range(len(rule.values)))
    assert all(error(y - said).mean() < error(y - said * other).mean() for other in (0.9, 1.1))


def test_three_windows_follow_from_the_horizon() -> None:
    assert windows("7 days") == {"7d": "7 days", "28d": "28 days", "91d": "91 days"}
    assert windows("1 day") == {"1d": "1 day", "7d": "7 days", "28d": "28 days"}
    assert windows("2 weeks") == windows("14 days")
    assert windows("3 hours") == {"3h": "3 hours", "1d": "1 day", "7d": "7 days"}


def test_a_category_becomes_part_of_a_name() -> None:
    assert [slug(text) for text in ("Web Shop", "über-Nacht", "???")] == ["web_shop", "ueber_nacht", "other"]


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
    moved = [one.name for one in by_entity("stays", household, "household_id", windows("1 day")).features if not one.drift]
    assert moved == ["baskets_ever", "baskets_span_ever"], "what only grows is moved by the calendar"
    assert writing._column("baskets_ever", "bigint", "Baskets", unit="count", drift=False)["config"]["meta"] == {
        "reason": {"unit": "count"}, "drift": False,
    }  # fmt: skip
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
    found = prune(table, ["tells", "again", "empty", "one", "noise", "kind"], "y", "as_of", "binary", 30, 1)
    why = dict(found.left_out)
    assert "tells" in found.kept and found.rule.feature == "tells"
    assert (why["again"], why["empty"], why["one"]) == ("a copy of tells", "empty", "constant")
    values = [value for (value,) in found.rule.values]
    assert values == sorted(values) and 0 < values[0] < values[-1] < 1


def many_features(rows: int, columns: int) -> tuple[pa.Table, list[str]]:
    """Labels that three features tell, among many that say nothing and some that say the same less well."""
    draw = np.random.default_rng(3)
    numbers = draw.normal(size=(rows, columns))
    numbers[:, 3:12] = numbers[:, [0, 1, 2] * 3] + draw.normal(size=(rows, 9))
    chance = 1 / (1 + np.exp(-1.5 * numbers[:, :3].sum(axis=1)))
    names = [f"f{at}" for at in range(columns)]
    at = pa.array([datetime(2020, 1, 1) + timedelta(minutes=i) for i in range(rows)], pa.timestamp("us"))
    return pa.table(
        [at, pa.array(draw.random(rows) < chance), *(pa.array(one) for one in numbers.T)], ["as_of", "y", *names]
    ), names


def test_as_few_features_stay_as_do_as_well() -> None:
    table, names = many_features(6_000, 60)
    found = prune(table, names, "y", "as_of", "binary", 60, 1)
    assert {"f0", "f1", "f2"} <= set(found.kept) and len(found.kept) <= 8
    sizes = [size for size, _ in found.sizes]
    assert sizes[0] == 60 and sizes == sorted(sizes, reverse=True) and sizes[-1] <= 4
    assert len(found.kept) + len(found.left_out) == 60


def test_what_the_rule_reads_stays_also_where_trees_do_as_well_without_it() -> None:
    draw = np.random.default_rng(7)
    numbers = draw.normal(size=(4_000, 8))
    # Pairs say nearly all, but none of a pair says anything by itself; the fifth says a little.
    y = numbers[:, 0] * numbers[:, 1] + numbers[:, 2] * numbers[:, 3] + 0.09 * numbers[:, 4] + 0.5 * draw.normal(size=4_000)
    at = pa.array([datetime(2020, 1, 1) + timedelta(hours=i) for i in range(4_000)], pa.timestamp("us"))
    names = ["a", "b", "c", "d", "little", "e", "f", "g"]
    table = pa.table([at, pa.array(y), *(pa.array(one) for one in numbers.T)], ["as_of", "y", *names])
    found = prune(table, names, "y", "as_of", "rmse", 30, 1)
    assert found.rule.feature == "little" and {"a", "b", "c", "d", "little"} == set(found.kept)
    assert "little" not in dict(found.left_out)


def test_pruning_keeps_to_its_time_box_also_in_its_first_fit() -> None:
    table, names = many_features(60_000, 150)
    began = time.monotonic()
    found = prune(table, names, "y", "as_of", "binary", 2, 1)
    whole = time.monotonic() - began
    assert whole < 8 and {"f0", "f1", "f2"} <= set(found.kept)
    assert found.took == pytest.approx(whole, rel=0.2, abs=0.2), "what is told is what it took"


def test_no_fit_begins_when_the_time_box_is_over_and_it_is_told_what_took_how_long() -> None:
    table, names = many_features(3_000, 20)
    found = prune(table, names, "y", "as_of", "binary", 0.001, 1)
    assert [size for size, _ in found.sizes] == [20], "the first fit alone"
    plan = planned(50_000, 48, 2)
    plan.seconds = found.took + 52.0
    said = writing.took(plan, found)
    assert f"pruning took {found.took:.0f} seconds of a time box of 30; landing the past and building" in said
    assert "was tried took 52 before it, which no box bounds" in said
    assert ", longer because the first trees go on" in writing.took(plan, dataclasses.replace(found, took=40.0))


def test_a_rule_of_classes_says_how_probable_each_is_in_each_step() -> None:
    draw = random.Random(1)
    n = 2_000
    tells = [draw.random() for _ in range(n)]
    table = pa.table({
        "as_of": pa.array([datetime(2020, 1, 1) + timedelta(hours=i) for i in range(n)], pa.timestamp("us")),
        "tells": [None if i % 50 == 0 else one for i, one in enumerate(tells)], "noise": [draw.random() for _ in range(n)],
        "y": ["usual" if abs(one - 0.5) < 0.3 else "busy" if one > 0.5 else "quiet" for one in tells],
    })  # fmt: skip
    found = prune(table, ["noise", "tells"], "y", "as_of", "multiclass", 30, 1)
    assert found.classes[0] == "usual" and set(found.classes) == {"usual", "quiet", "busy"}
    assert found.rule.feature == "tells" and "tells" in found.kept
    for step in [*found.rule.values, found.rule.missing]:
        assert round(sum(step), 9) == 1 and all(one > 0 for one in step)
    first, last = (dict(zip(found.classes, step, strict=True)) for step in (found.rule.values[0], found.rule.values[-1]))
    assert first["quiet"] > 0.8 and last["busy"] > 0.8


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (["quiet", "Very busy"], "the label is 'Very busy' in some rows, .* let --label say lower-case letters, digits and _"),
        ([f"c{at}" for at in range(51)], "the label has 51 classes, more than 50; let --label put the rare ones together"),
    ],
)
def test_classes_that_no_column_could_be_named_by_are_refused(found: list[str], told: str) -> None:
    with pytest.raises(AsofError, match=told):
        problem._check_classes(found)


def planned(rows: int, entities: int, columns: int) -> Plan:
    """A problem on so many facts of so many entities, each with so many numbers."""
    numbers = [Column(f"n{at}", "number", 99) for at in range(columns)]
    facts = Table("stg_shop__visits", "x", numbers, True, False, rows, "bigint", entities=entities)
    plan = problem._plan(Wanted("big", "shop", "7 days", "14 days", "count(*) > 3", ("stg_shop__visits",)), [facts], [])
    plan.start, plan.until = datetime(2023, 1, 2), datetime(2023, 12, 25)
    return plan


def test_features_of_many_facts_are_tried_on_some_entities_and_of_few_facts_on_all() -> None:
    assert problem._sample(planned(50_000, 500, 5)) is None
    shares = [problem._sample(planned(rows, 20_000, 12)) for rows in (2_000_000, 20_000_000)]
    assert shares[0] > shares[1] >= 15 and shares[0] < 900, "thousandths, but never of fewer than 300 entities"
    assert problem._sample(planned(20_000_000, 40, 12)) is None, "few entities say little, so all of them are looked at"


@pytest.mark.parametrize(("entities", "cluster", "holdout_days"), [(500, "shop", 28), (50, None, 84)])
def test_where_questions_come_by_the_week_entities_are_compared_if_there_are_many(
    entities: int, cluster: str, holdout_days: int
) -> None:
    text = writing._declaration(planned(50_000, entities, 2), [], None)
    assert yaml_lint.lint(text) == []
    declared = yaml.safe_load(text)["models"][0]
    said = declared["config"]["meta"]["problem"]
    assert (said.get("cluster"), said["holdout_days"]) == (cluster, holdout_days)


@pytest.mark.parametrize("every", ["6 hours", "1 day", "7 days", "2 weeks"])
@pytest.mark.parametrize("horizon", ["3 hours", "1 day", "7 days", "28 days", "13 weeks"])
@pytest.mark.parametrize("delay", [0, 36, 400])
def test_every_part_of_a_new_problem_holds_rows_as_soon_as_its_history_is_as_long_as_it_says(
    every: str, horizon: str, delay: int
) -> None:
    wait, start = duration(horizon) + timedelta(hours=delay), datetime(2020, 1, 6)
    for by_rows in (True, False):
        for history in (20, 60, 200, 2_000):
            found = days(timedelta(days=history), duration(every), duration(horizon), wait, by_rows)
            until = start + timedelta(days=max(history, found.needed))
            as_of = np.arange(np.datetime64(start, "us"), np.datetime64(until, "us"), np.timedelta64(duration(every)))
            parts = split(as_of, as_of + np.timedelta64(wait), until, found.validation, found.holdout)
            assert min(len(parts.train), len(parts.validation), len(parts.holdout)) >= 1
            assert found.holdout == found.wanted or history < 4 * found.wanted + found.validation


def test_a_holdout_is_six_horizons_where_the_history_allows_it_and_else_what_it_allows() -> None:
    day, week = timedelta(days=1), timedelta(days=7)
    ample = days(511 * day, day, week, week + 1.5 * day, by_entity=False)
    assert (ample.holdout, ample.wanted, ample.validation) == (42, 42, 28)
    rare = days(511 * day, week, 4 * week, 4 * week + 1.5 * day, by_entity=False)
    assert rare.holdout == 168 and rare.validation == 42 > 28 + 1.5 + 7, "longer than a label takes and a step"
    short = days(76 * day, day, week, week, by_entity=False)
    assert short.wanted == 42 > short.holdout == 27 and short.needed <= 76


WORLDS = st.tuples(
    st.sampled_from(["6 hours", "1 day", "7 days", "14 days"]), st.sampled_from(["1 day", "7 days", "28 days"]),
    st.integers(5, 300), st.floats(0.003, 0.9), st.integers(100, 1_500), st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip


def lived(every: str, wait: timedelta, rows: int, rate: float, until: np.datetime64, history: int, seed: int):
    """The instants of a history that ends at `until`, one a row, when each label is known, and labels that happen at random."""
    start = until - np.timedelta64(history, "D")
    as_of = np.repeat(np.arange(start, until, np.timedelta64(duration(every)), dtype="datetime64[us]"), rows)
    return as_of, as_of + np.timedelta64(wait), np.random.default_rng(seed).random(len(as_of)) < rate


@settings(max_examples=80, deadline=None)
@given(WORLDS)
def test_a_holdout_holds_rows_enough_for_a_verdict_or_it_is_said_what_would(world: tuple) -> None:
    every, horizon, rows, rate, history, by_entity, seed = world
    wait, until = duration(horizon) + timedelta(hours=20), np.datetime64("2024-01-01", "us")
    as_of, known, label = lived(every, wait, rows, rate, until, history, seed)
    late = label[as_of >= np.unique(as_of)[len(np.unique(as_of)) // 2]]
    assume(min(late.sum(), len(late) - late.sum()) >= 100)  # or the rate itself is a guess
    brings = usual(as_of, label, "roc_auc")
    args = (duration(every), duration(horizon), wait, by_entity, brings)
    found = days(timedelta(days=history), *args)
    assume(found.needed <= history)
    part = split(as_of, known, until, found.validation, found.holdout).holdout
    happened, asked = min(label[part].sum(), len(part) - label[part].sum()), len(np.unique(days_of(as_of[part])))
    assert abs(happened - found.rarer) <= 5 * np.sqrt(found.rarer + 1) + 2 * brings.rarer, "what is told is what there is"
    assert found.asked is None or 0 <= asked - found.asked <= 1
    if found.holdout >= found.wanted:
        assert found.may_promote and happened >= 50 - 3 * np.sqrt(50), "by chance a little fewer in one of twenty"
        assert by_entity or asked >= MIN_CLUSTERS
        return
    longer = days(timedelta(days=found.history), *args)
    assert longer.holdout == longer.wanted and longer.may_promote, "what is promised comes true"


@settings(max_examples=60, deadline=None)
@given(WORLDS)
def test_a_validation_part_holds_what_calibrates_where_history_allows_and_never_takes_from_what_is_learned(world: tuple) -> None:
    every, horizon, rows, rate, history, by_entity, _ = world
    wait = duration(horizon) + timedelta(hours=20)
    for brings in (Usual(rows, rows * min(rate, 1 - rate), False), Usual(rows, rows, True)):
        found = days(timedelta(days=history), duration(every), duration(horizon), wait, by_entity, brings)
        if found.needed <= history and found.validation >= found.wanted_validation and brings.number:
            assert found.groups >= 39, "an interval of 95 % has one error outside at each end"
        bare = days(timedelta(days=history), duration(every), duration(horizon), wait, by_entity)
        assert found.validation >= bare.validation
        learned = history - found.validation - found.holdout - -(-wait // timedelta(days=1))
        assert learned >= found.holdout or (found.validation, found.holdout) == (bare.validation, bare.holdout)


def test_few_days_of_rare_outcomes_are_told_with_what_there_is_and_what_is_needed() -> None:
    plan = planned(50_000, 48, 2)
    plan.usual = Usual(48, 2.4, False)
    (said,) = telling.parts(plan)
    assert re.search(
        r"357 days of questions allow holdout_days \d+, which hold about \d\d rows of the rarer outcome on \d+ days", said
    )
    found = writing.parts_of(plan)
    assert f"What helps: declare holdout_days {found.wanted} when there are {found.history} days, ask about more than 48" in said
    plan.until = plan.start + timedelta(days=found.history)
    assert telling.parts(plan) == [] and writing.parts_of(plan).holdout == found.wanted
    plan = planned(50_000, 12, 2)
    plan.usual = Usual(12, 12, True)
    plan.until = plan.start + timedelta(days=150)
    said = telling.parts(plan)[-1]
    assert "rows that share no outcome, and an interval of 95 % is read from 39: intervals hold only roughly" in said


def test_facts_that_are_late_and_costs_that_nobody_set_are_spoken_of() -> None:
    plan = planned(50_000, 500, 2)
    assert not [said for said in telling.chosen(plan) if "hours" in said]
    plan.tables[0].delay_hours, plan.tables[0].delay_why = 36, "so long it took until 99.9% of what happened was known"
    (said,) = [said for said in telling.chosen(plan) if "hours" in said]
    assert (
        "a label is known 36 hours after its horizon of 14 days: so long it took until 99.9% of what happened was known" in said
    )
    text = writing._declaration(plan, [], None)
    described = {one["name"]: one["description"] for one in yaml.safe_load(text)["models"][0]["columns"]}
    assert "When the horizon is over, and 36 hours later" in described["label_known_at"]
    assert "TO BE REPLACED: nobody has said what an error costs" in text
    told = telling.costs(plan, SimpleNamespace(rate=0.11))
    assert "a missed one counts as much as a false alarm" in telling.costs(plan, SimpleNamespace(rate=0.5))
    assert "a missed one counts 8 times a false alarm" in told and "models/problems/big/_big.yml" in told


def test_facts_that_are_built_of_corrected_ones_are_spoken_of_unless_their_yaml_says_what_tells_them_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    said = "models: [{name: stg_crm__orders, config: {meta: {versions: {of: [order_id]}}}}]"
    (tmp_path / "models" / "_crm.yml").write_text(said)
    monkeypatch.setattr(words, "PROJECT", tmp_path)
    table = Table("int_orders", "x", [], True, True, 9, "varchar")
    (told,) = telling.versions(table, ["int_orders", "stg_crm__orders", "stg_crm__lists"])
    assert told.startswith("int_orders is built of stg_crm__orders, whose later rows correct earlier ones: each of its own rows")
    table.fact = ("order_id",)
    assert not telling.versions(table, ["int_orders", "stg_crm__orders"])


def test_versions_that_name_no_column_are_refused_by_what_the_yaml_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(words, "PROJECT", tmp_path)
    types = {"order_id": "BIGINT", "known_at": "TIMESTAMP"}
    for said, told in (
        ("{of: [order_no]}", "order_no is no column of it"), ("{by: known_at}", "of is missing"),
        ("{of: [order_id], by: entered_at}", "entered_at is no column of it"),
    ):  # fmt: skip
        text = f"models: [{{name: stg_crm__orders, config: {{meta: {{versions: {said}}}}}}}]"
        (tmp_path / "models" / "_crm.yml").write_text(text)
        with pytest.raises(AsofError, match=rf"stg_crm__orders: config.meta.versions says .*{told}"):
            facts._versions("stg_crm__orders", types)
    (tmp_path / "models" / "_crm.yml").write_text(text.replace("entered_at", "known_at"))
    assert facts._versions("stg_crm__orders", types) == (("order_id",), "known_at")


BY_HAND = "python -m flows build; then train, judge and promote, each with --problem big"
LAST, CLOCK = datetime(2023, 5, 2), datetime(2023, 4, 1)


@pytest.mark.parametrize(
    ("last", "stands", "told"),
    [
        (LAST, None, "python -m flows replay --history 2023-03-27 --until 2023-05-02"),
        (LAST, CLOCK, f"{BY_HAND}; the clock stands at 2023-04-01 00:00, and no replay goes back"),
        (None, None, f"python -m flows land; {BY_HAND}"),
    ],
)
def test_what_comes_next_depends_on_whether_the_clock_stands(last: datetime | None, stands: datetime | None, told: str) -> None:
    assert new._next("big", SimpleNamespace(until=datetime(2023, 3, 27), last=last, stands=stands)) == told


def test_the_error_of_numbers_is_said_in_the_unit_of_the_label() -> None:
    assert [in_words(*one) for one in (("rmse", 6346016.6958), ("rmse", 0.9231), ("mae", 12.34567), ("mae", 25191.4))] == [
        "2,519", "0.9608", "12.35", "25,191",
    ]  # fmt: skip
    assert [in_words(aim, 0.41812) for aim in ("binary", "multiclass")] == ["0.4181"] * 2, "log loss is a mean and stays one"


def test_what_was_written_is_named_so_that_it_is_found_again() -> None:
    files = ["models/problems/b/_b.yml", "models/problems/b/b__cohort.sql", "models/marts/b/b_by_day.sql",
             "models/marts/b/_b__mart.yml", "checks/contracts/b_predictions.yml"]  # fmt: skip
    assert new.wrote(files) == "models/problems/b/, models/marts/b/, checks/contracts/b_predictions.yml"
