"""`new source` infers what landing will read: types, written forms, nulls, keys, times; what only a person knows it asks."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from checks.landing import LandingSource
from flows.cli import new
from flows.runtime import settings, warehouse
from flows.steps.data.feeds import feed
from flows.steps.data.landing.landing import land_all
from flows.studies.scaffolding import forms, rendering, source, words
from flows.studies.scaffolding.looking import look
from ml.errors import AsofError
from tests.architecture import yaml_lint
from tests.flows.steps.data.landed import LEDGER

VISITS = """Visit No.;Shop;Day;Spent;Member;Tip;Group
1;north;31/01/2024;1.234,50;Y;NA;a
2;south;01/02/2024;3,25;N;7;b
3;north;13/02/2024;0,5;;8;NA
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a landing folder."""
    monkeypatch.setattr(rendering, "PROJECT", tmp_path)
    monkeypatch.setenv("ASOF_LANDING", str(tmp_path / "landing"))
    return tmp_path


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def make(path: Path, name: str = "shop.visits", **said) -> source.Made:
    return source.make(source.Wanted(name, path, **said))


def declared(made: source.Made, project: Path) -> LandingSource:
    """The source as landing reads it from what was written."""
    text = (project / made.files[0]).read_text()
    assert yaml_lint.lint(text) == []
    said = yaml.safe_load(text)["sources"][0]
    table = said["tables"][0]
    node = {
        "source_name": said["name"], "name": table["name"], "schema": said["schema"], "identifier": table["identifier"],
        "original_file_path": made.files[0], "config": table["config"], "columns": {one["name"]: one for one in table["columns"]},
    }  # fmt: skip
    (found,) = LandingSource.from_manifest({"sources": {"x": node}})
    return found


def landed(made: source.Made, project: Path) -> list[tuple]:
    """All rows, landed in the way that was written down."""
    one, folder = declared(made, project), settings.landing_folder()
    if one.feed:
        delivered = feed(one.feed, [one], folder)
        delivered.drop(folder, delivered.first, delivered.last)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        (batch,) = land_all(con, [one], folder, datetime(2100, 1, 1))
        assert not batch.rows_quarantined
        return con.execute(
            f"select * exclude (_batch_id, _line, _landed_at, _landing_number) from {one.relation} order by 1"
        ).fetchall()


def test_a_csv_of_another_country_lands_as_it_was_written(project: Path) -> None:
    made = make(put(project, "visits.csv", VISITS), known_at="Day")
    assert {one.name: one.form.data_type for one in made.look.columns} == {
        "visit_no": "bigint", "shop": "varchar", "day": "date", "spent": "double", "member": "boolean", "tip": "integer",
        "its_group": "varchar",
    }  # fmt: skip
    assert made.key == ("visit_no",) and made.look.delimiter == ";" and made.look.null == ["", "NA"]
    rows = landed(made, project)
    assert [row[3:7] for row in rows] == [(1234.5, True, None, "a"), (3.25, False, 7, "b"), (0.5, None, 8, None)]
    assert [row[-1] for row in rows][:1] == [datetime(2024, 2, 1)], "what is of a day is known when the day is over"


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "parquet"])
def test_every_format_lands_the_same_rows(project: Path, ending: str) -> None:
    rows = [(n, f"s{n % 3}", n * 1.5, f"2025-03-0{n}T10:00:00Z") for n in range(1, 8)]
    names = ("n", "shop", "spent", "reported_at")
    text = "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n"
    file = project / f"visits.{ending}"
    if ending == "parquet":
        pq.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)}), file)
    else:
        lines = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
        file.write_bytes({"csv": text.encode(), "csv.gz": gzip.compress(text.encode()), "jsonl": lines.encode()}[ending])
    made = make(file)
    assert made.known_at == "reported_at", "its name says that it is when the row was written down"
    assert {one[2] for one in (row[:3] for row in map(sorted_by_type, landed(made, project)))} == {row[2] for row in rows}


def sorted_by_type(row: tuple) -> list:
    return sorted(row, key=lambda one: ["int", "str", "float", "datetime"].index(type(one).__name__))


def test_a_key_of_json_lines_may_hold_what_a_pointer_escapes(project: Path) -> None:
    rows = [{"n/a": f"x{n}", "~when": f"2025-03-0{n}T10:00:00Z"} for n in (1, 2)]
    made = make(put(project, "visits.jsonl", "".join(json.dumps(row) + "\n" for row in rows)), known_at="~when")
    assert [row[0] for row in landed(made, project)] == ["x1", "x2"]


def test_columns_of_json_lines_stand_as_the_file_has_them(project: Path) -> None:
    rows = [
        {"zone": "a", "seen": "2025-03-01T10:00:00Z", "kind": "x"},
        {"zone": "b", "seen": "2025-03-02T10:00:00Z", "kind": "y", "b": 1},
    ]
    rows += [{"more": n, "zone": f"z{n}", "seen": f"2025-03-03T10:{n % 60:02}:00Z", "kind": "x"} for n in range(50)]
    seen = look(put(project, "visits.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert [one.name for one in seen.columns] == ["zone", "seen", "kind", "b", "more"]


def test_where_nothing_says_when_a_row_was_known_it_says_so_and_writes_nothing(project: Path) -> None:
    file = put(project, "visits.csv", "id,opened_at,closed_at\n1,2024-01-01T10:00:00,2024-01-01T11:00:00\n")
    with pytest.raises(AsofError, match=r"nothing says when a row of .*visits\.csv was known, .* --known-at closed_at"):
        make(file)
    assert not (project / "models").exists() and not (project / "landing").exists()


def test_a_person_is_asked_and_has_a_default(project: Path) -> None:
    file = put(project, "visits.csv", "id,opened_at,closed_at\n1,2024-01-01T10:00:00,2024-01-01T11:00:00\n")
    asked = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        return default

    made = source.make(source.Wanted("shop.visits", file), ask)
    assert made.known_at == "closed_at" and len(asked) == 1 and "opened_at, closed_at" in asked[0]


def test_known_at_may_be_an_expression_or_that_of_another_source(project: Path) -> None:
    file = put(project, "orders.csv", "order_id,closed_at\n1,2024-01-01T10:00:00\n")
    made = make(file, "shop.orders", known_sql="closed_at + interval 6 hours")
    assert (made.event_at, landed(made, project)) == ("closed_at", [(1, datetime(2024, 1, 1, 10), datetime(2024, 1, 1, 16))])
    lines = make(
        put(project, "lines.csv", "order_id,what\n1,tea\n1,tea\n"), "shop.lines", known_of="shop.orders", known_by=("order_id",)
    )
    assert lines.known_at == {"of": "shop.orders", "by": ["order_id"]} and lines.key == ()
    with pytest.raises(AsofError, match=r"--known-at-expr 'shut_at': Binder Error"):
        make(file, "shop.others", known_sql="shut_at")


def test_days_that_read_in_two_ways_are_for_a_person_to_say(project: Path) -> None:
    file = put(project, "visits.csv", "id,day\n1,03/04/2024\n2,05/06/2024\n")
    with pytest.raises(AsofError, match=r"column day reads as %d/%m/%Y or %m/%d/%Y.* --format day='%d/%m/%Y'"):
        make(file, known_at="day")
    made = make(file, known_at="day", formats={"day": "%m/%d/%Y"})
    assert [row[-1] for row in landed(made, project)] == [datetime(2024, 3, 5), datetime(2024, 5, 7)]


def test_a_null_text_that_a_person_names_is_null_also_in_text(project: Path) -> None:
    file = put(project, "visits.csv", "id,what,reported_at\n1,\\N,2024-01-01 10:00:00\n2,tea,2024-01-02 10:00:00\n")
    assert [row[1] for row in landed(make(file, null=("\\N",)), project)] == [None, "tea"]


def test_a_key_of_several_columns_is_found_and_one_that_is_none_is_refused(project: Path) -> None:
    text = "shop,day,n,reported_at\n" + "".join(
        f"{s},2024-01-0{d},{s},2024-01-0{d}T23:00:00Z\n" for s in (1, 2) for d in (1, 2, 3)
    )
    file = put(project, "visits.csv", text)
    with pytest.raises(AsofError, match=r"shop is no key of .*: it is null somewhere, or the same in two rows; say "):
        make(file, key=("shop",))
    assert set(make(file).key) == {"shop", "day"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_mark_between_fields_is_found(project: Path, delimiter: str) -> None:
    text = 'id,what\n1,"a; b, c | d"\n2,plain\n'.replace("id,what", f"id{delimiter}what").replace("1,", f"1{delimiter}")
    file = put(project, "visits.txt", text.replace("2,", f"2{delimiter}"))
    assert look(file, None, {}, None, None).delimiter == delimiter


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "id,at\n", r"a\.csv holds no row: line 1 is the header"),
        ("a.xlsx", "x", "of none that lands"),
        ("b", None, "is not there"),
    ],
)
def test_files_that_cannot_be_looked_at_are_named(project: Path, name: str, content: str | None, told: str) -> None:
    file = put(project, name, content) if content is not None else project / name
    with pytest.raises(AsofError, match=told):
        make(file, known_always=True)


def test_what_is_there_is_never_written_over(project: Path) -> None:
    file = put(project, "visits.csv", VISITS)
    make(file, known_at="Day")
    with pytest.raises(AsofError, match=r"_shop__visits\.yml, .* is there already; .* rm -r (.*)") as refused:
        make(file, known_at="Day")
    named = [project / one for one in str(refused.value).rsplit("rm -r ", 1)[1].split()]
    assert {*named[:2]} == {*(project / "models").rglob("*shop__visits*")}
    assert named[2].resolve() == (project / "landing" / "archive" / "shop" / "visits").resolve()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_source_that_is_said_again_is_as_if_it_had_been_said_so_at_first_and_keeps_what_was_there(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    file, other = put(project, "visits.csv", VISITS), put(project, "later.csv", VISITS.replace("north", "west"))
    monkeypatch.setenv("ASOF_WAREHOUSE", str(project / "data" / "warehouse.duckdb"))
    first = make(file, known_at="Day", feed="none")
    model = project / first.files[1]
    model.write_text(f"{model.read_text()}-- mine\n")
    before = everything(project / "models") | everything(project / "landing")
    made = make(other, known_always=True, again=True)
    assert made.replaced == project / "data" / "replaced" / "shop.visits" / "1"
    kept = everything(made.replaced)
    assert {name.removeprefix("models/"): text for name, text in kept.items()} == before
    assert "kept in" in told(made, capsys)
    now = everything(project / "models") | everything(project / "landing")
    shutil.rmtree(project / "models"), shutil.rmtree(project / "landing")
    make(other, known_always=True)
    assert everything(project / "models") | everything(project / "landing") == now
    assert make(other, known_always=True, again=True).replaced, "copies of the data moved, since they may be others"
    assert not [one for one in everything(project / "data" / "replaced" / "shop.visits" / "2") if one.startswith("models")]


def test_a_source_of_which_files_have_landed_is_not_said_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASOF_WAREHOUSE", str(project / "data" / "warehouse.duckdb"))
    file = put(project, "visits.csv", VISITS)
    make(file, known_at="Day")
    (project / "data").mkdir()
    with warehouse.cursor() as con:
        con.execute("create schema ledger")
        con.execute("create table ledger.batches as select 'shop.visits' as source, 'visits.csv' as file")
    before = everything(project / "models")
    with pytest.raises(AsofError, match=r"--again: 1 files of shop\.visits have landed as it is declared"):
        make(file, known_always=True, again=True)
    assert everything(project / "models") == before
    with warehouse.cursor() as con:
        con.execute("delete from ledger.batches")
        con.execute("create schema if not exists landing")
        con.execute("create table landing.shop__visits (n integer)")
    assert make(file, known_always=True, again=True).replaced
    assert not warehouse.has_table("landing", "shop__visits")
    warehouse.close()


def test_a_few_wrong_values_are_told_and_make_no_text_of_their_column(project: Path) -> None:
    at = [datetime(2025, 3, 1) + timedelta(hours=n) for n in range(1000)]
    lines = [f"{n};{n / 4:.2f}".replace(".", ",") + f";{one:%Y-%m-%d %H:%M:%S}" for n, one in enumerate(at)]
    lines[3], lines[700], lines[900] = "3;0,5;2025-13-01 10:00:00", "700;much;2025-04-01 10:00:00", "900;0,5"
    file = put(project, "visits.csv", "\n".join(["n;spent;seen", *lines]) + "\n")
    made = make(file, known_sql="seen + interval 5 hours")
    assert [(one.name, one.form.data_type, one.wrong, one.example) for one in made.look.columns] == [
        ("n", "integer", 0, ""), ("spent", "double", 1, "much"), ("seen", "timestamp", 1, "2025-13-01 10:00:00"),
    ]  # fmt: skip
    one, folder = declared(made, project), settings.landing_folder()
    assert "0.0 to 249.75" in made_text(made, project), "the least and the greatest number, not text"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        delivered = feed(one.feed, [one], folder)
        delivered.drop(folder, delivered.first, delivered.last)
        (batch,) = land_all(con, [one], folder, datetime(2100, 1, 1))
    assert (batch.rows_received, batch.rows_quarantined) == (1000, 3)


def made_text(made: source.Made, project: Path) -> str:
    return "".join((project / name).read_text() for name in made.files if name.endswith(".yml"))


def test_where_many_values_are_of_another_form_a_column_is_text(project: Path) -> None:
    lines = [f"{n},{'x' if n % 20 == 0 else n},2025-03-01T10:00:00Z" for n in range(1000)]
    made = make(put(project, "visits.csv", "\n".join(["n,code,reported_at", *lines]) + "\n"))
    assert made.look.column("code").form.data_type == "varchar" and not made.look.column("code").wrong


def test_whatever_a_format_writes_is_tried_as_a_day() -> None:
    written = [one for day in forms.DAYS for one in (day, *(f"{day} {clock}" for clock in forms.CLOCKS))]
    for at in (datetime(2024, month, 3, 2 * month - 1, 5, 7) for month in range(1, 13)):
        assert [one for one in written if not re.fullmatch(forms.DATED, at.strftime(one))] == []


@pytest.mark.parametrize(("yes", "no"), [("J", "N"), ("ja", "nein"), ("yes", "no"), ("t", "f"), ("Y", "N")])
def test_two_words_for_yes_and_no_are_truths_and_land_as_such(project: Path, yes: str, no: str) -> None:
    lines = "".join(f"{n},{yes if n % 3 else no},2025-03-0{n}T10:00:00Z\n" for n in range(1, 5))
    made = make(put(project, "visits.csv", f"n,paid,reported_at\n{lines}"))
    assert [row[1] for row in landed(made, project)] == [True, True, False, True]


def test_one_of_two_words_alone_is_text(project: Path) -> None:
    made = make(put(project, "visits.csv", "n,country,reported_at\n1,N,2025-03-01T10:00:00Z\n2,N,2025-03-02T10:00:00Z\n"))
    assert [row[1] for row in landed(made, project)] == ["N", "N"]


def test_a_type_that_a_person_says_is_taken_instead_of_the_inferred_one(project: Path) -> None:
    file = put(
        project,
        "visits.csv",
        "n,zip,paid,spent,reported_at\n1,10115,0,3,2025-03-01T10:00:00Z\n2,80331,1,4,2025-03-02T10:00:00Z\n",
    )
    made = make(file, types={"zip": "varchar", "paid": "boolean", "spent": "double", "n": "smallint"})
    assert [one.form.data_type for one in made.look.columns][:4] == ["smallint", "varchar", "boolean", "double"]
    assert [row[:4] for row in landed(made, project)] == [(1, "10115", False, 3.0), (2, "80331", True, 4.0)]


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ({"what": "bigint"}, "column what is not written as a bigint, such as 'tea': leave --type what out"),
        ({"wat": "bigint"}, "--type names wat, but .* has n, what, reported_at"),
        ({"what": "text"}, "--type is 'text'; a column is one of varchar, boolean"),
    ],
)
def test_a_type_that_a_column_is_not_of_is_refused_by_name(project: Path, types: dict[str, str], told: str) -> None:
    file = put(project, "visits.csv", "n,what,reported_at\n1,tea,2024-01-01 10:00:00\n")
    with pytest.raises(AsofError, match=told):
        make(file, types=types)


def test_words_that_a_person_says_stand_in_the_descriptions_and_for_whom_reads_the_model(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "PROJECT", project)
    file = put(project, "stops.csv", "mach_no,dur,reported_at\n1,30,2024-01-01 10:00:00\n2,40,2024-01-02 10:00:00\n")
    made = make(file, "plant.stops", key=("mach_no",), words={"mach_no": "machine", "dur": "minutes of the stop"})
    said = made_text(made, project)
    assert "One row per machine." in said and said.count("Minutes of the stop, 30 to 40 in the first files.") == 2
    assert words.declared("stg_plant__stops") == {"mach_no": "machine", "dur": "minutes of the stop"}


def corrected_readings(seed: int) -> tuple[str, list[tuple[int, datetime, datetime, float]]]:
    """Readings of machines, every fifth entered again later with another value; as a file, and as tuples in its order."""
    draw, rows, begin = random.Random(seed), [], datetime(2024, 1, 1)
    for reading in range(60):
        at = begin + timedelta(hours=draw.randrange(500))
        entered = at + timedelta(minutes=draw.randrange(1, 600))
        rows.append((reading, at, entered, float(draw.randrange(99))))
        for _ in range(draw.choice([0, 0, 0, 0, 1, 2]) if reading > 2 else 1):
            entered += timedelta(minutes=draw.randrange(1, 4000))
            rows.append((reading, at, entered, float(draw.randrange(99))))
    draw.shuffle(rows)
    lines = [f"{one},{at:%Y-%m-%dT%H:%M:%SZ},{entered:%Y-%m-%dT%H:%M:%SZ},{value},{one % 4}" for one, at, entered, value in rows]
    return "\n".join(["reading_id,measured_at,entered_at,value,machine", *lines]) + "\n", rows


def staged(made: source.Made, project: Path) -> list[dict]:
    """What the staging model makes of all rows that land."""
    one, folder = declared(made, project), settings.landing_folder()
    sql = re.sub(r"\{\{.*?\}\}", one.relation, (project / made.files[1]).read_text())
    delivered = feed(one.feed, [one], folder)
    delivered.drop(folder, delivered.first, delivered.last)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        land_all(con, [one], folder, datetime(2100, 1, 1))
        return con.sql(sql).to_arrow_table().to_pylist()


def test_rows_that_come_again_later_are_named_and_a_person_says_what_they_are(project: Path) -> None:
    text, rows = corrected_readings(1)
    again = len(rows) - len({one[0] for one in rows})
    file = put(project, "readings.csv", text)
    told = f"reading_id comes again in {again} of {len(rows)} rows with a later entered_at: do later rows correct earlier ones"
    with pytest.raises(AsofError, match=rf"{re.escape(told)}.* --corrections latest.* --corrections first.* --corrections facts"):
        make(file, "plant.readings")
    assert not (project / "models").exists() and not (project / "landing").exists()
    asked = []
    made = source.make(source.Wanted("plant.readings", file), lambda question, default: asked.append(question) or "facts")
    assert told in asked[0] and made.key == ("reading_id", "entered_at") and not made.fact
    assert len(staged(made, project)) == len(rows)


def reopened_orders(seed: int) -> str:
    """Orders that are entered when they open and when they close, and every sixth once more, as of another kind."""
    draw, lines = random.Random(seed), []
    for order in range(120):
        kind, opened = draw.choice(["leak", "check", "meter"]), datetime(2020, 3, 1) + timedelta(hours=draw.randrange(4000))
        entered, closed = opened + timedelta(minutes=draw.randrange(1, 900)), ""
        meter = draw.randrange(30)
        for version in range(2 if order % 6 else 3):
            lines.append((entered, f"A{order},{meter},{kind},{opened:%Y-%m-%d %H:%M:%S},{closed},{entered:%Y-%m-%d %H:%M:%S}"))
            entered += timedelta(minutes=draw.randrange(1, 9000))
            closed = f"{entered:%Y-%m-%d %H:%M:%S}"
            kind = {"leak": "check", "check": "leak", "meter": "leak"}[kind] if version else kind
    return "order_no,meter,kind,opened_at,closed_at,reported_at\n" + "\n".join(text for _, text in sorted(lines)) + "\n"


@pytest.mark.parametrize("key", [None, ("order_no",), ("order_no", "reported_at")])
@pytest.mark.parametrize("seed", range(2))
def test_what_is_corrected_is_no_part_of_the_key_of_a_fact_also_where_a_fact_has_more_than_two_versions(
    project: Path, seed: int, key: tuple[str, ...] | None
) -> None:
    said = {} if key is None else {"key": key}
    file = put(project, "orders.csv", reopened_orders(seed))
    with pytest.raises(AsofError, match=r"order_no comes again in 140 of 260 rows with a later reported_at"):
        make(file, "plant.orders", known_at="reported_at", **said)
    made = make(file, "plant.orders", known_at="reported_at", corrections="latest", **said)
    assert (made.key, made.fact) == (("order_no", "reported_at"), ("order_no",))


def test_a_column_of_another_name_than_in_the_file_is_named_where_an_expression_cannot_be_read(project: Path) -> None:
    file = put(project, "visits.csv", "visit_id,at\n1,2024-01-01 10:00:00\n2,2024-01-02 10:00:00\n")
    for sql in ("date_trunc('day', at) + interval 1 day", '"at" + interval 1 day'):
        with pytest.raises(AsofError, match=r"the column at is called its_at here"):
            make(file, known_sql=sql)
    assert make(file, known_sql="date_trunc('day', its_at) + interval 1 day").known_at


def test_a_list_with_few_corrections_is_asked_about_and_what_is_corrected_is_not_taken_into_its_key(project: Path) -> None:
    lines = [f"{n},north,{'iron' if n % 5 else 'steel'},1960-01-0{1 + n % 9},2020-01-01 09:00:00" for n in range(48)]
    lines += [f"{n},north,plastic,1960-01-0{1 + n % 9},2020-0{2 + n % 7}-01 09:00:00" for n in range(0, 48, 5)]
    file = put(project, "meters.csv", "meter_no,district,material,built_on,noted_at\n" + "\n".join(lines) + "\n")
    with pytest.raises(AsofError, match=r"meter_no comes again in 10 of 58 rows with a later noted_at"):
        make(file, "plant.meters", known_at="noted_at")


@pytest.mark.parametrize("seed", range(3))
def test_of_corrected_facts_the_first_version_counts_at_every_instant(project: Path, seed: int) -> None:
    text, rows = corrected_readings(seed)
    made = make(put(project, "readings.csv", text), "plant.readings", corrections="first", event_at="measured_at")
    assert (made.key, made.fact) == (("reading_id", "entered_at"), ("reading_id",))
    said = yaml.safe_load(made_text(made, project))["models"][0]
    assert said["description"] == "One row per reading id, as it was first known."
    assert {"unique", "not_null"} == set(said["columns"][0]["data_tests"])
    found = staged(made, project)
    assert [*found[0]] == [one["name"] for one in said["columns"]], "the columns of the model are those that it declares"
    for asked in (datetime(2024, 1, 1) + timedelta(hours=7 * n) for n in range(100)):
        known: dict[int, tuple] = {}
        for one, at, entered, value in sorted(rows, key=lambda row: row[2]):
            if entered < asked:
                known.setdefault(one, (at, entered, value))
        visible = {
            one["reading_id"]: (one["event_at"], one["known_at"], one["value"]) for one in found if one["known_at"] < asked
        }
        assert visible == known


@pytest.mark.parametrize("seed", range(3))
def test_of_corrected_facts_every_version_is_staged_and_the_latest_known_one_is_found_by_its_declaration(
    project: Path, seed: int, capsys
) -> None:
    text, rows = corrected_readings(seed)
    made = make(put(project, "readings.csv", text), "plant.readings", corrections="latest", event_at="measured_at")
    assert (made.key, made.fact) == (("reading_id", "entered_at"), ("reading_id",))
    assert "at each instant a fact counts once, in the latest version known before" in told(made, capsys)
    said = yaml.safe_load(made_text(made, project))["models"][0]
    assert said["description"] == "One row per reading id, and version of it."
    assert said["config"]["meta"]["versions"] == {"of": ["reading_id"], "by": "known_at"}
    assert said["data_tests"] == [{"one_row_per": {"arguments": {"columns": ["reading_id", "known_at"]}}}]
    found = staged(made, project)
    assert [*found[0]] == [one["name"] for one in said["columns"]] and len(found) == len(rows)
    for asked in (datetime(2024, 1, 1) + timedelta(hours=7 * n) for n in range(100)):
        known = {one: (at, value) for one, at, entered, value in sorted(rows, key=lambda row: row[2]) if entered < asked}
        seen = sorted((one for one in found if one["known_at"] < asked), key=lambda one: one["known_at"])
        assert {one["reading_id"]: (one["event_at"], one["value"]) for one in seen} == known


def test_of_two_versions_that_were_known_at_the_same_instant_the_one_further_down_is_meant(project: Path) -> None:
    lines = [f"{n},{n}.5,2024-01-01T10:{n:02}:00" for n in range(20)]
    again = ["3,7.0,2024-01-02T10:00:00", "3,8.0,2024-01-02T10:00:00", "4,9.0,2024-01-02T11:00:00"]
    text = "\n".join(["n,value,entered_at", *lines, *again]) + "\n"
    made = make(put(project, "readings.csv", text), "plant.readings", corrections="latest", key=("n",))
    assert (made.key, made.fact) == ((), ("n",))
    found = sorted((one["n"], one["value"]) for one in staged(made, project) if one["n"] in (3, 4))
    assert found == [(3, 3.5), (3, 8.0), (4, 4.5), (4, 9.0)]


def test_versions_are_told_apart_by_what_orders_them_where_known_at_is_made_of_it(project: Path) -> None:
    text, _ = corrected_readings(1)
    wanted = source.Wanted(
        "plant.readings", put(project, "readings.csv", text), known_sql="entered_at + interval '1 day'", corrections="latest"
    )
    said = yaml.safe_load(made_text(source.make(wanted), project))["models"][0]
    assert said["config"]["meta"]["versions"] == {"of": ["reading_id"], "by": "entered_at"}
    assert said["data_tests"] == [{"one_row_per": {"arguments": {"columns": ["reading_id", "entered_at"]}}}]
    assert "entered_at" in [one["name"] for one in said["columns"]]


def test_facts_that_nothing_corrects_yet_may_be_declared_as_such_by_their_key(project: Path, capsys) -> None:
    file = put(project, "readings.csv", "n,value,entered_at\n1,2.5,2024-01-01T10:00:00\n2,3.5,2024-01-01T11:00:00\n")
    with pytest.raises(AsofError, match=r"--corrections first: nothing in .* comes again with a later instant"):
        make(file, corrections="first")
    made = make(file, corrections="first", key=("n",))
    assert (made.key, made.fact) == (("n", "entered_at"), ("n",))
    assert "where n comes again with a later entered_at, a fact counts as it was first known" in told(made, capsys)


def test_it_is_said_what_becomes_of_a_row_whose_key_lands_again(project: Path, capsys) -> None:
    file = put(project, "readings.csv", "n,value,entered_at\n1,2.5,2024-01-01T10:00:00\n2,3.5,2024-01-01T11:00:00\n")
    quarantined = "a row whose n lands again is quarantined"
    assert f"{quarantined}; if it corrects the earlier one, say --key n --corrections latest" in told(
        make(file, "plant.readings"), capsys
    )
    made = make(file, "plant.others", key=("n",), corrections="latest")
    assert "where n comes again with a later entered_at, at each instant a fact counts once" in told(made, capsys)
    said = told(make(file, "plant.listed", known_always=True), capsys)
    assert quarantined in said and "--corrections" not in said


def test_things_of_which_many_facts_are_told_are_no_facts_that_come_again(project: Path) -> None:
    lines = "".join(f"{n % 7},{n},2024-01-{1 + n % 28:02}T{n % 24:02}:00:00\n" for n in range(40))
    assert not make(put(project, "visits.csv", f"shop,spent,reported_at\n{lines}")).again


def test_wholly_identical_lines_are_counted_and_what_would_be_the_key_is_named(project: Path, capsys) -> None:
    lines = [f"{n},2024-01-01T{n:02}:00:00,{n / 2}" for n in range(20)]
    made = make(put(project, "visits.csv", "\n".join(["id,reported_at,value", *lines, *lines[3:5]]) + "\n"))
    assert (made.key, made.look.identical, made.look.keys_without) == ((), 2, [("id",)])
    new._tell(made)
    told = (
        "2 lines repeat an earlier one in every column: each lands and counts; with --duplicates drop the staging model keeps "
        "one of each, and id would be the key"
    )
    assert told in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("seed", range(4))
def test_with_duplicates_drop_staging_has_each_different_row_once_and_the_key_holds(project: Path, seed: int, capsys) -> None:
    draw = random.Random(seed)
    rows = [(n, draw.choice(["", "a", "b"]), f"2024-01-{1 + n % 28:02}T{n % 24:02}:00:00Z", draw.randrange(3)) for n in range(40)]
    lines = [",".join(map(str, row)) for row in [*rows, *draw.choices(rows, k=draw.randrange(1, 30))]]
    draw.shuffle(lines)
    file = put(project, "visits.csv", "\n".join(["id,kind,reported_at,value", *lines]) + "\n")
    with pytest.raises(AsofError, match=r"id is no key .*lines repeat an earlier one in every column, .*--duplicates drop"):
        make(file, key=("id",))
    made = make(file, duplicates="drop")
    assert made.key == ("id",) and made.dropped and "keeps one of each" in told(made, capsys)
    assert {"unique", "not_null"} == set(yaml.safe_load(made_text(made, project))["models"][0]["columns"][0]["data_tests"])
    found = staged(made, project)
    assert sorted((one["id"], one["kind"] or "", one["value"]) for one in found) == [(one[0], one[1], one[3]) for one in rows]


def test_of_identical_lines_a_person_is_asked_what_becomes_of_them(project: Path) -> None:
    file = put(project, "visits.csv", "id,reported_at\n1,2024-01-01T10:00:00\n2,2024-01-02T10:00:00\n2,2024-01-02T10:00:00\n")
    asked = []
    made = source.make(source.Wanted("shop.visits", file), lambda question, default: asked.append((question, default)) or default)
    assert asked == [("1 lines repeat an earlier one in every column: what becomes of them (drop, keep)?", "drop")]
    assert made.dropped and made.key == ("id",)
    with pytest.raises(AsofError, match=r"--duplicates drop: no line of .* repeats another"):
        make(put(project, "other.csv", "id,reported_at\n1,2024-01-01T10:00:00\n"), "shop.other", duplicates="drop")


@pytest.mark.parametrize("how", ["first", "latest", "facts"])
def test_identical_lines_of_corrected_facts_are_one_and_the_sentence_says_so(project: Path, how: str, capsys) -> None:
    text, rows = corrected_readings(3)
    text += "\n".join(text.splitlines()[2:9]) + "\n"
    made = make(put(project, "readings.csv", text), "plant.readings", corrections=how, duplicates="drop")
    wanted = len({row[0] for row in rows}) if how == "first" else len({(row[0], row[2]) for row in rows})
    assert len(staged(made, project)) == wanted
    said = told(made, capsys)
    assert "each lands and counts" not in said and ("as of any fact" in said) == (how != "facts")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize("known", [{"known_at": "reported_at"}, {"known_sql": "reported_at + interval 1 hour"}])
def test_an_instant_that_lies_after_known_at_is_named_with_its_rows(project: Path, ending: str, known: dict, capsys) -> None:
    rows = [
        {"id": n, "began_at": f"2024-01-{n:02}T08:00:00+01:00", "reported_at": f"2024-01-{n:02}T08:00:00Z",
         "closed_at": None if n == 3 else f"2024-01-{n:02}T{'07' if n == 5 else '11'}:00:00Z", "due_on": f"2024-02-{n:02}"}
        for n in range(1, 20)
    ]  # fmt: skip
    lines = [",".join("" if one is None else str(one) for one in row.values()) for row in rows]
    text = {"csv": "\n".join([",".join(rows[0]), *lines]), "jsonl": "\n".join(map(json.dumps, rows))}[ending]
    made = make(put(project, f"visits.{ending}", text + "\n"), **known)
    assert made.later == {"closed_at": 17, "due_on": 19}
    said = told(made, capsys)
    assert "closed_at is later than known_at in 17 of 19 rows: what it says was not known then" in said
    assert "--known-at closed_at" in said and "began_at is later" not in said
    assert make(put(project, f"all.{ending}", text + "\n"), "shop.all", known_always=True).later == {}


def test_a_line_that_is_no_row_is_named_with_its_file_where_there_are_several(project: Path, capsys) -> None:
    folder = project / "visits"
    folder.mkdir()
    head = "id,reported_at\n"
    put(folder, "a.csv", head + "1,2024-01-01T10:00:00\n")
    put(folder, "b.csv", head + "2,2024-01-02T10:00:00\n3,2024-01-02T10:00:00,more\n")
    assert "1 lines have not as many fields as the header, such as line 3 of b.csv" in told(make(folder), capsys)


def told(made: source.Made, capsys: pytest.CaptureFixture) -> str:
    """What the command prints of a source that was made."""
    new._tell(made)
    said = capsys.readouterr()
    return " ".join((said.out + said.err).split())


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_instants_without_an_offset_and_without_a_zone_are_said_to_be_taken_for_utc(
    project: Path, capsys: pytest.CaptureFixture, ending: str
) -> None:
    file = project / f"visits.{ending}"
    if ending == "parquet":
        at = [datetime(2024, 1, 1), datetime(2024, 7, 1)]
        pq.write_table(pa.table({"n": [1, 2], "reported_at": at, "marked": pa.array(at, pa.timestamp("us", "UTC"))}), file)
    else:
        rows = [{"n": str(n), "reported_at": f"0{n}.02.2024 10:00", "marked": f"2024-01-0{n}T10:00:00+01:00"} for n in (1, 2)]
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)] if ending == "csv" else map(json.dumps, rows)
        file.write_text("\n".join(lines) + "\n")
    said = told(make(file, "shop.visits", formats={} if ending == "parquet" else {"reported_at": "%d.%m.%Y %H:%M"}), capsys)
    assert "zone: UTC is assumed for reported_at; --timezone Europe/Berlin would say otherwise" in said
    given = {} if ending == "parquet" else {"reported_at": "%d.%m.%Y %H:%M"}
    assert "zone: UTC" not in told(make(file, "shop.others", zone="Europe/Berlin", formats=given), capsys)


@pytest.mark.parametrize(
    ("zone", "near"), [("CET5", "CET"), ("Berlin", "Europe/Berlin"), ("Amerika/New_York", "America/New_York")]
)
def test_a_zone_that_does_not_exist_is_refused_by_its_option_with_the_nearest(project: Path, zone: str, near: str) -> None:
    file = put(project, "visits.csv", VISITS)
    with pytest.raises(AsofError, match=rf"--timezone is '{zone}', which is no time zone; near it are .*{near}"):
        make(file, known_at="Day", zone=zone)


def test_words_that_may_mean_nothing_are_counted_in_text_and_a_person_says_it(
    project: Path, capsys: pytest.CaptureFixture
) -> None:
    lines = "".join(f"{n},{['tea', 'NULL', '-', ''][n % 4]},{n or ''},2024-01-01T{n:02}:00:00Z\n" for n in range(8))
    file = put(project, "visits.csv", f"n,what,spent,reported_at\n{lines}")
    made = make(file, feed="none")
    assert made.look.null == [""]
    assert "what holds '-' 2 times, 'NULL' 2 times, as text; --null - would say that it means nothing" in told(made, capsys)
    other = make(file, "shop.others", null=("NULL",))
    assert other.look.null == ["", "NULL"], "a text that a person says is added to those that are inferred"
    assert [row[1] for row in landed(other, project)] == ["tea", None, "-", None] * 2


def test_a_null_text_that_a_person_says_does_not_replace_those_that_are_inferred(project: Path) -> None:
    file = put(project, "visits.csv", "n,spent,what,reported_at\n1,NA,?x,2024-01-01T10:00:00Z\n2,3,none,2024-01-01T11:00:00Z\n")
    made = make(file, null=("none",))
    assert made.look.null == ["NA", "none"] and made.look.column("spent").form.data_type == "integer"


CITY = "id,city\n1,Ulm\n2,K\u00f6ln\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", CITY.encode("latin-1"), r"a\.csv, line 3: byte 4 is not UTF-8; .* `iconv -f WINDOWS-1252 .* > .*a-utf8\.csv`"),
        ("a.csv", CITY.encode("utf-16"), r"a\.csv, line 1: this is UTF-16, not UTF-8; convert it: `iconv -f UTF-16 -t UTF-8 "),
        ("a.csv", CITY.encode("utf-16-le"), r"a\.csv, line 1: byte 2 is NUL, .* `iconv -f UTF-16LE "),
        ("a.csv", b"id,what\n1,a\n2,b\0c\n", r"a\.csv, line 3: byte 4 is NUL"),
        ("a.csv", b"", r"a\.csv is empty"),
        ("a.csv", b"\xef\xbb\xbf\n", r"a\.csv is empty"),
        ("a.csv", b"id,what\n1\n2,b,c\n", r"a\.csv holds no row: .* 2 lines that have not as many fields as it, such as line 2"),
        ("a.csv", b"id,,what\n1,2,3\n", r"a\.csv, line 1: column 2 has no name"),
        ("a.csv", b"id,what,ID\n1,2,3\n", r"a\.csv, line 1: two columns are called ID"),
        ("a.csv", b"id,what\r1,2\r", r"a\.csv, line 1: it holds a CR without LF"),
        ("a.csv.gz", b"id,what\n1,2\n", r"a\.csv\.gz is no gzip"),
        ("a.csv.gz", gzip.compress(CITY.encode("latin-1"), mtime=0), r"`gunzip -c .*a\.csv\.gz \| iconv .* > .*a-utf8\.csv`"),
        ("a.jsonl", b'{"id": 1}\n{"id": \n', r"a\.jsonl, line 2: this is not JSON"),
        ("a.jsonl", b'{"id": 1}\n\n[1]\n', r"a\.jsonl, line 3: this is no object"),
        ("a.parquet", b"id,what\n", r"a\.parquet: it cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named_with_its_line_and_what_to_do(
    project: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(AsofError, match=said):
        make(put(project, name, content), known_always=True)
    assert not (project / "models").exists()


def test_what_was_always_known_is_declared_so_and_lands(project: Path) -> None:
    made = make(put(project, "shops.csv", "shop,town\n1,York\n2,\n"), "shop.shops", known_always=True)
    assert "known_at: null" in (project / made.files[0]).read_text()
    assert [row[:2] for row in landed(made, project)] == [(1, "York"), (2, None)]


def test_files_of_a_folder_with_another_header_are_named(project: Path) -> None:
    (project / "visits").mkdir()
    put(project / "visits", "a.csv", "id,what\n1,2\n")
    put(project / "visits", "b.csv", "what,id\n1,2\n")
    with pytest.raises(AsofError, match=r"b\.csv, line 1: its columns are what, id, but those of .*a\.csv are id, what"):
        make(project / "visits", known_always=True)


def test_a_byte_order_mark_is_no_part_of_a_name_and_lines_that_are_no_rows_are_counted(
    project: Path, capsys: pytest.CaptureFixture
) -> None:
    lines = "".join(f"{n},tea\n" for n in range(1, 9))
    made = make(put(project, "visits.csv", b"\xef\xbb\xbfid,what\n" + lines.encode() + b"9\n"), known_always=True)
    assert [one.name for one in made.look.columns] == ["id", "what"]
    said = (
        "1 lines have not as many fields as the header, such as line 10: landing will quarantine them; a file of which more than "
        "1% are bad, and more than one, is refused"
    )
    assert said in told(made, capsys)


PIECES = st.sampled_from([
    b"id", b"at", b"1", b"-", b"NULL", b"2024-01-01", b"01.02.2024 10:00", b"1,5", b"\xff", b"\xc3\xb6", b"\0", b'"', b"'", b",",
    b";", b"\t", b"\n", b"\n", b"\r\n", b"\r", b" ", b"\xef\xbb\xbf", b"{", b"}", b'{"id": 1}',
    b'{"id": "x", "at": null}', b"[", b":",
    b"\x1f\x8b", b"PAR1", b"%", b"\\", b"{{", b"\x01",
])  # fmt: skip


@pytest.mark.slow
@settings_of_hypothesis(max_examples=80, deadline=None, derandomize=True)
@given(content=st.lists(PIECES, max_size=24).map(b"".join), ending=st.sampled_from(["csv", "csv.gz", "jsonl", "parquet"]))
def test_whatever_bytes_a_file_holds_it_is_looked_at_or_refused_in_a_sentence_that_names_it(content: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        packed = gzip.compress(content) if ending == "csv.gz" and not content.startswith(b"\x1f") else content
        file = put(Path(folder), f"visits.{ending}", packed)
        try:
            assert look(file).rows
        except AsofError as error:
            assert str(file) in str(error) or "column" in str(error)


def test_a_personal_column_is_marked_and_hashed_and_none_of_its_values_is_written(project: Path) -> None:
    lines = "".join(f"{n},+49 151 {n:07},{'red' if n % 2 else 'blue'},2026-01-{n % 28 + 1:02}T10:00:00Z\n" for n in range(60))
    file = put(project, "calls.csv", f"call,Phone,colour,seen_at\n{lines}")
    made = make(file, "crm.calls", known_at="seen_at", pii=("Phone", "colour"))
    columns = {one.name: one for one in declared(made, project).columns}
    assert [name for name, one in columns.items() if one.pii] == ["phone", "colour"]
    written, sql = ((project / name).read_text() for name in made.files)
    assert "{{ hashed('phone') }} as phone" in sql and "{{ hashed('colour') }} as colour" in sql
    assert not [value for value in ("+49", "151", "red", "blue") if value in written + sql]
    with pytest.raises(AsofError, match="--pii seen_at: it says when"):
        make(file, "crm.others", known_at="seen_at", pii=("seen_at",))


def test_a_single_bad_line_of_a_small_delivery_is_quarantined_and_of_more_the_share_is_declared_and_told(
    project: Path, capsys: pytest.CaptureFixture
) -> None:
    draw, lines = random.Random(4), []
    for day in range(40):
        for hour in range(20):
            lines.append(f"{len(lines)};2024-{1 + day // 28:02}-{1 + day % 28:02} {hour:02}:00:00;{draw.randrange(100)}")
    lines[25 * 20 + 3] = lines[25 * 20 + 3].rpartition(";")[0] + ";4,1O"
    one_bad = make(put(project, "readings.csv", "id;read_at;liter\n" + "\n".join(lines)), "water.one", known_at="read_at")
    assert "1 of 800 values of liter are no " in (said := told(one_bad, capsys)) and "max_rejected_share" not in said
    assert len(landed_by_day(one_bad, project)) == 799
    shutil.rmtree(project / "landing")
    for at in (3, 7, 11):
        lines[31 * 20 + at] = lines[31 * 20 + at].rpartition(";")[0] + ";viel"
    lines[31 * 20 + 12] = "x;31.02.2024;5"
    made = make(put(project, "more.csv", "id;read_at;liter\n" + "\n".join(lines)), "water.more", known_at="read_at",
                types={"liter": "double", "id": "bigint", "read_at": "timestamp"})  # fmt: skip
    said = told(made, capsys)
    assert "4 of 20 of the rows of 2024-02-04, which the archive delivers together, are bad" in said
    assert "max_rejected_share 0.2 is declared" in said and declared(made, project).max_rejected_share == 0.2
    text = (project / made.files[0]).read_text()
    assert (
        "max_rejected_share: 0.2  # 4 of the 20 rows of 2024-02-04 are bad; of a file with more bad lines nothing lands" in text
    )
    assert len(landed_by_day(made, project)) == 795


def landed_by_day(made: source.Made, project: Path) -> list[tuple]:
    """All rows, landed as an archive delivers them: a file a day, none of which is refused."""
    one, folder = declared(made, project), settings.landing_folder()
    delivered = feed(one.feed, [one], folder)
    at = delivered.first.replace(hour=0)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(LEDGER)
        while at < delivered.last:
            delivered.drop(folder, at, at + timedelta(days=1))
            at += timedelta(days=1)
            land_all(con, [one], folder, at)
        return con.execute(f"from {one.relation}").fetchall()
