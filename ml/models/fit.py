"""One fit of LightGBM that repeats to the byte."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ml.errors import AsofError
from ml.models.lgbm import lightgbm

# Small steps and few rows per leaf suit 10^4 to 10^6 rows; `training.params` overrides each of them.
DEFAULTS = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}
# What LightGBM learns where nothing else is said.
BINARY: Mapping[str, Any] = {"objective": "binary"}


def boost(
    matrix: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    names: Sequence[str],
    categories: Sequence[int],
    params: Mapping[str, Any],
    seed: int,
    metric: str,
    rounds: int,
    early_stopping_rounds: int,
    threads: int,
    done: Callable[[int], None],
    watched: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    objective: Mapping[str, Any] = BINARY,
) -> tuple[Any, int]:
    """The booster of all rows given, and how many of its rounds are best.

    With `watched` (matrix, label, weight) it stops early on LightGBM's `metric` there; without, it runs all `rounds`.
    `categories` are positions. `done` is called after each round with the rounds so far.
    """
    settings = {
        **params_of(params, seed, objective),
        "metric": metric,
        "num_threads": threads,
        "verbosity": -1,
    }
    data = lightgbm().Dataset(
        matrix,
        label,
        weight=weight,
        feature_name=list(names),
        params=settings,
        categorical_feature=list(categories),
    )
    callbacks: list[Any] = [lambda env: done(env.iteration + 1)]
    watching = []
    if watched is not None:
        watching = [data.create_valid(watched[0], watched[1], weight=watched[2])]
        callbacks.append(lightgbm().early_stopping(early_stopping_rounds, verbose=False))
    try:
        booster = lightgbm().train(settings, data, rounds, valid_sets=watching, callbacks=callbacks)
    except lightgbm().basic.LightGBMError as error:
        raise AsofError(
            f"LightGBM refuses training.params for these {len(label)} rows: {' '.join(str(error).split())}; "
            f"declared are {', '.join(f'{key} {value}' for key, value in params.items()) or 'none'}"
        ) from error
    return booster, booster.best_iteration if booster.best_iteration > 0 else rounds


def params_of(params: Mapping[str, Any], seed: int, objective: Mapping[str, Any] = BINARY) -> dict[str, Any]:
    """What decides the trees: the defaults, the parameters given, and what the project insists on."""
    # By column: the same trees as by row, in two thirds of the time where `feature_fraction` skips columns.
    # One of the two must be forced, or LightGBM chooses by the clock.
    fixed = {
        **objective,
        "deterministic": True,
        "force_col_wise": True,
        "seed": seed,
    }
    return {**DEFAULTS, **params, **fixed}


def trees(booster: Any, rounds: int) -> str:
    """The text of the first `rounds` trees: all that LightGBM needs to predict, and nothing that varies."""
    # What follows the trees (threads, file names) varies between runs that made the same trees.
    mark = "\nend of trees\n"
    text = booster.model_to_string(num_iteration=rounds)
    return text[: text.index(mark)] + mark
