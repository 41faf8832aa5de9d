"""One experiment from its declaration to its row: run, compared with the baseline on the same rows, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from flows.runtime import dbt, warehouse
from flows.runtime.step import step
from flows.store import clock, ledger
from flows.studies.experiments import baseline, time_box
from flows.studies.experiments.folds import StudyData, learned_label
from flows.studies.experiments.record import described, seeds_of, tables
from flows.studies.experiments.time_box import Outcome
from ml.models.recipe import Recipe
from ml.studies.experiment import Experiment, changed, recipe_hash, searched
from ml.studies.paired_comparison import UNDECIDED, Comparison, compare

OnProgress = Callable[[str], None]


@step()
def prepare() -> None:
    """Create the tables that experiments are recorded in, where a warehouse is older than they are."""
    if not warehouse.has_table("ledger", "experiments"):
        dbt.run("run", select=["ledger_experiments", "ledger_trials"])
    if not warehouse.has_table("marts", "experiments"):
        dbt.run("run", select=["experiments"])


@step()
def run(data: StudyData, experiment: Experiment, on_progress: OnProgress = lambda text: None) -> dict:
    """Run one experiment; returns its row of `ledger.experiments`. A crash or the end of its time is a row too."""
    problem, recipe = data.problem, changed(experiment, data.problem)
    condition = experiment.change.get("label")
    learn = learned_label(data, condition) if condition else None
    search = searched(experiment) if "search" in experiment.change else None
    base = baseline.of(data, on_progress)
    started, seeds = ledger.wall_clock(), seeds_of(data, recipe)
    on_progress(f"{experiment.name}: {experiment.dimension}")
    with ledger.run("experiment", clock.now(), problem.name) as this:
        outcome = time_box.run(data, recipe, seeds, experiment.budget_seconds, learn=learn, search=search)
        if outcome.found is not None:
            recipe = replace(recipe, params=outcome.found)
        judged = data.through[-1:] if search else data.through
        record = {
            **described(data, experiment.name, recipe, condition, started, seeds, outcome),
            "hypothesis": experiment.hypothesis,
            "dimension": experiment.dimension,
            "change": json.dumps({**experiment.change, **({"found": outcome.found} if outcome.found else {})}),
            "wanted": experiment.wanted,
            "baseline_hash": recipe_hash(Recipe.of(problem)),
            "budget_seconds": experiment.budget_seconds,
            **_verdict(data, experiment, outcome, base, seeds, [fold.number for fold in judged]),
        }
        trials = [
            {
                "experiment_id": record["experiment_id"],
                "problem": problem.name,
                "params": json.dumps(one["params"]),
                **{key: one[key] for key in ("number", "value", "state", "seconds")},
            }
            for one in outcome.trials
        ]
        with warehouse.transaction() as con:
            ledger.append(con, "experiments", [record], ["experiment_id"])
            ledger.append(con, "trials", trials, ["experiment_id", "number"])
        baseline.keep(data, recipe_hash(recipe, condition), seeds, outcome)
        this.rows = record["rows"] or 0
        this.message = f"{experiment.name}: {record['decision']}, {record['reason']}"
    return record


def _verdict(
    data: StudyData, experiment: Experiment, outcome: Outcome, base: Outcome, seeds: Sequence[int], judged: Sequence[int]
) -> dict:
    """Decision, interval and figures on the folds that are done for as many seeds as are complete."""
    done = [number for number in judged if (seeds[0], number) in outcome.scores]
    nothing = dict.fromkeys(("estimate", "low", "high", "noise", "rows", "clusters", "metrics", "by_fold", "by_slice"))
    if not done:
        why = outcome.error or f"not one of {len(judged)} folds was done in {experiment.budget_seconds:g} seconds"
        return {"decision": UNDECIDED, "reason": f"{outcome.status.replace('_', ' ')}: {why}", **nothing}
    rows = np.concatenate([fold.test for fold in data.through if fold.number in done])
    own = [seed for seed in seeds if all((seed, number) in outcome.scores for number in done)]
    candidate = [np.concatenate([outcome.scores[seed, number] for number in done]) for seed in own]
    theirs = sorted({seed for seed, _ in base.scores})
    before = [np.concatenate([base.scores[seed, number] for number in done]) for seed in theirs]
    if len(seeds) == 1:
        candidate *= len(before)  # nothing is drawn: every seed would give the same
    found = compared(data, experiment, rows, before, candidate)
    decision, reason = found.decision, found.reason
    if outcome.status != time_box.FINISHED:
        scores = f"{len(outcome.scores)} of {len(seeds) * len(judged)} folds in {experiment.budget_seconds:g} seconds"
        said = outcome.error or scores
        decision, reason = UNDECIDED, f"{outcome.status.replace('_', ' ')} after {said}; on what there is, {reason}"
    figures = (data.rows.label[rows], rows, before, candidate)
    return {
        "decision": decision,
        "reason": reason,
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "noise": found.noise if np.isfinite(found.noise) else None,
        "rows": found.rows,
        "clusters": found.clusters,
        **tables(data, *figures),
    }


def compared(
    data: StudyData, experiment: Experiment, rows: np.ndarray, before: Sequence[np.ndarray], candidate: Sequence[np.ndarray]
) -> Comparison:
    """The decision on these rows."""
    problem = data.problem
    return compare(
        problem.metric,
        data.rows.label[rows],
        before,
        candidate,
        data.rows.cluster[rows],
        weight=None if data.rows.weight is None else data.rows.weight[rows],
        wanted=experiment.wanted,
        tolerance=data.plan.tolerance,
        alpha=problem.alpha,
        unit=problem.cluster_unit,
        overlap=data.rows.overlap,
    )
