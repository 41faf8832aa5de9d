"""A search for parameters: Optuna's TPE, seeded, inside its share of the time box, on all folds but the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.problem.rows import Rows
from ml.statistics.evaluate import METRICS, measure
from ml.studies.walk_forward import Fold, walk_forward


def search(rows: Rows, recipe: Recipe, through: Sequence[Fold], job: dict, record: Callable[[dict], None]) -> Recipe:
    """The recipe with the best parameters found; `record` gets every trial, failed ones too.

    Trials are scored on all folds but the last, without the refit; the last fold is what the winner is compared
    on, because on the others it was chosen.
    """
    import optuna

    if len(through) < 2:
        raise AsofError("a search needs two folds: one to search on, one to compare the winner on")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    wanted, seen = job["search"], through[:-1]
    metric, label = rows.problem.metric, rows.label[np.concatenate([fold.test for fold in seen])]
    sign = METRICS[metric].sign

    def objective(trial: optuna.Trial) -> float:
        params = {}
        for name, (low, high, log) in wanted["space"].items():
            whole = isinstance(low, int) and isinstance(high, int)
            suggest = trial.suggest_int if whole else trial.suggest_float
            params[name] = suggest(name, low, high, log=log)
        changed = replace(recipe, params={**recipe.params, **params})
        found = walk_forward(rows, changed, seen, refitted=False, threads=job["threads"])
        return measure(metric, label, found.score)

    def keep(search: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        record(
            {
                "number": trial.number,
                "params": trial.params,
                "value": trial.value,
                "state": trial.state.name.lower(),
                "seconds": trial.duration.total_seconds() if trial.duration else None,
            }
        )

    study = optuna.create_study(
        direction="maximize" if sign > 0 else "minimize", sampler=optuna.samplers.TPESampler(seed=recipe.seed)
    )
    # The declared parameters are the first trial, so that the search never ends below where it began.
    study.enqueue_trial({name: recipe.params[name] for name in wanted["space"] if name in recipe.params})
    left = wanted["deadline"] - time.time()
    study.optimize(objective, n_trials=wanted["trials"], timeout=max(left, 1.0), callbacks=[keep], catch=(Exception,))
    return replace(recipe, params={**recipe.params, **study.best_params})
