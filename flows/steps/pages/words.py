"""How an interval is said on any page."""

from __future__ import annotations

from ml.bootstrap import Interval


def interval(one: Interval) -> str:
    """`0.774 (0.761–0.788)`."""
    return f"{one.estimate:.3f} ({one.low:.3f}–{one.high:.3f})"


def signed(one: Interval) -> str:
    """`+0.0862 (+0.0741 to +0.0983)`."""
    return f"{one.estimate:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
