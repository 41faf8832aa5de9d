"""How much error a verdict may spend on rows that earlier verdicts have looked at.

Every challenger that is judged on the same rows is one more chance that a bad one looks good there. A verdict on fresh rows
gets the whole declared alpha. One on rows that were used gets half of what is left of twice alpha on the row that was used
most, so that, whatever is judged in whatever order, the alphas of all verdicts that share a row never add up to more than
twice alpha.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Look(NamedTuple):
    """A verdict's rows, start <= as_of < end, and the alpha it had."""

    start: datetime
    end: datetime
    alpha: float


def available(alpha: float, earlier: Iterable[Look], start: datetime, end: datetime) -> float:
    """The alpha of a verdict on rows with start <= as_of < end: the declared one where no earlier verdict saw any of them."""
    seen = [look for look in earlier if look.start < end and start < look.end]
    # What is spent can only rise where a verdict's rows begin.
    places = [start, *(look.start for look in seen if look.start > start)]
    spent = max(sum(look.alpha for look in seen if look.start <= at < look.end) for at in places)
    return max(0.0, (2 * alpha - spent) / 2)
