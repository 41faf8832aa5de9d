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
    """What to prove: `cuts` truncations, then batches of `hours` over the last `days` days (0: none), keys and split.

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
    """Yields `{check, rows, seconds, sql, differences}` per check; the first one is the full build.

    `sql` is a digest of the SQL that ran, told after the full build and after the last batch, which is incremental.
    """
    from flows.steps.proving import bench as benches
    from flows.steps.proving import checks

    began = time.perf_counter()

    def told(check: str, rows: int = 0, found: list | tuple = (), sql: str = "") -> dict:
        nonlocal began
        before, began = began, time.perf_counter()
        plain = [asdict(one) for one in found]
        return {"check": check, "rows": rows, "seconds": began - before, "sql": sql, "differences": plain}

    bench = benches.Bench(Path(job.folder), Path(job.slice), job.problem, job.begin, job.end)
    bench.build("full", job.end)
    bench.keep(benches.FULL)
    yield told("full build", len(bench.models), sql=compiled())
    if "split" in job.parts:
        yield told("split", *checks.splits(bench, job.seed))
    bench.drop("full")
    if "keys" in job.parts:
        yield told("keys", *checks.keys(bench))
    if "cuts" in job.parts:
        for cut in checks.cuts(bench, job.cuts, job.seed):
            for variant, result in zip(("removed", "poisoned"), checks.truncation(bench, cut), strict=False):
                yield told(f"{variant} {cut:%Y-%m-%d %H:%M}", *result)
    if "batches" in job.parts and job.days:
        names = ("hour by hour" if job.hours == 1 else f"every {job.hours} h", "day by day", "all at once")
        for name, result in zip(names, checks.batches(bench, job.days, job.hours), strict=False):
            yield told(name, *result, sql=compiled() if name == names[-1] else "")


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
