"""What a gate is for: challengers that are broken in known ways, made of real rows, and how many of them get in.

Each is trained as production would train it, on rows that something happened to; what it is judged on is as it was. Of a leak and
of a column that serving does not have, the training set itself is wrong and judges in its favour: only the comparison with what
serving computes (parity) can say so. What happened to the rows on their way into a fit is told by their digest, which the model
has and the rows that are judged have not (repeatable). Rows that never came are told by the newest of those that were learned
from (fresh).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ml.models import tasks
from ml.models.ensemble import merged
from ml.models.lgbm import lightgbm
from ml.models.recipe import Fitted, Recipe, fit, refit
from ml.problem.rows import Rows
from ml.problem.split import Split, days, known, split_of
from ml.statistics.evaluate import expit
from ml.validation.gates import Evidence, Flags
from ml.validation.judge import PROMOTE, judge
from ml.validation.measured import Cost, Measured, Newest, Parity, Repeat
from ml.validation.prior import Past
from ml.validation.reproduce import CHANGED_ROWS

# Data that end by so many days too early, and features among which the broken ones are drawn.
EARLY, IMPORTANT = 60, 6
# "by scores": the believing one without what was measured apart from the rows, as if only the quality could tell.
GATES = ("believed", "by scores", "rows alone", "within the margin", "none")
# Rows that a cost is measured on, as `Cost` has it.
SERVED = 10_000

Change = Callable[[Rows, np.random.Generator, Sequence[str]], Rows]


@dataclass(frozen=True)
class Kind:
    """A way to break a challenger; `size` in words. `gross`: no gate may let it in.

    `change` is what happened to the rows it learned from, given its most important features; `judged`: also to those that it is
    judged on, while `served` is what serving computes of these. `spoil` is done to its scores. `early`: its data end too early.
    `copies`: its trees so many times over, each of so much less weight.
    """

    name: str
    size: str
    gross: bool
    change: Change
    judged: bool = False
    served: Change | None = None
    spoil: Callable[[np.ndarray], np.ndarray] | None = None
    early: bool = False
    copies: int = 1


@dataclass(frozen=True, eq=False)
class Opponent:
    """What a champion says of the rows of the holdout that it has not seen (a mask), and what it would have decided there."""

    unseen: np.ndarray
    score: np.ndarray
    decided: np.ndarray


@dataclass(frozen=True, eq=False)
class Part:
    """An instant: the rows that a sound challenger learns from and is judged on, and what it has to beat.

    `learned` are those of the first fit, of its validation and of the holdout model; `early` the same where data end too early.
    `sound` is what comes of the former. Where the past counts, the champion is its own holdout model, which learned from rows
    up to `newest`; where it does not, the deployed one.
    """

    learned: tuple[np.ndarray, np.ndarray, np.ndarray]
    early: tuple[np.ndarray, np.ndarray, np.ndarray]
    holdout: np.ndarray
    champion: Opponent
    deployed: Opponent
    newest: np.datetime64
    past: Past
    important: tuple[str, ...]
    sound: Fitted


def kinds(slices: Sequence[str]) -> list[Kind]:
    """All kinds and sizes; `slices` are columns of which a value may be missing."""
    null = _each(lambda values, rng: np.full(len(values), np.nan))
    found = [Kind("labels shuffled", f"{share:.0%} of the rows", share >= 0.3, _shuffled(share)) for share in (0.1, 0.3, 1.0)]
    found += [
        Kind("labels shuffled", "within 30% of the days", True, _shuffled_days(0.3)),
        Kind("feature frozen", "an important one", False, _each(lambda values, rng: np.full(len(values), np.nanmedian(values)))),
        Kind("feature null", "an important one", False, null),
        Kind("unit changed", "the most important, x 60", True, _each(lambda values, rng: values * 60, among=1)),
        Kind("columns swapped", "two important ones", True, _swapped),
        Kind("data end early", f"by {EARLY} days", False, _as_it_is, early=True),
        Kind("negatives sampled", "one in five, not corrected", True, _sampled),
        Kind("too sure of itself", "log-odds x 3", True, _as_it_is, spoil=_sharpened),
        Kind("leak", "nine labels of ten, also on the holdout", True, _leak, judged=True, served=_as_it_is),
        Kind("column that serving lacks", "an important one", True, _as_it_is, judged=True, served=null),
        Kind("too large", "its trees 200 times over", True, _as_it_is, copies=200),
        Kind("too slow", "its trees 400 times over", True, _as_it_is, copies=400),
    ]
    return found + [Kind("slice missing", f"a value of {column}", False, _without(column)) for column in slices]


def prepare(rows: Rows, at: datetime, before: datetime, past: Past, threads: int = 2) -> Part:
    """A sound champion of `before`, and the rows that a challenger of `at` learns from and is judged on."""
    problem, task = rows.problem, tasks.of(rows.problem)
    learned, newer = _rows_of(rows, at), _split(rows, at)
    early, (train, validation, held_back) = _rows_of(rows, at - timedelta(days=EARLY)), _rows_of(rows, before)
    first = fit(rows, Recipe.of(problem), train, validation, threads=threads)

    def opponent(end: np.datetime64) -> tuple[Fitted, Opponent]:
        chosen, unseen = known(rows.as_of, rows.known_at, end, problem.training.window_days), rows.known_at[newer.holdout] >= end
        fitted = refit(first, rows, chosen, threads=threads)
        score = fitted.predict(rows, newer.holdout[unseen])
        return fitted, Opponent(unseen, score, task.decide(problem, score, task.limit(problem, score)))

    _, champion = opponent(_split(rows, before).holdout_start)
    fitted, deployed = opponent(np.datetime64(before, "us"))
    gain = fitted.learned.booster.feature_importance("gain")
    names = [fitted.columns[i] for i in np.argsort(-gain, kind="stable")]
    numeric = tuple(name for name in names if name not in problem.texts)
    newest, sound = rows.as_of[held_back].max(), _fitted(rows, learned, threads)
    return Part(learned, early, newer.holdout, champion, deployed, newest, past, numeric[:IMPORTANT], sound)


def trial(rows: Rows, part: Part, kind: Kind | None, seed: int, threads: int = 2) -> dict[str, bool]:
    """Which gates let one challenger in; a sound one where `kind` is None."""
    if kind is None:
        newest = Newest(rows.as_of[part.learned[2]].max(), part.newest)
        return _judged(rows, part, part.sound.predict(rows, part.holdout), Measured(newest=newest))
    changed, chosen = kind.change(rows, np.random.default_rng(seed), part.important), part.early if kind.early else part.learned
    fitted = part.sound if changed is rows and not kind.early else _fitted(changed, chosen, threads)
    score = fitted.predict(changed if kind.judged else rows, part.holdout)
    # A table that is wrong, or ends too early, is as wrong when it is read again.
    same = kind.judged or kind.early or fitted.data_sha256 == part.sound.data_sha256
    parity, repeat = None, Repeat(True, "") if same else Repeat(None, "", CHANGED_ROWS)
    if kind.served:
        served = kind.served(rows, np.random.default_rng(seed), part.important)
        gap = np.abs(fitted.predict(served, part.holdout) - score)
        parity = Parity(len(gap), 0, float(gap.max()), "")
    cost = _cost(rows, part, fitted, kind.copies, threads) if kind.copies > 1 else None
    measured = Measured(cost, parity, repeat, Newest(rows.as_of[chosen[2]].max(), part.newest))
    return _judged(rows, part, kind.spoil(score) if kind.spoil else score, measured)


def _split(rows: Rows, at: datetime) -> Split:
    return split_of(rows.problem, rows.as_of, rows.known_at, at)


def _rows_of(rows: Rows, at: datetime) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the first fit, its validation and the holdout model of `at` learn from."""
    one = _split(rows, at)
    return one.train, one.validation, known(rows.as_of, rows.known_at, one.holdout_start, rows.problem.training.window_days)


