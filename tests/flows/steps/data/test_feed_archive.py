"""An archive is delivered as it became known: every record once, as it was written, whatever its format and the windows."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.known_at import COLUMN, KnownAt
from checks.landing import LandingSource
from checks.landing_column import LandingColumn
from checks.written import Written
from flows.steps.data.feeds import feed, windows
from flows.steps.data.landing.landing import LandingRefused, land_all
from flows.steps.data.landing_zone import tell_quarantined
from ml.errors import AsofError

SOURCE = LandingSource(
    source="shop", table="visits", declared_in="_shop__sources.yml", path="shop/visits", format="csv", null=("",), key=("n",),
    known_at="at", max_rejected_share=0.0, feed="archive",
    columns=(LandingColumn("n", "bigint", True, None, None, ()), LandingColumn("at", "timestamp", True, None, None, ())),
)  # fmt: skip
LIST = dataclasses.replace(SOURCE, table="shops", path="shop/shops", known_at=None)
DAY = datetime(2026, 1, 5)
ROWS = [
    '1,2026-01-05T00:30:00Z,"a, quoted ""word"" and\na line"',
    "2,2026-01-05 01:00:00,plain",
    "3,2026-01-05T03:30:00+02:00,an offset",
    "4,nobody knows,no instant",
    "5,2026-01-06T10:00:00Z,",
]
# Of each record, in the order in which they were known: the fourth comes with the third, which stands before it.
KNOWN = {number: DAY + timedelta(minutes=minutes) for number, minutes in ((1, 30), (2, 60), (3, 90), (4, 90), (5, 34 * 60))}


def archive(folder: Path, form: str) -> LandingSource:
    """Write the rows below the archive in a format; the source that declares it."""
    where = folder / "archive" / SOURCE.path
    where.mkdir(parents=True)
    if form == "parquet":
        split = [row.split(",", 2) for row in ROWS]
        columns = {"n": [int(n) for n, *_ in split], "at": [at for _, at, _ in split], "what": [what for *_, what in split]}
        pq.write_table(pa.table(columns), where / "all.parquet", row_group_size=2)
        what = LandingColumn("what", "varchar", False, None, None, ())
        return dataclasses.replace(SOURCE, format=form, columns=(*SOURCE.columns, what))
    text = "\n".join(["n,at,what", *ROWS]) + "\n"
    if form == "jsonl":
        split = [row.split(",", 2) for row in ROWS]
        text = "".join(json.dumps({"n": int(n), "at": at, "what": what}) + "\n" for n, at, what in split)
    data = gzip.compress(text.encode()) if form == "csv.gz" else text.encode()
    (where / f"all.{form}").write_bytes(data)
    return dataclasses.replace(SOURCE, format=form)


def content(file: Path) -> str:
    data = file.read_bytes()
    if file.suffix == ".parquet":
        return "\n" + "".join(f"{','.join(map(str, row.values()))}\n" for row in pq.read_table(file).to_pylist())
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode()


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "parquet"])
@pytest.mark.parametrize("hours", [1, 5, 48])
def test_each_record_is_delivered_once_in_the_window_in_which_it_was_known(tmp_path: Path, form: str, hours: int) -> None:
    one = feed("archive", [archive(tmp_path, form)], tmp_path)
    assert one.first <= DAY + timedelta(minutes=30) and one.last > KNOWN[5]
    start, found = one.first, {}
    while start < one.last:
        end = start + timedelta(hours=hours)
        for file in one.drop(tmp_path, start, end):
            assert windows.window(file.name) == (start, end)
            text = content(file)
            for number in KNOWN:
                if (f'"n": {number},' if form == "jsonl" else f"\n{number},") in text:
                    assert number not in found and start <= KNOWN[number] < end
                    found[number] = file
        start = end
    assert sorted(found) == sorted(KNOWN)


@pytest.mark.parametrize("form", ["csv", "csv.gz", "jsonl", "parquet"])
def test_of_a_delivered_line_it_is_told_where_it_stands_in_the_archive(tmp_path: Path, form: str) -> None:
    one = feed("archive", [archive(tmp_path, form)], tmp_path)
    text, file = "csv" in form, f"archive/shop/visits/all.{form}"
    (late,) = one.drop(tmp_path, DAY + timedelta(hours=1), DAY + timedelta(days=2))
    name = late.relative_to(tmp_path).as_posix()
    # the first record, with a line break in it, came before: a header and the other four stand here
    assert one.origin(name, [4, 3] if text else [3, 2]) == (
        {4: f"{file} line 6", 3: f"{file} line 5"} if text else {3: f"{file} line 4", 2: f"{file} line 3"}
    )
    (early,) = one.drop(tmp_path, DAY, DAY + timedelta(hours=1))
    assert one.origin(early.relative_to(tmp_path).as_posix(), [3, 900] if text else [1, 900]) == (
        {3: f"{file} line 2"} if text else {1: f"{file} line 1"}
    )


def test_a_quarantined_line_of_an_archive_names_the_file_and_line_of_the_archive(con, tmp_path: Path) -> None:
    source = archive(tmp_path, "csv")
    what = LandingColumn("what", "varchar", False, None, None, ())
    source = dataclasses.replace(source, columns=(*source.columns, what), max_rejected_share=0.5)
    one = feed("archive", [source], tmp_path)
    one.drop(tmp_path, DAY + timedelta(hours=1), DAY + timedelta(days=2))

    def origin(of: LandingSource, file: str, lines: list[int]) -> dict[int, str]:
        return one.origin(file, lines)

    with pytest.raises(
        LandingRefused, match=r"the first is line 4 \(archive/shop/visits/all\.csv line 6\), column at: 'nobody knows'"
    ):
        land_all(con, [dataclasses.replace(source, max_rejected_share=0.0)], tmp_path, datetime(2026, 2, 1), origin=origin)
    (batch,) = land_all(con, [source], tmp_path, datetime(2026, 2, 1), origin=origin)
    assert batch.rows_quarantined == 1
    assert con.execute("select line, origin from ledger.quarantine").fetchall() == [(4, "archive/shop/visits/all.csv line 6")]
    told = []
    tell_quarantined(con, [batch], told.append)
    assert "first line 4 (archive/shop/visits/all.csv line 6), column at: 'nobody knows' is not a timestamp" in told[0]


def test_a_record_is_delivered_as_it_was_written(tmp_path: Path) -> None:
    one = feed("archive", [archive(tmp_path, "csv")], tmp_path)
    (file,) = one.drop(tmp_path, DAY, DAY + timedelta(days=2))
    assert content(file) == "\n".join(["n,at,what", *ROWS]) + "\n"


def test_instants_are_read_in_the_form_that_the_source_declares(tmp_path: Path) -> None:
    where = tmp_path / "archive" / SOURCE.path
    where.mkdir(parents=True)
    (where / "a.csv").write_text("n;When\n1;05/01/2026 11:30 PM\n2;05/01/2026 01:30 AM\n")
    known = dataclasses.replace(SOURCE.columns[1], written=Written(format="%d/%m/%Y %I:%M %p", timezone="Europe/Berlin"))
    source = dataclasses.replace(SOURCE, delimiter=";", rename=(("When", "at"),), columns=(SOURCE.columns[0], known))
    one = feed("archive", [source], tmp_path)
    found = {hour: one.drop(tmp_path, DAY + timedelta(hours=hour), DAY + timedelta(hours=hour + 1)) for hour in (0, 22)}
    assert [file.read_text().splitlines()[1][0] for (file,) in found.values()] == ["2", "1"]


def test_a_list_without_known_at_is_delivered_as_it_is(tmp_path: Path) -> None:
    where = tmp_path / "archive" / LIST.path
    where.mkdir(parents=True)
    (where / "shops.csv").write_bytes(b"n,at\r\n1,\r\n")
    (file,) = feed("archive", [archive(tmp_path, "csv"), LIST], tmp_path).drop_reference(tmp_path)
    assert file == tmp_path / "shop" / "shops" / "shops.csv" and file.read_bytes() == b"n,at\r\n1,\r\n"


def test_an_archive_that_holds_nothing_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(AsofError, match=r"archive holds no record of shop\.visits"):
        feed("archive", [SOURCE], tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop/visits/more.jsonl", r"visits/more\.jsonl is not named \*\.csv, as shop\.visits is declared"),
        ("shop/visits/more.csv.gz", r"more\.csv\.gz is not named \*\.csv"),
        ("shop/visits/2026/more.csv", r"shop/visits/2026/ is of no source"),
        ("shop/visit/more.csv", r"shop/visit/ is of no source with `feed: archive`"),
        ("more.csv", r"archive/more\.csv is of no source"),
    ],
)
def test_a_file_of_an_archive_that_nothing_would_read_is_refused_by_name(tmp_path: Path, name: str, told: str) -> None:
    source, file = archive(tmp_path, "csv"), tmp_path / "archive" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("n,at,what\n6,2026-01-06T10:00:00Z,\n")
    with pytest.raises(AsofError, match=told):
        feed("archive", [source], tmp_path)


def test_a_record_that_is_known_by_an_expression_is_delivered_by_it(tmp_path: Path) -> None:
    later = dataclasses.replace(archive(tmp_path, "csv"), known_at=COLUMN, made=KnownAt(sql='"at" + interval 6 hours'))
    one = feed("archive", [later], tmp_path)
    assert one.first == DAY + timedelta(hours=6)
    assert not one.drop(tmp_path, DAY, DAY + timedelta(hours=6))
    (file,) = one.drop(tmp_path, DAY + timedelta(hours=6), DAY + timedelta(hours=7))
    assert [line[0] for line in content(file).splitlines()[1:2]] == ["1"]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_record_that_belongs_to_another_is_delivered_with_it(tmp_path: Path, form: str) -> None:
    where = tmp_path / "archive" / "shop" / "lines"
    where.mkdir(parents=True)
    rows = [(10, 5, "x"), (11, 1, "y"), (12, 1, "z"), (13, 99, "of nothing")]
    if form == "parquet":
        pq.write_table(
            pa.table(dict(zip(("line", "n", "what"), map(list, zip(*rows, strict=True)), strict=True))), where / "a.parquet"
        )
    elif form == "jsonl":
        (where / "a.jsonl").write_text("".join(json.dumps({"line": a, "n": b, "what": c}) + "\n" for a, b, c in rows))
    else:
        (where / "a.csv").write_text("line,n,what\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    columns = tuple(LandingColumn(name, "bigint", True, None, None, ()) for name in ("line", "n"))
    lines = dataclasses.replace(
        SOURCE, table="lines", path="shop/lines", format=form, key=("line",), known_at=COLUMN,
        made=KnownAt(of="shop.visits", by=("n",), relation="landing.shop__visits", instant="at"),
        columns=(*columns, LandingColumn("what", "varchar", False, None, None, ())),
    )  # fmt: skip
    one = feed("archive", [lines, archive(tmp_path, form)], tmp_path)
    found = {}
    for hour in range(0, 36):
        for file in one.drop(tmp_path, DAY + timedelta(hours=hour), DAY + timedelta(hours=hour + 1)):
            if "lines" in str(file):
                found[hour] = [what for what in ("x", "y", "z", "of nothing") if what in content(file)]
    assert found == {0: ["y", "z", "of nothing"], 34: ["x"]}, "what belongs to nothing comes with the record before it"


def test_files_are_read_once_and_again_only_when_they_or_the_declaration_change(tmp_path: Path) -> None:
    source = archive(tmp_path, "csv")
    index = tmp_path / "archive" / "shop" / ".visits.archive"
    feed("archive", [source], tmp_path)
    made = index.stat().st_mtime_ns
    feed("archive", [source], tmp_path)
    assert index.stat().st_mtime_ns == made
    (tmp_path / "archive" / "shop" / "visits" / "more.csv").write_text("n,at,what\n9,2026-01-07T10:00:00Z,new\n")
    assert feed("archive", [source], tmp_path).last == DAY + timedelta(days=2, hours=11)
    assert index.stat().st_mtime_ns != made
    index.write_bytes(b"damaged")
    assert feed("archive", [source], tmp_path).last == DAY + timedelta(days=2, hours=11)


def test_a_file_that_lacks_what_says_when_it_was_known_is_refused_by_name(tmp_path: Path) -> None:
    source = archive(tmp_path, "csv")
    (tmp_path / "archive" / "shop" / "visits" / "all.csv").write_text("n,when\n1,2026-01-05\n")
    with pytest.raises(AsofError, match=r"visits: its files lack the column at"):
        feed("archive", [source], tmp_path)
