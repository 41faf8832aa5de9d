"""Evidently's default drift rule on the same rows: run by Evidently itself, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.steps.settings import PROJECT
from flows.steps.simulating.lived import Lived
from flows.steps.simulating.worlds import BEFORE, Made
from ml.errors import AsofError
from ml.injecting.noticed import Alarm

DATASET, COLUMNS = "evidently: half the columns", "evidently: any column"
CHILD = Path(__file__).with_name("peer_child.py")
# Half the columns: the default `drift_share` of DataDriftPreset.
SHARE = 0.5


def interpreter() -> Path:
    """The Python of the peer's locked environment, installed on first use; AsofError where that is impossible."""
    from benchmarks import peers  # the bench of the repository: it has environments for peers, an installed package does not

    try:
        return peers.python("evidently", PROJECT / "benchmarks" / "work")
    except peers.NoPeerError as error:
        raise AsofError(f"{error}; simulate without it: --no-evidently") from error


def start(python: Path, folder: Path, lived: Lived, made: Sequence[Made]) -> subprocess.Popen:
    """Hand over the rows as files in `folder` and begin; the answer is read by `alarms`."""
    columns = [*lived.problem.feature_names, "score", "label"]
    ordinal = pa.array(lived.ordinal)
    pq.write_table(lived.rows.select(columns).append_column("day", ordinal), folder / "lived.parquet")
    jobs = [_job(folder, lived, one) for one in made if one.injected and (one.columns or one.counts)]
    job = {
        "categories": [*lived.problem.categories, "label", *(c.name for c in lived.problem.features if c.kind == "boolean")],
        "columns": columns, "before": BEFORE, "first": _number(lived.first) + BEFORE, "end": _number(lived.end), "worlds": jobs,
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))
    environment = os.environ | {"DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    with open(folder / "log", "w") as log:
        return subprocess.Popen([python, CHILD, folder], stdout=log, stderr=log, env=environment)


def _job(folder: Path, lived: Lived, made: Made) -> dict:
    """What differs in a world: the changed columns at their places, or which rows are left."""
    world, hit = made.world, made.injected.rows
    at, until, low = _number(world.at), _number(world.until), int(np.searchsorted(lived.ordinal, _number(world.at)))
    there = lived.between(world.at, world.until)
    if made.columns:
        pq.write_table(hit.select(list(made.columns)), folder / f"{world.name}.parquet")
        left = None
    else:
        key = set(zip(hit["entity_id"].to_pylist(), hit["as_of"].to_pylist(), strict=True))
        left = [one in key for one in zip(there["entity_id"].to_pylist(), there["as_of"].to_pylist(), strict=True)]
    return {
        "name": world.name,
        "at": at,
        "until": until,
        "low": low,
        "rows": len(there),
        "columns": list(made.columns),
        "left": left,
    }


def failed(process: subprocess.Popen, folder: Path) -> AsofError | None:
    """The error to raise when the peer has ended without an answer; None while it works and when all is well."""
    if not process.poll():
        return None
    last = (folder / "log").read_text().strip().splitlines()[-1:] or [f"it ended with {process.returncode}, without a word"]
    return AsofError(f"Evidently failed ({last[0]}): the other figures stand, and --no-evidently leaves it out")


class Answers:
    """Which columns drift on which day (counted from 1970) in which world, by Evidently's own word; `lived` has no fault."""

    def __init__(self, process: subprocess.Popen, folder: Path) -> None:
        process.wait()
        if error := failed(process, folder):
            raise error
        answer = json.loads((folder / "answer.json").read_text())
        self.version, self.agrees = answer["version"], answer["agrees"]
        self.columns: int = answer["columns"]
        self.drifted: dict[str, dict[int, dict[str, bool]]] = {
            world: {int(day): verdict for day, verdict in by_day.items()} for world, by_day in answer["drifted"].items()
        }

    def alarms(self, world: str | None, start: date, end: date) -> dict[str, list[Alarm]]:
        """Alarms by watcher over start <= day < end: of what was lived, with what a world changed in its place."""
        any_column, dataset = [], []
        changed = self.drifted.get(world, {}) if world else {}
        for number in range(_number(start), _number(end)):
            known = date(1970, 1, 1) + timedelta(days=number + 1)
            verdicts = self.drifted["lived"].get(number, {}) | changed.get(number, {})
            names = [name for name, drifted in verdicts.items() if drifted]
            any_column += [Alarm(name, known) for name in names]
            if len(names) >= SHARE * self.columns:
                dataset.append(Alarm("dataset", known))
        return {DATASET: dataset, COLUMNS: any_column}


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
