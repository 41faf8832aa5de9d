"""Which tables a problem is made of, and which of their rows were knowable at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml.problem.problem import Problem


@dataclass(frozen=True)
class Model:
    """A dbt model of the lineage: its name, its table in the warehouse, and whether dbt stores it or computes it anew."""

    name: str
    relation: str
    stored: bool


def tips(problem: str) -> tuple[str, str]:
    """The two models that a model is trained on and scores: everything else is made for them."""
    return f"{problem}__training_set", f"{problem}__scoring_set"


def lineage(manifest: Mapping[str, Any], problem: str) -> list[Model]:
    """Every model that the training set and the scoring set are made of, and they: a model after those that it reads."""
    nodes, order = manifest["nodes"], {}

    def visit(key: str) -> None:
        if key in nodes and nodes[key]["resource_type"] == "model" and key not in order:
            order[key] = None
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            order[key] = order.pop(key)

    ends = tips(problem)
    for key, node in nodes.items():
        if node["name"] in ends:
            visit(key)
    kinds = {key: nodes[key]["config"]["materialized"] for key in order}
    return [
        Model(nodes[key]["name"], f"{nodes[key]['schema']}.{nodes[key]['alias']}", kinds[key] not in ("view", "ephemeral"))
        for key in order
        if kinds[key] != "ephemeral"
    ]


def sources(manifest: Mapping[str, Any], problem: str) -> set[str]:
    """The sources, as `source.table`, that a problem stands on."""
    todo = [key for key, node in manifest["nodes"].items() if node["name"] in tips(problem)]
    seen = set(todo)
    while todo:
        parents = manifest["nodes"].get(todo.pop(), {}).get("depends_on", {}).get("nodes", ())
        todo += [parent for parent in parents if parent not in seen]
        seen.update(parents)
    return {f"{one['source_name']}.{one['name']}" for key, one in manifest["sources"].items() if key in seen}


def dated_by(columns: list[str], problem: Problem) -> str | None:
    """The column that says when a row of a table was knowable; None for a table that does not say."""
    return next((name for name in (problem.label_known_at, problem.as_of, "known_at") if name in columns), None)


def knowable(columns: list[str], problem: Problem, cut: datetime) -> str | None:
    """SQL of the rows that had to be as they are at the instant `cut`; None for a table that does not say when it was known.

    A label counts from the instant it is known, a feature from its as_of on, any other fact from its known_at.
    """
    by = dated_by(columns, problem)
    # with equality: what is known at as_of itself is not known before it, and both variants change it
    return by and f"{by} {'<=' if by == problem.as_of else '<'} timestamp '{cut}'"
