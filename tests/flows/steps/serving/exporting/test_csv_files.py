"""CSV for spreadsheets: whatever a text is, no cell begins a formula; what is no formula reads back as it was."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import unicodedata
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import duckdb
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.steps.serving.exporting import csv_files
from ml.errors import AsofError
from tests.flows.steps.serving.exporting.conftest import held

ALIKE = [chr(code) for code in range(0x110000) if unicodedata.normalize("NFKC", chr(code))[:1] in tuple("=+-@")]
QUOTES = "\"'`´“”„‘’«»‹›＂＇"
BEFORE = f" \t\r\n\v\f\0\x1b\u00a0\u2003\u200b\u2060\ufeff{QUOTES}"
TEXTS = st.one_of(
    st.text(max_size=12),
    st.builds(
        "".join, st.tuples(st.text(st.sampled_from(BEFORE), max_size=3), st.sampled_from([*ALIKE, "−"]), st.text(max_size=5))
    ),
    st.text(st.sampled_from([*BEFORE, *ALIKE, ";", ",", "1", "a"]), max_size=8),
)


def begins_a_formula(cell: str) -> bool:
    """Said apart from the exporter: without white space, what is not seen and quotes, it begins one; or the next cell."""
    if cell.lstrip("'")[:1] in ("\t", "\r", "\n"):
        return True
    passed = ("Zs", "Zl", "Zp", "Cc", "Cf", "Pi", "Pf")
    seen = [one for one in cell if unicodedata.category(one) not in passed and one not in QUOTES]
    return bool(seen) and unicodedata.normalize("NFKC", seen[0])[:1] in ("=", "+", "-", "@", "−")


def exported(folder: Path, *tables: str) -> list[list[str]]:
    """The cells of the table `t`, as a program that knows RFC 4180 reads them, the header first."""
    with held(*tables) as snapshot:
        csv_files.write(folder, snapshot)
    with (folder / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# An export costs what its file costs, however many rows it has: few exports of many.
@settings(max_examples=min(25, settings().max_examples))
@given(st.lists(TEXTS, min_size=1, max_size=80))
@example(["\n", "|0"])
@example(["=1+1", "  =1", '"=1"', "'=1", "''=1", "\t", "\r\n=1", "＝1", "-5", "a=1", "", "\ufeff@x", "−1"])
def test_no_cell_begins_a_formula_and_every_text_comes_back(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        rows = ", ".join(f"({number}, {literal(text)})" for number, text in enumerate(texts))
        cells = [row[1] for row in exported(Path(folder), f"create table t as from (values {rows}) as v(i, x)")[1:]]
        assert [cell for cell in cells if begins_a_formula(cell) and cell[0] != "'"] == []
        for text, cell in zip(texts, cells, strict=True):
            new = any(unicodedata.category(one) == "Cn" for one in text)  # DuckDB may know a later Unicode
            assert cell == (f"'{text}" if begins_a_formula(text) else text) or (new and cell == f"'{text}")
        back = (
            f"select case when regexp_matches(x, {literal(csv_files.MASKED)}) then substr(x, 2) else x end "
            f"from read_csv('{folder}/t.csv', all_varchar = true, allow_quoted_nulls = false, header = true, delim = ',') "
            "order by i::int"
        )
        with duckdb.connect() as con:
            assert [row[0] for row in con.sql(back).fetchall()] == texts


def test_what_looks_like_a_beginning_is_known() -> None:
    assert [one for one in ALIKE if not re.search(f"[{csv_files._STARTS}]", one)] == []


def test_numbers_stay_numbers_and_types_read_back(tmp_path: Path) -> None:
    made = (
        "create table t as select -5 as a, -1.5::double as b, -0.30::decimal(5, 2) as c, (-170141183460469)::hugeint as d, "
        "null::int as e, true as f, timestamp '2026-01-02 03:04:05.678901' as g, date '2026-01-02' as h, '=1'::blob as i, "
        "[1, null] as j, "
        "{'k': '=1'} as k, interval '-1 day' as l, '' as m, null::varchar as n, '-1'::json as o, 'x'::enum('x', '=y') as p"
    )
    header, cells = exported(tmp_path, made)
    assert dict(zip(header, cells, strict=True)) == {
        "a": "-5", "b": "-1.5", "c": "-0.30", "d": "-170141183460469", "e": "", "f": "true", "g": "2026-01-02 03:04:05.678901",
        "h": "2026-01-02", "i": "3D31", "j": "[1,null]", "k": '{"k":"=1"}', "l": "'-1 day", "m": "", "n": "", "o": "'-1",
        "p": "x",
    }  # fmt: skip
    text = (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()[1]
    assert text.startswith("-5,-1.5,-0.30,-170141183460469,,") and ',"",,' in text, "a null is nothing, an empty text is quotes"
    read = pd.read_csv(tmp_path / "t.csv", parse_dates=["g", "h"])
    assert (read.a[0], read.b[0], Decimal(str(read.c[0])), bool(read.f[0])) == (-5, -1.5, Decimal("-0.3"), True)
    assert read.g[0] == pd.Timestamp("2026-01-02 03:04:05.678901")


def test_a_header_is_no_formula_either(tmp_path: Path) -> None:
    assert exported(tmp_path, 'create table t as select 1 as "=cmd", 2 as "a""b,c"')[0] == ["'=cmd", 'a"b,c']


def test_spreadsheets_see_that_it_is_utf_8(tmp_path: Path) -> None:
    exported(tmp_path, "create table t as select 'Zürich' as x")
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.skipif(not shutil.which("ssconvert"), reason="no spreadsheet is installed (apt-get install gnumeric)")
def test_a_spreadsheet_takes_no_text_for_a_formula_and_numbers_for_numbers(tmp_path: Path) -> None:
    texts = ["=1+1", "  =1+1", '"=1+1"', "'=1+1", "+1+1", "-1+1", "@sum(1)", "\t=1+1", "＝1+1", "−1+1", "a,=1+1", "-5", "plain"]
    rows = ", ".join(f"({-number}, {literal(text)})" for number, text in enumerate(texts))
    exported(tmp_path, f"create table t as from (values {rows}) as v(i, x)")
    (tmp_path / "bare.csv").write_text("i,x\n" + "".join(f'{-number},"{text}"\n' for number, text in enumerate(["=1+1", "-5"])))

    def cells(name: str) -> list[tuple[str | None, str]]:
        """The type that each cell of the second line on has (a formula has none) and its text."""
        formats = ["-I", "Gnumeric_stf:stf_csvtab", "-T", "Gnumeric_XmlIO:sax:0"]
        command = ["ssconvert", *formats, tmp_path / f"{name}.csv", tmp_path / f"{name}.xml"]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": str(tmp_path)})
        found = ElementTree.parse(tmp_path / f"{name}.xml").iter("{http://www.gnumeric.org/v10.dtd}Cell")
        return [(one.get("ValueType"), one.text) for one in found if one.get("Row") != "0"]

    number, text = "40", "60"
    assert cells("bare") == [(number, "0"), (None, "=1+1"), (number, "-1"), (number, "-5")], (
        "what would be without the apostrophes"
    )
    wanted = [[(number, str(-place)), (text, one)] for place, one in enumerate(texts)]
    assert cells("t") == [cell for row in wanted for cell in row], "the apostrophe is not shown"


def test_a_table_whose_name_is_a_path_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(AsofError, match=r"'\.\./x' cannot be the name of a file"),
        held('create table "../x" as select 1 as a') as it,
    ):
        csv_files.write(tmp_path, it)
