"""What a column is made of: whatever DuckDB puts into it comes from a column that is named, and a hash is told from a value."""

from __future__ import annotations

from itertools import product

import duckdb
import pytest

from flows.runtime import salt
from flows.runtime.column_lineage import How, Origin, columns
from ml.errors import AsofError

PLANTED = "person@example.org"
SHAPE = {
    "landing.people": ["id", "mail", "town", "seen"],
    "landing.visits": ["visit", "id", "spent", "seen"],
    "landing.salt": ["salt"],
}
HASH = salt.hashed("mail")

# What the value goes through, and in what it stands: each pair is a query.
INNER = {
    "as it is": "select id, mail as said, town, seen from landing.people",
    "all": "select id, town, seen, mail as said from (select * from landing.people)",
    "all but": "select * exclude (mail), mail as said from landing.people",
    "replaced": "select * replace (lower(mail) as mail), mail as said from landing.people",
    "computed": "select id, town, seen, concat(mail, '!') as said from landing.people",
    "typed": "select id, town, seen, cast(mail as varchar) as said from landing.people",
    "chosen": "select id, town, seen, case when town is null then 'none' else mail end as said from landing.people",
    "or nothing": "select id, town, seen, coalesce(nullif(mail, ''), town) as said from landing.people",
    "a union": "select id, town as said, town, seen from landing.people "
    "union all select id, mail, town, seen from landing.people",
    "a union by name": "select id, town, seen, town as said from landing.people union all by name "
    "select mail as said, id, seen, town from landing.people",
    "a join": "select people.id, people.mail as said, town, people.seen from landing.visits inner join landing.people using (id)",
    "an asof join": "select id, mail as said, town, v.seen from landing.visits as v asof left join landing.people as p "
    "using (id, seen)",
    "a struct": "select id, s.m as said, town, seen from "
    "(select id, town, seen, struct_pack(m := mail, t := town) as s from landing.people)",
    "the last": "select id, max_by(mail, seen) as said, any_value(town) as town, max(seen) as seen "
    "from landing.people group by id",
    "the last struct": "select id, max_by({'m': mail}, seen).m as said, any_value(town) as town, max(seen) as seen "
    "from landing.people group by 1",
    "a list": "select id, list(mail) as said, any_value(town) as town, max(seen) as seen from landing.people group by id",
    "unnested": "select id, unnest(l) as said, town, seen from (select id, town, seen, [mail, town] as l from landing.people)",
    "a lateral unnest": "select id, u.m as said, town, seen from landing.people, lateral (select unnest([mail]) as m) as u",
    "a window": "select id, first_value(mail) over (partition by town order by seen) as said, town, seen from landing.people",
    "another alias": "select id, mail as address, address as said, town, seen from landing.people",
    "a scalar query": "select id, (select max(mail) from landing.people) as said, town, seen from landing.people",
    "json": "select id, to_json(struct_pack(m := mail)) as said, town, seen from landing.people",
    "unpivoted": "select id, value as said, town, seen from (select id, town, seen, mail as m, town as t from landing.people) "
    "unpivot (value for name in (m, t))",
    "recursion": "with recursive r as (select id, mail as said, town, seen from landing.people union all "
    "select id + 100, said, town, seen from r where id < 50) select * from r",
}
OUTER = {
    "as it is": "select * from t",
    "named": "select said as other, id from t",
    "distinct": "select distinct said from t",
    "grouped": "select said, count(*) as n from t group by all",
    "the greatest": "select max(cast(said as varchar)) as greatest from t",
    "a filter": "select max(cast(said as varchar)) filter (where id > 0) as greatest from t",
    "all together": "select string_agg(cast(said as varchar), ',') as together from t",
    "a cte": "with again as (select * from t) select again.said from again "
    "where id > 0 qualify row_number() over (order by seen) > 0",
    "from first": "from t select said, id",
}


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute("create schema landing")
        salt.ensure(con)
        con.execute(
            f"create table landing.people as select 1 as id, '{PLANTED}' as mail, 'here' as town, timestamp '2026-01-01' as seen"
        )
        con.execute("create table landing.visits as select 7 as visit, 1 as id, 3.5 as spent, timestamp '2026-01-02' as seen")
        yield con


