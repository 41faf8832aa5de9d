"""Running the proof's jobs: each in a process of its own, inside a copy of the project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.steps.proving.child import Job
from flows.steps.proving.comparing import Difference
from ml.errors import AsofError

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """What one check of a job compared, in tables and rows and seconds, and the first difference of each table that differs.

    The full build compares nothing; it tells in `tables` by which column the rows of each table are knowable.
    """

    check: str
    rows: int
    seconds: float
    differences: tuple[Difference, ...]
    sql: str = ""
    compared: int = 0
    tables: Mapping[str, str] = field(default_factory=dict)


def run(project: Path, job: Job, tell: Tell = lambda check: None) -> list[Result]:
    """Run one job inside the copy `project`; `tell` hears of each check when it is done. AsofError if it cannot be made."""
    # One core each: two jobs run side by side, and DuckDB answers the same with any number.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("DBT_")}
    environment |= {"ASOF_THREADS": "1", "ASOF_MEMORY_LIMIT": "1GB"}
    noise = project / "stderr.txt"
    results: list[Result] = []
    with noise.open("w") as stderr, subprocess.Popen(
        [sys.executable, "-m", "flows.steps.proving.child"],
        cwd=project, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
    ) as process:  # fmt: skip
        try:
            process.stdin.write(job.to_json())
            process.stdin.close()
            for line in process.stdout:
                results.append(_result(json.loads(line)))
                tell(results[-1].check)
            code = process.wait()
        finally:
            process.kill()
    if code:
        raise AsofError(f"the proof ended with code {code}: {noise.read_text().strip()[-400:]}")
    return results


def _result(line: dict) -> Result:
    if "error" in line:
        raise AsofError(line["error"])
    found = tuple(Difference(**one) for one in line["differences"])
    return Result(line["check"], line["rows"], line["seconds"], found, line["sql"], line["compared"], line["tables"])


def differences(results: Iterable[Result]) -> list[Difference]:
    """All differences of some results, in the order in which they were found."""
    return [difference for result in results for difference in result.differences]
