"""What became of the faults: how many were found, how soon, and how often somebody was called for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from ml.studies.fault_injection.faults import Fault


@dataclass(frozen=True)
class Outcome:
    """One fault in one scenario, for one watcher: `delay` is the days from its beginning to the end of the first day that alarms
    because of it (1: on the day itself), None where none did. `chosen` marks the months on which limits were chosen."""

    fault: Fault
    watcher: str
    chosen: bool
    delay: int | None


@dataclass(frozen=True)
class Rate:
    """Of `scenarios` with a fault, in how many it was `found`, and in how many within a day; the median of the days to it."""

    scenarios: int
    found: int
    within_a_day: int
    delay: float | None

    def __str__(self) -> str:
        return f"{self.found} of {self.scenarios}" + (f", {self.delay:g} d" if self.delay is not None else "")


def rate(outcomes: Iterable[Outcome]) -> Rate:
    """The rate over outcomes of one watcher."""
    delays = [one.delay for one in outcomes]
    found = [delay for delay in delays if delay is not None]
    return Rate(len(delays), len(found), sum(delay <= 1 for delay in found), median(found) if found else None)


@dataclass(frozen=True)
class Calm:
    """A stretch without a fault, for one watcher: days watched, days with an alarm, alerts opened that call somebody."""

    watcher: str
    chosen: bool
    days: int
    alarm_days: int
    pages: int

    @property
    def pages_a_quarter(self) -> float:
        """A quarter has 91 days."""
        return 91 * self.pages / self.days if self.days else 0.0