def holding(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, bool]:
    found = con.sql(sql)
    rows = found.fetchall()
    return {name: any(PLANTED in str(row[at]) for row in rows) for at, name in enumerate(found.columns)}


def together(inner: str, outer: str) -> str:
    """`outer`, which reads `t`, over `inner`."""
    before, _, rest = outer.partition("with ")
    return f"with t as ({inner})" + (f", {rest}" if rest else f" {before}")


@pytest.mark.parametrize(("inner", "outer"), list(product(INNER, OUTER)))
def test_wherever_a_value_gets_its_column_is_named(con: duckdb.DuckDBPyConnection, inner: str, outer: str) -> None:
    sql = together(INNER[inner], OUTER[outer])
    there = holding(con, sql)
    assert any(there.values())
    try:
        traced = columns(sql, SHAPE)
    except AsofError:
        return  # who asks takes it for everything
    assert list(traced) == list(there)
    for name, holds in there.items():
        plain = {(one.relation, one.column) for one in traced[name].origins if not one.hashed}
        assert not holds or ("landing.people", "mail") in plain, name


def test_nearly_all_of_these_queries_can_be_followed() -> None:
    lost = []
    for name, sql in INNER.items():
        try:
            columns(sql, SHAPE)
        except AsofError:
            lost.append(name)
    assert lost == []


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("expression", ["mail", "lower(trim(mail))", "p.mail"])
def test_a_salted_hash_is_told_from_a_value(con: duckdb.DuckDBPyConnection, outer: str, expression: str) -> None:
    sql = together(f"select id, seen, {salt.hashed(expression)} as said from landing.people as p", OUTER[outer])
    assert not any(holding(con, sql).values())
    for traced in columns(sql, SHAPE).values():
        assert all(one.hashed for one in traced.origins if one.column == "mail")


@pytest.mark.parametrize(
    "expression",
    [
        "sha256(mail)",
        "md5(mail)",
        "hash(mail)",
        "sha256('salt' || mail)",
        f"{HASH} || mail",
        f"case when {HASH} > '5' then mail end",
    ],
)
def test_what_is_no_salted_hash_is_the_value(expression: str) -> None:
    found = columns(f"select {expression} as said from landing.people", SHAPE)["said"].origins
    assert any(one.column == "mail" and not one.hashed for one in found)


def test_whether_there_is_a_value_and_how_many_are_no_values() -> None:
    asked = columns("select mail is not null as has, count(mail) over () as n, id from landing.people", SHAPE)
    assert not asked["has"].origins and not asked["n"].origins
    assert asked["id"].origins == {Origin("landing.people", "id", How.CARRIED, False)}


def test_a_row_of_one_table_is_told_as_an_expression_over_it(con: duckdb.DuckDBPyConnection) -> None:
    sql = (
        "with a as (select *, id + 1 as next from landing.people), "
        "b as (select concat(town, '/', next) as key, mail from a) select * from b"
    )
    traced = columns(sql, SHAPE)["key"]
    assert traced.row_of == "landing.people"
    assert (
        con.execute(f"select {traced.expression} from landing.people").fetchall()
        == con.execute(f"select key from ({sql})").fetchall()
    )
    assert columns("select max(id) as id from landing.people", SHAPE)["id"].expression is None
    assert columns("select p.id from landing.people as p, landing.visits", SHAPE)["id"].expression is None


def test_sql_that_cannot_be_read_says_so() -> None:
    with pytest.raises(AsofError, match="cannot be followed"):
        columns("select this is (no sql", SHAPE)
