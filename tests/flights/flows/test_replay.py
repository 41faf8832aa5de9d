"""Living through days: by the hour or by the day, once or twice, it comes to the same."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from flows.runtime import journal
from tests import children
from tests.children import House
from tests.flights.conftest import HISTORY, PROBLEM, UNTIL, Lived

PREDICTIONS = f"problems.{PROBLEM}__predictions"
# What says when and by which run a row was written, not what it says.
WRITTEN = {"run_id", "scored_at", "landed_at", "landing_number", "trained_at", "seconds", "code_version"}


def rows(house: House, sql: str) -> list[dict]:
    with duckdb.connect(str(house.warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        return con.sql(sql).to_arrow_table().to_pylist()


def differing(one: House, other: House, relation: str, where: str = "true") -> list[dict]:
    """The rows that only one of the houses holds; AssertionError when there is none to compare."""
    with duckdb.connect() as con:
        for name, house in (("one", one), ("other", other)):
            con.execute(f"attach '{house.warehouse}' as {name} (read_only)")
        columns = [row[0] for row in con.execute(f"describe one.{relation}").fetchall()]
        chosen = ", ".join(f'"{column}"' for column in columns if column not in WRITTEN)
        of = {name: f"(select {chosen} from {name}.{relation} where {where})" for name in ("one", "other")}
        assert con.execute(f"select count(*) from {of['one']}").fetchall()[0][0] > 0
        return con.sql(
            f"select 'one' as who, * from ({of['one']} except all {of['other']}) "
            f"union all select 'other', * from ({of['other']} except all {of['one']}) limit 5"
        ).to_arrow_table().to_pylist()  # fmt: skip


def apart(one: House, other: House, relation: str) -> list[dict]:
    """As `differing`, but sums of fractions depend on the order of the rows: they may differ by 1e-9 of themselves, or of 1."""
    with duckdb.connect() as con:
        for name, house in (("one", one), ("other", other)):
            con.execute(f"attach '{house.warehouse}' as {name} (read_only)")
        types = {row[0]: row[1] for row in con.execute(f"describe one.{relation}").fetchall() if row[0] not in WRITTEN}
        same = " and ".join(
            f'(a."{name}" is not distinct from b."{name}"'
            + (f' or abs(a."{name}" - b."{name}") <= 1e-9 * greatest(1, abs(a."{name}"))' * (kind == "DOUBLE"))
            + ")"
            for name, kind in types.items()
        )
        counted = [con.execute(f"select count(*) from {name}.{relation}").fetchall()[0][0] for name in ("one", "other")]
        assert counted[0] == counted[1] > 0
        lacking = "select '{0}' as who, a.* from {0}.{2} as a where not exists (from {1}.{2} as b where {3})"
        return con.sql(
            f"{lacking.format('one', 'other', relation, same)} union all {lacking.format('other', 'one', relation, same)} limit 5"
        ).to_arrow_table().to_pylist()  # fmt: skip


def clock(house: House) -> datetime:
    return rows(house, "select now from landing.clock")[0]["now"]


@pytest.mark.parametrize("relation", [f"problems.{PROBLEM}__cohort", f"problems.{PROBLEM}__features", PREDICTIONS])
def test_hour_by_hour_and_day_by_day_give_the_same(lived: Lived, hour: House, relation: str) -> None:
    until = clock(hour)
    assert rows(hour, "select count(*) as n from ledger.runs where phase = 'data'")[0]["n"] > 47
    assert differing(lived.day, hour, relation, where=f"as_of < '{until}'") == []


@pytest.mark.parametrize(
    "relation",
    ["intermediate.int_flights__outcomes", "intermediate.int_flights__daily", "features.ftr_flights__trailing",
     "features.ftr_weather__hourly", f"problems.{PROBLEM}__features"],
)  # fmt: skip
def test_history_that_lands_in_days_is_the_history_that_lands_in_months(lived: Lived, daily: House, relation: str) -> None:
    assert rows(daily, "select count(*) as n from ledger.batches")[0]["n"] > 300
    assert differing(lived.day, daily, relation) == []


def test_a_warehouse_made_anew_holds_the_same_models_to_the_byte(lived: Lived, daily: House) -> None:
    sql = "select model_version, sha256, model, holdout_model, data_fingerprint from ledger.model_versions order by all"
    models = rows(lived.day, sql)
    assert len(models) == 2, "a champion, and a challenger at the turn of the week"
    assert models == rows(daily, sql)


@pytest.mark.parametrize("relation", [PREDICTIONS, "ledger.profiles"])
def test_a_warehouse_made_anew_holds_the_same_predictions(lived: Lived, daily: House, relation: str) -> None:
    assert differing(lived.day, daily, relation) == []


def test_a_warehouse_made_anew_comes_to_the_same_verdicts(lived: Lived, daily: House) -> None:
    sql = "select * exclude (decided_at) from ledger.verdicts order by all"
    assert rows(lived.day, sql) == rows(daily, sql)
    # What scoring takes is measured, and differs by a hair each time.
    gates = "select * from ledger.verdict_gates where gate not in ('latency', 'memory') order by all"
    assert rows(lived.day, gates) == rows(daily, gates)


def counts(house: House) -> dict[str, int]:
    tables = rows(house, "select schema_name || '.' || table_name as name from duckdb_tables() order by name")
    return {one["name"]: rows(house, f"select count(*) as n from {one['name']}")[0]["n"] for one in tables}


def test_a_second_replay_changes_nothing_and_says_so(copied: House) -> None:
    before, published = counts(copied), hashlib.sha256(copied.published.read_bytes()).hexdigest()
    ended = children.run(copied, "replay", "--history", HISTORY, "--until", UNTIL)
    assert ended.code == 0, ended.err
    assert "nothing to do" in ended.out
    assert counts(copied) == before
    assert hashlib.sha256(copied.published.read_bytes()).hexdigest() == published


def due(house: House, until: str = UNTIL) -> str:
    """What a replay would have to do: its phases, by the ledger alone."""
    ended = children.run(house, until, calling="tests.flights.flows.test_replay:tell_what_is_due")
    assert ended.code == 0, ended.err
    return ended.out


def tell_what_is_due(until: str) -> None:
    """In a child."""
    from flows.replay import planned
    from flows.store import clock
    from flows.store import due as dues

    print(*(one.phase for one in dues.tick([PROBLEM], planned(clock.midnight(until), "day"))))


def test_what_is_missing_is_done_and_nothing_else(copied: House) -> None:
    assert due(copied).split() == []
    at = f"as_of = '{clock(copied)}'"
    predictions = rows(copied, f"select * exclude (run_id, scored_at) from {PREDICTIONS} order by all")
    with duckdb.connect(str(copied.warehouse)) as con:
        con.execute(f"delete from {PREDICTIONS} where run_id in (select run_id from ledger.runs where {at})")
        con.execute(f"delete from ledger.runs where {at} and phase in ('serving', 'publishing')")
    journal.beside(copied.warehouse).unlink()  # else what was deleted is a loss, which is refused
    assert due(copied).split() == ["serving", "publishing"]
    before = counts(copied)
    ended = children.run(copied, "replay", "--until", UNTIL)
    assert ended.code == 0 and "nothing to do" not in ended.out, ended.err
    assert rows(copied, f"select * exclude (run_id, scored_at) from {PREDICTIONS} order by all") == predictions
    assert counts(copied)["ledger.runs"] == before["ledger.runs"] + 2
    assert due(copied).split() == []


def test_a_replay_that_ran_out_of_memory_fails_and_is_finished_by_the_next(lived: Lived, tmp_path: Path) -> None:
    house, until = lived.started.copy(tmp_path / "house"), "2013-03-03"
    failed = children.run(house, "replay", "--until", until, ASOF_MEMORY_LIMIT="20MB")
    assert failed.code == 1 and "memory" in failed.err.lower()
    assert due(house, until).split() != []
    again = children.run(house, "replay", "--until", until)
    assert again.code == 0, again.err
    assert due(house, until).split() == []
    where = f"as_of < '{clock(house)}'"
    assert differing(lived.day, house, PREDICTIONS, where) == []
    assert differing(lived.day, house, f"problems.{PROBLEM}__features", where) == []


def test_a_replay_stops_at_a_refused_file_and_goes_on_without_it(lived: Lived, tmp_path: Path) -> None:
    house, before = lived.started.copy(tmp_path / "house"), clock(lived.started)
    bad = house.folder / "landing" / "flights" / "weather" / "bad.csv"
    bad.write_text("<html>502 Bad Gateway</html>\n")
    for _ in range(2):
        ended = children.run(house, "replay", "--until", "2013-03-03")
        assert ended.code == 1 and "flights/weather/bad.csv" in ended.err
        assert clock(house) == before, "nothing is built while a file is missing"
    bad.unlink()
    ended = children.run(house, "replay", "--until", "2013-03-03")
    assert ended.code == 0, ended.err
    assert differing(lived.day, house, PREDICTIONS, f"as_of < '{clock(house)}'") == []


@pytest.mark.parametrize(
    "how", [{"calling": "tests.flights.faults.points:serve"}, ("replay", "--until", UNTIL)], ids=["serving", "replay"]
)
def test_a_machine_that_was_off_over_a_turn_of_the_week_comes_to_the_same_models_and_predictions(
    lived: Lived, tmp_path: Path, how: dict | tuple
) -> None:
    house = lived.started.copy(tmp_path / "house")
    for verb in (("land", "--until", UNTIL, "--step", "hour"), ("build",)):
        assert children.run(house, *verb).code == 0
    ended = children.run(house, **how) if isinstance(how, dict) else children.run(house, *how)
    assert ended.code == 0, ended.err
    sql = "select model_version, sha256, trained_as_of, cause from ledger.model_versions order by all"
    assert rows(house, sql) == rows(lived.day, sql)
    assert differing(lived.day, house, PREDICTIONS) == []


def test_a_stop_on_the_way_changes_no_model(lived: Lived, daily: House) -> None:
    assert differing(lived.day, daily, "ledger.model_versions") == []


@pytest.mark.parametrize("relation", ["monitoring.mon_proxies", "monitoring.mon_quality", "monitoring.mon_drift_by_day"])
def test_a_stop_on_the_way_changes_no_monitor(lived: Lived, daily: House, relation: str) -> None:
    assert apart(lived.day, daily, relation) == []


def test_each_verb_run_again_adds_nothing_but_its_run(copied: House) -> None:
    before = counts(copied)
    for verb in (("land", "--until", UNTIL), ("build",), ("score",), ("publish",)):
        ended = children.run(copied, *verb)
        assert ended.code == 0, ended.err
    after = counts(copied)
    before.pop("ledger.runs"), after.pop("ledger.runs")
    assert after == before


def test_what_has_not_happened_is_not_in_the_warehouse(lived: Lived) -> None:
    assert ahead_of_its_clock(lived.started) == {}
    assert ahead_of_its_clock(lived.day) == {}


def test_what_has_not_happened_is_not_in_a_warehouse_that_lives_by_the_hour(hour: House) -> None:
    assert ahead_of_its_clock(hour) == {}


def ahead_of_its_clock(house: House) -> dict[str, datetime]:
    """The columns that hold an instant which has not come, with the latest of them."""
    now = clock(house)
    timed = rows(
        house,
        "select table_schema || '.' || table_name as relation, column_name from information_schema.columns "
        "where table_schema in ('landing', 'staging', 'intermediate', 'features', 'problems') "
        "and column_name in ('reported_at', 'observed_at', 'known_at', 'label_known_at', 'as_of') order by all",
    )
    assert len({one["relation"] for one in timed}) > 15
    late = {}
    for one in timed:
        latest = rows(house, f"select max({one['column_name']}) as latest from {one['relation']}")[0]["latest"]
        # A midnight closes the day before it: it may be the clock itself, never later.
        if latest is not None and not (latest < now or (latest == now and "trailing" in one["relation"])):
            late[f"{one['relation']}.{one['column_name']}"] = latest
    return late


def test_every_landed_row_is_counted(daily: House) -> None:
    wrong = rows(daily, "select file from ledger.batches where rows_received <> rows_loaded + rows_quarantined")
    assert wrong == []
    for table in ("schedules", "departures", "arrivals", "weather"):
        landed = rows(daily, f"select count(*) as n from landing.flights__{table}")[0]["n"]
        sql = f"select cast(sum(rows_loaded) as bigint) as n from ledger.batches where source = 'flights.{table}'"
        assert landed == rows(daily, sql)[0]["n"] > 0


def test_nothing_is_scored_before_the_first_champion(lived: Lived) -> None:
    first = rows(lived.day, f"select min(as_of) as first from {PREDICTIONS}")[0]["first"]
    promoted = rows(lived.day, "select min(effective_at) as first from ledger.promotions")[0]["first"]
    assert first >= promoted == datetime.fromisoformat(f"{HISTORY}T05:00:00")


def test_every_flight_of_the_lived_days_is_scored_once(lived: Lived) -> None:
    missing = rows(
        lived.day,
        f"select flight_id from problems.{PROBLEM}__cohort as due where as_of >= '{HISTORY} 05:00' "
        f"and not exists (select 1 from {PREDICTIONS} as done where done.flight_id = due.flight_id)",
    )
    assert missing == []
    assert rows(lived.day, f"select flight_id from {PREDICTIONS} group by all having count(*) > 1") == []
