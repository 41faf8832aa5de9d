"""How numbers are said in a design document."""

from __future__ import annotations

from datetime import timedelta

from flows.studies.feasibility.measuring import Measured
from ml.statistics.interval import Interval

NAMES = {"rule": "rule", "linear": "linear model", "model": "LightGBM"}
OPEN = "_not declared_"


def whole(one: Interval, sign: str = "") -> str:
    """`12,120 (6,990 to 17,250)`, with `sign` "+" for a difference."""
    return f"{one.estimate:{sign},.0f} ({one.low:{sign},.0f} to {one.high:{sign},.0f})"


def limit(value: float | None, what: str) -> str:
    """`at most 120 s`, or that it is not declared."""
    return OPEN if value is None else f"at most {value:,.0f} {what}"


def money(measured: Measured, value: float | None) -> str:
    """An amount in the declared currency, small ones with cents, or that a price is not declared."""
    if value is None:
        return OPEN
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    return f"{measured.problem.framing.prices.currency or ''} {number}".strip()


def times(number: int, what: str) -> str:
    """`No row`, `1 row`, `2 rows`."""
    return f"No {what}" if number == 0 else f"{number:,} {what}{'s' if number > 1 else ''}"


def span(delay: timedelta) -> str:
    """A duration in the unit that people would use."""
    minutes = delay / timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"


def in_unit(measured: Measured, found: Interval) -> Interval:
    """Savings in the unit that people read: money a month where it is declared, else units of cost per 1,000 rows."""
    return measured.money(found) or found._replace(estimate=1000 * found.estimate, low=1000 * found.low, high=1000 * found.high)


def unit(measured: Measured) -> str:
    """The name of that unit."""
    prices = measured.problem.framing.prices
    return f"{prices.currency or 'money'} a month" if prices.cost_unit is not None else "units of cost per 1,000 rows"
