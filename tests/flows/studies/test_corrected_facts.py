"""Facts that later rows correct: generated features and labels equal an oracle, and nothing comes from the future."""

from __future__ import annotations

import csv
import math
import os
import random
import re
import statistics
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from tests import synthetic

pytestmark = pytest.mark.slow

BEGIN, DAYS, HORIZON = datetime(2018, 12, 31), 150, timedelta(days=7)
HISTORY, UNTIL = "2019-04-15", "2019-04-22"
# Every feature that is tried stays, so that every template is compared.
KEEP_ALL = """
import dataclasses
from flows.studies.scaffolding import problem
pruned = problem.prune
problem.prune = lambda table, names, *rest: dataclasses.replace(pruned(table, names, *rest), kept=names)
from flows.cli.main import cli
cli()
"""


REGIONS = {f"c-{i:02}": ["north", "south"][i % 3 == 0] for i in range(30)}


class Order(NamedTuple):
    """One version of an order."""

    order_id: int
    customer: str
    plan: str
    happened_at: datetime
    entered_at: datetime
    amount: float


def orders() -> list[Order]:
    """Orders, every sixth of which is entered again with another amount, some of these for another customer or plan."""
    draw, found, number = random.Random(5), [], 0
    customers = [(f"c-{i:02}", draw.choice(["basic", "pro", "team"]), 0.1 + 0.4 * draw.random()) for i in range(30)]
    for day in range(DAYS):
        for customer, plan, rate in customers:
            if draw.random() > rate:
                continue
            number += 1
            at = BEGIN + timedelta(days=day, seconds=draw.randrange(86_400))
            one = Order(number, customer, plan, at, at + timedelta(minutes=draw.randrange(300)), draw.randrange(4, 400) / 4)
            found.append(one)
            while draw.random() < 0.15:
                other = draw.choice(customers) if draw.random() < 0.2 else (one.customer, one.plan)
                later = one.entered_at + timedelta(minutes=draw.randrange(1, 30_000))
                one = one._replace(customer=other[0], plan=other[1], entered_at=later, amount=draw.randrange(4, 400) / 4)
                found.append(one)
    draw.shuffle(found)
    return found


def known(versions: list[Order], before: datetime) -> list[tuple[datetime, Order]]:
    """Each order as it is known before an instant, with the instant at which it was first known, in that order."""
    then: dict[int, list[Order]] = {}
    for one in versions:
        if one.entered_at < before:
            then.setdefault(one.order_id, []).append(one)
    seen = [(min(one.entered_at for one in some), max(some, key=lambda one: one.entered_at)) for some in then.values()]
    return sorted(seen, key=lambda one: (one[0], one[1].amount))


