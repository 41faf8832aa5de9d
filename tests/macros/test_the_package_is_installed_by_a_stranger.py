"""The macros as a dbt package: a project of somebody else installs it offline, gets macros alone, and the right answers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner

from tests.macros.cases import flatten, run, sample
from tests.macros.compiling import compiled, invoke
from tests.macros.test_point_in_time_equals_oracle import EXPECTED, WORLDS, first_difference

CONSUMER = Path(__file__).parent / "consumer"
PACKAGE = Path(__file__).parents[2] / "macros" / "point_in_time"
USED = sorted(path.stem for path in (CONSUMER / "models").glob("*.sql"))


def install(project: Path) -> None:
    """Run `dbt deps`."""
    here = ["--project-dir", str(project), "--profiles-dir", str(project), "--log-path", str(project / "logs")]
    done = dbtRunner().invoke(["deps", *here, "--log-level", "none"])
    assert done.success, done.exception


def placed(folder: Path) -> Path:
    """A copy of the consumer beside a copy of the package, as `local:` names it, installed by `dbt deps`."""
    project = folder / "tests" / "macros" / "consumer"
    shutil.copytree(CONSUMER, project)
    shutil.copytree(PACKAGE, folder / "macros" / "point_in_time")
    install(project)
    return project


@pytest.fixture(scope="module")
def consumer(dbt_work: Path) -> Path:
    return placed(dbt_work / "stranger")


@pytest.fixture(scope="module")
def answers(consumer: Path, dbt_work: Path) -> dict[str, str]:
    return compiled(dbt_work / "consumed", consumer)


@pytest.mark.parametrize("macro", USED)
def test_every_answer_of_the_package_equals_the_oracle(
    macro: str, answers: dict[str, str], con: duckdb.DuckDBPyConnection
) -> None:
    for facts, spine in map(flatten, sample(WORLDS)):
        assert not first_difference(run(con, answers[macro], facts, spine, keys=3), EXPECTED[macro](facts, spine), facts)


def test_the_package_brings_macros_and_nothing_else(consumer: Path, dbt_work: Path) -> None:
    manifest = invoke(["parse"], dbt_work / "parsed", consumer).result
    ours = [node for node in (*manifest.nodes.values(), *manifest.sources.values()) if node.package_name == "asof"]
    assert ours == [], "no model, seed, test, source or hook"
    macros = {macro.name for macro in manifest.macros.values() if macro.package_name == "asof"}
    assert {"last_before", "aggregate_before", "label_within", "trailing_daily", "asof_left_join"} <= macros
    assert not {"is_incremental", "generate_schema_name", "create_source_tables", "materialization_append_only_default"} & macros
    assert {path.stem for path in PACKAGE.rglob("*.sql")} <= macros


def test_git_and_a_subdirectory_bring_the_same(tmp_path: Path, dbt_work: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "asof" / "macros" / "point_in_time")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path / "asof", check=True)
    project = shutil.copytree(CONSUMER, tmp_path / "consumer")
    one = {"git": str(tmp_path / "asof"), "subdirectory": "macros/point_in_time", "revision": "main"}
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": [one]}))
    install(project)
    there = {path.relative_to(project / "dbt_packages" / "asof") for path in (project / "dbt_packages" / "asof").rglob("*.sql")}
    assert there == {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.sql")}
    assert invoke(["parse"], tmp_path / "parsed", project).success


def test_every_call_between_macros_of_the_package_names_the_package() -> None:
    text = {path: re.sub(r"{#.*?#}", "", path.read_text(), flags=re.S) for path in PACKAGE.rglob("*.sql")}
    names = {name for sql in text.values() for name in re.findall(r"{%-?\s*macro\s+(\w+)\(", sql) if "__" not in name}
    call = re.compile(rf"(?<![\w.'\"`])(?<!macro )({'|'.join(names)})\(")
    assert {path.name: found[0] for path, sql in text.items() if (found := call.search(sql))} == {}
    assert [path.name for path, sql in text.items() if re.search(r"dispatch\('\w+'\)", sql)] == []
