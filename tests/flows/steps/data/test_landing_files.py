"""Files that are no files, too large, damaged or not to be trusted: each is refused in a line, and all others land."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.landing import LandingSource
from flows.steps.data.landing import files
from flows.steps.data.landing.landing import LandingRefused, land
from tests.flows.steps.data.test_landing import CLOCK, HEADER, ask, folder, put, quarantined, row, source  # noqa: F401
from tests.gauges import CLOCK as GAUGES_CLOCK
from tests.gauges import gauges
from tests.gauges import put as put_gauges

GOOD = f"{HEADER}\n{row(99)}\n"


def refusal(con, folder: Path, declared: LandingSource | None = None) -> str:  # noqa: F811
    """What is said of the one bad file; the good one beside it must land."""
    declared = declared or source(share=0.01)
    good = folder / "shop/visits" / f"z_good.{declared.format}"
    if declared.format == "csv":
        good.write_text(GOOD)
    elif declared.format == "csv.gz":
        good.write_bytes(gzip.compress(GOOD.encode(), mtime=0))
    with pytest.raises(LandingRefused) as error:
        land(con, declared, folder, CLOCK)
    if good.exists():
        assert ask(con, f"select count(*) from ledger.batches where file = 'shop/visits/{good.name}'") == [(1,)]
    (line,) = error.value.refusals
    assert "\n" not in line
    assert len(line) < 600
    return line


def bad(folder, content: bytes, name="a.csv"):  # noqa: F811
    (folder / "shop/visits" / name).write_bytes(content)


def many(count=1000) -> list[str]:
    return [row(n) for n in range(count)]


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (f'{row(500)[:4]}"{row(500)[4:]}', 500),  # opens in the middle of the file and never closes
        ('500,"north,1.5,2013-07-01T05:00:00Z', 500),
        ('500,"north"x,1.5,2013-07-01T05:00:00Z', 500),
        ('500,nor"th,1.5,2013-07-01T05:00:00Z', 500),
        ('500,nor"th",1.5,2013-07-01T05:00:00Z', 500),
        ('"500,north,1.5,2013-07-01T05:00:00Z', 500),
    ],
)
@pytest.mark.parametrize("piece", [64, 1 << 20])
def test_a_quote_that_is_never_closed_refuses_the_file_by_its_line(con, folder, monkeypatch, wrong, line, piece):  # noqa: F811
    monkeypatch.setattr(files, "PIECE", piece)
    lines = [HEADER, *many()]
    lines[line - 1] = wrong
    bad(folder, ("\n".join(lines) + "\n").encode())
    assert f"line {line} " in refusal(con, folder)


def test_two_stray_quotes_that_balance_each_other_do_not_swallow_what_is_between_them(con, folder):  # noqa: F811
    lines = many()
    lines[300] = lines[300].replace("north", '"north')
    lines[400] = lines[400].replace("north", 'north"')
    bad(folder, "\n".join([HEADER, *lines, ""]).encode())
    assert "line 302 has in column shop what reads like the rest of a line" in refusal(con, folder)
    # across columns the number of fields gives it away
    lines[400] = lines[400].replace('north"', "north").replace(",1.5", ',1.5"')
    bad(folder, "\n".join([HEADER, *lines, ""]).encode())
    assert "line 302 has" in refusal(con, folder)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"{HEADER}\r\n{row(1)}\r\n{row(2)}\n".encode(), "line 3 ends in LF, the lines before in CR LF"),
        (f"{HEADER}\n{row(1)}\n{row(2)}\r\n".encode(), "line 3 ends in CR LF, the lines before in LF"),
        (f"{HEADER}\r{row(1)}\r".encode(), "line 1 holds a carriage return"),
        (f"{HEADER}\n{row(1)}\n{row(2)}\r{row(3)}\n".encode(), "line 3 holds a carriage return"),
        (f"{HEADER}\n{row(1)}\n{row(2)}\r".encode(), "line 3 holds a carriage return"),
        (f"{HEADER}\n{row(1)}\n".encode() + b"\0" * 50, "line 3 holds a NUL byte"),
        (GOOD.encode("utf-16"), "is UTF-16"),
        (GOOD.encode("utf-16-le"), "line 1 holds a NUL byte"),
        (f"{HEADER}\n{row(1)}\n2,{'x' * 200_000},1,2013-07-01T05:00:00Z\n".encode(),
        "line 3, column shop holds 200,000 characters"),
        (b"x" * 5_000_000, "the record of line 1 does not end within"),
        (",".join(f"c{n}" for n in range(5000)).encode() + b"\n" + b"1," * 4999 + b"1\n",
        "has 5,000 columns, more than the limit of 1,000"),
        (",".join(f"c{n}" for n in range(900)).encode() + b"\n" + b"1," * 899 + b"1\n", "c4 and 895 more"),
        (b"\n" + GOOD.encode(), "lacks column visit"),
        (b'"visit,shop\n', "the quote that opens in line 1 is never closed"),
        (b"\xff\xfe", "is UTF-16"),
        (HEADER.encode().replace(b"shop", b"sh\xf6p") + b"\n1,2,3,4\n", "its header is not UTF-8"),
        (b"\n\n\n", "lacks column"),
    ],
)  # fmt: skip
def test_a_structure_that_cannot_be_trusted_is_refused_by_line(con, folder, content, says):  # noqa: F811
    bad(folder, content)
    line = refusal(con, folder)
    assert line.startswith("shop/visits/a.csv ")
    assert says in line


def test_what_is_no_file_is_refused_and_links_that_lead_out_are_not_followed(con, folder):  # noqa: F811
    where = folder / "shop/visits"
    os.mkfifo(where / "a_fifo.csv")
    (where / "b_folder.csv").mkdir()
    (where / "c_dangling.csv").symlink_to(where / "nothing.csv")
    (where / "d_out.csv").symlink_to("/etc/hostname")
    (where / "e_loop.csv").symlink_to(where / "e_loop.csv")
    Path(os.fsdecode(os.fsencode(where) + b"/f_caf\xe9.csv")).write_text(GOOD)
    (where / "g_empty.csv").touch()
    (where / ".hidden").mkdir()
    (where / "older").mkdir()
    put(folder, row(1), name="z.csv")
    (where / "z_link.csv").symlink_to(where / "z.csv")  # within the landing folder: the same bytes again
    with pytest.raises(LandingRefused) as error:
        land(con, source(), folder, CLOCK)
    assert [batch.file for batch in error.value.batches] == ["shop/visits/z.csv"]
    said = {line.split(" ", 1)[0].removeprefix("shop/visits/"): line.split(" ", 1)[1] for line in error.value.refusals}
    assert list(said) == [
        "a_fifo.csv", "b_folder.csv", "c_dangling.csv", "d_out.csv", "e_loop.csv", "f_caf\\xe9.csv", "g_empty.csv"
    ]  # fmt: skip
    assert said["a_fifo.csv"].startswith("is a fifo")
    assert said["b_folder.csv"].startswith("is a folder")
    assert said["c_dangling.csv"].startswith("is a link to nothing")
    assert said["d_out.csv"].startswith("is a link that leads out of the landing folder")
    assert said["f_caf\\xe9.csv"].startswith("has a name that is not UTF-8")


def test_a_folder_that_is_a_link_out_of_the_landing_folder_is_not_followed(con, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.csv").write_text(GOOD)
    (tmp_path / "landing/shop").mkdir(parents=True)
    (tmp_path / "landing/shop/visits").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LandingRefused, match=r"shop/visits of shop\.visits is a link that leads out of"):
        land(con, source(), tmp_path / "landing", CLOCK)


def limited(ending="csv", **limits) -> LandingSource:
    declared = source(ending=ending)
    return LandingSource(**{**vars(declared), "limits": type(declared.limits)(**limits)})


def test_a_file_beyond_the_declared_size_is_refused(con, folder):  # noqa: F811
    put(folder, *many(50), name="a.csv")
    assert "more than the limit of 1,000; deliver it in parts, or declare landing.limits.file_bytes" in refusal(
        con, folder, limited(file_bytes=1000)
    )


def test_a_bomb_is_unpacked_to_the_declared_limit_and_no_further(con, folder):  # noqa: F811
    line = (row(1) + "\n").encode()
    for content in (HEADER.encode() + b"\n" + line * 2_000_000, HEADER.encode() + b"\n" + b"1" * 60_000_000, b"\0" * 60_000_000):
        bad(folder, gzip.compress(content, 1), "a.csv.gz")
        seen = 0

        def counted(stream, read=files._read):
            nonlocal seen
            piece = read(stream)
            seen += len(piece)
            return piece

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "_read", counted)
            assert "a.csv.gz" in refusal(con, folder, limited("csv.gz", unpacked_bytes=20_000_000))
        assert seen < 45_000_000


def test_a_bad_line_in_a_file_that_may_be_trusted_is_quarantined_with_what_was_expected(con, folder):  # noqa: F811
    put(folder, row(1), row("1.5"), row(3, at="2013-07-01 10:00:00 America/New_York"), row(4, at="2013-07-01 02:38 PM"),
        row(5, amount="NaN"), row(6, amount="1e400"), row("0x1F"), row("1_000"), row(7, at="31-12-25 10:00"),
        row(8, at="-infinity"),
        *[row(n) for n in range(10, 30)])  # fmt: skip
    land(con, source(), folder, CLOCK)
    assert [(line, column) for line, column, *_ in quarantined(con)] == [
        (3, "visit"), (4, "reported_at"), (5, "reported_at"), (6, "amount"), (7, "amount"), (8, "visit"), (9, "visit"),
        (10, "reported_at"), (11, "reported_at"),
    ]  # fmt: skip
    assert quarantined(con)[1][2] == (
        "'2013-07-01 10:00:00 America/New_York' is not a timestamp; expected an instant such as 2026-01-31T18:30:00Z "
        "or 2026-01-31 18:30:00+01:00"
    )


def test_an_offset_is_converted_to_utc_so_that_nothing_is_known_early(con, folder):  # noqa: F811
    put(folder, row(1, at="2013-06-30 20:00:00-05:00"), row(2, at="2013-06-30T20:00:00-05"), row(3,
    at="2013-07-01T03:00:00+0200"),
        row(4, at="2013-07-01 20:00:00-05:00"))  # fmt: skip
    land(con, source(), folder, CLOCK)
    assert [str(at) for (at,) in ask(con, "select reported_at from landing.shop__visits order by visit")] == [
        "2013-07-01 01:00:00", "2013-07-01 01:00:00", "2013-07-01 01:00:00",
    ]  # fmt: skip
    # 01:00 UTC of the 2nd, which the clock has not reached
    assert quarantined(con)[0][:3] == (5, "reported_at", "is not before the clock, 2013-07-02 00:00:00")


def test_a_mark_of_byte_order_in_a_field_is_text_wherever_a_block_begins(con, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIECE", 64)
    marked = [["\ufeffa", "1", f"1987-01-{day:02}T06:00:00Z"] for day in range(1, 29)]
    put_gauges(tmp_path, "a.csv", marked)
    land(con, gauges(), tmp_path, GAUGES_CLOCK)
    assert ask(con, "select gauge, count(*) from landing.river__levels group by all") == [("\ufeffa", 28)]


def test_a_null_text_in_quotes_is_a_value(con, folder):  # noqa: F811
    declared = source()
    columns = tuple(type(one)(**{**vars(one), "values": ()}) for one in declared.columns)
    put(folder, row(1, "NA"), row(2, '"NA"'))
    land(con, LandingSource(**{**vars(declared), "columns": columns}), folder, CLOCK)
    assert ask(con, "select visit, shop from landing.shop__visits order by visit") == [(1, None), (2, "NA")]


def test_parquet_of_another_type_is_refused_by_column_and_zoned_nanoseconds_land(con, folder):  # noqa: F811
    path = folder / "shop/visits/a.parquet"
    at = pa.array([1372660496_123_456_789], pa.timestamp("ns", "America/New_York"))
    good = {"visit": pa.array([1], pa.int64()), "shop": ["north"], "amount": pa.array([1.5], pa.float32()), "reported_at": at}
    for name, column in {"visit": [1.49], "shop": [[1, 2]], "amount": [True], "reported_at": [1372660496]}.items():
        pq.write_table(pa.table({**good, name: column}), path)
        assert f"a.parquet is refused: column {name} is " in refusal(con, folder, source(ending="parquet"))
    pq.write_table(pa.table(good), path)
    land(con, source(ending="parquet"), folder, CLOCK)
    assert ask(con, "select visit, amount, cast(reported_at as varchar) from landing.shop__visits") == [
        (1, 1.5, "2013-07-01 06:34:56.123457")
    ]


def test_a_renamed_column_is_found_under_its_own_header_only(con, folder):  # noqa: F811
    declared = LandingSource(**{**vars(source()), "rename": (('Visit "No." ü', "visit"), ("5", "amount"))})
    put(folder, row(1), header='"Visit ""No."" ü",shop,5,reported_at')
    assert land(con, declared, folder, CLOCK)[0].rows_loaded == 1
    put(folder, row(2), name="2.csv")
    with pytest.raises(LandingRefused, match=r"lacks column 'Visit \"No\.\" ü', '5' and has undeclared column visit, amount"):
        land(con, declared, folder, CLOCK)
