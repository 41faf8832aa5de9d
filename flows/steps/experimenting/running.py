"""One experiment from its declaration to its row: walked, weighed against the baseline on the same rows, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from flows.steps import clock, dbt, ledger, warehouse
from flows.steps.experimenting import baseline, box
from flows.steps.experimenting.bench import Bench, learned_label
from flows.steps.experimenting.box import Came
from flows.steps.experimenting.record import described, seeds_of, tables
from flows.steps.step import step
from ml.experiment import Experiment, changed, recipe_hash, searched
from ml.recipe import Recipe
from ml.weigh import UNDECIDED, Weighed, weigh

Told = Callable[[str], None]


@step()
def prepare() -> None:
    """Create the tables that experiments are recorded in, where a warehouse is older than they are."""
    if not warehouse.has_table("ledger", "experiments"):
        dbt.run("run", select=["experiments", "trials"])
    if not warehouse.has_table("marts", "mart_experiments"):
        dbt.run("run", select=["mart_experiments"])


@step()
def run(bench: Bench, experiment: Experiment, told: Told = lambda text: None) -> dict:
    """Run one experiment; returns its row of `ledger.experiments`. A crash or the end of its time is a row too."""
    problem, recipe = bench.problem, changed(experiment, bench.problem)
    condition = experiment.change.get("label")
    learn = learned_label(bench, condition) if condition else None
    search = searched(experiment) if "search" in experiment.change else None
    base = baseline.of(bench, told)
    started, seeds = ledger.wall_clock(), seeds_of(bench, recipe)
    told(f"{experiment.name}: {experiment.dimension}")
    with ledger.run("experiment", clock.now(), problem.name) as this:
        came = box.run(bench, recipe, seeds, experiment.budget_seconds, learn=learn, search=search)
        if came.found is not None:
            recipe = replace(recipe, params=came.found)
        judged = bench.through[-1:] if search else bench.through
        record = {
            **described(bench, experiment.name, recipe, condition, started, seeds, came),
            "hypothesis": experiment.hypothesis,
            "dimension": experiment.dimension,
            "change": json.dumps({**experiment.change, **({"found": came.found} if came.found else {})}),
            "wanted": experiment.wanted,
            "baseline_hash": recipe_hash(Recipe.of(problem)),
            "budget_seconds": experiment.budget_seconds,
            **_verdict(bench, experiment, came, base, seeds, [fold.number for fold in judged]),
        }
        trials = [
            {
                "experiment_id": record["experiment_id"],
                "problem": problem.name,
                "params": json.dumps(one["params"]),
                **{key: one[key] for key in ("number", "value", "state", "seconds")},
            }
            for one in came.trials
        ]
        with warehouse.transaction() as con:
            ledger.append(con, "experiments", [record], ["experiment_id"])
            ledger.append(con, "trials", trials, ["experiment_id", "number"])
        baseline.keep(bench, recipe_hash(recipe, condition), seeds, came)
        this.rows = record["rows"] or 0
        this.message = f"{experiment.name}: {record['decision']}, {record['reason']}"
    return record


def _verdict(bench: Bench, experiment: Experiment, came: Came, base: Came, seeds: Sequence[int], judged: Sequence[int]) -> dict:
    """Decision, interval and figures on the folds that are done for as many seeds as are complete."""
    done = [number for number in judged if (seeds[0], number) in came.scores]
    nothing = dict.fromkeys(("estimate", "low", "high", "noise", "rows", "clusters", "metrics", "by_fold", "by_slice"))
    if not done:
        why = came.error or f"not one of {len(judged)} folds was done in {experiment.budget_seconds:g} seconds"
        return {"decision": UNDECIDED, "reason": f"{came.status.replace('_', ' ')}: {why}", **nothing}
    rows = np.concatenate([fold.test for fold in bench.through if fold.number in done])
    own = [seed for seed in seeds if all((seed, number) in came.scores for number in done)]
    candidate = [np.concatenate([came.scores[seed, number] for number in done]) for seed in own]
    theirs = sorted({seed for seed, _ in base.scores})
    before = [np.concatenate([base.scores[seed, number] for number in done]) for seed in theirs]
    if len(seeds) == 1:
        candidate *= len(before)  # nothing is drawn: every seed would give the same
    found = weighed(bench, experiment, rows, before, candidate)
    decision, reason = found.decision, found.reason
    if came.status != box.FINISHED:
        said = came.error or f"{len(came.scores)} of {len(seeds) * len(judged)} folds in {experiment.budget_seconds:g} seconds"
        decision, reason = UNDECIDED, f"{came.status.replace('_', ' ')} after {said}; on what there is, {reason}"
    figures = (bench.label[rows], rows, before, candidate)
    return {
        "decision": decision,
        "reason": reason,
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "noise": found.noise if np.isfinite(found.noise) else None,
        "rows": found.rows,
        "clusters": found.clusters,
        **tables(bench, *figures),
    }


def weighed(
    bench: Bench, experiment: Experiment, rows: np.ndarray, before: Sequence[np.ndarray], candidate: Sequence[np.ndarray]
) -> Weighed:
    """The decision on these rows of the bench."""
    problem = bench.problem
    return weigh(
        problem.metric,
        bench.label[rows],
        before,
        candidate,
        bench.cluster[rows],
        weight=None if problem.weight is None else bench.weight[rows],
        wanted=experiment.wanted,
        tolerance=bench.plan.tolerance,
        alpha=problem.alpha,
        unit="days" if problem.cluster == "day" else f"values of {problem.cluster}",
    )
