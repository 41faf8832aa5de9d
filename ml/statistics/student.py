"""Student's t distribution: tails and quantiles, for intervals and p-values that agree with each other."""

from functools import cache


def tail(t: float, freedom: float) -> float:
    """P(T > t) for `freedom` degrees of freedom."""
    from scipy.special import stdtr  # a fifth of a second, only for those who judge

    return float(stdtr(freedom, -t))


@cache
def quantile(p: float, freedom: float) -> float:
    """The t with P(T <= t) = p, 0 < p < 1."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, p))
