"""One experiment is one change: anything else is refused, and by name."""

import copy
from dataclasses import replace
from datetime import date

import pytest

from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.problem import declaration
from ml.problem.declared.training import PARAMS
from ml.problem.problem import Problem
from ml.studies.experiment import DIMENSIONS, Nothing, changed, read, recipe_hash, searched

WALK = {"first": date(2013, 5, 1), "until": date(2013, 7, 1)}


def plan(change: dict, **more):
    entry = {"name": "one", "hypothesis": "It helps.", "change": change, "budget": {"seconds": 60}, **more}
    return read({"walk_forward": dict(WALK), "experiments": [entry]}, "experiments.yml")


def recipe(problem: Problem, change: dict) -> Recipe:
    return changed(plan(change).experiments[0], problem)


@pytest.fixture
def with_candidate(manifest) -> Problem:
    node = copy.deepcopy(next(iter(manifest["nodes"].values())))
    node["columns"]["wind"]["config"] = node["columns"]["wind"]["meta"] = {"meta": {"role": "candidate"}, "role": "candidate"}
    return declaration.read({"nodes": {"m": node}}, "late")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"num_leaves": 15, "lambda_l2": 2}, r"num_leaves \(size of a tree\) and lambda_l2 \(penalty\)"),
        ({"features_in": ["a"], "features_out": ["b"]}, r"features_in \(features in\) and features_out \(features out\)"),
        ({"algorithm": "linear", "window_days": 30}, r"algorithm \(algorithm\) and window_days \(training window\)"),
        ({"calibration": "none", "sampling": 0.5}, r"calibration \(calibration\) and sampling \(sampling\)"),
        ({"label": "late", "seed": 3}, r"label \(label\) and seed \(seeds\)"),
    ],
)
def test_two_changes_are_refused_by_name(change, named):
    with pytest.raises(AsofError, match=f"experiment one changes more than one thing, {named}; split it"):
        plan(change)


def test_what_is_one_idea_may_change_together():
    assert plan({"learning_rate": 0.1, "rounds": 50, "early_stopping_rounds": 5}).experiments[0].dimension == "pace"


def test_every_parameter_that_can_be_declared_has_a_dimension():
    assert set(PARAMS) <= set(DIMENSIONS)


def test_a_misspelt_change_is_named_with_the_nearest_one():
    with pytest.raises(AsofError, match=r"num_leafs is unknown .did you mean num_leaves"):
        plan({"num_leafs": 15})


def test_a_change_touches_what_it_names_and_nothing_else(problem):
    base = Recipe.of(problem)
    assert recipe(problem, {"num_leaves": 15}) == replace(base, params={**base.params, "num_leaves": 15})
    assert recipe(problem, {"window_days": 30}) == replace(base, window_days=30)
    assert recipe(problem, {"calibration": "platt"}) == replace(base, calibration="platt")
    assert recipe(problem, {"algorithm": "rule"}) == replace(base, algorithm="rule", params={})
    assert recipe(problem, {"features_out": ["w*", "hour"]}).features == ("recent_delay", "is_holiday", "carrier")


def test_a_change_that_changes_nothing_is_refused(problem):
    for change in ({"num_leaves": 7}, {"calibration": "auto"}, {"window_days": "all"}, {"features_out": ["gone"]}):
        with pytest.raises(Nothing):
            recipe(problem, change)


def test_a_feature_that_does_not_exist_cannot_be_taken_in(problem):
    with pytest.raises(AsofError, match="takes in 'moon', which does not exist yet: write it in SQL"):
        recipe(problem, {"features_in": ["moon"]})


def test_a_candidate_is_no_feature_until_it_is_taken_in(with_candidate, problem):
    assert "wind" not in with_candidate.feature_names and "wind" in with_candidate.training_columns
    # In the order of the declaration: an accepted experiment declares exactly what was walked.
    assert recipe(with_candidate, {"features_in": ["wi*"]}).features == problem.feature_names


def test_a_recipe_has_a_hash_that_covers_all_of_it(problem):
    base = Recipe.of(problem)
    others = [replace(base, seed=8), replace(base, sampling=0.5), replace(base, features=base.features[1:])]
    hashes = {recipe_hash(one) for one in [base, *others]} | {recipe_hash(base, "fate = 'late'")}
    assert len(hashes) == 5


def test_a_search_is_read_with_its_bounds():
    found = searched(
        plan({"search": {"trials": 5, "params": {"num_leaves": [7, 63, "log"], "lambda_l2": [0, 2.5]}}}).experiments[0]
    )
    assert found.space == {"num_leaves": (7, 63, True), "lambda_l2": (0, 2.5, False)}
    for bad in ([7], [63, 7], [7, 63, "sqrt"], 7):
        with pytest.raises(AsofError, match="num_leaves is"):
            searched(plan({"search": {"trials": 5, "params": {"num_leaves": bad}}}).experiments[0])


def test_a_plan_names_what_is_wrong_with_it():
    with pytest.raises(AsofError, match="did you mean one"):
        plan({"num_leaves": 15}).named("ones")
    with pytest.raises(AsofError, match="budget is missing"):
        read({"walk_forward": dict(WALK), "experiments": [{"name": "x", "hypothesis": "h", "change": {"seed": 1}}]}, "e.yml")
    with pytest.raises(AsofError, match=r"walk_forward\.first must be a day"):
        read({"walk_forward": {**WALK, "first": "May"}, "experiments": []}, "e.yml")
    entry = {"name": "x", "hypothesis": "h", "change": {"seed": 1}, "budget": {"seconds": 1}}
    with pytest.raises(AsofError, match="experiment x is declared 2 times"):
        read({"walk_forward": dict(WALK), "experiments": [entry, entry]}, "e.yml")
