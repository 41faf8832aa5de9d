"""What people say lands once, with who and when, changes labels from then on, and is refused by line and column."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from checks import border
from flows.runtime import settings, warehouse
from flows.steps.data import feedback, inbox, landing_zone
from flows.store import clock, problems
from ml.errors import AsofError
from tests import children
from tests.children import House
from tests.flights.conftest import PROBLEM
from tests.flights.faults import state

HOUR = timedelta(hours=1)
HEADER = "problem,entity_id,as_of,label,comment,author,reported_at"


def row(where: str = "observed_label is not null") -> dict:
    """A prediction whose outcome is known."""
    return warehouse.rows(
        f"select entity_id, as_of, observed_label as label, observed_known_at from problems.{PROBLEM}__outcomes where {where} "
        f"order by as_of, entity_id limit 1"
    )[0]


def say(label: bool | None, comment: str | None = None, author: str = "ann", one: dict | None = None) -> dict:
    one = one or row()
    return feedback.remark(PROBLEM, one["entity_id"], one["as_of"], label, comment, author, clock.now())


def pass_an_hour() -> datetime:
    clock.move(clock.now() + HOUR)
    return clock.now()


def trained_label(one: dict, now: datetime) -> list[bool]:
    problem = problems.get(PROBLEM)
    rows = problems.training_rows(problem, now, since=one["as_of"])
    return [
        label
        for entity, as_of, label in zip(
            *(rows[name].to_pylist() for name in (problem.entity, problem.as_of, problem.label)), strict=True
        )
        if (entity, as_of) == (one["entity_id"], one["as_of"])
    ]


def drop(name: str, *lines: str, header: str = HEADER) -> None:
    folder = settings.landing_folder() / feedback.source().path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([header, *lines]) + "\n")


def test_a_correction_counts_after_it_was_said_and_not_before(inside: House) -> None:
    one, before = row(), clock.now()
    say(not one["label"], "radar outage", one=one)
    assert feedback.receive(before).loaded == 0, "at the instant itself nothing is known of it"
    after = pass_an_hour()
    assert feedback.receive(after).told == "1 remarks landed"
    assert trained_label(one, before) == [one["label"]], "training as of then sees what was known then"
    assert trained_label(one, after) == [not one["label"]]
    there = warehouse.rows(f"select * from problems.{PROBLEM}__outcomes where entity_id = ?", [one["entity_id"]])
    assert [(r["label"], r["observed_label"], r["label_known_at"]) for r in there] == [(not one["label"], one["label"], before)]


def test_without_feedback_training_reads_every_known_row_once(inside: House) -> None:
    problem, now = problems.get(PROBLEM), clock.now()
    plain = warehouse.table(
        f"select {', '.join(problem.training_columns)} from problems.{PROBLEM}__training_set "
        f"where {problem.label_known_at} < ? order by {problem.as_of}, {problem.entity}",
        [now],
    )
    assert problems.training_rows(problem, now).equals(plain)
    middle = plain[problem.as_of][plain.num_rows // 2].as_py()
    late = problems.training_rows(problem, now, since=middle)
    assert late.num_rows == sum(value >= middle for value in plain[problem.as_of].to_pylist()) > 0


def test_it_is_shown_beside_the_outcome_and_its_effect_is_measured(inside: House) -> None:
    one = row()
    say(not one["label"], "first", one=one)
    say(not one["label"], "second thoughts", "bo", one)
    feedback.receive(pass_an_hour())
    shown = warehouse.rows("select * from marts.flight_disruption_predictions where comments is not null")
    assert [(r["disrupted"], r["corrected_to"], r["comments"]) for r in shown] == [(one["label"], not one["label"], 2)]
    effect = feedback.effect(PROBLEM)[0]
    assert (effect["remarks"], effect["authors"], effect["rows_corrected"], effect["labels_changed"]) == (2, 2, 1, 1)
    assert effect["log_loss_corrected"] != effect["log_loss_observed"]


def test_a_landing_killed_after_the_file_was_written_lands_it_once(inside: House, monkeypatch: pytest.MonkeyPatch) -> None:
    say(True)
    before = warehouse.rows(f"select * from {feedback.INBOX}")
    now = pass_an_hour()
    with feedback._ready() as con:
        inbox.empty(con, feedback.source(), settings.landing_folder() / feedback.source().path, now)
    with warehouse.transaction() as con:  # the rows that would still be there, had the power failed before they were deleted
        con.execute(f"insert into {feedback.INBOX} values ({', '.join('?' * len(before[0]))})", list(before[0].values()))
    assert feedback.receive(now).loaded == 1
    assert feedback.receive(now).told == ""
    assert [said["state"] for said in feedback.remarks(PROBLEM)] == ["landed"]


def test_every_mistake_is_refused_with_its_line_and_column_and_no_row_is_lost(inside: House) -> None:
    one = row()
    key, said = f"{PROBLEM},{one['entity_id']},{one['as_of'].isoformat()}", one["as_of"].isoformat()
    late = clock.now().isoformat()
    drop(
        "bo.csv",
        f"{key},true,fog,bo,{said}",
        f"{key},perhaps,,bo,{said}",
        f"{key},true,,,{said}",
        f"weather,{one['entity_id']},{said},true,,bo,{said}",
        f"{PROBLEM},no such flight,{said},true,,bo,{said}",
        f"{PROBLEM},{one['entity_id']},2013-01-01T00:00:00,true,,bo,{said}",
        f"{key},,,dy,{said}",
        f"{key},true,,cy,2013-01-01T00:00:00",
        f"{key},true,,ed,{late}",
    )
    received = feedback.receive(clock.now())
    assert (received.loaded, received.quarantined) == (1, 8)
    batch = warehouse.rows("select * from ledger.batches where source = 'feedback.remarks'")[0]
    assert batch["rows_received"] == batch["rows_loaded"] + batch["rows_quarantined"] == 9
    refused = warehouse.rows(
        "select line, column_name, reason from ledger.quarantine where source = 'feedback.remarks' order by line"
    )
    assert [(r["line"], r["column_name"]) for r in refused] == [
        (3, "label"), (4, "author"), (5, "problem"), (6, "entity_id"), (7, "as_of"), (8, "label"), (9, "reported_at"),
        (10, "reported_at"),
    ]  # fmt: skip
    assert PROBLEM in refused[2]["reason"] and str(one["as_of"]) in refused[4]["reason"], "they say what would do"


def test_the_verb_refuses_at_once_what_would_not_land(inside: House) -> None:
    for entity, as_of, label, comment, author, told in [
        ("no such flight", None, True, None, "ann", "is no flight_id"),
        (row()["entity_id"], datetime(2013, 1, 1), True, None, "ann", "the last one was"),
        (row()["entity_id"], None, None, " ", "ann", "give a label"),
        (row()["entity_id"], None, True, None, " ", "--by"),
    ]:
        with pytest.raises(AsofError, match=told):
            feedback.remark(PROBLEM, entity, as_of, label, comment, author, clock.now())
    assert feedback.remarks(PROBLEM) == []


def test_a_file_that_cannot_be_read_stops_nothing_and_is_an_alert(inside: House) -> None:
    drop("bad.csv", "x", header="who,what")
    say(True)
    received = feedback.receive(pass_an_hour())
    assert received.loaded == 1
    assert "bad.csv" in received.refusals[0] and "lacks column" in received.refusals[0]
    failed = warehouse.rows("select message from ledger.runs where phase = 'feedback' and status = 'failed'")
    assert len(failed) == 1 and "bad.csv" in failed[0]["message"], "which is what the alert failed_run is made of"


def test_rows_of_a_tool_are_held_to_the_contract_of_the_inbox(inside: House) -> None:
    with feedback._ready():
        pass
    with pytest.raises(warehouse.Error, match="author"), warehouse.transaction() as con:
        con.execute(f"insert into {feedback.INBOX} (problem, entity_id, as_of, reported_at) values ('p', 'a', now(), now())")


def test_what_a_champion_has_seen_with_another_label_is_not_new_to_it(inside: House) -> None:
    one = row()
    say(not one["label"], one=one)
    now = pass_an_hour()
    feedback.receive(now)
    problem = problems.get(PROBLEM)
    rows = border.read(problems.training_rows(problem, now, since=one["as_of"]), problem)
    first = problems.first_known(problem, rows)
    changed = np.flatnonzero(first != rows.known_at)
    assert [rows.entity[int(at)].as_py() for at in changed] == [one["entity_id"]]
    assert first[changed[0]].item() == one["observed_known_at"]


@pytest.mark.parametrize("hours", [1, 6, 30])
def test_what_was_known_as_of_an_instant_does_not_depend_on_what_people_say_from_then_on(inside: House, hours: int) -> None:
    remarks, labels = feedback.source().relation, f"problems.{PROBLEM}__labels"
    with warehouse.transaction() as con:
        con.execute(
            f"insert into {remarks} by name select '{PROBLEM}' as problem, flight_id as entity_id, as_of, "
            f"not is_disrupted as label, "
            f"'ann' as author, as_of + to_hours({hours}) as reported_at, 'by hand' as _batch_id, row_number() over () as _line, "
            f"as_of as _landed_at, 1000000 as _landing_number from {labels} where hash(flight_id) % 40 = 0"
        )
        cut = con.execute(f"select quantile_disc(reported_at, 0.5) from {remarks}").fetchall()[0][0]
        known = f"from {labels} where label_known_at < timestamp '{cut}'"
        con.execute(f"create table before as {known}")
        assert con.execute("select count_if(is_correction) > 50 from before").fetchall() == [(True,)]
        for future in (f"update {remarks} set label = not label, author = 'eve'", f"delete from {remarks}"):
            con.execute(f"{future} where reported_at >= timestamp '{cut}'")
            assert con.execute(f"(from before except all {known}) union all ({known} except all from before)").fetchall() == []


def test_what_refers_to_a_cohort_lands_after_it_is_built() -> None:
    assert [one.name for one in landing_zone.sources() if one.refers_to] == [feedback.SOURCE]
    assert "build(clock.now())\n    return models, feedback.receive" in Path("flows/data.py").read_text()


# What a table of DuckDB can hold: any character but lone surrogates.
ODD = [
    "[/red]",
    '=cmd|"/c calc"!A0',
    "NA",
    "null",
    "  two  ",
    '"',
    ",",
    "a\nb",
    "a\r\nb",
    "a\rb",
    "\ufeff",
    "👩‍👩‍👧",
    "a\0",
    "\x1b[2J",
    "\\",
]
COMMENTS = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=50),
    st.integers(inbox.LONGEST - 1, 3 * inbox.LONGEST).map("é".__mul__),
)


def insert(rows: list[dict]) -> None:
    """What a tool does."""
    with feedback._ready() as con:
        for one in rows:
            con.execute(f"insert into {feedback.INBOX} by name select {', '.join(f'${n} as {n}' for n in one)}", one)


@settings_of_hypothesis(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(comments=st.lists(COMMENTS, min_size=1, max_size=12))
@example(comments=ODD)
def test_any_comment_lands_as_it_was_said_or_is_quarantined_whole(inside: House, comments: list[str]) -> None:
    one, since = row(), clock.now()
    said = {"problem": PROBLEM, "entity_id": one["entity_id"], "as_of": one["as_of"], "label": True, "reported_at": since}
    insert([{**said, "author": f"author {number}", "comment": comment} for number, comment in enumerate(comments)])
    kept = "select raw from ledger.quarantine where source = 'feedback.remarks'"
    before = len(warehouse.rows(kept))
    received = feedback.receive(pass_an_hour())
    landed = {
        int(one["author"].split()[1]): one["comment"]
        for one in warehouse.rows(f"select author, comment from {feedback.source().relation} where reported_at >= ?", [since])
    }
    raws = [json.loads(one["raw"]) for one in warehouse.rows(kept)[before:]]
    quarantined = {int(one["author"].split()[1]): one["comment"] for one in raws}
    assert landed | quarantined == dict(enumerate(comments)) and not landed.keys() & quarantined.keys()
    assert (received.loaded, received.quarantined) == (len(landed), len(quarantined))
    assert len(received.refusals) == len(quarantined) and all("author" in line for line in received.refusals)
    assert warehouse.rows(f"select * from {feedback.INBOX}") == []
    assert all(len(text) <= inbox.LONGEST for text in landed.values())


@pytest.mark.parametrize("at", ["infinity", "-infinity", "290000-01-01", "0044-03-15 (BC)"])
def test_an_instant_that_is_none_is_quarantined_or_waits_for_its_time(inside: House, at: str) -> None:
    one = row()
    said = {"problem": PROBLEM, "entity_id": one["entity_id"], "as_of": one["as_of"], "label": True, "author": "a"}
    insert([{**said, "reported_at": at}])
    assert len(feedback.remarks(PROBLEM)) == 1, "it is listed as it is"
    say(True, author="b", one=one)
    received = feedback.receive(pass_an_hour())
    waits = at == "290000-01-01"
    assert (received.loaded, received.quarantined) == (1, 0 if waits else 1)
    assert len(feedback.remarks(PROBLEM)) == 1 + waits


def test_an_inbox_that_a_tool_made_otherwise_stops_nothing_and_is_told(inside: House) -> None:
    with warehouse.transaction() as con:
        con.execute(f"drop table if exists {feedback.INBOX}")
        con.execute(f"create table {feedback.INBOX} (who varchar, what varchar)")
    received = feedback.receive(clock.now())
    assert "lacks column problem" in received.refusals[0]
    failed = warehouse.rows("select message from ledger.runs where phase = 'feedback' and status = 'failed'")
    assert len(failed) == 1 and feedback.INBOX in failed[0]["message"]


def test_a_comment_of_three_million_letters_stops_neither_models_nor_replay_and_is_refused_and_an_alert(copied: House) -> None:
    one = state.ask(copied, f"select entity_id, as_of from problems.{PROBLEM}__outcomes where observed_label limit 1")[0]
    columns = "problem varchar not null, entity_id varchar not null, as_of timestamp not null, label boolean, comment varchar"
    state.change(
        copied,
        f"create table if not exists {feedback.INBOX} ({columns}, author varchar not null, reported_at timestamp not null)",
        f"insert into {feedback.INBOX} select '{PROBLEM}', '{one[0]}', '{one[1]}', true, comment, author, '2013-03-05 04:00' "
        f"from (values (repeat('x', 3000000), '[/red]'), ('[/red] [bold]=1+1', 'bo')) as said (comment, author)",
    )
    built = children.run(copied, "build")
    assert "1 remarks landed, 1 are quarantined" in built.out, built.err
    line = state.refusal(built)
    assert "'[/red]'" in line and "comment has 3,000,000 characters" in line
    listed = children.run(copied, "feedback", "--list", COLUMNS="200")
    assert listed.code == 0 and "[/red]" in listed.out and "[bold]=1+1" in listed.out, listed.err
    raw = "select length(raw) > 3000000, column_name from ledger.quarantine where source = 'feedback.remarks'"
    assert state.ask(copied, raw) == [(True, "comment")]
    assert ("feedback",) in state.ask(copied, "select subject from monitoring.alerts where kind = 'failed_run'")
    assert children.run(copied, "replay", "--until", "2013-03-06").code == 0


def test_a_build_names_the_quarantined_rows_of_a_file_of_remarks_as_a_landing_does(copied: House) -> None:
    folder = copied.folder / "landing" / feedback.source().path
    folder.mkdir(parents=True, exist_ok=True)
    header = ",".join(one.name for one in feedback.source().columns)
    (folder / "dropped.csv").write_text(f"{header}\n{PROBLEM},nobody,2013-03-04T12:00:00Z,true,,ada,2013-03-04T13:00:00Z\n")
    built = children.run(copied, "build", COLUMNS="300")
    assert built.code == 0 and "1 are quarantined" in built.out, built
    assert "dropped.csv: 1 of 1 rows quarantined; first line 2, column entity_id: 'nobody' is no flight_id" in built.err, built


@pytest.mark.parametrize("comment", ["x" * (inbox.LONGEST + 1), "a\0b", "\udcff"], ids=["too long", "NUL", "no character"])
def test_the_verb_refuses_a_comment_that_no_file_may_hold(inside: House, comment: str) -> None:
    with pytest.raises(AsofError, match=r"^comment (has|holds) "):
        say(True, comment)
