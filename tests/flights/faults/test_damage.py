"""Damage on disk: flipped bits and torn logs are found and named, and nothing is made of them."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from flows.runtime import warehouse
from flows.store import registry
from ml.errors import AsofError
from tests import children
from tests.children import House
from tests.flights.conftest import PROBLEM, Lived
from tests.flights.faults import state, striking

BLOCK = 256 * 2**10


def test_flipped_bits_in_the_warehouse_are_an_error_that_says_to_restore(copied: House) -> None:
    state.forget_the_last_day(copied)
    good = copied.warehouse.with_suffix(".good")
    shutil.copy(copied.warehouse, good)
    data = bytearray(copied.warehouse.read_bytes())
    for start in range(3 * 4096, len(data), BLOCK):
        data[min(start + 100_000, len(data) - 1)] ^= 1
    copied.warehouse.write_bytes(data)
    before = state.published(copied)
    line = state.refusal(children.run(copied, "score"))
    assert str(copied.warehouse) in line
    assert "checksum" in line.lower()
    assert "restore" in line
    assert state.published(copied) == before
    shutil.copy(good, copied.warehouse)
    assert children.run(copied, "score").code == 0


def test_a_warehouse_that_is_no_database_is_an_error_that_says_to_restore(copied: House) -> None:
    copied.warehouse.write_bytes(b"<html>502 Bad Gateway</html>" * 1000)
    assert "restore" in state.refusal(children.run(copied, "score"))


def leave_a_log(house: House) -> None:
    """A run that died before its checkpoint: what it acknowledged stands in the log alone."""
    state.forget_the_last_day(house)
    child = children.start(house, calling="tests.flights.faults.points:serve")
    assert striking.kill_when(child, striking.writing_the_published_file(house))
    log = house.warehouse.with_name("warehouse.duckdb.wal")
    assert log.stat().st_size > 10_000


def test_a_torn_log_is_refused_because_the_ledger_disagrees_and_the_loss_can_be_accepted(copied: House, lived: Lived) -> None:
    leave_a_log(copied)
    log = copied.warehouse.with_name("warehouse.duckdb.wal")
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    torn, published = log.read_bytes(), state.published(copied)
    for verb in ("publish", "status", "score"):
        line = state.refusal(children.run(copied, verb))
        assert "serving of flight_disruption" in line and "Restore the last good copy" in line
        assert "flows recover" in line and "remove" not in line
    assert (log.read_bytes(), state.published(copied)) == (torn, published), "nothing is changed, nothing is removed"
    done = children.run(copied, "recover")
    assert done.code == 0 and re.search(r"accepted the loss of [1-3] runs? \(serving of flight_disruption", done.out), done
    assert children.run(copied, "recover").code == 0
    assert children.run(copied, "score").code == 0
    assert state.predictions(copied) == state.predictions(lived.day)


def test_days_that_an_old_copy_has_lost_land_again_and_come_to_the_same(copied: House, lived: Lived) -> None:
    """The file of before the last day is put back: its batches, features and predictions are lost, its files are not."""
    shutil.copy(lived.started.warehouse, copied.warehouse)
    line = state.refusal(children.run(copied, "build"))
    assert "lacks what was committed since" in line and "batches (flights/" in line and "promotion" not in line
    done = children.run(copied, "recover")
    assert done.code == 0, done.err
    assert "rows again" in done.out
    for verb in ("build", "score"):
        done = children.run(copied, verb)
        assert done.code == 0, done.err
    batches = "select source, file, batch_id, rows_loaded, rows_quarantined from ledger.batches order by all"
    assert state.ask(copied, batches) == state.ask(lived.day, batches)
    for table in ("intermediate.int_flights__outcomes", "problems.flight_disruption__labels"):
        counted = f"select count(*) from {table}"
        assert state.ask(copied, counted) == state.ask(lived.day, counted)
    assert [row[:2] for row in state.predictions(copied)] == [row[:2] for row in state.predictions(lived.day)]


def test_a_landed_file_with_a_flipped_bit_is_an_alert_until_it_is_restored(copied: House) -> None:
    path = min((copied.folder / "landing" / "flights" / "weather").glob("*.csv"))
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[-10] ^= 1
    path.write_bytes(flipped)
    name = path.relative_to(copied.folder / "landing").as_posix()
    line = state.refusal(children.run(copied, "verify"))
    assert f"{name} has changed after it was landed" in line and "restore it" in line
    monitored = children.run(copied, "monitor", "--no-tests", COLUMNS="300")
    assert monitored.code == 0 and "changed_file: flights.weather" in monitored.out and name in monitored.out, monitored
    path.write_bytes(content)
    assert children.run(copied, calling="tests.flights.faults.points:look").code == 0
    assert "changed_file" not in children.run(copied, "alerts").out
    assert "landed files are as they landed" in children.run(copied, "verify").out


def test_a_log_with_a_flipped_bit_is_refused_and_is_kept_when_the_loss_is_accepted(copied: House, lived: Lived) -> None:
    leave_a_log(copied)
    log = copied.warehouse.with_name("warehouse.duckdb.wal")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    assert "restore" in state.refusal(children.run(copied, "status"))
    assert log.read_bytes() == data
    done = children.run(copied, "recover")
    assert done.code == 0 and "accepted the loss of" in done.out, done
    assert [path.read_bytes() for path in copied.folder.glob("warehouse.duckdb.wal.damaged-*")] == [bytes(data)]
    assert children.run(copied, "score").code == 0
    assert state.predictions(copied) == state.predictions(lived.day)


@pytest.mark.parametrize("how", ["a character differs", "the end is missing", "another model", "no JSON"])
def test_a_damaged_model_is_refused_before_lightgbm_sees_it(copied: House, how: str) -> None:
    state.forget_the_last_day(copied)
    champion = state.ask(copied, "select arg_max(model_version, effective_at) from ledger.promotions")[0][0]
    text = state.ask(copied, f"select model from ledger.model_versions where model_version = '{champion}'")[0][0]
    other = state.ask(copied, f"select holdout_model from ledger.model_versions where model_version = '{champion}'")[0][0]
    at = text.index("leaf_value") + 20
    damaged = {
        "a character differs": text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :],
        "the end is missing": text[: len(text) // 2],
        "another model": other,
        "no JSON": json.dumps("model")[1:],
    }[how]
    before = state.predictions(copied)
    quoted = damaged.replace("'", "''")
    state.change(copied, f"update ledger.model_versions set model = '{quoted}' where model_version = '{champion}'")
    line = state.refusal(children.run(copied, "score"))
    assert champion in line
    assert "damaged" in line and ("restore" in line or "roll back" in line)
    assert state.predictions(copied) == before
    assert PROBLEM in line or how != "another model"


@pytest.mark.parametrize(
    ("column", "damaged"),
    [
        ("edges", '{"a":'), ("edges", "[1]"), ("edges", None), ("edges", '{"score": {"kind": "number", "edges": ["a"]}}'),
        ("edges", '{"score": {"kind": "number", "edges": [1, 0]}}'), ("edges", '{"score": 3}'),
        ("importances", '{"rain_3h": "high"}'), ("importances", "not JSON"),
    ],
)  # fmt: skip
def test_a_damaged_row_of_a_model_is_named_with_its_column(inside: House, column: str, damaged: str | None) -> None:
    row = warehouse.rows("select * from ledger.model_versions limit 1")[0]
    assert registry.cells(row) and registry.importances(row)
    read = {"edges": registry.cells, "importances": registry.importances}[column]
    with pytest.raises(AsofError, match=f"{row['model_version']}.*{column} is damaged.*last good copy"):
        read({**row, column: damaged})


def test_a_model_with_damaged_cells_scores_nothing_and_says_so(copied: House) -> None:
    state.forget_the_last_day(copied)
    before = state.predictions(copied)
    state.change(copied, "update ledger.model_versions set edges = substr(edges, 1, 100)")
    line = state.refusal(children.run(copied, "score"))
    assert "ledger.model_versions" in line and "edges is damaged" in line
    assert state.predictions(copied) == before
