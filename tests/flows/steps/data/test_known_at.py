"""When a row was known may be an expression, or come by key from another landed table; files of the future wait."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from checks.landing import LandingSource
from flows.steps.data.landing.landing import LandingRefused, land_all
from flows.studies.leak_proof import rebuilds
from ml.errors import AsofError

CLOCK = datetime(2026, 3, 2)
NEEDED = [{"type": "not_null"}]


def node(table: str, columns: dict[str, str], key: list[str], known_at: object, share: float = 0.0) -> dict:
    """A source of the manifest, all of whose columns are needed."""
    return {
        "source_name": "shop", "name": table, "identifier": f"shop__{table}", "schema": "landing",
        "original_file_path": "shop.yml",
        "columns": {name: {"name": name, "data_type": kind, "constraints": NEEDED} for name, kind in columns.items()},
        "config": {"meta": {"landing": {
            "path": f"shop/{table}", "format": "csv", "key": key, "known_at": known_at, "max_rejected_share": share,
        }}},
    }  # fmt: skip


def sources(*nodes: dict) -> list[LandingSource]:
    return LandingSource.from_manifest({"sources": {one["name"]: one for one in nodes}})


ORDERS = node("orders", {"order_id": "bigint", "closed_at": "timestamp"}, ["order_id"], {"sql": "closed_at + interval 6 hours"})
OF_ORDERS = {"order_id": "bigint", "what": "varchar"}, [], {"of": "shop.orders", "by": ["order_id"]}
LINES = node("lines", *OF_ORDERS)


def put(folder: Path, table: str, *lines: str, name: str = "a.csv") -> None:
    where = folder / "shop" / table
    where.mkdir(parents=True, exist_ok=True)
    (where / name).write_text("\n".join(lines) + "\n")


def orders(folder: Path) -> None:
    put(folder, "orders", "order_id,closed_at", "1,2026-03-01T10:00:00", "2,2026-03-01T17:30:00")


def test_a_row_is_known_by_an_expression_over_its_columns(con, tmp_path):
    orders(tmp_path)
    (batch,) = land_all(con, sources(ORDERS), tmp_path, CLOCK)
    assert batch.known_through == datetime(2026, 3, 1, 23, 30)
    assert con.execute("select _known_at from landing.shop__orders order by order_id").fetchall() == [
        (datetime(2026, 3, 1, 16),), (datetime(2026, 3, 1, 23, 30),),
    ]  # fmt: skip


def test_lines_are_known_with_the_order_that_they_belong_to_whatever_the_names_of_their_tables(con, tmp_path):
    orders(tmp_path)
    put(tmp_path, "lines", "order_id,what", "2,tea", "1,salt", "1,salt")
    land_all(con, sources(LINES, ORDERS), tmp_path, CLOCK)
    assert con.execute("select what, _known_at from landing.shop__lines order by all").fetchall() == [
        ("salt", datetime(2026, 3, 1, 16)), ("salt", datetime(2026, 3, 1, 16)), ("tea", datetime(2026, 3, 1, 23, 30)),
    ]  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_a_file_with_a_line_of_no_order_waits_for_it_and_says_whose_it_is_also_where_one_line_may_be_bad(con, tmp_path, share):
    lines = node("lines", *OF_ORDERS, share)
    orders(tmp_path)
    put(tmp_path, "lines", "order_id,what", "1,tea", "7,salt")
    with pytest.raises(
        LandingRefused, match=r"line 3, column known_at: no row of shop\.orders that has landed has this order_id"
    ):
        land_all(con, sources(lines, ORDERS), tmp_path, CLOCK)
    put(tmp_path, "orders", "order_id,closed_at", "7,2026-03-01T01:00:00", name="b.csv")
    (_, batch) = land_all(con, sources(lines, ORDERS), tmp_path, CLOCK)
    assert batch.rows_loaded == 2, "it waits for its order"


def test_a_file_of_the_future_waits_and_is_not_refused(con, tmp_path):
    orders(tmp_path)
    put(tmp_path, "orders", "order_id,closed_at", "3,2026-03-01T18:00:00", "4,2026-03-05T10:00:00", name="b.csv")
    waiting = []
    assert len(land_all(con, sources(ORDERS), tmp_path, CLOCK, waits=waiting.append)) == 1
    assert waiting == ["shop/orders/b.csv waits: 2 of 2 rows are known only at the clock or later"]
    assert not con.execute("from ledger.quarantine").fetchall()
    assert [one.rows_loaded for one in land_all(con, sources(ORDERS), tmp_path, datetime(2026, 3, 6))] == [2]


@pytest.mark.parametrize(
    ("known_at", "told"),
    [
        ({"sql": "shut_at + interval 6 hours"}, r"landing\.known_at\.sql is `shut_at \+ interval 6 hours`: Binder Error"),
        ({"of": "shop.visits", "by": ["order_id"]}, r"of shop\.visits, which is no other landing source"),
        ({"of": "shop.lines", "by": ["order_id"]}, r"the key of shop\.lines is not declared"),
        ({"of": "shop.orders"}, r"known_at\.by|names no column in `by`"),
        ({"sql": "1", "of": "shop.lines", "by": ["order_id"]}, r"either `sql` or `of` and `by`"),
        ({"sq": "1"}, r"sql"),
    ],
)
def test_a_known_at_that_means_nothing_is_refused_by_name(con, tmp_path, known_at, told):
    orders(tmp_path)
    lines = node("lines", {"order_id": "bigint", "what": "varchar"}, [], "order_id")
    lines["columns"]["at"] = {"name": "at", "data_type": "timestamp", "constraints": NEEDED}
    lines["config"]["meta"]["landing"]["known_at"] = "at"
    wrong = node("orders", {"order_id": "bigint", "closed_at": "timestamp"}, ["order_id"], known_at)
    with pytest.raises(AsofError, match=told):
        land_all(con, sources(lines, wrong), tmp_path, CLOCK)


def test_two_sources_that_ask_each_other_are_refused():
    first = node("orders", {"order_id": "bigint"}, ["order_id"], {"of": "shop.lines", "by": ["order_id"]})
    second = node("lines", {"order_id": "bigint"}, ["order_id"], {"of": "shop.orders", "by": ["order_id"]})
    with pytest.raises(AsofError, match=r"shop\.lines is known by shop\.orders is known by shop\.lines: a circle"):
        sources(first, second)


def test_the_proof_removes_and_poisons_the_future_of_rows_that_say_not_themselves_when_they_were_known(con, tmp_path):
    orders(tmp_path)
    put(tmp_path, "lines", "order_id,what", "2,tea", "1,salt", "2,oil")
    declared = sources(LINES, ORDERS)
    land_all(con, declared, tmp_path, CLOCK)
    file = tmp_path / "slice.duckdb"
    con.execute(f"attach '{file}' as slice; create schema slice.landing")
    for one in declared:
        con.execute(f"create table slice.{one.relation} as from {one.relation}")
    con.execute("detach slice")
    for poison, left in ((False, [("salt",)]), (True, [("oil",), ("salt",), ("tea",)])):
        with duckdb.connect() as rebuilt:
            rebuilt.execute(f"attach '{file}' as slice (read_only)")
            rebuilds.create(rebuilt, declared, CLOCK, datetime(2026, 3, 1, 20), poison)
            assert rebuilt.execute("select what from landing.shop__lines order by all").fetchall() == left
            assert rebuilt.execute("select count(distinct _known_at) from landing.shop__lines").fetchall() == [
                ((len(set(left)) > 1 and 2) or 1,)
            ]


@pytest.mark.parametrize(
    "sql",
    [
        "closed_at); drop table ledger.runs; --", "a) from read_text('/etc/passwd') as x where (1=1",
        "(select now from landing.clock)",
        "closed_at -- late", "closed_at /* late */", "closed_at, order_id", "closed_at) , (order_id", "max(closed_at)",
        "row_number() over ()", "exists (from landing.clock)", "closed_at union select 1", "1 +", "attach 'x'", ";",
    ],
)  # fmt: skip
def test_sql_that_is_no_expression_over_the_row_is_refused(sql):
    wrong = node("orders", {"order_id": "bigint", "closed_at": "timestamp"}, ["order_id"], {"sql": sql})
    with pytest.raises(AsofError, match=r"known_at\.sql is .*(one expression over the columns|cannot be read as SQL)"):
        sources(wrong)
