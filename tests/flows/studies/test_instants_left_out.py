"""What `new problem` does not take of the facts it names in `left_out.md`, with the reason."""

from __future__ import annotations

import duckdb

from flows.studies.scaffolding import facts


def test_instants_are_left_out_by_name_and_those_that_lie_after_known_at_with_their_rows() -> None:
    with duckdb.connect() as con:
        con.execute(
            "create table stg_shop__visits as select n as visit_id, n % 5 as shop, n * 1.5 as spent, "
            "timestamp '2024-01-01' + n * interval 1 hour as known_at, "
            "timestamp '2024-01-01' + (n + if(n < 30, 4, -1)) * interval 1 hour as closed_at, "
            "date '2023-01-01' + n::integer as made_on from range(40) as t(n)"
        )
        found = facts.table(con, "stg_shop__visits", "shop")
    why = dict(found.left_out)
    assert why["made_on"] == "a day or instant: only event_at and known_at are read"
    assert why["closed_at"].endswith("; later than known_at in 30 of 40 rows: what it says was not known then")
    assert [one.name for one in found.columns] == ["spent"]
