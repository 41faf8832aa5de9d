"""An experiment: one change of the declared recipe, read from YAML. What touches two dimensions is refused by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from fnmatch import fnmatch
from typing import Any

from pydantic import TypeAdapter

from ml.errors import AsofError
from ml.models.learn import LEARNERS
from ml.models.recipe import Recipe
from ml.problem.declared.columns import name_fault
from ml.problem.declared.faults import DeclarationError, validated
from ml.problem.declared.training import CALIBRATIONS, PARAMS, Params, Training
from ml.problem.keys import Keys, did_you_mean, shown
from ml.problem.problem import Problem

# One idea is one dimension: what makes sense only together may change together.
IDEAS = {
    "pace": ("learning_rate", "rounds", "early_stopping_rounds"),
    "size of a tree": ("num_leaves", "max_depth", "min_data_in_leaf", "min_sum_hessian_in_leaf", "min_gain_to_split"),
    "draw of columns": ("feature_fraction", "feature_fraction_bynode"),
    "draw of rows": ("bagging_fraction", "bagging_freq"),
    "penalty": ("lambda_l1", "lambda_l2", "path_smooth", "max_delta_step"),
    "bins": ("max_bin", "min_data_in_bin"),
    "categories": ("cat_smooth", "cat_l2", "max_cat_to_onehot", "max_cat_threshold", "min_data_per_group"),
    "random cuts": ("extra_trees",),
    "features in": ("features_in",),
    "features out": ("features_out",),
    "algorithm": ("algorithm",),
    "training window": ("window_days",),
    "label": ("label",),
    "calibration": ("calibration",),
    "sampling": ("sampling",),
    "seeds": ("seed",),
    "ensemble": ("members",),
    "search": ("search",),
}
DIMENSIONS = {key: idea for idea, keys in IDEAS.items() for key in keys}
PARAMETERS, TRAINING = TypeAdapter(Params), TypeAdapter(Training)
# What an experiment claims: to be better, or to be no worse and simpler.
BETTER, NOT_WORSE = "better", "not_worse"


@dataclass(frozen=True)
class Plan:
    """How the walk-forward of every experiment of a problem goes, and which of them are declared.

    Folds begin at `first` and with each month after it, and end at `until` (days, UTC); labels known later are not
    looked at. `tolerance` is what `not_worse` may cost, in the problem's metric. `refit` scores with models refitted
    on all that is known before a fold, as deployed ones are, which takes twice as long.
    """

    path: str
    first: date
    until: date
    seeds: int
    tolerance: float
    refit: bool
    experiments: tuple[Experiment, ...]

    def named(self, name: str) -> Experiment:
        """The experiment of that name; AsofError with the nearest one."""
        found = [one for one in self.experiments if one.name == name]
        if not found:
            names = [one.name for one in self.experiments]
            raise AsofError(f"{self.path} declares no experiment {name!r}{did_you_mean(name, names)}")
        return found[0]


@dataclass(frozen=True)
class Experiment:
    """One change, what is expected of it, and how many seconds it may take.

    `learned` is what people concluded afterwards; it goes on the page.
    """

    name: str
    hypothesis: str
    dimension: str
    change: Mapping[str, Any]
    wanted: str
    budget_seconds: float
    learned: str
    path: str

    def error(self, what: str) -> AsofError:
        return AsofError(f"{self.path}: experiment {self.name} {what}")


@dataclass(frozen=True)
class Search:
    """A search: how many trials at the most, and per parameter (low, high, whether on a log scale)."""

    trials: int
    space: Mapping[str, tuple[float, float, bool]]


def read(declared: Any, path: str) -> Plan:
    """The plan of a problem. AsofError names the file, the experiment and the key."""
    keys = Keys(declared, path, "experiments.yml")
    span = keys.inner("walk_forward")
    entries = keys.raw("experiments")
    if not isinstance(entries, list):
        raise keys.error("experiments", f"must be a list, not {entries!r}")
    plan = Plan(
        path=path,
        first=_day(span, "first"),
        until=_day(span, "until"),
        # Three: the fewest whose spread says anything, and each costs as much as the first.
        seeds=span.whole("seeds", 3, low=3),
        tolerance=span.number("tolerance", 0.0, low=0),
        refit=span.choice("refit", (True, False), True),
        experiments=tuple(_experiment(entry, path) for entry in entries),
    )
    if plan.first >= plan.until:
        raise span.error("until", f"is {plan.until}, but must come after first, {plan.first}")
    for part in (keys, span):
        part.finish()
    names = [one.name for one in plan.experiments]
    for name in names:
        if names.count(name) > 1:
            raise AsofError(f"{path}: experiment {name} is declared {names.count(name)} times; give each its own name")
    return plan


def _day(keys: Keys, key: str) -> date:
    value = keys.raw(key)
    if type(value) is not date:
        raise keys.error(key, f"must be a day such as 2026-07-01, not {value!r}")
    return value


def _experiment(entry: Any, path: str) -> Experiment:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    keys = Keys(entry, path, f"experiment {name}")
    if said := name_fault(name):
        raise AsofError(f"{path}: experiment {said}")
    keys.raw("name")
    change, budget = keys.inner("change"), keys.inner("budget")
    change.known(DIMENSIONS)
    touched = {key: DIMENSIONS[key] for key in change.declared}
    if not touched:
        raise keys.error("change", f"is empty; name one of {', '.join(DIMENSIONS)}")
    if len(set(touched.values())) > 1:
        both = " and ".join(f"{key} ({idea})" for key, idea in touched.items())
        raise AsofError(f"{path}: experiment {name} changes more than one thing, {both}; split it, one experiment for each")
    found = Experiment(
        name=name,
        hypothesis=keys.text("hypothesis"),
        dimension=next(iter(touched.values())),
        change=dict(change.declared),
        wanted=keys.choice("wanted", (BETTER, NOT_WORSE), BETTER),
        budget_seconds=budget.number("seconds", low=0, strict=True),
        learned=keys.text("learned", ""),
        path=path,
    )
    for part in (keys, budget):
        part.finish()
    return found


def changed(experiment: Experiment, problem: Problem) -> Recipe:
    """The recipe that the experiment proposes; AsofError when the change is impossible or changes nothing.

    A label is no part of a recipe, and what a search finds is not known yet: these return the declared recipe.
    """
    baseline, change = Recipe.of(problem), experiment.change
    recipe = baseline
    for key, value in change.items():
        if key == "features_in":
            recipe = replace(recipe, features=_with(experiment, problem, recipe, value))
        elif key == "features_out":
            recipe = replace(recipe, features=_without(experiment, recipe, value))
        elif key == "algorithm":
            if value not in LEARNERS:
                raise experiment.error(f"names the algorithm {value!r}; there are {', '.join(LEARNERS)}")
            recipe = replace(recipe, algorithm=value, params=recipe.params if value == "lightgbm" else {})
        elif key == "calibration":
            if value not in CALIBRATIONS:
                raise experiment.error(f"names the calibration {value!r}; there are {', '.join(CALIBRATIONS)}")
            recipe = replace(recipe, calibration=value)
        elif key == "search":
            searched(experiment)
        elif key == "label":
            if not isinstance(value, str) or ";" in value:
                raise experiment.error(f"has the label {value!r}; it must be one SQL condition on {problem.name}__labels")
        elif key in PARAMS:
            recipe = replace(recipe, params={**recipe.params, **_checked(experiment, PARAMETERS, {key: value})})
        else:
            found = _checked(experiment, TRAINING, {} if value == "all" and key == "window_days" else {key: value})
            recipe = replace(recipe, **{key: getattr(found, key)})
    if recipe == baseline and experiment.dimension not in ("label", "search"):
        raise Nothing(f"{experiment.path}: experiment {experiment.name} changes nothing: {_told(change)} is the baseline already")
    return recipe


class Nothing(AsofError):
    """The change is part of the baseline by now."""


def searched(experiment: Experiment) -> Search:
    """The declared search, checked."""
    keys = Keys(experiment.change["search"], experiment.path, f"experiment {experiment.name}: search")
    trials, space = keys.whole("trials", low=1), keys.inner("params")
    found = {}
    for name in space.known(PARAMS):
        bounds = space.raw(name)
        if not isinstance(bounds, list) or len(bounds) not in (2, 3) or bounds[2:] not in ([], ["log"]):
            raise space.error(name, f"is {shown(bounds)}; write [low, high], or [low, high, log]")
        for bound in bounds[:2]:
            _checked(experiment, PARAMETERS, {name: bound})
        if not bounds[0] < bounds[1] or (bounds[2:] and bounds[0] <= 0):
            raise space.error(name, f"is {shown(bounds)}; low must lie below high, and above 0 on a log scale")
        found[name] = (bounds[0], bounds[1], bounds[2:] == ["log"])
    keys.finish()
    return Search(trials, found)


def recipe_hash(recipe: Recipe, label: str | None = None) -> str:
    """sha256 (hex) of a recipe, and of the label it learns where that is not the declared one."""
    said = asdict(recipe)
    if recipe.members == 1:  # the hash of a single booster is older than ensembles
        del said["members"]
    return hashlib.sha256(json.dumps([said, label], sort_keys=True, default=list).encode()).hexdigest()


def _with(experiment: Experiment, problem: Problem, recipe: Recipe, names: Any) -> tuple[str, ...]:
    candidates = [column.name for column in problem.candidates]
    chosen = []
    for pattern in _list(experiment, "features_in", names):
        found = [name for name in candidates if fnmatch(name, pattern)]
        if not found and any(fnmatch(name, pattern) for name in recipe.features):
            continue
        if not found:
            raise experiment.error(
                f"takes in {pattern!r}, which does not exist yet{did_you_mean(pattern, candidates)}: write it in SQL and list it "
                f"in {problem.path} with meta.role candidate"
            )
        chosen += found
    wanted = {*recipe.features, *chosen}
    # In the order of the declaration, as an accepted change would have it.
    return tuple(column.name for column in problem.columns if column.name in wanted)


def _without(experiment: Experiment, recipe: Recipe, names: Any) -> tuple[str, ...]:
    patterns = _list(experiment, "features_out", names)
    left = tuple(name for name in recipe.features if not any(fnmatch(name, pattern) for pattern in patterns))
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in recipe.features):
            raise Nothing(f"{experiment.path}: experiment {experiment.name} takes out {pattern!r}, but no feature is called that")
    if not left:
        raise experiment.error("takes out every feature")
    return left


def _list(experiment: Experiment, key: str, names: Any) -> list[str]:
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise experiment.error(f"has {key} {names!r}; write a list of names or patterns such as [past_*]")
    return names


def _checked(experiment: Experiment, kind: TypeAdapter, change: Mapping[str, Any]) -> Any:
    """The change by the types and ranges of the declaration."""
    found, faults = validated(kind, dict(change), f"experiment {experiment.name}: change")
    if faults:
        raise DeclarationError(experiment.path, faults)
    return found


def _told(change: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in change.items())
