"""A clone from which the example was removed: it builds, serves and is tested with nothing declared."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from flows.studies.scaffolding.plan import WEEKDAY
from tests.clone import build, cloned, environment, flows
from tests.conftest import PROJECT

pytestmark = pytest.mark.slow

GOOD = {"success", "pass", "no-op"}
# A warning is something that was left behind, such as settings of a folder that is gone.
STRICT = ("--warn-error",)


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone after `init --empty`; what it printed stands in `printed` beside it."""
    clone = cloned(tmp_path_factory.mktemp("emptied") / "clone")
    (clone.parent / "printed").write_text(flows(clone, "init", "--empty"))
    return clone


def test_what_goes_is_printed_and_nothing_is_declared_afterwards(emptied: Path) -> None:
    printed = (emptied.parent / "printed").read_text()
    for name in yaml.safe_load((PROJECT / "example.yml").read_text()).get("files", ()):
        assert f"removed {name}" in printed and not (emptied / name).exists()
    assert "removed" not in flows(emptied, "init", "--empty").replace("nothing was removed", "")
    assert set(build(emptied, *STRICT, "build", "--exclude-resource-type", "test")) <= GOOD  # the flow of monitoring runs those
    left = json.loads((emptied / "target" / "manifest.json").read_text())
    assert {one["source_name"] for one in left["sources"].values()} == {"asof", "feedback"} and not left["exposures"]
    assert "problems: []" in (emptied / "dbt_project.yml").read_text()


def test_it_refuses_where_a_file_that_would_go_has_changes_or_the_warehouse_holds_data(tmp_path: Path) -> None:
    clone = cloned(tmp_path / "clone")
    there = yaml.safe_load((clone / "example.yml").read_text()).get("files", ())
    if not there:
        pytest.skip("the example has gone")
    mine = clone / next(name for name in there if (clone / name).is_dir()) / "mine.txt"
    mine.write_text("my work")
    assert "not committed: " in (said := flows(clone, "init", "--empty", code=1)) and mine.name in said
    mine.unlink()
    (clone / "data").mkdir()
    with duckdb.connect(str(clone / "data" / "warehouse.duckdb")) as con:
        con.execute("create schema landing; create table landing.clock as select timestamp '2026-01-01' as instant")
    assert "holds data" in flows(clone, "init", "--empty", code=1)
    assert all((clone / name).exists() for name in there)
    flows(clone, "init", "--empty", "--force")


def test_the_documentation_of_dbt_is_written(emptied: Path) -> None:
    build(emptied, "docs", "generate", "--static", "--no-compile")  # the build above has compiled everything
    assert (emptied / "target" / "static_index.html").stat().st_size > 100_000


def test_every_flow_that_is_deployed_passes_or_says_that_it_needs_a_problem(emptied: Path) -> None:
    deployed = yaml.safe_load((emptied / "prefect.yaml").read_text())["deployments"]
    calls = [(*one["entrypoint"].replace("/", ".").split(".py:"), one.get("parameters", {})) for one in deployed]
    of_a_problem = [module == "flows.by_hand" for module, _, _ in calls]
    assert any(of_a_problem) and not all(of_a_problem)
    lines = ["from inspect import signature", "from ml.errors import AsofError"]
    for (module, name, given), needs in zip(calls, of_a_problem, strict=True):
        lines += [f"import {module}", f"flow = {module}.{name}.fn"]
        if needs:
            told = [
                "try:",
                "  flow(**dict.fromkeys((n for n, p in signature(flow).parameters.items() if p.default is p.empty), 'x'))",
            ]
            lines += [
                *told,
                "  raise SystemExit(flow)",
                "except AsofError as error:",
                "  assert 'names no problem' in str(error), error",
            ]
        else:
            lines.append(f"flow(**{given})")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=emptied, env=environment(), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def served(emptied: Path) -> Iterator[subprocess.Popen]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    more = {**environment(), "ASOF_PREFECT_PORT": port, "PREFECT_HOME": str(emptied.parent / "prefect")}
    with (emptied.parent / "served").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "flows.serve"], cwd=emptied, env=more, stdout=log, stderr=log)
    yield process
    if process.poll() is None:
        process.kill()


