"""From a dbt manifest entry to a `Problem`: every key is known, every value is checked, every fault is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter

from ml.errors import AsofError
from ml.problem.declared import columns
from ml.problem.declared.columns import Column, name_fault
from ml.problem.declared.faults import DeclarationError, Fault, validated
from ml.problem.declared.spec import TASKS, Declared
from ml.problem.keys import did_you_mean, shown
from ml.problem.problem import Problem

SPECS = {task: TypeAdapter(kind) for task, kind in TASKS.items()}
# What no task is named of is read as far as all tasks agree: then the fault is told beside all others.
ANY = TypeAdapter(Declared)
PROBLEM = ("config", "meta", "problem")


def read(manifest: Mapping[str, Any], name: str) -> Problem:
    """The problem `name` of a dbt manifest. DeclarationError names the file and each key that is wrong."""
    if said := name_fault(name):
        raise AsofError(f"problem {said}")
    node = _node(manifest, name)
    path = (node.get("patch_path") or node.get("original_file_path") or node["name"]).split("://")[-1]
    keys = {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}.get("problem")
    if not isinstance(keys, Mapping):
        raise AsofError(f"{path}: {node['name']} has no config.meta.problem; declare title, owner, task, metric and so on there")
    task = keys.get("task")
    task = task if isinstance(task, str) and task in SPECS else None
    found, faults = columns.read(node["columns"].values(), task or "binary")
    spec, wrong = validated(SPECS[task] if task else ANY, dict(keys), "problem", PROBLEM)
    faults += wrong or _agrees(spec, found)
    if faults:
        raise DeclarationError(path, faults)
    declared = {field.name: getattr(spec, field.name) for field in fields(spec)}
    return Problem(name=name, path=path, columns=found, **declared)


def _node(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    models = {node["name"]: node for node in manifest["nodes"].values() if node.get("resource_type", "model") == "model"}
    wanted = f"{name}__training_set"
    if wanted not in models:
        problems = [model.removesuffix("__training_set") for model in models if model.endswith("__training_set")]
        raise AsofError(f"there is no dbt model {wanted}{did_you_mean(name, problems)}; declare it in models/problems/{name}/")
    return models[wanted]


def _agrees(spec: Declared, found: tuple[Column, ...]) -> list[Fault]:
    """What names a column has to name one that is there."""
    names = [column.name for column in found]
    sliceable = [column.name for column in found if column.kind in columns.ROLE_KINDS["slice"]]
    faults = []
    if classes := getattr(spec, "classes", ()):
        there, wanted = [column.name for column in found if column.role == "rule"], [f"rule_{name}" for name in classes]
        if sorted(there) != sorted(wanted):
            said = (
                f"the columns with meta.role rule are {', '.join(there) or 'none'}; problem.classes needs one a class, its "
                f"probability by the rule: {', '.join(wanted)}"
            )
            faults.append(Fault((*PROBLEM, "classes"), said))
    if spec.cluster not in ["day", *names]:
        near = did_you_mean(spec.cluster, ["day", *names])
        said = f"problem.cluster is {shown(spec.cluster)}{near}; it must be day or one of {', '.join(names)}"
        faults.append(Fault((*PROBLEM, "cluster"), said))
    for at, name in enumerate(spec.slices):
        if name not in sliceable:
            said = f"problem.slices names {shown(name)}, which is no column to slice by{did_you_mean(name, sliceable)}"
            faults.append(Fault((*PROBLEM, "slices", at), said))
    return faults
