"""The trainings that policies share, each made once: several at a time, each on one thread, which gives the same bytes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from ml.models.learn import Progress
from ml.models.train import Trained, train
from ml.problem.rows import Rows


@dataclass(frozen=True)
class Key:
    """A training: as of when, and the days that its holdout model did without."""

    at: datetime
    holdout_days: int


class Trainings:
    """Holdout model and challenger by key, as production would have trained them then, and what each took of the processor."""

    def __init__(self, rows: Rows, threads: int) -> None:
        self.rows, self.threads = rows, threads
        self._made: dict[Key, tuple[Trained, float]] = {}

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, key: Key) -> Trained:
        self.ahead([key])
        return self._made[key][0]

    def cpu_seconds(self, key: Key) -> float:
        """What a training took of the processor."""
        self.ahead([key])
        return self._made[key][1]

    def ahead(self, keys: Iterable[Key], on_progress: Progress = lambda *_: None) -> None:
        """Make those that are not made yet, as many at a time as there are threads.

        A model does not depend on its threads, and two trainings on one thread each take less time than one after the other on
        two: nobody waits for the other half of a round.
        """
        # The longest first: the last to end is then a short one.
        missing = sorted(
            {key for key in keys if key not in self._made}, key=lambda key: (key.at, -key.holdout_days), reverse=True
        )
        with ThreadPoolExecutor(self.threads) as pool:
            for done, (key, made) in enumerate(zip(missing, pool.map(self._train, missing), strict=True), 1):
                self._made[key] = made
                on_progress("trainings", done, len(missing))

    def _train(self, key: Key) -> tuple[Trained, float]:
        began = time.thread_time()
        problem = replace(self.rows.problem, holdout_days=key.holdout_days)
        made = train(replace(self.rows, problem=problem), key.at, threads=1)
        return made, time.thread_time() - began
