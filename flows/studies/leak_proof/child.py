"""The proof in a process of its own, inside a copy of the project."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from flows.runtime import child


@dataclass(frozen=True)
class Job:
    """What to prove: keys, split, `cuts` truncations, then batches over the last `days` days (0: none), the smallest of `hours`
    over the last `hourly_days` of them.

    `stop` ends with the first difference: for a mutant one is enough.
    """

    problem: str
    folder: str
    slice: str
    begin: datetime
    end: datetime
    seed: int = 7
    cuts: int = 0
    days: int = 0
    hours: int = 1
    hourly_days: int = 1
    stop: bool = False
    parts: tuple[str, ...] = field(default=("keys", "split", "cuts", "batches"))
    labels: datetime | None = None  # when the first label was known
    wait: float = 0.0  # seconds that nearly every label takes to be known

    @staticmethod
    def of(plain: dict) -> Job:
        """The job whose fields came as JSON; instants in ISO format."""
        times = {name: datetime.fromisoformat(plain[name]) for name in ("begin", "end", "labels") if plain.get(name)}
        return Job(**{**plain, **times, "parts": tuple(plain["parts"])})


def prove(job: Job) -> Iterator[dict]:
    """Yields `{check, compared, rows, seconds, sql, tables, made, differences}` per check; the first one is the full build.

    `sql` is a digest of the SQL that ran, kept after the full build and after batches, which are incremental; `made` one of what
    the split gave.
    """
    from flows.studies.leak_proof import checks, rebuilding

    began = time.perf_counter()

    def line(check: str, found: checks.Found = (0, 0, []), sql: str = "", tables: dict | None = None, made: str = "") -> dict:
        nonlocal began
        before, began = began, time.perf_counter()
        compared, rows, differences = found
        return {
            "check": check, "compared": compared, "rows": rows, "seconds": began - before, "sql": sql, "tables": tables or {},
            "made": made, "differences": [asdict(one) for one in differences],
        }  # fmt: skip

    rebuilds = rebuilding.Rebuilds(Path(job.folder), Path(job.slice), job.problem, job.begin, job.end)
    rebuilds.build("full", job.end)
    rebuilds.keep(rebuilding.FULL)
    yield line("full build", sql=compiled(), tables=checks.dates(rebuilds))
    if "split" in job.parts:
        found, made = checks.splits(rebuilds, job.seed)
        yield line("split", found, made=made)
    rebuilds.drop("full")
    if "keys" in job.parts:
        yield line("keys", checks.keys(rebuilds))
    if "cuts" in job.parts:
        for cut in checks.cuts(rebuilds, job.cuts, job.seed):
            for result in checks.truncation(rebuilds, cut):
                yield line(*result)
    if "batches" in job.parts and job.days:
        for result in checks.batches(rebuilds, job.days, job.hours, job.hourly_days):
            yield line(*result, sql=compiled())


def compiled() -> str:
    """A digest of the SQL of every model as dbt last compiled it in this copy, but for the instants up to which it is built."""
    digest = hashlib.sha256()
    for path in sorted(Path("target/compiled").rglob("*.sql")):
        digest.update(re.sub(rb"timestamp '[^']*'", b"", path.read_bytes()))
    return digest.hexdigest()


def _answer(job: dict, say: Callable[[dict], None]) -> None:
    """Say what `prove` yields; differences are no failure."""
    asked = Job.of(job)
    for line in prove(asked):
        say(line)
        if asked.stop and line["differences"]:
            break


if __name__ == "__main__":
    child.answer(_answer)
