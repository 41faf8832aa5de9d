"""The catalogue of faults: what is done to the rows, how strongly, and for how many days.

Sizes run from one that a person would hardly see on a chart to one that nobody could miss.
"""

from __future__ import annotations

from dataclasses import dataclass

# Two weeks: a fault that nobody detected by then has done its damage, and weekly monitors have looked twice.
WINDOW = 14


@dataclass(frozen=True)
class Fault:
    """One kind of fault in one size.

    `hits` says what is changed: "feature" (one column, or several, of the rows that are served), "rows" (which rows there are,
    served and landed), "labels", or "landing" (how many rows a source delivers). `amount` is in the unit that `size` names.
    """

    kind: str
    size: str
    amount: float
    hits: str
    days: int = WINDOW

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.size}"


def _sizes(kind: str, hits: str, sizes: dict[str, float], days: int = WINDOW) -> tuple[Fault, ...]:
    return tuple(Fault(kind, size, amount, hits, days) for size, amount in sizes.items())


CATALOGUE: tuple[Fault, ...] = (
    # in standard deviations of the four weeks before: a quarter, a half and one
    *_sizes("shift", "feature", {"0.25 sd": 0.25, "0.5 sd": 0.5, "1 sd": 1.0}),
    *_sizes("scale", "feature", {"× 1.2": 1.2, "× 1.5": 1.5, "× 2": 2.0}),
    # miles for kilometres, minutes for hours
    *_sizes("unit change", "feature", {"× 1.609": 1.609344, "÷ 60": 1 / 60}),
    *_sizes("new category", "feature", {"2 % of rows": 0.02, "10 % of rows": 0.1, "50 % of rows": 0.5}),
    *_sizes("nulls", "feature", {"5 % of rows": 0.05, "25 % of rows": 0.25, "all rows": 1.0}),
    # a feature, or all that share its prefix, stay what they were, for each value of the first slice
    *_sizes("frozen values", "feature", {"one feature": 1, "its family": 0}),
    *_sizes("swapped columns", "feature", {"two features": 2}),
    *_sizes("feed stops", "landing", {"no rows": 0.0}),
    *_sizes("duplicated day", "landing", {"half again": 1.5, "twice": 2.0}, days=1),
    *_sizes("missing part of a day", "rows", {"a quarter": 0.25, "half": 0.5}, days=1),
    # a flip of every tenth label moves a rate of .25 to .30
    *_sizes("label flip", "labels", {"5 % of labels": 0.05, "10 % of labels": 0.1, "30 % of labels": 0.3}),
    # so many labels of a day change hands: the rate stays, what scores are worth does not
    *_sizes("concept drift", "labels", {"25 % unrelated": 0.25, "50 % unrelated": 0.5, "all unrelated": 1.0}),
)  # fmt: skip
