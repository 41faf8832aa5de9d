"""How often the gate errs: many holdouts are drawn from days whose whole truth is known, and each is judged.

A population is a set of days with the scores of champion and challenger. The true difference is that on all of its days; a
holdout is a draw of some of them. What is judged is judged by the gate's own code, from the pieces of `ml.statistics.clustered`
on, so that ten thousand verdicts cost seconds. Scores of a challenger are spoilt by noise until the true difference is the
wanted one.
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ml.statistics.bootstrap import draws
from ml.statistics.bootstrap import spread as spread_of_draws
from ml.statistics.clustered import Ranks, pieces
from ml.statistics.interval import Interval
from ml.statistics.jackknife import leaving_out, spread
from ml.validation.alpha_spending import Spent, available
from ml.validation.gates.belief import LIKELY
from ml.validation.gates.gate import above
from ml.validation.prior import Prior, believe


class Rates(NamedTuple):
    """Shares of the drawn holdouts on which each way of deciding lets the challenger in."""

    gate: float
    kept: float  # share on which the gate says KEEP; what is left is INCONCLUSIVE
    within_margin: float  # by point estimate: not lower by more than the margin
    not_lower: float  # by point estimate: not lower
    rows_alone: float  # the gate, if it took rows for independent
    bootstrap: float  # the gate, with a plain bootstrap by day


@dataclass(frozen=True)
class Population:
    """Days with labels and two scores: `day` from 0, one value a row in each array."""

    day: np.ndarray
    label: np.ndarray
    champion: np.ndarray
    challenger: np.ndarray

    def __post_init__(self) -> None:
        assert len({len(self.day), len(self.label), len(self.champion), len(self.challenger)}) == 1

    @property
    def days(self) -> int:
        return int(self.day.max()) + 1

    @cached_property
    def ranks(self) -> tuple[Ranks, Ranks]:
        """What challenger and champion are judged by."""
        scores = (self.challenger, self.champion)
        return tuple(pieces("roc_auc", self.label, one, self.day, self.days, np.ones(len(self.day))) for one in scores)

    def auc(self, score: np.ndarray) -> float:
        return float(_auc(self.label, score))


def synthetic(days: int, rows: int, seed: int = 0, swing: float = 0.9, hazard: float = 0.6) -> Population:
    """Days that differ as those of flights do: in how many rows are positive, and in how well a model does.

    `swing` is the standard deviation over days of the log-odds of the base rate. On some days a model sees less than on
    others: its noise is scaled by a lognormal of `hazard` a day, for each model its own. Both models are equally good.
    """
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    base = rng.normal(-1.3, swing, days)[day]
    z = rng.normal(0, 1.1, days * rows)
    label = (rng.random(len(z)) < 1 / (1 + np.exp(-(base + z)))).astype(float)
    seen = 0.7 * base + z
    scores = [
        seen + 0.25 * np.exp(rng.normal(0, hazard, days))[day] * (rng.normal(size=len(z)) + rng.normal(size=days)[day])
        for _ in range(2)
    ]
    return Population(day, label, *scores)


def differing(population: Population, difference: float, seed: int = 0) -> Population:
    """The same days, with a challenger whose true area is higher by `difference` (to 1e-5), or the champion's lower.

    Noise that is stronger on some days than on others spoils the one that has to be worse.
    """
    rng = np.random.default_rng(seed)
    strength = np.exp(rng.normal(0, 0.5, population.days))[population.day]
    noise = rng.normal(size=len(population.day)) * strength
    wanted = population.auc(population.champion) + difference
    if population.auc(population.challenger) >= wanted:
        spoilt = _spoil(population, population.challenger, noise, wanted)
        return Population(population.day, population.label, population.champion, spoilt)
    wanted = population.auc(population.challenger) - difference
    spoilt = _spoil(population, population.champion, noise, wanted)
    return Population(population.day, population.label, spoilt, population.challenger)


def _spoil(population: Population, score: np.ndarray, noise: np.ndarray, wanted: float) -> np.ndarray:
    low, high = 0.0, 0.05 * float(score.std())
    while population.auc(score + high * noise) > wanted:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        reached = population.auc(score + middle * noise)
        if abs(reached - wanted) < 1e-5:
            return score + middle * noise
        low, high = (middle, high) if reached > wanted else (low, middle)
    return score + low * noise


def rates(
    population: Population,
    *,
    days: int,
    margin: float,
    alpha: float = 0.05,
    trials: int = 2000,
    seed: int = 0,
    block: int = 1,
) -> Rates:
    """Judge `trials` holdouts of `days` days, drawn with replacement; with `block`, runs of that many days are drawn whole.

    Runs keep what one day's weather has to do with the next one's, which the gate does not know of.
    """
    rng = np.random.default_rng(seed)
    ours, theirs = population.ranks
    alone, z = _variance_of_days(population), NormalDist().inv_cdf(1 - alpha)
    counted, times = np.zeros(6), leaving_out(days)
    for trial in range(trials):
        starts = rng.integers(0, population.days, -(-days // block))
        chosen = ((starts[:, None] + np.arange(block)) % population.days).ravel()[:days]
        rows = int(ours.positive[chosen].sum() + ours.negative[chosen].sum())
        mine, their = ours.take(chosen), theirs.take(chosen)
        found = spread(mine.values(times) - their.values(times), rows, days, 2 * alpha, ordered=True)
        drawn = draws(days, 200, trial)
        plain = spread_of_draws(mine.values(drawn) - their.values(drawn), rows, days, 2 * alpha)
        passed = above(found, -margin)
        reach = z * np.sqrt(alone[chosen].mean() / days)
        counted += (
            passed is True, passed is False, found.estimate >= -margin, found.estimate >= 0,
            found.estimate - reach > -margin, plain.low > -margin,
        )  # fmt: skip
    return Rates(*(counted / trials))


def promoted_in_a_chain(
    populations: list[Population], *, days: int, margin: float, alpha: float, trials: int, seed: int = 0
) -> dict[str, list[float]]:
    """Chance that at least one of the first k challengers is let in, all judged on the same holdout, for k from 1.

    By `spending` alpha as `ml.validation.alpha_spending` does, with the `whole` alpha for each, and by `point` estimate within
    the margin.
    """
    rng = np.random.default_rng(seed)
    theirs = populations[0].ranks[1]
    ours = [one.ranks[0] for one in populations]
    alphas: list[float] = []
    for _ in ours:
        alphas.append(available(alpha, [Spent(0, 1, spent) for spent in alphas], 0, 1))
    let_in = {name: np.zeros((trials, len(ours)), dtype=bool) for name in ("spending", "whole", "point")}
    times = leaving_out(days)
    for trial in range(trials):
        chosen = rng.integers(0, populations[0].days, days)
        base = theirs.take(chosen).values(times)
        for place, one in enumerate(ours):
            found = spread(one.take(chosen).values(times) - base, days, days, 2 * alpha, ordered=True)
            p_value = found.p_above(-margin)
            let_in["spending"][trial, place] = p_value < alphas[place]
            let_in["whole"][trial, place] = p_value < alpha
            let_in["point"][trial, place] = found.estimate >= -margin
    return {name: np.maximum.accumulate(one, axis=1).mean(axis=0).tolist() for name, one in let_in.items()}


def _variance_of_days(population: Population) -> np.ndarray:
    """By day: if rows were independent, the variance of the difference on n days would be the mean of these over n."""
    label = population.label == 1
    influence = _influence(label, population.challenger) - _influence(label, population.champion)
    return np.bincount(population.day, influence**2, population.days) * population.days**2


def _influence(label: np.ndarray, score: np.ndarray) -> np.ndarray:
    """What each row adds to the error of the area (DeLong, DeLong and Clarke-Pearson 1988): their squares are its variance."""
    place = np.empty(len(score))
    place[label] = _share_below(np.sort(score[~label]), score[label])
    place[~label] = 1 - _share_below(np.sort(score[label]), score[~label])
    return (place - place[label].mean()) / np.where(label, label.sum(), (~label).sum())


def _share_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    left, right = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (left + right) / (2 * len(ordered))


def _auc(label: np.ndarray, score: np.ndarray) -> float:
    positive = label == 1
    return _share_below(np.sort(score[~positive]), score[positive]).mean()


class Answers(NamedTuple):
    """Shares of challengers that are let in, kept out, and left to wait: one each, or one a row of differences."""

    let_in: np.ndarray
    kept: np.ndarray
    waits: np.ndarray


def answers(
    prior: Prior, differences: np.ndarray, *, margin: float, risk: float, se: float, freedom: float, seed: int = 0
) -> tuple[Answers, np.ndarray]:
    """What the gate that believes says of challengers with these true differences, each seen once with Student's t of `se`.

    `differences` of shape (challengers,) or (groups, challengers): shares are taken over the last axis. Also the share of those
    let in that are worse by more than the margin.
    """
    rng = np.random.default_rng(seed)
    seen = differences + se * rng.standard_t(freedom, differences.shape)
    # Of a thousand holdouts that differ by less than anybody reads, one answer is asked for.
    line = np.unique(np.concatenate([np.linspace(-20, 20, 801) * se, np.linspace(-200, 200, 401) * se]))
    worse = [believe(prior, Interval(at, at, at, se, 0, 2, freedom), margin).worse for at in line]
    said = np.interp(seen, line, worse)
    let_in, kept = said <= risk, said >= LIKELY
    wrong = (let_in & (differences < -margin)).sum(axis=-1) / np.maximum(let_in.sum(axis=-1), 1)
    return Answers(let_in.mean(axis=-1), kept.mean(axis=-1), (~let_in & ~kept).mean(axis=-1)), wrong
