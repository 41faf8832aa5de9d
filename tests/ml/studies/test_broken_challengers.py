"""Challengers that are broken in known ways, small: what must not get in does not, and the measure itself can fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from ml.models.recipe import Recipe, fit, refit
from ml.studies import simulate
from ml.studies.broken_challengers import GATES, Part, kinds, prepare, trial
from ml.validation.prior import RETRAINED, Gain, Past

PAST = Past(RETRAINED, 28.0, 0.05, (Gain(0.004, 0.003, 28.0),) * 4, (Gain(0.002, 0.003, 28.0),) * 4)


@pytest.fixture(scope="module")
def part(rows) -> Part:
    return prepare(rows, datetime(2013, 6, 28), datetime(2013, 5, 30), PAST)


def test_gross_faults_are_kept_out_and_a_point_estimate_lets_a_leak_in(rows, part) -> None:
    answers = {}
    for kind in kinds(()):
        if kind.gross and kind.copies == 1:
            answers[kind.name, kind.size] = trial(rows, part, kind, 1)
    assert len(answers) >= 9
    let_in = [name for name, said in answers.items() if said["believed"]]
    assert not let_in, let_in
    leak = next(said for (name, _), said in answers.items() if name == "leak")
    assert leak["within the margin"] and leak["none"], "it looks superb, else this shows nothing"


def test_what_is_too_large_or_too_slow_does_not_get_in_however_it_scores(rows, part) -> None:
    one = next(kind for kind in kinds(()) if kind.copies > 1)
    for budget in ({"model_mb": 0.05}, {"score_seconds": 0.001}):
        small = replace(rows.problem, budget=replace(rows.problem.budget, **budget))
        said = trial(replace(rows, problem=small), part, one, 1)
        assert not said["believed"] and said["by scores"] == trial(rows, part, None, 1)["by scores"]


def test_data_that_end_early_are_seen_by_what_was_learned_from_and_not_by_a_point_estimate(rows, part) -> None:
    said = trial(rows, part, next(kind for kind in kinds(()) if kind.early), 1)
    assert said["within the margin"] and not said["believed"]


@pytest.mark.slow
def test_every_kind_changes_what_is_learned_or_what_is_said(rows, part) -> None:
    sound = part.sound.predict(rows, part.holdout)
    for kind in kinds(rows.problem.slices):
        learned = kind.change(rows, np.random.default_rng(3), part.important)
        train, validation, before = part.early if kind.early else part.learned
        score = refit(fit(learned, Recipe.of(rows.problem), train, validation), learned, before).predict(rows, part.holdout)
        score = kind.spoil(score) if kind.spoil else score
        assert kind.served or kind.copies > 1 or not np.array_equal(score, sound), kind.name


@pytest.mark.slow
def test_the_same_trial_gives_the_same_answer(rows, part) -> None:
    kind = kinds(())[0]
    assert trial(rows, part, kind, 5) == trial(rows, part, kind, 5) and set(trial(rows, part, None, 5)) == set(GATES)


@pytest.mark.slow
def test_answers_of_invented_challengers_err_as_rarely_as_declared() -> None:
    prior = PAST.expected(PAST.metric, 0.005)
    common = {"margin": 0.005, "risk": 0.05, "se": 0.004, "freedom": 12.0}
    equal, _ = simulate.answers(prior, np.zeros(4000), **common)
    worse, _ = simulate.answers(prior, np.full(4000, -0.01), **common)
    _, wrong = simulate.answers(prior, prior.draw(np.random.default_rng(0), 4000), **common)
    assert equal.let_in > 0.75 and worse.let_in <= 0.1 and wrong <= 0.05
    assert sum(equal) == pytest.approx(1)
