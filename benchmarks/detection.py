"""Evidently's default drift rule on the same rows: run by Evidently itself, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import peers
from benchmarks.flights import WORK
from flows.studies.fault_injection.scenarios import BEFORE, Made
from flows.studies.fault_injection.serving_history import ServingHistory
from ml.errors import AsofError
from ml.studies.fault_injection.detection import Alarm

DATASET, COLUMNS = "evidently: half the columns", "evidently: any column"
CHILD = Path(__file__).parent / "contestants" / "evidently_by_day.py"
# Half the columns: the default `drift_share` of DataDriftPreset.
SHARE = 0.5


def interpreter() -> Path:
    """The Python of the peer's locked environment, installed on first use; AsofError where that is impossible."""
    try:
        return peers.python("evidently", WORK)
    except peers.NoPeerError as error:
        raise AsofError(f"{error}; simulate without it: python -m flows monitor --simulate") from error


@contextmanager
def evidently(history: ServingHistory, made: Sequence[Made]) -> Iterator[Callable[[], Answers]]:
    """Let Evidently look at scenarios while other watchers do; what is yielded waits for its answers."""
    with tempfile.TemporaryDirectory(prefix="asof-evidently-") as name:
        folder = Path(name)
        process = start(interpreter(), folder, history, made)
        try:
            yield lambda: Answers(process, folder)
        finally:
            process.kill()


def start(python: Path, folder: Path, history: ServingHistory, made: Sequence[Made]) -> subprocess.Popen:
    """Hand over the rows as files in `folder` and begin; the answer is read by `Answers`."""
    columns = [*history.problem.feature_names, "score", "label"]
    ordinal = pa.array(history.ordinal)
    pq.write_table(history.rows.select(columns).append_column("day", ordinal), folder / "history.parquet")
    jobs = [_job(folder, history, one) for one in made if one.injected and (one.columns or one.counts)]
    job = {
        "categories": [*history.problem.categories, "label", *(c.name for c in history.problem.features if c.kind == "boolean")],
        "columns": columns, "before": BEFORE, "first": _number(history.first) + BEFORE,
        "end": _number(history.end), "scenarios": jobs,
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))
    environment = os.environ | {"DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    with open(folder / "log", "w") as log:
        return subprocess.Popen([python, CHILD, folder], stdout=log, stderr=log, env=environment)


def _job(folder: Path, history: ServingHistory, made: Made) -> dict:
    """What differs in a scenario: the changed columns at their places, or which rows are left."""
    scenario, hit = made.scenario, made.injected.rows
    at, until, low = _number(scenario.at), _number(scenario.until), int(np.searchsorted(history.ordinal, _number(scenario.at)))
    there = history.between(scenario.at, scenario.until)
    if made.columns:
        pq.write_table(hit.select(list(made.columns)), folder / f"{scenario.name}.parquet")
        left = None
    else:
        key = set(zip(hit["entity_id"].to_pylist(), hit["as_of"].to_pylist(), strict=True))
        left = [one in key for one in zip(there["entity_id"].to_pylist(), there["as_of"].to_pylist(), strict=True)]
    return {
        "name": scenario.name,
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
    return AsofError(f"Evidently failed ({last[0]}): the other figures stand; leave it out: python -m flows monitor --simulate")


class Answers:
    """Which columns drift on which day (counted from 1970) in which scenario, by Evidently's own word; `history` has no fault."""

    def __init__(self, process: subprocess.Popen, folder: Path) -> None:
        process.wait()
        if error := failed(process, folder):
            raise error
        answer = json.loads((folder / "answer.json").read_text())
        self.version, self.agrees = answer["version"], answer["agrees"]
        self.columns: int = answer["columns"]
        self.drifted: dict[str, dict[int, dict[str, bool]]] = {
            scenario: {int(day): verdict for day, verdict in by_day.items()} for scenario, by_day in answer["drifted"].items()
        }

    def alarms(self, scenario: str | None, start: date, end: date) -> dict[str, list[Alarm]]:
        """Alarms by watcher over start <= day < end: of the serving history, with what a scenario changed in its place."""
        any_column, dataset = [], []
        changed = self.drifted.get(scenario, {}) if scenario else {}
        for number in range(_number(start), _number(end)):
            known = date(1970, 1, 1) + timedelta(days=number + 1)
            verdicts = self.drifted["history"].get(number, {}) | changed.get(number, {})
            names = [name for name, drifted in verdicts.items() if drifted]
            any_column += [Alarm(name, known) for name in names]
            if len(names) >= SHARE * self.columns:
                dataset.append(Alarm("dataset", known))
        return {DATASET: dataset, COLUMNS: any_column}


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
