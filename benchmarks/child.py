"""One measurement: run by a fresh process, in the environment of its contestant. Reads a job, writes what it cost.

    python -m benchmarks.child job.json

The clock runs from opening the input files to having the answer in memory; imports, what `<function>_before` prepares, and
writing the answer are outside.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path


def main(file: str) -> None:
    """Run the job's function and write {wall, cpu, peak_mb} beside it: seconds, seconds of all threads, MiB."""
    job = json.loads(Path(file).read_text())
    module = importlib.import_module(job["module"])
    run, before = getattr(module, job["function"]), getattr(module, f"{job['function']}_before", None)
    if before:
        before(job["arguments"])
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    write = run(job["arguments"])
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    cost = {"wall": wall, "cpu": cpu, "peak_mb": _peak_mb()} | getattr(write, "figures", {})
    if job["answer"]:
        write(job["answer"])
    Path(job["cost"]).write_text(json.dumps(cost))


def _peak_mb() -> float:
    # the kernel's high-water mark of this program; ru_maxrss would also hold what the parent had when it forked
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1])
