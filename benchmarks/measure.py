"""Contestants take turns, each time in a fresh process; the figures are medians over the turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import peers

PROJECT = Path(__file__).resolve().parents[1]
# What the promise allows, in MiB: a contestant that grows beyond is ended, and its row says so.
MEMORY_CAP = 8 * 1024
SECONDS_CAP = 600


@dataclass
class Contestant:
    """Who runs: a label, an environment of `peers/`, a function of `benchmarks.contestants` and its arguments.

    `turns` bounds how often, for those that take a minute each time.
    """

    label: str
    peer: str
    function: str
    arguments: dict = field(default_factory=dict)
    turns: int | None = None


@dataclass
class Row:
    """What one contestant cost: medians over its turns. `problem` says why there are no figures."""

    contestant: str
    wall: float | None = None
    cpu: float | None = None
    peak_mb: float | None = None
    turns: list[dict] = field(default_factory=list)
    problem: str | None = None


def take_turns(contestants: list[Contestant], turns: int, work: Path, say=print) -> tuple[list[Row], dict[str, Path]]:
    """A B A B …: a row per contestant, and the answers of the first turn by label (Parquet, of those that finished)."""
    rows, answers = {c.label: Row(c.label) for c in contestants}, {}
    for turn in range(turns):
        for contestant in contestants:
            row = rows[contestant.label]
            if row.problem or (contestant.turns and turn >= contestant.turns):
                continue
            answer = (
                work / f"answers-{os.getpid()}" / f"{contestant.label.replace(' ', '_').replace('/', '_')}.parquet"
                if turn == 0
                else None
            )
            try:
                cost = once(contestant, answer, work)
            except (peers.NoPeerError, RuntimeError) as error:
                row.problem = str(error)
                say(f"    {contestant.label:34} {row.problem}")
                continue
            row.turns.append({name: round(value, 3) for name, value in cost.items()})
            if answer:
                answers[contestant.label] = answer
            say(f"    {contestant.label:34} {cost['wall']:8.2f} s {cost['cpu']:8.2f} cpu-s {cost['peak_mb']:8,.0f} MB")
    for row in rows.values():
        if row.turns and not row.problem:
            row.wall, row.cpu = (statistics.median(t[name] for t in row.turns) for name in ("wall", "cpu"))
            row.peak_mb = max(t["peak_mb"] for t in row.turns)
    return list(rows.values()), answers


def once(contestant: Contestant, answer: Path | None, work: Path) -> dict:
    """Wall and CPU seconds and peak MiB of one fresh process. Raises RuntimeError with its last line if it does not end well."""
    python = peers.python(contestant.peer, work)
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        job, cost, said = (Path(scratch) / name for name in ("job.json", "cost.json", "said.txt"))
        if answer:
            answer.parent.mkdir(parents=True, exist_ok=True)
        module, _, function = contestant.function.rpartition(".")
        arguments = contestant.arguments | {"scratch": scratch, "threads": os.cpu_count()}
        job.write_text(json.dumps({"module": f"benchmarks.contestants.{module}", "function": function, "arguments": arguments,
                                   "answer": str(answer) if answer else None, "cost": str(cost)}))  # fmt: skip
        with said.open("w") as out:
            process = subprocess.Popen([str(python), "-m", "benchmarks.child", str(job)], cwd=PROJECT, stdout=out, stderr=out,
                                       env=os.environ | peers.SILENT | {"OMP_NUM_THREADS": str(os.cpu_count())})  # fmt: skip
            ended = _watch(process.pid)
        if ended:
            raise RuntimeError(ended)
        if not cost.exists():
            lines = said.read_text().strip().splitlines() or ["died without a word"]
            raise RuntimeError(next((line for line in reversed(lines) if "Error" in line), lines[-1])[:300])
        return json.loads(cost.read_text())


def _watch(pid: int) -> str | None:
    # wait4 gives the child's true end; memory is read while it runs, because a process that swallows the machine must be ended
    started = time.monotonic()
    while True:
        done, status, _ = os.wait4(pid, os.WNOHANG)
        if done:
            return f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else None
        try:
            resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        except (OSError, IndexError):
            resident = 0
        reason = f"needed more than {MEMORY_CAP // 1024} GB" if resident > MEMORY_CAP else None
        reason = f"took more than {SECONDS_CAP} s" if time.monotonic() - started > SECONDS_CAP else reason
        if reason:
            os.kill(pid, 9)
            os.wait4(pid, 0)
            return reason
        time.sleep(0.02)
