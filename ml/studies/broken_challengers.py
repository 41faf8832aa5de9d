"""What a gate is for: challengers that are broken in known ways, made of real rows, and how many of them get in.

Each is trained as production would train it, on rows that something happened to; what it is judged on is as it was. Of a leak and
of a column that serving does not have, the training set itself is wrong and judges in its favour: only the comparison with what
serving computes (parity) can say so. What happened to the rows on their way into a fit is told by their digest, which the model
has and the rows that are judged have not (repeatable).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ml.models import tasks
from ml.models.recipe import Fitted, Recipe, fit, refit
from ml.problem.rows import Rows
from ml.problem.split import known, split
from ml.statistics.evaluate import expit
from ml.validation.gates import Evidence, Flags
from ml.validation.judge import PROMOTE, judge
from ml.validation.measured import Measured, Parity, Repeat
from ml.validation.prior import Past
from ml.validation.reproduce import CHANGED_ROWS

# Data that end by so many days too early, and features among which the broken ones are drawn.
EARLY, IMPORTANT = 60, 6
GATES = ("believed", "rows alone", "within the margin", "none")


Change = Callable[[Rows, np.random.Generator, Sequence[str]], Rows]


@dataclass(frozen=True)
class Kind:
    """A way to break a challenger; `size` in words. `gross`: no gate may let it in.

    `change` is what happened to the rows it learned from, given its most important features; `judged`: also to those that it is
    judged on, while `served` is what serving computes of these. `spoil` is done to its scores. `early`: its data end too early.
    """

    name: str
    size: str
    gross: bool
    change: Change
    judged: bool = False
    served: Change | None = None
    spoil: Callable[[np.ndarray], np.ndarray] | None = None
    early: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """An instant: the rows that a sound challenger learns from and is judged on, and what it has to beat.

    `learned` are those of the first fit, of its validation and of the holdout model, with their digest; `early` the same where
    data end too early.
    """

    learned: tuple[np.ndarray, np.ndarray, np.ndarray]
    early: tuple[np.ndarray, np.ndarray, np.ndarray]
    holdout: np.ndarray
    champion: np.ndarray
    champion_flags: np.ndarray
    past: Past
    important: tuple[str, ...]
    digest: str


def kinds(slices: Sequence[str]) -> list[Kind]:
    """All kinds and sizes; `slices` are columns of which a value may be missing."""
    null = _each(lambda values, rng: np.full(len(values), np.nan))
    found = [Kind("labels shuffled", f"{share:.0%} of the rows", share >= 0.3, _shuffled(share)) for share in (0.1, 0.3, 1.0)]
    found += [
        Kind("feature frozen", "an important one", False, _each(lambda values, rng: np.full(len(values), np.nanmedian(values)))),
        Kind("feature null", "an important one", False, null),
        Kind("unit changed", "the most important, x 60", True, _each(lambda values, rng: values * 60, among=1)),
        Kind("columns swapped", "two important ones", True, _swapped),
        Kind("data end early", f"by {EARLY} days", False, _as_it_is, early=True),
        Kind("negatives sampled", "one in five, not corrected", True, _sampled),
        Kind(
            "too sure of itself",
            "log-odds x 3",
            True,
            _as_it_is,
            spoil=_sharpened,
        ),
        Kind("leak", "nine labels of ten, also on the holdout", True, _leak, judged=True, served=_as_it_is),
        Kind("column that serving lacks", "an important one", True, _as_it_is, judged=True, served=null),
    ]
    return found + [Kind("slice missing", f"a value of {column}", False, _without(column)) for column in slices]


def prepare(rows: Rows, at: datetime, before: datetime, past: Past, threads: int = 2) -> Part:
    """A sound champion of `before`, and the rows that a challenger of `at` learns from and is judged on."""
    problem, task = rows.problem, tasks.of(rows.problem)
    window = problem.training.window_days
    parts = split(rows.as_of, rows.known_at, at, problem.validation_days, problem.holdout_days, window)
    old = split(rows.as_of, rows.known_at, before, problem.validation_days, problem.holdout_days, window)
    first = fit(rows, Recipe.of(problem), old.train, old.validation, threads=threads)
    champion = refit(first, rows, known(rows.as_of, rows.known_at, before, window), threads=threads)
    holdout = parts.holdout[rows.known_at[parts.holdout] >= np.datetime64(before, "us")]
    score = champion.predict(rows, holdout)
    gain = champion.learned.booster.feature_importance("gain")
    names = [champion.columns[i] for i in np.argsort(-gain, kind="stable")]
    cut = split(rows.as_of, rows.known_at, at - timedelta(days=EARLY), problem.validation_days, problem.holdout_days, window)
    learned, early = (
        (one.train, one.validation, known(rows.as_of, rows.known_at, one.holdout_start, window)) for one in (parts, cut)
    )
    flags = task.decide(problem, score, task.limit(problem, score))
    numeric = tuple(name for name in names if name not in problem.texts)
    digest = _fitted(rows, learned, threads).data_sha256
    return Part(learned, early, holdout, score, flags, past, numeric[:IMPORTANT], digest)


def trial(rows: Rows, part: Part, kind: Kind | None, seed: int, threads: int = 2) -> dict[str, bool]:
    """Which gates let one challenger in; a sound one where `kind` is None."""
    if kind is None:
        return _judged(rows, part, _fitted(rows, part.learned, threads).predict(rows, part.holdout), Measured())
    learned = kind.change(rows, np.random.default_rng(seed), part.important)
    fitted = _fitted(learned, part.early if kind.early else part.learned, threads)
    score = fitted.predict(learned if kind.judged else rows, part.holdout)
    # A table that is wrong, or ends too early, is as wrong when it is read again.
    same = kind.judged or kind.early or fitted.data_sha256 == part.digest
    parity, repeat = None, Repeat(True, "") if same else Repeat(None, "", CHANGED_ROWS)
    if kind.served:
        served = kind.served(rows, np.random.default_rng(seed), part.important)
        gap = np.abs(fitted.predict(served, part.holdout) - score)
        parity = Parity(len(gap), 0, float(gap.max()), "")
    return _judged(rows, part, kind.spoil(score) if kind.spoil else score, Measured(parity=parity, repeat=repeat))


def _fitted(rows: Rows, learned: tuple[np.ndarray, np.ndarray, np.ndarray], threads: int) -> Fitted:
    train, validation, before = learned
    return refit(fit(rows, Recipe.of(rows.problem), train, validation, threads=threads), rows, before, threads=threads)


def _judged(rows: Rows, part: Part, score: np.ndarray, measured: Measured) -> dict[str, bool]:
    problem, task, unseen = rows.problem, tasks.of(rows.problem), rows.take(part.holdout)
    limits = [task.decide(problem, one, task.limit(problem, one)) for one in (score, unseen.rule)]
    flags = Flags(limits[0], limits[1], part.champion_flags)
    base = Evidence(unseen, score, part.champion, flags, problem.alpha, measured=measured)
    found = base.over_champion
    return {
        "believed": judge(replace(base, past=part.past)).decision == PROMOTE,
        "rows alone": judge(base).decision == PROMOTE,
        "within the margin": found.estimate >= -problem.margin,
        "none": True,
    }


def _changed(rows: Rows, **columns: np.ndarray) -> Rows:
    return replace(rows, columns={**rows.columns, **columns})


def _each(how: Callable[[np.ndarray, np.random.Generator], np.ndarray], among: int = 3) -> Change:
    """Change one of the most important features."""

    def change(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
        name = important[int(rng.integers(min(among, len(important))))]
        return _changed(rows, **{name: how(np.asarray(rows.columns[name], dtype=np.float64), rng)})

    return change


def _sharpened(score: np.ndarray) -> np.ndarray:
    return expit(3 * (np.log(score) - np.log1p(-score)))


def _shuffled(share: float) -> Change:
    def change(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
        hit = np.flatnonzero(rng.random(len(rows)) < share)
        label = rows.label.copy()
        label[hit] = label[rng.permutation(hit)]
        return replace(rows, label=label)

    return change


def _swapped(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
    one, other = rng.choice(len(important), 2, replace=False)
    return _changed(rows, **{important[one]: rows.columns[important[other]], important[other]: rows.columns[important[one]]})


def _sampled(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
    weight = np.where((rows.label == 1) | (rng.random(len(rows)) < 0.2), 1.0, 0.0)
    return replace(rows, weight=weight if rows.weight is None else weight * rows.weight)


def _leak(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
    values = np.asarray(rows.columns[important[-1]], dtype=np.float64)
    return _changed(rows, **{important[-1]: np.where(rng.random(len(rows)) < 0.9, rows.label, values)})


def _as_it_is(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
    return rows


def _without(column: str) -> Change:
    def change(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
        names, counts = np.unique(rows.slices[column], return_counts=True)
        frequent = names[np.argsort(-counts)][:3]
        weight = (rows.slices[column] != rng.choice(frequent)).astype(np.float64)
        return replace(rows, weight=weight if rows.weight is None else weight * rows.weight)

    return change
