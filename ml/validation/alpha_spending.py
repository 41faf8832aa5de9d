"""How much error a verdict may spend on rows that earlier verdicts have used.

Every challenger that is judged on the same rows is one more chance that a bad one looks good there. A verdict on fresh rows
gets the whole declared alpha. One on rows that were used gets half of what is left of twice alpha on the row that was used
most, so that, whatever is judged in whatever order, the alphas of all verdicts that share a row never add up to more than
twice alpha.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Spent(NamedTuple):
    """The rows of a verdict, start <= as_of < end, and the alpha that it spent on them."""

    start: datetime
    end: datetime
    alpha: float


def available(alpha: float, earlier: Iterable[Spent], start: datetime, end: datetime) -> float:
    """The alpha of a verdict on rows with start <= as_of < end: the declared one where no earlier verdict saw any of them."""
    seen = [one for one in earlier if one.start < end and start < one.end]
    # What is spent can only rise where a verdict's rows begin.
    places = [start, *(one.start for one in seen if one.start > start)]
    spent = max(sum(one.alpha for one in seen if one.start <= at < one.end) for at in places)
    return max(0.0, (2 * alpha - spent) / 2)
