"""What is believed of a challenger: what was known before it was looked at, joined with what its holdout says.

The unknown is the true difference to the champion in the problem's metric, positive where the challenger is better. A challenger
of the champion's own recipe is no stranger: what newer data were worth to this recipe was measured fold by fold
(`ledger.retraining_gains`). Folds differ by more than their errors, so they are joined as random effects: the difference of a
fold is normal around a mean that grows with the age of the older model, and the spread between folds is unknown, too. All
spreads are tried on a grid and weighed by how well they explain the folds (Röver 2020, Bayesian random-effects meta-analysis;
half-normal prior of the spread after Gelman 2006). With few folds the weights are wide, and so is what is expected.

A challenger whose recipe, features or data changed is expected to be as good as the champion, give or take what changes brought
before. Any challenger may be broken: a small share of the prior is wide and worse (half a Cauchy distribution below zero), so
that a holdout that says so is believed, however good the past was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ml.statistics.interval import Interval

# In margins: how far the mean may lie from zero and folds from their mean before anything is measured, and how bad broken is.
MEAN_SCALE, SPREAD_SCALE, BROKEN_SCALE = 2.0, 1.0, 4.0
SPREADS = (np.arange(60) + 0.5) / 60 * 4  # of the half-normal, in its scales
RETRAINED, CHANGED = "retrained", "changed"
# Ends of what is shown as expected and believed: nine of ten.
SHOWN = (0.05, 0.95)


class Gain(NamedTuple):
    """A difference that was measured before, its standard error, and by how many days the older model was older."""

    difference: float
    se: float
    days: float


@dataclass(frozen=True, eq=False)
class Prior:
    """What is expected of the true difference: normals (`weight`, `mean`, `sd`), and below zero a half-Cauchy of `scale`, whose
    share is `broken`. `folds` were measured; `kind` is "retrained" or "changed"."""

    weight: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    broken: float
    scale: float
    folds: int
    kind: str

    def density(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the part that is sound and of the broken one, at each value; together they integrate to 1."""
        z = (at[:, None] - self.mean) / self.sd
        sound = (np.exp(-0.5 * z**2) / (self.sd * np.sqrt(2 * np.pi))) @ self.weight
        worse = np.where(at < 0, 2 / (np.pi * self.scale * (1 + (at / self.scale) ** 2)), 0.0)
        return (1 - self.broken) * sound, self.broken * worse

    def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """True differences, as they come when the prior is right."""
        part = rng.choice(len(self.weight), size, p=self.weight)
        sound = rng.normal(self.mean[part], self.sd[part])
        return np.where(rng.random(size) < self.broken, -np.abs(self.scale * rng.standard_cauchy(size)), sound)


class Range(NamedTuple):
    """A mean, and the ends between which nine of ten lie."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Belief:
    """What was expected of a sound challenger, what is believed now, and the probabilities of being worse by more than the
    margin and of being broken."""

    expected: Range
    believed: Range
    worse: float
    broken: float


@dataclass(frozen=True)
class Past:
    """What earlier challengers brought, from which comes what is expected of the next: in the metric, and in cost a row.

    `kind` is "retrained", of the champion's recipe on data that are `days` newer, or "changed", of another recipe.
    """

    kind: str
    days: float
    broken: float
    metric: tuple[Gain, ...] = ()
    value: tuple[Gain, ...] = ()

    def expected(self, gains: Sequence[Gain], margin: float) -> Prior:
        """The prior of a difference that is measured in the unit of `gains` and of the margin."""
        if self.kind == CHANGED:
            return changed(gains, margin, self.broken)
        return retrained(gains, self.days, margin, self.broken)


def retrained(gains: Sequence[Gain], days: float, margin: float, broken: float) -> Prior:
    """What is expected of the champion's recipe on data that are `days` newer; beyond the ages that were measured, no more."""
    unit = _unit(gains, margin)
    ages = np.array([one.days for one in gains])
    oldest = ages.max() if len(ages) else 1.0
    return _joined(gains, ages / oldest, float(np.clip(days / oldest, 0, 1)), MEAN_SCALE * unit, unit, broken, RETRAINED)


def changed(differences: Sequence[Gain], margin: float, broken: float) -> Prior:
    """What is expected of another recipe: nothing better, nothing worse, as wide as past changes were."""
    return _joined(differences, np.zeros(len(differences)), 0.0, 0.0, 2 * _unit(differences, margin), broken, CHANGED)


def _unit(gains: Sequence[Gain], margin: float) -> float:
    return margin or max((one.se for one in gains), default=0.0) or 1.0


def _joined(
    gains: Sequence[Gain], slope: np.ndarray, asked: float, mean_scale: float, unit: float, broken: float, kind: str
) -> Prior:
    """The prediction for one more fold: given the spread, everything is normal."""
    value, variance = np.array([one.difference for one in gains]), np.array([one.se for one in gains]) ** 2
    spread = SPREADS * SPREAD_SCALE * unit
    precision = 1 / (variance + spread[:, None] ** 2)
    within = 1 / ((precision * slope**2).sum(axis=1) + (mean_scale**-2 if mean_scale else np.inf))
    mean = within * (precision * slope * value).sum(axis=1)
    fits = 0.5 * (np.log(precision).sum(axis=1) - (precision * value**2).sum(axis=1))
    if mean_scale:
        fits += 0.5 * (np.log(within) + mean**2 / within)
    weight = np.exp(fits - fits.max() - 0.5 * SPREADS**2)
    sd = np.sqrt(asked**2 * within + spread**2)
    return Prior(weight / weight.sum(), asked * mean, sd, broken, BROKEN_SCALE * unit, len(gains), kind)


def believe(prior: Prior, found: Interval, margin: float) -> Belief:
    """The prior joined with a measured difference, whose error is Student's t with the standard error and freedom of `found`."""
    at, width = _grid(prior, found)
    sound, worse = (part * width for part in prior.density(at))
    expected = _range(at, sound)
    if found.se == 0:
        believed = Range(found.estimate, found.estimate, found.estimate)
        return Belief(expected, believed, float(found.estimate < -margin), float(found.estimate < -10 * prior.scale))
    if np.isfinite(found.se):
        freedom = found.freedom or max(found.clusters - 1, 1)
        told = -0.5 * (freedom + 1) * np.log1p(((found.estimate - at) / found.se) ** 2 / freedom)
        told = np.exp(told - told.max())
        sound, worse = sound * told, worse * told
    both = sound + worse
    total = both.sum()
    return Belief(expected, _range(at, both), float(both[at < -margin].sum() / total), float(worse.sum() / total))


def _grid(prior: Prior, found: Interval) -> tuple[np.ndarray, np.ndarray]:
    """Values that are dense where the prior is and where the holdout points, and the width that each stands for."""
    steps = np.sinh(np.linspace(-9, 9, 2001))
    places = [0.005 * prior.scale * steps]
    if np.isfinite(found.se) and found.se > 0:
        places.append(found.estimate + 0.05 * found.se * steps)
    at = np.unique(np.concatenate(places))
    return at, np.gradient(at)


def _range(at: np.ndarray, mass: np.ndarray) -> Range:
    share = np.cumsum(mass) / mass.sum()
    low, high = (float(at[min(np.searchsorted(share, end), len(at) - 1)]) for end in SHOWN)
    return Range(float((at * mass).sum() / mass.sum()), low, high)
