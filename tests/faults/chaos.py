"""`make chaos`: replays of ten days over a month's turn, killed with SIGKILL at random points, resumed until they are done.

Afterwards every table is compared with that of a replay that was not killed: run ids, what the wall clock said, seconds and
memory apart, floats to 1e-9. Readers open the published file all the while. A kill hits the replay itself, or a process that it
started: then the replay says so, and failed runs and the alerts on them are not compared.

    python -m tests.faults.chaos --kills 120 --seed 3

A module that adds a life of its own to `LIVES` and calls `main` does the same on the project as it is.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests import children, synthetic
from tests.children import House
from tests.faults.equal import differences

PROJECT = Path(__file__).resolve().parents[2]
# By what is replayed: the end of the history and of the replay, and the zone whose midnights are ticks.
LIVES = {"shop": (synthetic.HISTORY, synthetic.UNTIL, synthetic.ZONE)}
# One kill in eight hits a process that the replay has started, where there is one.
CHILD_SHARE = 1 / 8
READER = """
import os, sys, time, duckdb
path, stop = sys.argv[1:]
reads = 0
while not os.path.exists(stop):
    if os.path.exists(path):
        with duckdb.connect(path, read_only=True) as con:
            tables = [row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()]
            counts = [con.execute(f'select count(*) from "{name}"').fetchall()[0][0] for name in tables]
        assert len(tables) >= 4, tables
        reads += 1
    time.sleep(0.02)