def test_everything_is_deployed_and_served_until_it_is_told_to_stop(emptied: Path, served: subprocess.Popen) -> None:
    deadline = time.monotonic() + 300
    while "log in" not in (told := (emptied.parent / "served").read_text()):
        assert served.poll() is None and time.monotonic() < deadline, told
        time.sleep(0.5)
    os.kill(served.pid, signal.SIGTERM)
    assert served.wait(60) == 0


def quick_checks(project: Path, *which: str) -> None:
    """The quick tests of a clone pass; AssertionError with what pytest said."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *which, "-m", "not slow"],
        cwd=project, env={**environment(), "EXAMPLES": "few"}, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]


# Whatever the tests of the macros read: as long as none of it changes, they say in a clone what they say here. Of macros of
# the example none is left, and nothing that is left names one (tests/flows/runtime/test_example.py).
READ_BY_TESTS_OF_MACROS = ("macros", "tests/macros", "tests/conftest.py")
# What breaks laws does so in a house of its own and in copies of Python, and processes of tests are no part of the project.
OF_THE_CLONE = ("tests/docs", "tests/architecture", "-k", "not own_house and not wrong_direction and not test_forked")
# Of the engine's own tests those that read the project.
READ_THE_PROJECT = tuple(
    f"tests/flows/runtime/test_{name}.py" for name in ("declarations", "example", "parsing", "settings", "terminal")
)


def test_the_quick_checks_collect_every_module_and_pass(emptied: Path) -> None:
    """Those that look at the project stand for all: `make check` is what people run next."""
    quick_checks(emptied, *READ_THE_PROJECT, *OF_THE_CLONE)
    changed = subprocess.run(
        ["git", "diff", "--name-only", "--diff-filter=d", "HEAD", "--", *READ_BY_TESTS_OF_MACROS],
        cwd=emptied, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert changed.stdout == "", "a mark of the example stands in what the tests of the macros read: run those here, too"
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "--assert=plain"],
        cwd=emptied, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert collected.returncode == 0 and "error" not in collected.stdout.lower().splitlines()[-1], collected.stdout[-2000:]


def test_a_problem_that_people_bring_keeps_every_law(emptied: Path) -> None:
    """What `new source` and `new problem` write is linted and looked at as everything else, a feature of the calendar with it."""
    draw, rows = random.Random(2), ["visit;till;spent;sold_at"]
    for at in (datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(24 * 140)):
        busy = 0.9 if at.weekday() in (1, 4) else 0.05
        for till in (till for till in range(30) if draw.random() < busy / 9):
            rows.append(f"{len(rows)};{till};{draw.randint(1, 90)};{at:%Y-%m-%d %H:%M}")
    (emptied.parent / "visits.csv").write_text("\n".join(rows) + "\n")
    (emptied.parent / "tills.csv").write_text("till;hall\n" + "".join(f"{till};{'ab'[till % 2]}\n" for till in range(30)))
    typed = ("--type", "till=integer")
    flows(emptied, "new", "source", "kiosk.visits", "--from", str(emptied.parent / "visits.csv"), "--known-at", "sold_at", *typed)
    flows(emptied, "new", "source", "kiosk.tills", "--from", str(emptied.parent / "tills.csv"), "--known-always", *typed)
    asked = ("--entity", "till", "--every", "1 day", "--horizon", "1 day", "--label", "count(*) > 0", "--seconds", "5")
    flows(emptied, "new", "problem", "busy_till", *asked, "--from", "stg_kiosk__visits", "--from", "stg_kiosk__tills")
    declared = (emptied / "models" / "problems" / "busy_till" / "_busy_till.yml").read_text()
    assert f"name: {WEEKDAY}" in declared and "name: till, data_type: integer" in declared
    subprocess.run(["git", "add", "-A"], cwd=emptied, check=True)
    quick_checks(emptied, *OF_THE_CLONE)
