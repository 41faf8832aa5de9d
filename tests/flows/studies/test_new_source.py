"""`new source` infers what landing will read: types, written forms, nulls, keys, times; what only a person knows it asks."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from checks.landing import LandingSource
from flows.runtime import settings
from flows.steps.data.feeds import feed
from flows.steps.data.landing.landing import land_all
from flows.studies.scaffolding import rendering, source, words
from flows.studies.scaffolding.looking import look
from ml.errors import AsofError
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
    said = yaml.safe_load((project / made.files[0]).read_text())["sources"][0]
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
    [("a.csv", "id,at\n", "holds no row"), ("a.xlsx", "x", "of none that lands"), ("b", None, "is not there")],
)
def test_files_that_cannot_be_looked_at_are_named(project: Path, name: str, content: str | None, told: str) -> None:
    file = put(project, name, content) if content is not None else project / name
    with pytest.raises(AsofError, match=told):
        make(file, known_always=True)


def test_what_is_there_is_never_written_over(project: Path) -> None:
    file = put(project, "visits.csv", VISITS)
    make(file, known_at="Day")
    with pytest.raises(AsofError, match=r"_shop__visits\.yml, .* is there already"):
        make(file, known_at="Day")


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
