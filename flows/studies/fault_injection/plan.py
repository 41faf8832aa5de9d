"""The monitors as dbt compiles them, in the order in which they can be built for scenarios that stand beside the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.runtime import dbt

MONITORS = "models/monitoring/"
PROBLEMS = "models/problems/"
FINDINGS = "mon_findings"
# Monitors over problems' own tables that scenarios fill themselves: what was scored, and the reasons of the predictions.
SCORED, REASONS = "mon_scored", "mon_reasons"


@dataclass(frozen=True)
class Plan:
    """Tables by (schema, name).

    `read` are read by monitors and come from outside; `left_empty` are monitors that read problems' own tables, which a scenario
    does not have; `sql` is what builds every other monitor, in an order that works; `reasons` counts the reasons of
    `predictions`, the tables of all problems, and is None where no monitor reads it.
    """

    database: str
    read: tuple[tuple[str, str], ...]
    left_empty: tuple[tuple[str, str], ...]
    sql: dict[tuple[str, str], str]
    reasons: str | None
    predictions: tuple[tuple[str, str], ...]


def plan(more: Sequence[str] = ()) -> Plan:
    """What has to be built, and from what, to have `mon_findings`, and the monitors named in `more`."""
    nodes = dbt.manifest_dict()["nodes"]
    wanted = _monitors_above(nodes, [key for key, node in nodes.items() if node["name"] in (FINDINGS, *more)])
    fed = {key for key in wanted if _is_fed(nodes, key)}
    built = [key for key in wanted if key not in fed]
    parents = {one for key in built for one in _parents(nodes[key])} - set(built) - fed
    used = {one for key in built for one in _parents(nodes[key])} & fed
    reasons = next((nodes[key] for key in used if nodes[key]["name"] == REASONS), None)
    compiled = dbt.compiled_models([nodes[key]["name"] for key in built] + ([REASONS] if reasons else []))
    return Plan(
        nodes[built[0]]["database"],
        tuple(sorted(_table(nodes[key]) for key in parents)),
        tuple(sorted(_table(nodes[key]) for key in used if nodes[key]["name"] not in (SCORED, REASONS))),
        {_table(nodes[key]): compiled[nodes[key]["name"]] for key in built},
        compiled.get(REASONS),
        tuple(_table(nodes[key]) for key in _parents(reasons)) if reasons else (),
    )


def _monitors_above(nodes: dict, ends: Sequence[str]) -> list[str]:
    """The monitors themselves and all that they stand on, parents first."""
    order: list[str] = []

    def visit(key: str) -> None:
        if key in order or not nodes[key]["original_file_path"].startswith(MONITORS):
            return
        if not _is_fed(nodes, key):
            for parent in _parents(nodes[key]):
                visit(parent)
        order.append(key)

    for end in ends:
        visit(end)
    return order


def _is_fed(nodes: dict, key: str) -> bool:
    """Whether a scenario fills a monitor itself, or would have to, because it reads tables of problems."""
    return nodes[key]["name"] in (SCORED, REASONS) or any(
        nodes[parent]["original_file_path"].startswith(PROBLEMS) for parent in _parents(nodes[key])
    )


def _parents(node: dict) -> list[str]:
    return [key for key in node["depends_on"]["nodes"] if not key.startswith("source.")]


def _table(node: dict) -> tuple[str, str]:
    return node["schema"], node["alias"]
