"""Text of people and data is printed as it is: never read as markup, never acted on by the terminal, in any encoding."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich import box
from rich.console import Console
from rich.table import Table

from flows.cli import tables
from flows.runtime import console, terminal
from flows.studies.experiments import leaderboard
from tests.conftest import PROJECT

AT = datetime(2026, 1, 5, 10)
MARKUP = ["[/red]", "[bold]x[/]", "[", "]", "\\[red]", "\\", "[link=x]", ":smile:", "[@click=x]", "a\\", "[/]"]
TEXTS = st.one_of(
    st.sampled_from(MARKUP),
    st.text(max_size=30),
    st.text(st.characters(), max_size=5),
    st.lists(st.sampled_from(MARKUP)).map("".join),
)


def printed(monkeypatch: pytest.MonkeyPatch, show: Callable[[], None], encoding: str = "utf-8") -> str:
    """What the console functions write, in an encoding, on a wide terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", stream)
        patched.setattr("sys.stderr", stream)
        for one in (console.out, console.err):
            patched.setattr(one, "width", 600)
        terminal.prepare()
        show()
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def remark(text: str) -> dict:
    return {
        "reported_at": "2026-01-05T10:00:00.000000", "as_of": "infinity", "problem": text, "author": text,
        "entity_id": text, "label": "true",
        "comment": text, "state": "landed",
    }  # fmt: skip


def alert(text: str) -> dict:
    return {
        "kind": text, "subject": text, "problem": text, "state": "open", "by_whom": text, "severity": "critical",
        "short_id": "abc", "first_seen": AT, "last_seen": AT, "damage": None,
        "cause": text, "measure": text, "value": 1.0, "limit_value": 2.0,
        "points": 1, "cost": None,
    }  # fmt: skip


def gate(text: str) -> dict:
    return {
        "gate": text, "estimate": 1.0, "low": 0.0, "high": 2.0, "threshold": 0.1, "p_value": 0.5, "passed": False, "reason": text,
    }  # fmt: skip


def summary(text: str) -> SimpleNamespace:
    metrics = dict.fromkeys(("roc_auc", "pr_auc", "log_loss"), (0.5, 0.25, 0.75))
    quality = {"scorer": text, "rows_labelled": 3, "metrics": metrics}
    evidence = {"estimate": 0.1, "low": 0.0, "high": 0.2, "clusters": 12, "metric": text}
    return SimpleNamespace(
        problem=text, now=AT, landed=1, quarantined=0, scored=1, flagged=0, champion=text, quality=[quality], unwatched=None,
        verdicts=[{"decided_as_of": AT, "challenger": text, "champion": text, "decision": text}],
        shadows=[{"version": text, "start": AT, "purpose": text, "evidence": found} for found in (None, evidence)],
        alerts=[{"kind": text, "subject": text}], forgotten=[text], refused=text, held=text,
        seconds=[{"phase": text, "seconds": 1.0}],
    )  # fmt: skip


VERDICT = {"decision": "KEEP", "challenger": "one", "champion": None}
SHOWN: dict[str, Callable[[str], None]] = {
    "done": console.done,
    "fail": console.fail,
    "working": lambda text: _ended(console.working(text)),
    "remarks": lambda text: tables.remarks([remark(text)], []),
    "alerts": lambda text: tables.alerts([alert(text)]),
    "gates": lambda text: tables.gates({**VERDICT, "challenger": text}, [gate(text)]),
    "recommendation": lambda text: tables.recommendation(
        SimpleNamespace(criteria=[SimpleNamespace(name=text, measured=text, limit=text, holds=None)]), text
    ),
    "summary": lambda text: tables.summary(summary(text)),
}


def _ended(context) -> None:
    with context:
        pass


