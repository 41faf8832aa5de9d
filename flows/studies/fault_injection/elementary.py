"""Elementary's default rule on the same rows: daily metrics of every column that was served, and of what landed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from flows.runtime import warehouse
from flows.studies.fault_injection.scenarios import Made
from flows.studies.fault_injection.serving_history import ServingHistory, days
from ml.studies.fault_injection import zscores
from ml.studies.fault_injection.detection import Alarm

WATCHER = "elementary"
ROWS = ("rows", "row_count")


class Elementary:
    """The daily metrics of the serving history, and the alarms that they and those of scenarios give."""

    def __init__(self, history: ServingHistory, sources: Sequence[str]) -> None:
        self.history, self.days = history, days(history.first, history.end)
        self.columns = (*history.problem.feature_names, "score", "label")
        daily = [self._measured(history.between(day, day + timedelta(days=1)), self.columns) for day in self.days]
        landed = _landed(history, sources)
        for at, day in enumerate(self.days):
            daily[at] |= {(source, "row_count"): landed.get((source, day), 0.0) for source in sources}
        self.names = sorted({name for one in daily for name in one})
        self.place = {name: at for at, name in enumerate(self.names)}
        self.series = np.array([[one.get(name, np.nan) for one in daily] for name in self.names])

    def _measured(self, rows: pa.Table, columns: Sequence[str]) -> zscores.Metrics:
        found: zscores.Metrics = {ROWS: float(len(rows))}
        for name in columns:
            found |= zscores.metrics(rows, name)
        return found

    def calm(self) -> list[Alarm]:
        """Alarms where no fault was."""
        return list(_alarms(self.names, zscores.anomalous(self.series), self.days))

    def scenario(self, made: Made) -> list[Alarm]:
        """Alarms of a scenario, from the day of its fault on."""
        scenario, series = made.scenario, self.series.copy()
        start, end = ((day - self.days[0]).days for day in (scenario.at, scenario.end))
        if made.injected and (made.columns or made.counts):
            columns = made.columns or self.columns
            for day in days(scenario.at, scenario.until):
                rows = made.rows.filter(pa.array(made.rows["day"].to_numpy() == np.datetime64(day)))
                there = self._measured(rows, columns)
                for name, place in self.place.items():
                    if name[0] in columns or name == ROWS:
                        series[place, (day - self.days[0]).days] = there.get(name, np.nan)
        lasts = slice(start, (scenario.until - self.days[0]).days)
        for source, factor in made.landing.items():
            series[self.place[source, "row_count"], lasts] *= factor
        first = max(0, start - zscores.TRAINING_DAYS)
        found = zscores.anomalous(series[:, first:end])[:, start - first :]
        return list(_alarms(self.names, found, self.days[start:end]))


def _alarms(names: Sequence[tuple[str, str]], found: np.ndarray, over: Sequence[date]) -> Iterator[Alarm]:
    for name, day in zip(*np.nonzero(found), strict=True):
        yield Alarm(names[name], over[day] + timedelta(days=1))


def _landed(history: ServingHistory, sources: Sequence[str]) -> dict[tuple[str, date], float]:
    rows = warehouse.rows(
        "select source, cast(landed_as_of as date) as day, sum(rows_received) as rows from ledger.batches "
        "where landed_as_of >= ? and landed_as_of < ? group by all",
        [history.first, history.end],
    )
    return {(row["source"], row["day"]): float(row["rows"]) for row in rows if row["source"] in sources}
