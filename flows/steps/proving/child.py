"""The proof in a process of its own, inside a copy of the project: a job as JSON on stdin, one JSON object a line on stdout."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path


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

    def to_json(self) -> str:
        """One line of JSON; instants in ISO format."""
        return json.dumps(asdict(self), default=str)

    @staticmethod
    def from_json(text: str) -> Job:
        """The job that `to_json` wrote."""
        plain = json.loads(text)
        times = {name: datetime.fromisoformat(plain[name]) for name in ("begin", "end")}
        return Job(**{**plain, **times, "parts": tuple(plain["parts"])})


def prove(job: Job) -> Iterator[dict]:
    """Yields `{check, compared, rows, seconds, sql, tables, differences}` per check; the first one is the full build.

    `sql` is a digest of the SQL that ran, told after the full build and after batches, which are incremental.
    """
    from flows.steps.proving import bench as benches
    from flows.steps.proving import checks

    began = time.perf_counter()

    def told(check: str, found: checks.Found = (0, 0, []), sql: str = "", tables: dict[str, str] | None = None) -> dict:
        nonlocal began
        before, began = began, time.perf_counter()
        compared, rows, differences = found
        return {
            "check": check, "compared": compared, "rows": rows, "seconds": began - before, "sql": sql, "tables": tables or {},
            "differences": [asdict(one) for one in differences],
        }  # fmt: skip

    bench = benches.Bench(Path(job.folder), Path(job.slice), job.problem, job.begin, job.end)
    bench.build("full", job.end)
    bench.keep(benches.FULL)
    yield told("full build", sql=compiled(), tables=checks.dates(bench))
    if "split" in job.parts:
        yield told("split", checks.splits(bench, job.seed))
    bench.drop("full")
    if "keys" in job.parts:
        yield told("keys", checks.keys(bench))
    if "cuts" in job.parts:
        for cut in checks.cuts(bench, job.cuts, job.seed):
            for result in checks.truncation(bench, cut):
                yield told(*result)
    if "batches" in job.parts and job.days:
        for result in checks.batches(bench, job.days, job.hours, job.hourly_days):
            yield told(*result, sql=compiled())


def compiled() -> str:
    """A digest of the SQL of every model as dbt last compiled it in this copy, but for the instants up to which it is built."""
    digest = hashlib.sha256()
    for path in sorted(Path("target/compiled").rglob("*.sql")):
        digest.update(re.sub(rb"timestamp '[^']*'", b"", path.read_bytes()))
    return digest.hexdigest()


def main() -> int:
    """Run the job on stdin; the exit code is 0 also when differences were found, and 1 when the proof could not be made."""
    from ml.errors import AsofError

    warnings.filterwarnings("ignore", category=DeprecationWarning)
    job, out = Job.from_json(sys.stdin.read()), sys.stdout
    sys.stdout = sys.stderr  # whatever prints must not end up between the lines
    try:
        for line in prove(job):
            print(json.dumps(line, default=str), file=out, flush=True)
            if job.stop and line["differences"]:
                break
    except AsofError as error:
        print(json.dumps({"error": str(error)}), file=out, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
