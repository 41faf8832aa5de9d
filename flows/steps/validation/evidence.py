"""What a verdict is found on: the same rows, scored by challenger, rule and champion, and what was measured of the challenger."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa

from checks import border
from flows.runtime import settings
from flows.steps.validation.serving_benchmark import measure
from flows.store import feature_sql, problems, registry, retraining_gains
from ml.errors import Refused
from ml.models import tasks
from ml.models.conformal import inside, ranges
from ml.models.model import Model
from ml.problem.problem import Problem
from ml.problem.rows import Rows
from ml.validation.drift import drift
from ml.validation.gates import Evidence, Flags, Within
from ml.validation.measured import Newest
from ml.validation.prior import CHANGED, RETRAINED, Past


@dataclass(frozen=True)
class Case:
    """Every row whose truth is known (`rows`), which of them are judged (a mask), and the scores and decisions on those.

    `row` is the challenger's row of `model_versions`; `ranges` says where intervals held the truth, `newest` how new the data are
    that both learned from, `live` whether rows come by waiting.
    """

    row: dict
    rows: Rows
    judged: np.ndarray
    challenger: np.ndarray
    champion: np.ndarray | None
    decided: np.ndarray
    decided_by_champion: np.ndarray | None
    ranges: Within | None = None
    newest: Newest | None = None
    live: bool = False

    @cached_property
    def part(self) -> Rows:
        """The rows that are judged."""
        return self.rows.take(self.judged)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The instants between which the judged rows lie: first <= as_of < second."""
        at = self.part.as_of
        return at.min().item(), at.max().item() + timedelta(microseconds=1)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits of what is judged and by which declaration: rows, truth, rule and scores."""
        part = self.part
        found = hashlib.sha256(part.problem.verdict_hash.encode())
        for values in (part.as_of, part.label, part.rule, part.weight, self.challenger, self.champion):
            found.update(b"none" if values is None else np.ascontiguousarray(values).tobytes())
        return found.hexdigest()[:12]


def gather(case: Case, alpha: float, thorough: bool = False, past: Past | None = None, sequence: bool = False) -> Evidence:
    """All that a verdict rests on; `thorough` trains the challenger again as a whole, `sequence`: rows came one day at a time."""
    part, problem = case.part, case.rows.problem
    task = tasks.of(problem)
    by_rule = task.decide(problem, part.rule, task.limit(problem, part.rule))
    measured = replace(measure(case.row, case.rows, part, settings.threads(), thorough), newest=case.newest)
    return Evidence(
        part, case.challenger, case.champion, Flags(case.decided, by_rule, case.decided_by_champion), alpha,
        drift(registry.cells(case.row), case.rows, case.judged, registry.importances(case.row)),
        measured, case.ranges, past, sequence, case.live,
    )  # fmt: skip


def past(problem: Problem, now: datetime, version: str, incumbent: str | None) -> Past | None:
    """What is known of a challenger before it is looked at; None where that does not count, or there is no champion."""
    if incumbent is None or not problem.validation.past:
        return None
    challenger, champion = registry.row(problem.name, version), registry.row(problem.name, incumbent)
    of, broken = retraining_gains.recipe_of(challenger), problem.validation.broken_share
    if of != retraining_gains.recipe_of(champion):
        return Past(CHANGED, 0.0, broken, *map(tuple, retraining_gains.changes(problem.name, now)))
    newer = (challenger["trained_as_of"] - champion["trained_as_of"]) / timedelta(days=1)
    return Past(RETRAINED, newer, broken, *map(tuple, retraining_gains.measured(problem.name, of, now)))


def holdout(problem: Problem, now: datetime, version: str, incumbent: str | None) -> Case:
    """The challenger's holdout model and the champion on holdout rows that neither has seen.

    Where the past counts, the champion's own holdout model stands for it: one is then as much newer as the models deployed.
    A champion whose features the training set no longer has is judged by the scores that it gave live.
    """
    row, task = registry.row(problem.name, version), tasks.of(problem)
    feature_sql.check(problem, version, row.get("feature_sql"))
    holdout_model = registry.holdout_model(row)
    holdout_model.check(problem)
    rows = border.read(problems.training_rows(problem, now), problem)
    judged = rows.as_of >= np.datetime64(row["holdout_from"], "us")
    champion = decided = old = newest = None
    if incumbent:
        champion_row = registry.row(problem.name, incumbent)
        newest = _newest(row, champion_row)
        old = registry.holdout_model(champion_row) if problem.validation.past else registry.model(problem.name, incumbent)
        lost = old.lost(problem)
        if not feature_sql.fits(problem, registry.learned_from(problem.name, incumbent)):
            lost = lost or ["features of other SQL"]
        if lost:
            scores = problems.live_scores(problem, now, incumbent)
            scored = there(scores)
            _some(problem, judged, judged & scored, version, f"{incumbent} learned from {', '.join(lost)}, which the training "
                  "set does not have any more, and it gave these rows no live score either")  # fmt: skip
            judged &= scored
            champion, decided = taken(scores, judged, problem)
        else:
            # Of a label that people corrected, the champion may have seen the version before.
            unseen = old.unseen(problems.first_known(problem, rows))
            _some(problem, judged, judged & unseen, version, f"{incumbent} was trained on them")
            judged &= unseen
    _some(problem, judged, judged, version, "their labels are not known yet")
    part = rows.take(judged)
    if old and champion is None:
        champion = old.predict(part, settings.threads())
        decided = task.decide(problem, champion, old.threshold)
    score = holdout_model.predict(part, settings.threads())
    ranges = _ranges(part, (holdout_model, score), (old, champion))
    by_challenger = task.decide(problem, score, holdout_model.threshold)
    return Case(row, rows, judged, score, champion, by_challenger, decided, ranges, newest)


def live(problem: Problem, now: datetime, version: str, incumbent: str | None) -> Case:
    """What the version said in the shadow and the champion in the open, on the same rows with known outcomes."""
    row = registry.row(problem.name, version)
    if incumbent is None:
        raise Refused(f"{problem.name} has no champion to compare live with; judge {version} on its holdout")
    rows = border.read(problems.training_rows(problem, now), problem)
    theirs = problems.live_scores(problem, now, incumbent)
    ours = problems.live_scores(problem, now, version, shadow=True)
    judged = there(theirs) & there(ours)
    if not judged.any():
        raise Refused(
            f"{version} and {incumbent} have no row in common that both scored live and whose outcome is known: run "
            f"`python -m flows shadow --model {version}`, then let days pass"
        )
    (score, decided), (champion, by_champion) = taken(ours, judged, problem), taken(theirs, judged, problem)
    models = Model.from_row(row), registry.model(problem.name, incumbent)
    ranges = _ranges(rows.take(judged), (models[0], score), (models[1], champion))
    newest = _newest(row, registry.row(problem.name, incumbent))
    return Case(row, rows, judged, score, champion, decided, by_champion, ranges, newest, live=True)


def there(scores: pa.Table) -> np.ndarray:
    """Which rows of `problems.live_scores` have a score, a mask."""
    return scores["score"].is_valid().to_numpy()


def taken(scores: pa.Table, judged: np.ndarray, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """The scores of the judged rows, and what was decided by them: live, which rows were flagged."""
    found = scores.filter(pa.array(judged))
    if problem.classes:
        score = np.column_stack([found[f"score_{name}"].to_numpy() for name in problem.classes])
    else:
        score = found["score"].to_numpy()
    task = tasks.of(problem)
    return score, found["flagged"].to_numpy() if task.decides_flags else task.decide(problem, score, None)


def _newest(row: dict, champion: dict) -> Newest | None:
    """How new the data are that both learned from; None where the challenger was trained first, or it was not kept."""
    ends = row.get("newest_as_of"), champion.get("newest_as_of")
    if row["trained_as_of"] < champion["trained_as_of"] or None in ends:
        return None
    return Newest(*(np.datetime64(one, "us") for one in ends))


def _ranges(part: Rows, *scored: tuple[Model | None, np.ndarray | None]) -> Within | None:
    """Where the intervals of challenger and champion held the truth; None where a challenger has none."""
    if tasks.of(part.problem).span is not None:
        return None
    held = [
        {} if model is None or score is None
        else {level: inside(part.label, ends) for level, ends in ranges(model.calibrator, score).items()}
        for model, score in scored
    ]  # fmt: skip
    return Within(*held) if held[0] else None


def _some(problem: Problem, before: np.ndarray, after: np.ndarray, version: str, why: str) -> None:
    """Refused when no row is left to judge on."""
    if not after.any():
        raise Refused(
            f"{problem.name}: none of the {int(before.sum())} holdout rows of {version} can be judged: {why}; "
            "land more days (`python -m flows land`, then `build`) until later labels are known, or promote it for a --reason"
        )
