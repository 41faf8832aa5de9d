"""The macros as users get them: the bench's own dbt project, compiled or run by dbt in process."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).parent / "project"
HOUSE = Path(__file__).resolve().parents[1]


def invoke(command: list[str], work: Path, warehouse: Path | None = None, project: Path = PROJECT):
    """Run one dbt command on the bench's project, or another; returns dbt's results. Raises RuntimeError with dbt's message."""
    from dbt.cli.main import dbtRunner

    os.environ["BENCHMARKS_WAREHOUSE"] = str(warehouse or work / "compile.duckdb")
    work.mkdir(parents=True, exist_ok=True)
    result = dbtRunner().invoke(
        [*command, "--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(work / "target"),
         "--log-path", str(work / "logs"), "--log-level", "none", "--no-use-colors"]
    )  # fmt: skip
    if not result.success:
        raise RuntimeError(str(result.exception or [r.message for r in result.result if r.message]))
    return result.result


def compiled(work: Path) -> dict[str, str]:
    """Model → SQL over views named `spine`, `facts` and so on, which a contestant lays over its files."""
    return {r.node.name: r.node.compiled_code for r in invoke(["compile", "--select", "tag:compiled"], work)}


def house_models(work: Path, *names: str) -> dict[str, str]:
    """Model → SQL of the project itself, as for a first run, over tables named `house.<schema>.<table>`."""
    before = {name: os.environ.get(name) for name in ("ASOF_WAREHOUSE", "ASOF_LANDING", "ASOF_PUBLISHED")}
    home = work / "house"
    os.environ |= {"ASOF_WAREHOUSE": str(home / "house.duckdb"), "ASOF_LANDING": str(home), "ASOF_PUBLISHED": str(home)}
    try:
        results = invoke(["compile", "--select", *names], home, project=HOUSE)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    return {r.node.name: r.node.compiled_code for r in results}
