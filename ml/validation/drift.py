"""Is a test set broken, or is it merely another season? Each feature is compared with what its own past did.

The rows before the test set are cut into stretches of its length. How far each stretch lies from the others is what seasons,
weather and timetables do to that feature by themselves; the test set is held against the largest of these. Fixed limits on a
distance would call every October broken: temperature and trailing rates lie in other cells each month.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.problem.encode import Text
from ml.problem.rows import Rows
from ml.statistics import profile

# Two earlier stretches say how far two months differ, a third whether that was much.
FEWEST = 3
# On nine months of flights no feature that moved further than FLOOR moved twice as far as its farthest stretch (the calm
# September came to 1.97), while values in another unit, of another sign, shifted by hours or a third of them zero came to 2.8
# and more. FLOOR is a Jensen-Shannon distance at which two normals lie half a standard deviation apart.
FACTOR, FLOOR = 2.5, 0.2
# A quarter of the rows without a value, beyond the worst stretch: outages do that, seasons do not.
MISSING = 0.25
# Nearly all rows in one cell, where no stretch had more than nine tenths there: a value that got stuck.
STUCK, NEVER_STUCK = 0.99, 0.90
# Half the rows a day of the thinnest stretch: files are missing.
THIN = 0.5
# Everything stands on these: where one is broken nothing can be judged, whatever the model makes of it.
DECISIVE = ("label", "rule", "rows")


@dataclass(frozen=True)
class Moved:
    """One feature: its distance from the rows before, the largest such distance of an earlier stretch, what broke.

    `gain` is its share of what the model learned; `said` is the breakage in words, empty where there is none.
    """

    feature: str
    distance: float
    usual: float
    gain: float
    said: str

    @property
    def broken(self) -> bool:
        return bool(self.said)

    @property
    def decisive(self) -> bool:
        return self.broken and self.feature in DECISIVE


@dataclass(frozen=True)
class Drift:
    """Every feature compared, and the number of earlier stretches it was compared with."""

    moved: tuple[Moved, ...]
    windows: int


def drift(cells: profile.Profile, rows: Rows, test: np.ndarray, importances: Mapping[str, float]) -> Drift:
    """Compare the rows `test` (a mask) with the rows whose `as_of` lies before all of them.

    `cells` are those of the model's monitoring profile.
    """
    at = rows.as_of
    start, end = at[test].min().astype("datetime64[D]"), at[test].max().astype("datetime64[D]") + 1
    length = (end - start).astype(int)
    stretch = (start - at.astype("datetime64[D]")).astype(int)  # days before the test set, 1 is the day before
    stretch = np.where(test, 0, np.where(stretch > 0, (stretch - 1) // length + 1, -1))
    windows = int(stretch.max())
    # The oldest stretch is cut short by the beginning of history: it joins the one after it.
    if windows > 1 and np.ptp(at[stretch == windows].astype("datetime64[D]")).astype(int) + 1 < length:
        stretch[stretch == windows] = windows - 1
        windows -= 1
    if windows < 1:
        return Drift((), 0)
    used = np.flatnonzero(stretch >= 0)
    stretch = stretch[used]
    moved = [_rows_a_day(at[used], stretch, windows)]
    there = {name: spec for name, spec in cells.items() if rows.column(name) is not None}
    for rule in rows.problem.rules:
        values = rows.column(rule)[used]
        there[rule] = {"kind": "number", "edges": profile.cuts(values[~np.isnan(values)], profile.CELLS)}
    for name, spec in there.items():
        column = rows.column(name)
        cell = profile.cell(spec, column.take(used) if isinstance(column, Text) else column[used])
        size = profile.size(spec)
        counts = np.bincount(stretch * size + cell, minlength=(windows + 1) * size).reshape(windows + 1, size)
        what = "rule" if name in rows.problem.rules else name
        moved.append(_moved(what, counts[0], counts[1:], importances.get(name, 0.0)))
    return Drift(tuple(moved), windows)


def _moved(feature: str, now: np.ndarray, before: np.ndarray, gain: float) -> Moved:
    """One feature from its counts by cell: of the test set, and of each stretch (stretches, cells); cell 0 is missing."""
    before = before[before.sum(axis=1) > 0]
    whole = before.sum(axis=0)
    distance = profile.jensen_shannon(whole, now)
    usual = max((profile.jensen_shannon(whole - one, one) for one in before), default=0.0) if len(before) > 1 else 0.0
    shares = before / before.sum(axis=1, keepdims=True)
    share = now / now.sum()
    said = ""
    if share[0] > shares[:, 0].max() + MISSING:
        said = f"{feature} is missing in {share[0]:.0%} of the rows, before in {shares[:, 0].max():.0%} at most"
    elif share.max() > STUCK and shares.max() < NEVER_STUCK:
        said = f"{feature} is stuck: {share.max():.0%} of the rows lie in one cell, before {shares.max():.0%} at most"
    elif len(before) >= FEWEST and distance > max(FLOOR, FACTOR * usual):
        said = f"{feature} lies {distance:.2f} from the rows before, their own stretches {usual:.2f} at most"
    return Moved(feature, distance, usual, gain, said)


def _rows_a_day(at: np.ndarray, stretch: np.ndarray, windows: int) -> Moved:
    day = at.astype("datetime64[D]").astype(np.int64)
    rates = [np.sum(stretch == one) / len(np.unique(day[stretch == one])) for one in range(windows + 1) if (stretch == one).any()]
    now, before = float(rates[0]), min(rates[1:], default=0.0)
    said = f"rows are missing: {now:.0f} a day, before {before:.0f} at least" if now < THIN * before else ""
    return Moved("rows", now, float(before), 0.0, said)
