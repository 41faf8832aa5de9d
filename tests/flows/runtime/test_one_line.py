"""Whatever is wrong with the machine, the files or the settings: one true line on standard error, exit 1, and no traceback."""

from __future__ import annotations

import ast
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path

import click
import duckdb
import pytest
import yaml
from click.testing import CliRunner, Result

from flows.cli import verb as verbs
from flows.cli.main import cli
from flows.runtime import dbt, errors, settings, warehouse
from flows.store import problems
from ml.errors import AsofError
from tests.children import House
from tests.conftest import PROJECT
from tests.synthetic import PROBLEM

pytestmark = pytest.mark.slow


def commands(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Every verb, and every verb below a verb, with what it needs to be called at all."""
    for name, command in sorted(group.commands.items()):
        yield (*above, name, *_needed(command))
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)


def _needed(command: click.Command) -> list[str]:
    words = []
    for one in command.params:
        if one.required and isinstance(one, click.Argument):
            words.append("x")
        elif one.required:
            words += [one.opts[0], "x"]
    return words


# These are about no problem and no warehouse, or find out themselves what is wrong with one: they have tests of their own.
BEFORE_ALL = {"init", "new", "doctor", "restore", "export"}
VERBS = [words for words in commands(cli) if words[0] not in BEFORE_ALL]
# These are about the whole warehouse, whatever problem is in it.
OF_ALL = {"backup", "sizing"}
# These land, build or remove also where no problem is declared.
WITHOUT_A_PROBLEM = OF_ALL | {"cycle", "replay", "purge"}
# These make a warehouse where there is none.
BEGINNERS = {"land", "cycle", "replay", "recover"}
every_verb = pytest.mark.parametrize("verb", VERBS, ids=" ".join)


def refused(result: Result) -> str:
    """The one line that a refusal is."""
    assert result.exit_code == 1, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit), result.exc_info
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("✗ "), result.stderr
    assert "unforeseen" not in lines[0]
    assert not result.stdout.strip()
    return lines[0]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("verb", [one for one in VERBS if one[0] not in BEGINNERS], ids=" ".join)
def test_every_verb_says_how_to_begin_where_nothing_has_landed(house: House, verb: tuple[str, ...]) -> None:
    assert "land" in refused(call(*verb))
    assert not [*house.folder.glob("proof-*")], "the scratch folder is gone"


@pytest.mark.parametrize("verb", [one for one in VERBS if one[0] not in OF_ALL], ids=" ".join)
def test_every_verb_refuses_an_unknown_problem_and_says_which_there_are(
    house: House, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt, "project_vars", lambda: {"problems": [PROBLEM]})
    assert PROBLEM in refused(call(*verb, "--problem", "weather'; drop table x"))
    assert list(house.folder.iterdir()) == []


@pytest.mark.parametrize("verb", [one for one in VERBS if one[0] not in WITHOUT_A_PROBLEM], ids=" ".join)
def test_every_verb_says_so_where_no_problem_is_declared(
    house: House, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbt, "project_vars", lambda: {"problems": []})
    assert "names no problem" in refused(call(*verb))


@every_verb
def test_every_verb_refuses_a_setting_that_will_not_do(
    house: House, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASOF_TIME_ZONE", "Mars/Olympus")
    assert "ASOF_TIME_ZONE: 'Mars/Olympus'" in refused(call(*verb))


def _whole(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        con.execute("create schema landing; create table landing.clock as select timestamp '2013-03-01' as now")
        con.execute("create table filler as select range as a, random() as b from range(100000)")


def _truncated(file: Path) -> None:
    _whole(file)
    os.truncate(file, 20_000)


def _flipped(file: Path) -> None:
    _whole(file)
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data)


def _with_a_strange_log(file: Path) -> None:
    """Another warehouse's log."""
    _whole(file)
    write = "c = duckdb.connect(sys.argv[1]); c.execute('create or replace table x as select 1'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", f"import duckdb, os, sys; {write}", str(file)])
    assert file.with_name(f"{file.name}.wal").exists()
    file.unlink()
    _whole(other := file.with_name("other"))
    other.replace(file)


DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a page of HTML": (lambda file: file.write_bytes(b"<html>502 Bad Gateway</html>" * 1000), "last good copy"),
    "an empty file": (lambda file: file.touch(), "it is empty"),
    "a folder": (lambda file: file.mkdir(), "ASOF_WAREHOUSE: "),
    "cut off": (_truncated, "last good copy"),
    "a flipped bit": (_flipped, "last good copy"),
    "a strange log": (_with_a_strange_log, "write-ahead log"),
}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each damage in a folder of its own."""
    folder = tmp_path_factory.mktemp("damaged")
    for name, (make, _) in DAMAGED.items():
        (folder / name).mkdir()
        make(folder / name / "warehouse.duckdb")
    return folder


@every_verb
@pytest.mark.parametrize("damage", DAMAGED)
def test_every_verb_refuses_a_damaged_warehouse_by_its_file(
    house: House, damaged: Path, verb: tuple[str, ...], damage: str
) -> None:
    if (verb[0], damage) == ("recover", "a strange log"):
        pytest.skip("this is what it is for")
    shutil.copytree(damaged / damage, house.folder, dirs_exist_ok=True)
    line, told = refused(call(*verb)), DAMAGED[damage][1]
    assert str(house.warehouse) in line and told in line
    assert "remove" not in line and "space left" not in line
    assert ("log" in line.partition("; ")[2]) == (damage == "a strange log"), "a name of a folder is no fault"


FLOWS = sorted({one["entrypoint"] for one in yaml.safe_load((PROJECT / "prefect.yaml").read_text())["deployments"]})


def test_recover_keeps_a_log_that_cannot_be_read_and_says_where(house: House, damaged: Path) -> None:
    shutil.copytree(damaged / "a strange log", house.folder, dirs_exist_ok=True)
    shown = call("recover")
    assert shown.exit_code == 0, shown.stderr
    kept = next(house.folder.glob("*.damaged-*"))
    assert str(kept) in shown.stdout.replace("\n", "")
    assert kept.read_bytes() == (damaged / "a strange log" / "warehouse.duckdb.wal").read_bytes()


@pytest.mark.parametrize("entrypoint", FLOWS)
def test_every_deployed_flow_fails_with_the_line_that_the_verb_prints(
    house: House, entrypoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _, name = entrypoint.partition(":")
    flow = getattr(import_module(file.removesuffix(".py").replace("/", ".")), name)
    asked = [one.name for one in signature(flow.fn).parameters.values() if one.default is one.empty]
    given = {one: {"problem": problems.names()[0], "reason": "it is worse"}[one] for one in asked}
    house.warehouse.write_bytes(b"<html>502 Bad Gateway</html>" * 1000)
    with pytest.raises(AsofError, match=f"{house.warehouse}.*last good copy"):
        flow.fn(**given)
    monkeypatch.setenv("ASOF_THREADS", "many")
    with pytest.raises(AsofError, match="ASOF_THREADS: 'many' will not do"):
        flow.fn(**given)


@pytest.fixture
def read_only(house: House) -> Iterator[Callable[[], House]]:
    """Makes the house read-only for this process, root or not."""
    root, folder = os.geteuid() == 0, str(house.folder)
    if root and subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder]).returncode:
        pytest.skip("mounting needs root")

    def close() -> House:
        warehouse.close()
        if root:
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        else:
            for path in (*house.folder.rglob("*"), house.folder):
                path.chmod(0o555 if path.is_dir() else 0o444)
        return house

    yield close
    warehouse.close()
    house.folder.chmod(0o755) if not root else subprocess.run(["umount", "--lazy", folder], check=True)


@every_verb
@pytest.mark.parametrize("there", [True, False], ids=["a file", "no file"])
def test_every_verb_refuses_a_folder_that_is_read_only(
    house: House, read_only: Callable[[], House], verb: tuple[str, ...], there: bool
) -> None:
    if there:
        _whole(house.warehouse)
    elif verb[0] == "backup":
        pytest.skip("there is nothing to back up, which is what it says")
    read_only()
    line = refused(call(*verb))
    assert str(house.folder) in line
    assert "let the user who runs this read and write there" in line and "ASOF_WAREHOUSE" in line


def test_a_data_folder_that_is_a_file_is_named_with_its_variable(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.folder / "data").touch()
    monkeypatch.setenv("ASOF_WAREHOUSE", str(house.folder / "data" / "warehouse.duckdb"))
    line = refused(call("status"))
    assert str(house.folder / "data") in line and "set ASOF_WAREHOUSE" in line


@pytest.mark.parametrize("value", ["tomorrow", "2013-13-45", "2013-07-01T25:00", "2013-07-01T05:00+99:00", "", "²⁰¹³-07-01"])
def test_an_instant_that_is_none_is_refused_with_an_example(value: str) -> None:
    shown = call("land", "--until", value)
    assert shown.exit_code == 2 and "Traceback" not in shown.output
    assert "2026-07-01T05:00" in shown.output


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-01-05T10:00:00-05:00", "2026-01-05T15:00:00"), ("2026-01-05T10:00+05:30", "2026-01-05T04:30:00"),
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00"), ("2026-01-05T10:00", "2026-01-05T10:00:00"),
        ("2026-01-05", "2026-01-05T05:00:00"),
    ],
)  # fmt: skip
def test_an_offset_is_converted_to_utc(value: str, instant: str) -> None:
    assert verbs.Instant().convert(value, None, None).isoformat() == instant


def test_an_unforeseen_error_is_one_line_and_its_traceback_is_in_a_log_for_its_owner_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASOF_NOTIFY", "json://user:hunter2@host")
    monkeypatch.setattr(warehouse, "connection", lambda: {}["json://user:hunter2@host"])
    shown = call("status")
    assert shown.exit_code == 1 and shown.stderr.count("\n") == 1
    log = house.folder / "logs" / "errors.log"
    assert "unforeseen KeyError" in shown.stderr and str(log) in shown.stderr
    assert "Traceback" in log.read_text() and "KeyError" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "hunter2" not in shown.output + log.read_text()
    monkeypatch.setenv("ASOF_DEBUG", "1")
    assert "Traceback" in call("status").stderr


def test_an_unforeseen_error_is_told_where_no_log_can_be_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.folder / "logs").touch()
    monkeypatch.setattr(warehouse, "connection", lambda: 1 / 0)
    monkeypatch.setattr(settings._LOGS.__class__, "value", property(lambda one: house.folder / "logs" / "below"))
    assert "could not be written" in errors.line(ZeroDivisionError("division by zero"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "lower ASOF_MEMORY_LIMIT"),
        (OSError(28, "No space left on device", "/there/file"), "/there/file: No space left on device"),
        (OSError(24, "Too many open files"), "ulimit -n"),
        (OSError('IO Error: Could not write file "/there/w.duckdb": No space left on device'), "free some disk space"),
        (AsofError("a\nb\r\nc"), "a b c"),
    ],
)
def test_an_error_of_the_system_is_told_with_what_to_do(error: Exception, told: str) -> None:
    line = errors.line(error)
    assert told in line and "\n" not in line
    assert "nothing was changed" not in line


def test_no_advice_deletes_what_people_need() -> None:
    """Landed files, remarks and the password stand in `data/`, everything else in the warehouse."""
    destructive = re.compile(
        r"(remove|delete|erase|rm|without|clean) +(-\w+ +)?(the )?(data\b|warehouse|landing|file\b|folder)|make clean", re.I
    )
    found = []
    for room in ("flows", "checks", "ml"):
        for file in sorted((PROJECT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Raise | ast.Call) and (said := destructive.search(_texts(node))):
                    found.append(f"{file.name}: {said[0]}")
    assert found == []


def _texts(node: ast.AST) -> str:
    return " ".join(one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_python_that_gets_no_memory_says_so(house: House) -> None:
    """A real limit on the address space, and a real allocation beyond it."""
    program = (
        "import resource; from flows.runtime.one_line import in_one_line\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
        "with in_one_line(): bytearray(1 << 40)"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)
    assert shown.returncode == 1
    assert shown.stderr.startswith("✗ Python ran out of memory") and shown.stderr.count("\n") == 1