def expected(feature: str, customer: str, as_of: datetime, facts: list[tuple[datetime, Order]]) -> object:
    """What a generated feature must be; `facts` is what was known before as_of."""
    own = [one for one in facts if one[1].customer == customer]
    if feature.startswith("orders_newest_"):
        return getattr(own[-1][1], feature.removeprefix("orders_newest_")) if own else None
    whose, measure, tag = re.fullmatch(r"(all_|plan_|region_)?orders_?(.*?)_?(\d+[dh]|last\d+|ever)", feature).groups()
    some = own
    if whose == "all_":
        some = facts
    elif whose == "plan_":
        some = [one for one in facts if own and one[1].plan == own[-1][1].plan]
    elif whose == "region_":
        some = [one for one in facts if REGIONS[one[1].customer] == REGIONS[customer]]
    if tag.startswith("last"):
        some = some[-int(tag[4:]) :]
    elif tag != "ever":
        some = [one for one in some if one[0] >= as_of - timedelta(days=int(re.match(r"\d+", tag)[0]))]
    amounts = [one.amount for _, one in some]
    if measure.startswith("amount_"):
        how = measure.removeprefix("amount_")
        if how == "stddev":
            return statistics.stdev(amounts) if len(amounts) > 1 else None
        return {"sum": sum, "mean": statistics.fmean, "min": min, "max": max}[how](amounts) if amounts else None
    if measure in ("since", "span"):
        at = (some[-1] if measure == "since" else some[0])[0] if some else None
        return at and (as_of - at).total_seconds()
    if measure == "plan_kinds":
        return len({one.plan for _, one in some})
    if measure:
        return statistics.fmean(one.plan == measure.removeprefix("plan_") for _, one in some) if some else None
    # a customer without a plan yet belongs to no group, and what nobody asked is null
    return len(some) if own or whose != "plan_" else None


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which a problem about corrected orders was written and lived through."""
    where = synthetic.plant(tmp_path_factory.mktemp("corrected") / "project")
    with (where / "orders.csv").open("w") as file:
        csv.writer(file).writerows([Order._fields, *orders()])
    with (where / "customers.csv").open("w") as file:
        csv.writer(file).writerows([("customer", "region"), *REGIONS.items()])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASOF_", "DBT_"))}
    asked = ("--entity", "customer", "--every", "3 days", "--horizon", "7 days", "--from", "stg_crm__orders",
             "--from", "stg_crm__customers")  # fmt: skip
    said = ("--label", "sum(amount)", "--otherwise", "0", "--task", "regression", "--seconds", "3")
    for words in (
        ("new", "source", "crm.orders", "--from", "orders.csv", "--corrections", "latest", "--known-at", "entered_at",
         "--event-at", "happened_at"),
        ("new", "source", "crm.customers", "--from", "customers.csv", "--known-always"),
        ("new", "problem", "spend", *asked, *said),
        ("replay", "--history", HISTORY, "--until", UNTIL),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", KEEP_ALL, *words], cwd=where, env=environment, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return where


def same(found: object, wanted: object) -> bool:
    numbers = isinstance(found, int | float) and isinstance(wanted, int | float)
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-6) if numbers else found == wanted


def test_every_generated_feature_sees_the_latest_version_known_before_its_instant_and_no_order_twice(lived: Path) -> None:
    versions, checked, states = orders(), set(), {}
    with duckdb.connect(str(lived / "data" / "warehouse.duckdb"), read_only=True) as con:
        rows = con.sql("select * from problems.spend__features order by as_of, customer").to_arrow_table().to_pylist()
    for row in rows[::3]:
        customer, as_of = row.pop("customer"), row.pop("as_of")
        facts = states.setdefault(as_of, known(versions, as_of))
        for name, value in row.items():
            if name == "customers_region":
                assert value == REGIONS[customer]
            elif name not in ("rule_score", "as_of_weekday"):
                wanted = expected(name, customer, as_of, facts)
                assert same(value, wanted), f"{name} of {customer} as of {as_of} is {value}, the oracle says {wanted}"
                checked.add(name)
    assert {name.split("orders")[0] for name in checked} == {"", "plan_", "region_", "all_"}
    assert len(checked) > 50 and len(rows) > 800


def test_who_is_asked_about_follows_from_the_first_version_of_each_order_and_no_correction_takes_it_back(lived: Path) -> None:
    with duckdb.connect(str(lived / "data" / "warehouse.duckdb"), read_only=True) as con:
        rows = con.sql("select customer, as_of from problems.spend__cohort").fetchall()
    first: dict[int, Order] = {}
    for one in sorted(orders(), key=lambda one: one.entered_at):
        first.setdefault(one.order_id, one)
    began = {customer: min(one.entered_at for one in first.values() if one.customer == customer) for customer in REGIONS}
    assert sorted(rows) == sorted((one, at) for at in {row[1] for row in rows} for one in REGIONS if began[one] < at)


def test_a_label_counts_each_order_once_as_it_was_corrected_when_the_label_is_known(lived: Path) -> None:
    versions = orders()
    with duckdb.connect(str(lived / "data" / "warehouse.duckdb"), read_only=True) as con:
        rows = con.sql("select customer, as_of, spend, label_known_at from problems.spend__labels").fetchall()
    for customer, as_of, label, label_known_at in rows:
        seen = [one for _, one in known(versions, label_known_at) if one.customer == customer]
        wanted = sum(one.amount for one in seen if as_of < one.happened_at <= as_of + HORIZON)
        assert same(label, wanted), f"the label of {customer} as of {as_of} is {label}, the oracle says {wanted}"
    assert len(rows) > 800 and len({row[3] - row[1] for row in rows}) == 1


def prove(where: Path) -> subprocess.CompletedProcess:
    # the shared mutants have fewer days than a question every 3 days about the next 7 needs; the one below is of these facts
    words = ("prove", "--problem", "spend", "--no-mutants", "--cuts", "1", "--days", "60", "--hourly-days", "1")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASOF_", "DBT_"))}
    return subprocess.run(
        [sys.executable, "-m", "flows", *words], cwd=where, capture_output=True, text=True, timeout=1800, env=environment
    )


def test_the_proof_finds_nothing_of_the_future_and_a_correction_that_counts_before_it_is_known(lived: Path) -> None:
    done = prove(lived)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    macro = lived / "macros" / "point_in_time" / "as_corrected.sql"
    right = macro.read_text()
    wrong = right.replace("where (f.{{ known_at }} = f.pit_first_at or", "where (true or")
    assert wrong != right
    macro.write_text(wrong)
    try:
        done = prove(lived)
    finally:
        macro.write_text(right)
    assert done.returncode == 1 and "spend__" in done.stderr and "differs in the row of" in done.stderr, done.stdout + done.stderr