print(reads)
"""


@dataclass
class Kill:
    """Where a replay was when it was killed; `hit` is the replay or one of its children."""

    life: int
    phase: str
    tick: str
    hit: str


@dataclass
class Life:
    """A replay that was killed and resumed until it was done, and in what it differs from the one that was not."""

    number: int
    kills: list[Kill] = field(default_factory=list)
    seconds: float = 0
    different: list[str] = field(default_factory=list)


def replay(log: str, *arguments: str) -> None:
    """In a child: the verb itself; each phase that begins is noted in a file, so that a kill can be told by its place."""
    from contextlib import contextmanager

    from flows.cli import main as cli
    from flows.cli import tables

    @contextmanager
    def noting(until):
        with open(log, "a", buffering=1) as file:
            yield lambda phase, at: print(phase, f"{at:%m-%d}", file=file)

    tables.replaying = noting
    cli.cli(["replay", *arguments], prog_name="flows")


def start(house: House, on: str, **more: str) -> children.Child:
    """Begin or resume the replay of a house."""
    history, until, zone = LIVES[on]
    log = str(house.folder / "phases")
    arguments = (log, "--history", history, "--until", until)
    more = {"ASOF_TIME_ZONE": zone, "ASOF_THREADS": os.environ.get("ASOF_THREADS", "2"), **more}
    return children.start(house, *arguments, calling="tests.faults.chaos:replay", **more)


def whole(house: House, on: str) -> float:
    """Replay a house to its end; returns the seconds. AssertionError with what it said when it fails."""
    began = time.monotonic()
    ended = start(house, on).wait(3600)
    assert ended.code == 0, ended.err
    return time.monotonic() - began


def beginning(folder: Path, on: str) -> House:
    """A house in which nothing has happened yet, and what its feed delivers is there."""
    house = House(folder)
    (folder / "landing").mkdir(parents=True)
    if on == "shop":
        synthetic.write_visits(folder / "landing")
    return house


def begun(folder: Path, on: str) -> House:
    """A house whose history has landed and whose first model is champion."""
    house = beginning(folder, on)
    history, _, zone = LIVES[on]
    ended = children.start(house, "replay", "--history", history, "--until", history, ASOF_TIME_ZONE=zone).wait(3600)
    assert ended.code == 0, ended.err
    return house


def kill_and_resume(number: int, house: House, on: str, kills: int, seconds: float, draw: random.Random) -> Life:
    """A life: kills at instants drawn over the whole of it, then it runs to its end."""
    life, began = Life(number), time.monotonic()
    instants = sorted(draw.random() * seconds for _ in range(kills))
    for delay in (after - before for before, after in zip([0, *instants], instants, strict=False)):
        child = start(house, on)
        child.process.join(delay)
        if child.process.exitcode is None:
            hit = strike(child, draw)
            child.wait(600)
            life.kills.append(Kill(number, *place(house), hit))
        elif child.process.exitcode == 0:
            break
    ended = start(house, on).wait(3600)
    if ended.code:
        life.different.append(f"the replay cannot go on: {ended.err.strip()[-300:]}")
    life.seconds = time.monotonic() - began
    return life


def strike(child: children.Child, draw: random.Random) -> str:
    """Kill the replay, or one of its children."""
    family = offspring(child.process.pid)
    if family and draw.random() < CHILD_SHARE:
        os.kill(draw.choice(family), signal.SIGKILL)
        child.process.join(draw.random())
        if child.process.exitcode is None:
            child.process.kill()
        return "child"
    child.process.kill()
    return "replay"


def offspring(pid: int) -> list[int]:
    """The processes that a process has started."""
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(one) for one in told.split()]


def place(house: House) -> tuple[str, str]:
    """The phase that was under way, and its tick."""
    log = house.folder / "phases"
    lines = log.read_text().splitlines() if log.exists() else []
    phase, tick = lines[-1].split() if lines else ("start", "")
    return ("landing" if phase == "data" else phase), tick


def reading(house: House, number: int = 2) -> list[subprocess.Popen]:
    """Readers of the published file, until a file `stop` is there."""
    command = [sys.executable, "-c", READER, str(house.published), str(house.folder / "stop")]
    return [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(number)]


def said_by(readers: list[subprocess.Popen], house: House) -> list[str]:
    """Stop the readers of a house; what they could not read."""
    (house.folder / "stop").touch()
    said = [reader.communicate(timeout=60)[1] for reader in readers]
    return [f"a reader failed: {err.strip()[-200:]}" for reader, err in zip(readers, said, strict=True) if reader.returncode]


def unlike(expected: House, house: House, life: Life) -> list[str]:
    """In what a house differs from the one whose replay was not killed; failures that the replay itself saw are no difference."""
    return differences(expected, house, failures=all(kill.hit == "replay" for kill in life.kills))


def seconds_of(house: House) -> float:
    """What the runs of a replay took that went on where its history ended."""
    begin = "select min(effective_at) from ledger.promotions"
    sql = f"select epoch(max(started_at) - min(started_at)) from ledger.runs where as_of > ({begin})"
    with duckdb.connect(str(house.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()[0][0]


def chaos(folder: Path, on: str, kills: int, each: int, seed: int, from_start: bool = False) -> list[Life]:
    """Lives with `each` kills until there are as many as asked; those that differ stay in the folder."""
    draw = random.Random(seed)
    origin = (beginning if from_start else begun)(folder / "origin", on)
    expected, again = (origin.copy(folder / name) for name in ("whole", "again"))
    seconds = whole(expected, on)
    whole(again, on)
    noise = differences(expected, again, tolerance=0)
    print(f"{on}: a whole replay takes {seconds:.0f} s; two of them, to the last bit, differ in {noise or 'nothing'}", flush=True)
    lives: list[Life] = []
    while sum(len(life.kills) for life in lives) < kills:
        house = origin.copy(folder / f"life{len(lives)}")
        readers = reading(house)
        life = kill_and_resume(len(lives), house, on, min(each, kills), seconds, draw)
        life.different += said_by(readers, house) + unlike(expected, house, life)
        lives.append(life)
        if not life.different:
            shutil.rmtree(house.folder)
        for kill in life.kills:
            print(f"  life {kill.life:2}  killed in {kill.phase:10} {kill.tick}  ({kill.hit})")
        print(f"  life {life.number:2}  {life.seconds:4.0f} s  {'; '.join(life.different) or 'equal'}", flush=True)
    return lives


def table(lives: list[Life]) -> str:
    """The kills by phase, and how many of them were in lives that ended as the whole one."""
    counts = Counter(kill.phase for life in lives for kill in life.kills)
    good = Counter(kill.phase for life in lives if not life.different for kill in life.kills)
    lines = [f"  {'killed in':12} {'kills':>6} {'in equal lives':>15}"]
    lines += [f"  {phase:12} {number:6} {good[phase]:15}" for phase, number in counts.most_common()]
    lines.append(f"  {'all':12} {counts.total():6} {good.total():15}   ({len(lives)} lives)")
    return "\n".join(lines)


def main() -> int:
    """Returns 0 when every life is equal to the whole one, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.chaos", description=__doc__)
    parser.add_argument("--on", choices=LIVES, default="shop", help="what is lived; the small shop of the tests by default")
    parser.add_argument("--kills", type=int, default=100, help="how many in all")
    parser.add_argument("--each", type=int, default=10, help="how many in one life")
    parser.add_argument("--seed", type=int, default=7, help="draws when they come")
    parser.add_argument("--history", action="store_true", help="kill while the history lands and the first model is made, too")
    parser.add_argument("--folder", type=Path, help="where the lives are kept; by default they are removed at the end")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if options.on == "shop" and not options.inside:
            return elsewhere(synthetic.plant(folder / "project"), folder)
        lives = chaos(folder / "lives", options.on, options.kills, options.each, options.seed, options.history)
    print(table(lives))
    return int(any(life.different for life in lives))


def elsewhere(project: Path, folder: Path) -> int:
    """The same command inside a project of another problem; returns its exit code."""
    command = [sys.executable, "-m", "tests.faults.chaos", *sys.argv[1:], "--inside", "--folder", str(folder)]
    return subprocess.run(command, cwd=project, env={**os.environ, "PYTHONPATH": str(PROJECT)}).returncode


if __name__ == "__main__":
    sys.exit(main())
