"""Running the proof's jobs: each in a process of its own, inside a copy of the project."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flows.runtime import child
from flows.studies.leak_proof.child import Job
from flows.studies.leak_proof.comparing import Difference
from ml.errors import AsofError

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """What one check of a job compared, in tables and rows and seconds, and the first difference of each table that differs.

    The full build compares nothing; it tells in `tables` by which column the rows of each table are knowable. The split tells in
    `made` a digest of what it gave.
    """

    check: str
    rows: int
    seconds: float
    differences: tuple[Difference, ...]
    sql: str = ""
    compared: int = 0
    tables: Mapping[str, str] = field(default_factory=dict)
    made: str = ""


def run(project: Path, job: Job, tell: Tell = lambda check: None) -> list[Result]:
    """Run one job inside the copy `project`; `tell` hears of each check when it is done. AsofError if it cannot be made."""
    # One core each: two jobs run side by side, and DuckDB answers the same with any number.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("DBT_")}
    environment |= {"ASOF_THREADS": "1", "ASOF_MEMORY_LIMIT": "1GB"}
    results: list[Result] = []

    def heard(line: dict) -> None:
        found = tuple(Difference(**one) for one in line["differences"])
        told = (line[name] for name in ("sql", "compared", "tables", "made"))
        results.append(Result(line["check"], line["rows"], line["seconds"], found, *told))
        tell(results[-1].check)

    ended = child.run("flows.studies.leak_proof.child", asdict(job), project=project, environment=environment, on_line=heard)
    if ended.status != child.FINISHED:
        raise AsofError(f"the proof ended early: {ended.error}")
    return results


def differences(results: Iterable[Result]) -> list[Difference]:
    """All differences of some results, in the order in which they were found."""
    return [difference for result in results for difference in result.differences]
