"""Which rows train, which stop the training early, which judge: by time, with an embargo between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from ml.errors import Refused
from ml.problem.problem import Problem

# Of the labels that come at all; the rest may be later still.
NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Split:
    """Row numbers (ascending) of each part, and the instants (UTC) where validation and holdout begin."""

    train: np.ndarray
    validation: np.ndarray
    holdout: np.ndarray
    validation_start: np.datetime64
    holdout_start: np.datetime64


def known(as_of: Any, label_known_at: Any, now: datetime | np.datetime64, window_days: int | None = None) -> np.ndarray:
    """Row numbers whose truth is known before `now`, not older than `window_days` before it."""
    as_of, known_at, now = instants(as_of), instants(label_known_at), np.datetime64(now, "us")
    start = now - np.timedelta64(window_days or 0, "D")
    # A missing label_known_at is NaT, and NaT < now is false: a row without truth is never used.
    return np.flatnonzero((known_at < now) & (as_of < now) & ((as_of >= start) | (window_days is None)))


def split(
    as_of: Any,
    label_known_at: Any,
    now: datetime | np.datetime64,
    validation_days: int,
    holdout_days: int,
    window_days: int | None = None,
) -> Split:
    """The rows of each part, given one `as_of` and one `label_known_at` a row (datetime64, UTC).

    Each part is what could have been used on the instant it ends: `label_known_at` < the start of the next
    part, strictly; the holdout ends at `now`. Parts begin at midnight UTC, so a day is never on both sides.
    Rows between two parts whose truth came too late belong to neither: that is the embargo. AsofError when a
    part is empty, with what there is.
    """
    as_of, known_at, now = instants(as_of), instants(label_known_at), np.datetime64(now, "us")
    holdout_start = now.astype("datetime64[D]").astype("datetime64[us]") - np.timedelta64(holdout_days, "D")
    validation_start = holdout_start - np.timedelta64(validation_days, "D")
    parts = {
        "train": known(as_of, known_at, validation_start, window_days),
        "validation": np.flatnonzero((as_of >= validation_start) & (as_of < holdout_start) & (known_at < holdout_start)),
        "holdout": np.flatnonzero((as_of >= holdout_start) & (as_of < now) & (known_at < now)),
    }
    for name, rows in parts.items():
        if len(rows) == 0:
            there = known(as_of, known_at, now)
            raise Refused(
                _nothing(name, as_of[there], known_at[there], now, {"validation": validation_days, "holdout": holdout_days})
            )
    return Split(**parts, validation_start=validation_start, holdout_start=holdout_start)


def split_of(problem: Problem, as_of: Any, label_known_at: Any, now: datetime | np.datetime64) -> Split:
    """The same, with the days that a problem declares."""
    return split(as_of, label_known_at, now, problem.validation_days, problem.holdout_days, problem.training.window_days)


def days(as_of: Any) -> np.ndarray:
    """The UTC date of each `as_of` (datetime64[D]): the default cluster."""
    return instants(as_of).astype("datetime64[D]")


def step_days(day: np.ndarray) -> float:
    """How many days there usually are between two days on which a problem asks, 1 where it asks on one day or none: its step."""
    asked = np.unique(day).astype("datetime64[D]").astype(np.int64)
    return float(np.median(np.diff(asked))) if len(asked) > 1 else 1.0


def usual_wait(as_of: np.ndarray, known_at: np.ndarray) -> np.timedelta64:
    """How long nearly every label takes, of rows whose label is known (datetime64[us]), so that what comes first is no sample."""
    return np.quantile((known_at - as_of).astype(np.int64), NEARLY_ALL).astype("timedelta64[us]")


def least_days(wait: float, step: float) -> int:
    """The fewest days of a part in which any label is known: a day more than one takes (`wait`) and a `step`, both in days."""
    # Parts begin at midnight, and the last question of one may be a step before its end.
    return int(wait + step) + 1


def instants(values: Any) -> np.ndarray:
    """Arrow or NumPy timestamps as datetime64[us]; missing ones are NaT."""
    if isinstance(values, pa.Array):
        values = values.to_numpy(zero_copy_only=False)
    elif isinstance(values, pa.ChunkedArray):
        values = values.to_numpy()
    return np.asarray(values).astype("datetime64[us]")


def _nothing(part: str, usable: np.ndarray, known_at: np.ndarray, now: np.datetime64, declared: dict[str, int]) -> str:
    """What there is, and what helps: a part that is no longer than a label takes holds no row, however long the history is."""
    said = f"no row is left for the {part} part as of {now}: "
    if not len(usable):
        return f"{said}no row has a label that is known; wait for labels"
    first, last = usable.min().astype("datetime64[D]"), usable.max().astype("datetime64[D]")
    asked = days(usable)
    said += f"{len(usable)} rows with a known label lie on {len(np.unique(asked))} days, {first} to {last}; "
    least = least_days(usual_wait(usable, known_at) / np.timedelta64(1, "D"), step_days(asked))
    if declared.get(part, least) < least:
        return f"{said}labels take so long that {part}_days {declared[part]} holds none: declare {part}_days of {least} or more"
    needed = sum(max(one, least) for one in declared.values()) + least
    there = int((now - usable.min()) / np.timedelta64(1, "D"))
    if there >= needed:
        return f"{said}none of them lies in that part: land newer facts, or look at what is asked and when its labels come"
    fewer = f", or declare fewer days, down to {least} each" if max(declared.values()) > least else ""
    both = " and ".join(f"{name}_days {number}" for name, number in declared.items())
    return f"{said}{both} need about {needed} days of history, and there are {there}: wait for more labels{fewer}"
