"""What goes wrong is a sentence for people or a JSON object for machines, and one id leads from each line to the ledger."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.runtime import console, logs
from tests import forked
from tests.clone import environment
from tests.verbs import in_turn

ROW = {
    "run_id": "r1", "phase": "serving", "problem": "big_sale", "status": "succeeded", "message": "scored 3 rows",
    "as_of": datetime(2026, 3, 1), "seconds": 0.5, "rows": 3,
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_id(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ASOF_RUN_ID", "nightly-7")
    logs.invocation_id.cache_clear()
    yield
    logs.invocation_id.cache_clear()


def test_people_read_a_sentence_and_nothing_of_runs(capsys: pytest.CaptureFixture) -> None:
    console.warn("the [b]disk[/b] is nearly full")
    logs.run_ended(ROW)
    logs.run_ended({**ROW, "status": "failed"})
    console.fail("no room left")
    assert capsys.readouterr().err == "! the [b]disk[/b] is nearly full\n✗ no room left\n"


@pytest.mark.parametrize("form", ["json", "auto"])
def test_machines_read_an_object_a_line_where_standard_error_is_no_terminal(form, monkeypatch, capsys) -> None:
    monkeypatch.setenv("ASOF_LOG_FORMAT", form)
    console.warn("the disk is nearly full")
    console.err.print("a bar")
    logs.run_ended(ROW)
    with logs.inside(run_id="r2", phase="data", problem=None):
        console.fail("no room left\non the disk “é”")
    first, second, third = map(json.loads, capsys.readouterr().err.splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {"level": "warning", "invocation_id": "nightly-7", "message": "the disk is nearly full"}
    wanted = {**ROW, "as_of": "2026-03-01 00:00:00", "level": "info", "invocation_id": "nightly-7"}
    assert {name: value for name, value in second.items() if name != "time"} == wanted
    assert (third["level"], third["run_id"], third["phase"], third["problem"]) == ("error", "r2", "data", None)
    assert third["message"] == "no room left\non the disk “é”"


def test_a_terminal_keeps_its_sentences_where_the_form_is_chosen_by_itself(monkeypatch, capsys) -> None:
    monkeypatch.setenv("ASOF_LOG_FORMAT", "auto")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    console.warn("the disk is nearly full")
    assert re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().err) == "! the disk is nearly full\n"


def test_that_nobody_reads_the_log_stops_no_work(monkeypatch) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    monkeypatch.setenv("ASOF_LOG_FORMAT", "json")
    monkeypatch.setattr("sys.stderr", os.fdopen(writes, "w", buffering=1))
    logs.run_ended(ROW)


def test_a_run_that_failed_is_an_error(monkeypatch, capsys) -> None:
    monkeypatch.setenv("ASOF_LOG_FORMAT", "json")
    logs.run_ended({**ROW, "status": "failed", "message": "OSError: no room left"})
    found = json.loads(capsys.readouterr().err)
    assert (found["level"], found["status"], found["message"]) == ("error", "failed", "OSError: no room left")


@given(text=st.text(max_size=60))
def test_any_text_is_one_line_of_ascii_that_reads_back(text: str) -> None:
    record = logs.LOGGER.makeRecord("asof", 30, "", 0, "%s", (text,), None)
    line = json.dumps(logs.told(record))
    assert line.isascii() and "\n" not in line and json.loads(line)["message"] == text


def test_secrets_are_no_part_of_it(monkeypatch, capsys) -> None:
    monkeypatch.setenv("ASOF_LOG_FORMAT", "json")
    monkeypatch.setenv("ASOF_NOTIFY", "slack://TOKEN_A/TOKEN_B")
    console.fail("cannot reach slack://TOKEN_A/TOKEN_B")
    assert "TOKEN" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"ASOF_RUN_ID": "mine", "PREFECT__FLOW_RUN_ID": "theirs"}, "mine"),
        ({"PREFECT__FLOW_RUN_ID": "theirs"}, "theirs"), ({}, None),
    ],
)  # fmt: skip
def test_the_id_is_the_schedulers_or_prefects_or_a_new_one_that_stays(given, wanted, monkeypatch) -> None:
    for name in ("ASOF_RUN_ID", "PREFECT__FLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert logs.invocation_id() == (wanted or logs.invocation_id())
    assert re.fullmatch(r"[\w-]{4,36}", logs.invocation_id())


@pytest.mark.slow
def test_a_process_says_every_run_of_the_ledger_by_its_id_and_dbts(shop_project: Path) -> None:
    verbs = (("land", "--step", "day"), ("build",), ("score",), ("publish",))
    done = in_turn(shop_project, *verbs, ASOF_LOG_FORMAT="auto", ASOF_RUN_ID="by-hand-1")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["invocation_id"] for line in lines} == {"by-hand-1"}
    with duckdb.connect(str(shop_project / "data" / "warehouse.duckdb"), read_only=True) as con:
        runs = con.sql("select run_id, phase, message from ledger.runs where invocation_id = 'by-hand-1'").fetchall()
        assert con.sql("select count(distinct invocation_id) from ledger.runs").fetchall()[0][0] > 1
    ended = {(line["run_id"], line["phase"], line["message"]) for line in lines if "rows" in line}
    assert len(runs) > 4 and ended == set(runs)
    of_dbt = [line for line in lines if "dbt_invocation_id" in line]
    assert of_dbt and {line["phase"] for line in of_dbt if "phase" in line} & {"data", "features"}
    assert len({line["dbt_invocation_id"] for line in of_dbt}) == len(of_dbt)


@pytest.mark.slow
def test_what_failed_is_the_last_line_and_its_run_an_error_and_a_refusal_is_no_run(shop_project: Path) -> None:
    def said(*arguments: str) -> list[dict]:
        done = forked.run(["-m", "flows", *arguments], shop_project, environment() | {"ASOF_LOG_FORMAT": "json"})
        assert done.returncode == 1
        return [json.loads(line) for line in done.stderr.splitlines()]

    lines = said("cycle", "--until", "1999-01-01")
    assert "cannot go back to 1999-01-01" in lines[-1]["message"] and lines[-1]["level"] == "error"
    assert not [line for line in lines if line.get("status") == "failed"]
    with duckdb.connect(str(shop_project / "data" / "warehouse.duckdb")) as con:
        con.execute("drop view staging.stg_shop__visits")
    lines = said("build")
    assert "stg_shop__visits" in lines[-1]["message"] and lines[-1]["level"] == "error"
    failed = [line["phase"] for line in lines if line.get("status") == "failed" and "phase" in line and "rows" in line]
    assert failed == ["features"] and len({line["invocation_id"] for line in lines}) == 1
