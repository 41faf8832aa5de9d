"""One run of the bench: which sizes, how many turns, where the work lies, and what becomes of the results."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from benchmarks import flights
from benchmarks.compare import differences, largest_differences
from benchmarks.compiling import compiled, house_models
from benchmarks.measure import Contestant, take_turns

RESULTS = Path(__file__).parent / "results"
# Medians of three where a turn takes seconds; where it takes a minute, one turn says enough, and `make bench` has to end.
TURNS = {"1M": 3, "3M": 3, "10M": 1, "30M": 1, "quick": 1}
# A run that was cut off is taken up again while its figures are still those of the same morning.
STILL_GOOD = timedelta(hours=6)


@dataclass
class Bench:
    """What the suites share. `measure` runs contestants in turns, compares their answers and keeps the case."""

    sizes: list[str]
    turns: int | None = None
    work: Path = flights.WORK
    results: Path = RESULTS
    say: object = print
    resume: bool = False
    machine: dict = field(default_factory=lambda: machine())

    @cached_property
    def sql(self) -> dict[str, str]:
        """Model → SQL of the bench's project, compiled by dbt."""
        return compiled(self.work)

    @cached_property
    def models(self) -> dict[str, str]:
        """Model → SQL of the monitors themselves, compiled by dbt."""
        return house_models(self.work, "mon_cells", "mon_drift_by_day")

    def flights(self, size: str) -> Path:
        """The scaled flights of a size."""
        if size == "quick":
            return flights.scaled(*flights.QUICK, days=flights.QUICK_DAYS, work=self.work)
        return flights.scaled(*flights.SIZES[size], work=self.work)

    def measure(self, suite: str, case: str, size: str, rows: int, contestants: list[Contestant], key: str = "flight_row",
                turns: int | None = None, within: dict[str, dict[str, float]] | None = None, **more) -> dict:  # fmt: skip
        """Take turns, compare every answer with the first contestant's, write the case into `results/<suite>.json`.

        Answers are compared bit for bit, or, with `within` (label → column → largest difference allowed), by how far they are
        apart: all of them are told, and those that stand in `within` are judged. With `resume`, a case that was measured in the
        last hours is returned as it was.
        """
        found = self._measured_before(suite, case, size) if self.resume else None
        if found:
            self.say(f"  {suite}: {case}, {size}, measured at {found['measured']} UTC")
            return found
        self.say(f"  {suite}: {case}, {size}, {rows:,} rows")
        measured, answers = take_turns(contestants, self._turns(size, turns), self.work, self.say)
        first = contestants[0].label
        equal, apart = {}, {}
        for label, answer in answers.items():
            if label != first and first in answers:
                if within is None:
                    equal[label] = differences(answers[first], answer, key)
                else:
                    apart[label] = largest_differences(answers[first], answer, key)
                    if label in within:
                        equal[label] = _beyond(apart[label], within[label])
                if equal.get(label):
                    self.say(f"    {label} does not agree with {first}: {equal[label]}")
        for answer in answers.values():
            answer.unlink()
            if not any(answer.parent.iterdir()):
                answer.parent.rmdir()
        found = {"case": case, "size": size, "rows": rows, "contestants": [asdict(row) for row in measured], "differences": equal,
                 **({} if within is None else {"apart": apart, "within": within}),
                 "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": self.machine, **more}  # fmt: skip
        self.keep(suite, found)
        return found

    def _turns(self, size: str, most: int | None) -> int:
        # what the suite bears, or fewer if fewer are asked for
        return min(most or self.turns or TURNS.get(size, 1), self.turns or 99)

    def keep(self, suite: str, found: dict) -> None:
        """Put a case in the place of the one of the same name and size."""
        self.results.mkdir(parents=True, exist_ok=True)
        kept = [one for one in self._kept(suite) if (one["case"], one["size"]) != (found["case"], found["size"])]
        self._file(suite).write_text(json.dumps([*kept, found], indent=1) + "\n")

    def _file(self, suite: str) -> Path:
        return self.results / f"{suite}.json"

    def _kept(self, suite: str) -> list[dict]:
        return json.loads(self._file(suite).read_text()) if self._file(suite).exists() else []

    def _measured_before(self, suite: str, case: str, size: str) -> dict | None:
        soonest = f"{datetime.now(UTC) - STILL_GOOD:%Y-%m-%d %H:%M}"
        return next((one for one in self._kept(suite)
                     if (one["case"], one["size"]) == (case, size) and one["measured"] >= soonest), None)  # fmt: skip


def _beyond(apart: dict[str, float], within: dict[str, float]) -> dict[str, float | None]:
    # what is further apart than it may be, or was not told, or lacks rows
    limits = {"rows": 0, **within}
    return {c: apart.get(c) for c, most in limits.items() if not apart.get(c, 0 if c == "rows" else most + 1) <= most}


def machine() -> dict:
    """The processor, its cores, the memory in GB and the versions of what is measured."""
    import os

    info = Path("/proc/cpuinfo")
    model = (
        [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = os.getloadavg()[0]
    return {"processor": model[0] if model else platform.processor(), "cores": os.cpu_count(), "memory_gb": round(memory),
            "load_before": round(load, 1), "python": platform.python_version(),
            **{name: version(name) for name in ("duckdb", "dbt-core", "numpy", "scikit-learn")}, **_locked()}  # fmt: skip


def _locked() -> dict[str, str]:
    from benchmarks.peers import PEERS

    wanted = {"frames": ("polars", "pandas"), "feast": ("feast",), "evidently": ("evidently",), "nannyml": ("nannyml",)}
    lines = {name: (PEERS / f"{name}.txt").read_text().splitlines() for name in wanted}
    pairs = [
        line.split(" ")[0].split("==") for name, keep in wanted.items() for line in lines[name] if line.split("==")[0] in keep
    ]
    return dict(pairs)