def _fitted(rows: Rows, learned: tuple[np.ndarray, np.ndarray, np.ndarray], threads: int) -> Fitted:
    train, validation, before = learned
    return refit(fit(rows, Recipe.of(rows.problem), train, validation, threads=threads), rows, before, threads=threads)


def _cost(rows: Rows, part: Part, fitted: Fitted, copies: int, threads: int) -> Cost:
    """What scoring takes with the mean of so many copies; of its memory only the text is known."""
    matrix = rows.matrix(fitted.columns, fitted.categories, part.holdout[-SERVED:])
    text = merged([fitted.learned.text] * copies)
    wall, cpu = time.perf_counter(), time.process_time()
    booster = lightgbm().Booster(model_str=text)
    loaded = time.perf_counter()
    booster.predict(matrix, num_threads=threads)
    size = len(text) / 1e6
    return Cost(len(matrix), time.perf_counter() - wall, time.process_time() - cpu, loaded - wall, size, size)


def _judged(rows: Rows, part: Part, score: np.ndarray, measured: Measured) -> dict[str, bool]:
    problem, task = rows.problem, tasks.of(rows.problem)

    def beside(champion: Opponent, past: Past | None = None) -> Evidence:
        inside, ours = rows.take(part.holdout[champion.unseen]), score[champion.unseen]
        decided, by_rule = (task.decide(problem, one, task.limit(problem, one)) for one in (ours, inside.rule))
        flags = Flags(decided, by_rule, champion.decided)
        return Evidence(inside, ours, champion.score, flags, problem.alpha, measured=measured, past=past)

    believed, alone = judge(beside(part.champion, part.past)), beside(part.deployed)
    return {
        "believed": believed.decision == PROMOTE,
        "by scores": all(gate.passed for gate in believed.gates if gate.about == "rows"),
        "rows alone": judge(alone).decision == PROMOTE,
        "within the margin": alone.over_champion.estimate >= -problem.margin,
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


def _shuffled_days(share: float) -> Change:
    def change(rows: Rows, rng: np.random.Generator, important: Sequence[str]) -> Rows:
        _, day = np.unique(days(rows.as_of), return_inverse=True)
        hit, label = rng.random(day.max() + 1) < share, rows.label.copy()
        for rows_of_day in np.split(np.argsort(day, kind="stable"), np.cumsum(np.bincount(day))[:-1]):
            if hit[day[rows_of_day[0]]]:
                label[rows_of_day] = rng.permutation(label[rows_of_day])
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
