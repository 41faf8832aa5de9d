"""Compiles the fixture project with the real dbt, in process."""

import shutil
from pathlib import Path

from dbt.cli.main import dbtRunner, dbtRunnerResult

PROJECT = Path(__file__).parent / "project"
MACROS = Path(__file__).parents[2] / "macros"


def invoke(command: list[str], work: Path, project: Path = PROJECT) -> dbtRunnerResult:
    """Run one dbt command on the fixture project; everything it writes goes below `work`."""
    return dbtRunner().invoke(
        [*command, "--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(work / "target"),
         "--log-path", str(work / "logs"), "--log-level", "none", "--no-use-colors"]
    )  # fmt: skip


def compiled(work: Path, project: Path = PROJECT, select: str = "*", target: str = "duckdb") -> dict[str, str]:
    """Compile the project; returns model name → SQL. Raises AssertionError with dbt's message."""
    result = invoke(["compile", "--select", select, "--target", target], work, project)
    assert result.success, result.exception or [r.message for r in result.result]
    return {r.node.name: r.node.compiled_code for r in result.result}


def copied(work: Path) -> Path:
    """Copy the project and the macros below `work`; returns the copy of the project."""
    for folder in ("point_in_time", "dialect", "statistics", "reasons"):
        shutil.copytree(MACROS / folder, work / "macros" / folder)
    shutil.copytree(PROJECT, work / "tests" / "macros" / "project")
    return work / "tests" / "macros" / "project"


def mutated(work: Path, parsed: Path, macro: str, before: str, after: str) -> Path:
    """Copy the project and the macros with one replacement in one macro; returns the copy of the project.

    What dbt knows of the project that was compiled below `parsed` comes along: it parses anew what is another.
    """
    project = copied(work)
    (work / "target").mkdir()
    shutil.copy(parsed / "target" / "partial_parse.msgpack", work / "target")
    path = work / "macros" / macro
    text = path.read_text()
    assert before in text, f"{macro} no longer holds {before!r}"
    path.write_text(text.replace(before, after))
    return project
