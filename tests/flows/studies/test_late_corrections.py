"""How many labels change by corrections that come after the label is known: as an oracle counts it, version by version."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import duckdb
import pytest

from flows.studies.scaffolding.facts import Table
from flows.studies.scaffolding.late_corrections import TRIED, late_corrections

BEGIN, UNTIL = datetime(2020, 1, 6), datetime(2021, 1, 4)
HORIZON, HOURS = timedelta(days=14), 20


def versions(seed: int) -> list[tuple[int, int, str, datetime, datetime, float]]:
    """Orders of twelve machines: number, machine, kind, when they happened, when a version was known, and what it cost."""
    draw, found = random.Random(seed), []
    for number in range(400):
        machine, at = draw.randrange(12), BEGIN + timedelta(minutes=draw.randrange(360 * 1440))
        known, kind = at + timedelta(minutes=draw.randrange(1, 1200)), draw.choice(["leak", "check", "check"])
        found.append((number, machine, kind, at, known, draw.randrange(100) / 7))
        while draw.random() < 0.3:
            known += timedelta(minutes=draw.randrange(1, 20 * 1440))
            machine = draw.randrange(12) if draw.random() < 0.1 else machine
            at += timedelta(hours=draw.randrange(-30, 30) if draw.random() < 0.1 else 0)
            found.append((number, machine, draw.choice(["leak", "check"]), at, known, draw.randrange(100) / 7))
    return [one for one in found if one[4] < UNTIL]


def label(found: list, machine: int, as_of: datetime, before: datetime, how: str) -> object:
    """What is said of a machine by all that is known before an instant."""
    then = {}
    for one in sorted(found, key=lambda one: one[4]):
        if one[4] < before:
            then[one[0]] = one
    inside = [one for one in then.values() if one[1] == machine and as_of < one[3] <= as_of + HORIZON]
    return any(one[2] == "leak" for one in inside) if how == "leak" else round(sum(one[5] for one in inside), 6)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("how", "sql", "otherwise"), [("leak", "count(*) filter (where kind = 'leak') > 0", "false"), ("sum", "sum(cost)", "0")]
)
def test_labels_that_change_after_they_are_known_are_counted_as_by_an_oracle_and_a_delay_waits_for_them(
    seed: int, how: str, sql: str, otherwise: str
) -> None:
    found = versions(seed)
    asked = [(machine, BEGIN + timedelta(days=7 * week)) for week in range(52) for machine in range(12)]
    con = duckdb.connect()
    con.execute(
        "create table orders (number int, machine int, kind varchar, event_at timestamp, known_at timestamp, cost double)"
    )
    con.executemany("insert into orders values (?, ?, ?, ?, ?, ?)", found)
    con.execute("create table cohort (machine int, as_of timestamp)")
    con.executemany("insert into cohort values (?, ?)", asked)
    table = Table("stg_x__orders", "orders", [], True, True, len(found), "integer", delay_hours=HOURS, fact=("number",))
    late = late_corrections(con, table, "cohort", "machine", "event_at", sql, otherwise, HORIZON, UNTIL)
    numbers: dict[int, list] = {}
    for one in found:
        numbers.setdefault(one[0], []).append(one[4])
    longest = max(max(times) - min(times) for times in numbers.values())
    rows = [one for one in asked if one[1] <= UNTIL - HORIZON - min(longest, (UNTIL - BEGIN) / 3)]

    def changed(delay: timedelta) -> list[tuple[object, object]]:
        both = [(label(found, *one, one[1] + HORIZON + delay, how), label(found, *one, UNTIL, how)) for one in rows]
        return [one for one in both if one[0] != one[1]]

    at_first = changed(timedelta(hours=HOURS))
    assert (late.labels, late.changed) == (len(rows), len(at_first)) and late.changed > 20
    if how == "leak":
        assert late.true == sum(label(found, *one, UNTIL, how) for one in rows)
        assert late.missed == sum(one[1] for one in at_first)
    few = [days for days in TRIED if len(changed(timedelta(days=days))) <= 0.001 * len(rows)]
    assert late.days == min(few)


def test_facts_that_nobody_corrects_change_no_label() -> None:
    con = duckdb.connect()
    con.execute("create table orders as select i as number, i % 3 as machine, true as leak, timestamp '2020-01-01' + "
                "to_days(i::int) as event_at, event_at as known_at from range(50) as t(i)")  # fmt: skip
    con.execute("create table cohort as select distinct machine, timestamp '2020-01-10' as as_of from orders")
    for fact in ((), ("number",)):
        table = Table("stg_x__orders", "orders", [], True, True, 50, "bigint", fact=fact)
        found = late_corrections(
            con, table, "cohort", "machine", "event_at", "count(*)", "0", timedelta(days=7), datetime(2020, 2, 9)
        )
        assert found is None