@pytest.mark.parametrize("name", SHOWN)
@settings(max_examples=40, deadline=None)
@given(text=TEXTS)
@example("[/red]")
@example("\x1b[2J\x1b]8;;http://x\x07")
@example("a\0b\r\nc\td")
@example("\udcff")
@example("👩‍👩‍👧 é ü")
def test_any_text_is_shown_as_it_is(name: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shown = printed(patch, lambda: SHOWN[name](text))
    assert "\x1b" not in shown and "\0" not in shown, "a terminal acts on nothing of it"
    squeezed = "".join(shown.split())
    assert name == "working" or any(
        "".join(as_it_is(text).split()) in squeezed for as_it_is in (terminal.one_line, terminal.plain)
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
@pytest.mark.parametrize("name", SHOWN)
def test_what_an_encoding_does_not_have_is_shown_as_its_escape(name: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = printed(monkeypatch, lambda: SHOWN[name]("日本"), encoding)
    assert name == "working" or "\\u65e5\\u672c" in shown


def test_the_marks_have_words_where_the_encoding_lacks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, lambda: console.done("landed · 3"), "ascii") == "ok: landed | 3\n"
    assert printed(monkeypatch, lambda: console.fail("no"), "ascii") == "error: no\n"


def test_a_cell_of_a_table_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "name": "[/red]", "dimension": "[bold]x", "decision": "[dim]", "status": "finished", "estimate": None, "low": None,
        "high": None, "noise": None, "metrics": {}, "seconds": 1.0,
    }  # fmt: skip
    monkeypatch.setattr(leaderboard, "rows", lambda problem: [row])
    shown = printed(monkeypatch, lambda: console.out.print(leaderboard.table("[/x]")))
    assert all(text in shown for text in ("[/red]", "[bold]x", "[dim]", "experiments on [/x]"))


@pytest.fixture
def wide_numbers() -> Table:
    """A table as `status --full` has it: a name, a count and intervals."""
    table = Table("live quality", "rows", "mean absolute error", "root mean squared error", "inside of 80 %", box=box.SIMPLE_HEAD)
    table.add_row("champion", "1,234,567", *(f"{n}.166 ({n}.131–{n}.201)" for n in (1, 22, 333)))
    return table


def test_a_table_that_goes_into_a_file_has_each_row_whole_in_one_line(wide_numbers: Table) -> None:
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        terminal.Terminal().print(wide_numbers)
    (line,) = [line for line in stream.getvalue().splitlines() if "champion" in line]
    assert all(cell in line for column in wide_numbers.columns for cell in column.cells)


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120, 200])
def test_on_a_terminal_of_any_width_no_digit_of_a_table_is_lost(width: int, wide_numbers: Table) -> None:
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        shown = terminal.Terminal()
        shown.width, shown._force_terminal, shown.no_color = width, True, True
        shown.print(wide_numbers)
    digits = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "…" not in digits and max(map(len, digits.splitlines())) <= width
    wanted = "".join(cell for column in wide_numbers.columns for cell in column.cells)
    assert sorted(re.findall(r"\d", digits)) == sorted(
        re.findall(r"\d", wanted + "".join(str(one.header) for one in wide_numbers.columns))
    )


def test_every_table_of_the_program_is_printed_by_its_own_terminal() -> None:
    printed_by = [
        file
        for file in (PROJECT / "flows").rglob("*.py")
        if re.search(r"from rich(\.console)? import .*\b(Console|print)\b", file.read_text())
    ]
    assert [file.name for file in printed_by] == ["terminal.py"]


def test_an_experiment_that_gained_nothing_stands_before_one_that_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"dimension": "features", "decision": "rejected", "status": "finished", "low": None, "high": None, "noise": None,
           "metrics": {}, "seconds": 1.0}  # fmt: skip
    gains = {"none known": None, "lost": -0.01, "nothing": 0.0, "gained": 0.02}
    monkeypatch.setattr(
        leaderboard, "rows", lambda problem: [{**row, "name": name, "estimate": gain} for name, gain in gains.items()]
    )
    names = list(leaderboard.table("p").columns[0].cells)
    assert names == ["gained", "nothing", "lost", "none known"]


def test_all_that_prints_takes_no_markup() -> None:
    assert isinstance(console.out, terminal.Terminal) and isinstance(console.err, terminal.Terminal)
    assert not isinstance(Console(), terminal.Terminal)


def test_a_reader_who_went_away_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    stream = io.TextIOWrapper(os.fdopen(write, "wb", buffering=0), write_through=True)
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.stdout", stream)
        patch.setattr("sys.stderr", told)
        console.done("anything")
    assert ended.value.code == 1
    assert "Traceback" not in told.getvalue() and told.getvalue().count("\n") == 1
