"""One fit of LightGBM that repeats to the byte."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ml.errors import AsofError
from ml.lgbm import lightgbm
from ml.problem import Problem

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
# Training stops early on the metric the model is judged by.
STOP_ON = {"roc_auc": "auc", "pr_auc": "average_precision", "log_loss": "binary_logloss"}
Progress = Callable[[str, int, int], None]


def fit(
    matrix: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    rows: np.ndarray,
    problem: Problem,
    rounds: int,
    threads: int,
    report: Progress,
    stage: str,
    validation: np.ndarray | None = None,
) -> tuple[Any, int]:
    """The booster of the given rows of `matrix`, and how many of its rounds are best.

    With `validation` rows it stops early on the problem's metric there; without, it runs all `rounds`.
    `report` is called after each round with (stage, done, rounds). AsofError when a part has one class only.
    """
    for part, name in ((rows, "train"), (validation, "validation")):
        if part is not None and len(np.unique(label[part])) < 2:
            raise AsofError(
                f"all {len(part)} labels of the {name} part of {problem.name} are {label[part][0]:.0f}; "
                "there is nothing to learn: wait for more labels"
            )
    params = {
        **params_of(problem),
        "metric": STOP_ON[problem.metric],
        "num_threads": threads,
        "verbosity": -1,
    }
    names = list(problem.feature_names)
    data = lightgbm().Dataset(
        matrix[rows],
        label[rows],
        weight=weight[rows],
        feature_name=names,
        params=params,
        categorical_feature=[names.index(name) for name in problem.categories],
    )
    callbacks: list[Any] = [lambda env: report(stage, env.iteration + 1, rounds)]
    watched = []
    if validation is not None:
        watched = [data.create_valid(matrix[validation], label[validation], weight=weight[validation])]
        callbacks.append(lightgbm().early_stopping(problem.training.early_stopping_rounds, verbose=False))
    booster = lightgbm().train(params, data, rounds, valid_sets=watched, callbacks=callbacks)
    return booster, booster.best_iteration if booster.best_iteration > 0 else rounds


def params_of(problem: Problem) -> dict[str, Any]:
    """What decides the trees: the defaults, the declared parameters, and what the project insists on."""
    # By column: the same trees as by row, in two thirds of the time where `feature_fraction` skips columns.
    # One of the two must be forced, or LightGBM chooses by the clock.
    fixed = {
        "objective": "binary",
        "deterministic": True,
        "force_col_wise": True,
        "seed": problem.training.seed,
    }
    return {**DEFAULTS, **problem.training.params, **fixed}


def trees(booster: Any, rounds: int) -> str:
    """The text of the first `rounds` trees: all that LightGBM needs to predict, and nothing that varies."""
    # What follows the trees (threads, file names) varies between runs that made the same trees.
    mark = "\nend of trees\n"
    text = booster.model_to_string(num_iteration=rounds)
    return text[: text.index(mark)] + mark
