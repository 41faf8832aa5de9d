"""Accepting an experiment: its change is written into the declaration, in place, and shown as a difference."""

from __future__ import annotations

import difflib

import yaml

from flows.runtime import settings, warehouse
from flows.store import ledger, problems
from flows.studies.experiments import rewriting
from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.problem import declaration
from ml.problem.problem import Problem
from ml.studies.experiment import recipe_hash
from ml.studies.paired_comparison import ACCEPTED


def accept(problem: str, name: str) -> list[str]:
    """Write the latest run of the experiment into the declaration; returns the lines of the difference.

    AsofError, and nothing is written, when it was not accepted, when it was compared with another baseline, or
    when the text cannot be changed in place so that exactly the accepted recipe is declared.
    """
    declared = problems.get(problem)
    row = _row(declared, name)
    file = settings.PROJECT / declared.path
    before = file.read_text()
    after = rewriting.rewritten(before, declared, Recipe.of(declared), _recipe(row), declared.path)
    _verify(after, declared, _recipe(row))
    file.write_text(after)
    return list(
        difflib.unified_diff(
            before.splitlines(), after.splitlines(), declared.path, f"{declared.path} with {name}", lineterm="", n=2
        )
    )


def _row(declared: Problem, name: str) -> dict:
    found = warehouse.rows(
        "select * from ledger.experiments where problem = ? and name = ? order by started_at desc limit 1", [declared.name, name]
    )
    if not found:
        raise AsofError(f"experiment {name} has not been run: python -m flows experiment {name}")
    row = found[0]
    if row["decision"] != ACCEPTED:
        raise AsofError(f"experiment {name} is {row['decision']}, so it is not written into the declaration: {row['reason']}")
    if row["baseline_hash"] != recipe_hash(Recipe.of(declared)):
        raise AsofError(f"experiment {name} was compared with another baseline than {declared.path} now declares; run it again")
    if row["dimension"] in ("algorithm", "label", "seeds"):
        raise AsofError(
            f"experiment {name} changes the {row['dimension']}, which a declaration cannot say: models that are deployed are "
            "LightGBM, and what is to be predicted is decided by people"
        )
    return row


def _recipe(row: dict) -> Recipe:
    said = ledger.parsed(row, "recipe", f"ledger.experiments, experiment {row['name']!r}")
    said.pop("label")
    return Recipe(**{**said, "features": tuple(said["features"])})


def _verify(text: str, declared: Problem, wanted: Recipe) -> None:
    """AsofError unless the text, read as dbt would read it, declares the wanted recipe."""
    model = f"{declared.name}__training_set"
    node = next(one for one in yaml.safe_load(text)["models"] if one["name"] == model)
    entry = {
        "name": model,
        "original_file_path": declared.path,
        "config": node["config"],
        "columns": {column["name"]: column for column in node["columns"]},
    }
    found = Recipe.of(declaration.read({"nodes": {"node": entry}}, declared.name))
    if found != wanted:
        raise AsofError(f"{declared.path} cannot be changed cleanly, so it was left as it is; change it by hand")
