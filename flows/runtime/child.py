"""A job in a process of its own, for what must be measured alone, bounded in time, or run on other code.

The one protocol of all child processes: a job as JSON on standard input, results as JSON objects, one a line, on standard output.
The child's module calls `answer(function)`; the parent calls `run(module, job)`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from flows.runtime.settings import PROJECT
from ml.errors import AsofError

FINISHED, OUT_OF_TIME, CRASHED = "finished", "out_of_time", "crashed"
_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Ended:
    """How a child ended: its whole lines, the seconds it took, `status`, and in words what went wrong, if anything did."""

    status: str
    seconds: float
    lines: list[dict]
    error: str | None = None

    def line(self, what: str) -> dict:
        """The last line; AsofError, which begins with `what`, where the child did not finish."""
        if self.status != FINISHED or not self.lines:
            raise AsofError(f"{what}: {self.error or 'it gave no result'}")
        return self.lines[-1]


def run(
    module: str,
    job: Mapping,
    *,
    seconds: float | None = None,
    project: Path = PROJECT,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[dict], None] = lambda line: None,
) -> Ended:
    """Run `python -m module` in the folder `project` on a job, for at most so many seconds; then it is killed.

    `on_line` hears of each line as it comes. A child that crashes, also where no Python could catch it, is an outcome, and what
    it had said by then is kept. The error of one that ends by an AsofError is that sentence.
    """
    environment = {**(os.environ if environment is None else environment)}
    # Code of that folder is what runs, wherever this process was started.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(project), environment.get("PYTHONPATH")]))
    began, lines, refusal, overdue = time.perf_counter(), [], None, threading.Event()
    with TemporaryFile("w+", errors="replace") as stderr, subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=project, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
    ) as process:  # fmt: skip
        clock = threading.Timer(seconds or 0, lambda: (overdue.set(), process.kill()))
        try:
            if seconds is not None:
                clock.start()
            _write(process, json.dumps(job, default=str))
            for text in process.stdout:
                if text.endswith("\n"):  # a child that was killed may leave half a line
                    line = json.loads(text)
                    if "error" in line:
                        refusal = line["error"]
                        continue
                    lines.append(line)
                    on_line(line)
            code = process.wait()
        finally:
            clock.cancel()
            process.kill()
        stderr.seek(0)
        said = [line.strip() for line in stderr if line.strip()]
    took = time.perf_counter() - began
    if overdue.is_set():
        return Ended(OUT_OF_TIME, took, lines, f"it was not done within {seconds:g} s")
    if refusal:
        return Ended(CRASHED, took, lines, refusal)
    if code:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Ended(CRASHED, took, lines, f"{said[-1][:_LONGEST_MESSAGE]} ({how})" if said else how)
    return Ended(FINISHED, took, lines)


def _write(process: subprocess.Popen, job: str) -> None:
    try:
        process.stdin.write(job)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already, and its exit code says how


def answer(function: Callable[[dict, Callable[[dict], None]], None]) -> None:
    """In the child: `function(job, say)` does the job on standard input and says each result; an AsofError exits with 1.

    Whatever else is printed goes to standard error.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    job, out = json.loads(sys.stdin.read()), sys.stdout
    sys.stdout = sys.stderr

    def say(line: dict) -> None:
        print(json.dumps(line, default=str), file=out, flush=True)

    try:
        function(job, say)
    except AsofError as error:
        say({"error": str(error)})
        sys.exit(1)
