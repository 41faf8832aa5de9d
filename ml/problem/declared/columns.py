"""The columns of a training set: a name that SQL can carry, a type, a role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from ml.problem.declared.faults import Fault, validated
from ml.problem.declared.reason import Reason
from ml.problem.keys import did_you_mean, shown

IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]{0,62}\Z")
# DuckDB reads none of these as a column unless it is quoted, and SQL that people and macros write is not.
WORDS = """
all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate
collation column concurrently constraint create cross default deferrable desc describe distinct do else end except false
fetch for foreign freeze from full glob group having ilike in initially inner intersect into is isnull join lambda lateral
leading left like limit natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider
placing positional primary qualify references returning right select semi show similar some summarize symmetric table
tablesample then to trailing true union unique unpack unpivot using variadic verbose when where window with"""
RESERVED = frozenset(WORDS.split())
# Columns that a prediction or its profile has of its own, and the role that may bear the name.
TAKEN = {
    "model_version": "", "score": "", "raw_score": "", "flagged": "", "reasons": "", "run_id": "", "scored_at": "",
    "rule_score": "rule", "label": "label", "label_known_at": "label_known_at",
}  # fmt: skip
ROLES = ("entity", "as_of", "label", "label_known_at", "rule", "weight", "slice", "candidate", "feature")
REQUIRED_ROLES, ONCE = ROLES[:5], ROLES[:6]
PREFIXES = {
    "number": (
        "tinyint", "smallint", "int", "bigint", "hugeint", "uint", "ubigint", "utinyint", "usmallint",
        "float", "real", "double", "decimal", "numeric",
    ),
    "boolean": ("bool",),
    "category": ("varchar", "text", "string", "char",),
    "time": ("timestamp", "datetime",),
}  # fmt: skip
ROLE_KINDS = {
    "as_of": ("time",), "label_known_at": ("time",), "rule": ("number",),
    "weight": ("number",), "entity": ("category", "number"), "slice": ("category", "boolean", "number"),
    "candidate": ("number", "boolean", "category"), "feature": ("number", "boolean", "category"),
}  # fmt: skip
# What a label is, by task.
LABEL_KINDS = {"binary": ("boolean", "number"), "regression": ("number",), "multiclass": ("category",)}
REASON = TypeAdapter(Reason)


@dataclass(frozen=True)
class Column:
    """One column of the training set.

    `kind` is derived from `data_type`, `role` is "feature" when unmarked; `reason` is how people read it, None where only
    description and type say so. `drift` False: the calendar moves it, so how far it is from training says nothing.
    """

    name: str
    data_type: str
    role: str
    description: str
    kind: str
    reason: Reason | None = None
    drift: bool = True


def read(entries: Iterable[Mapping[str, Any]], task: str = "binary") -> tuple[tuple[Column, ...], list[Fault]]:
    """The columns of a manifest entry, and what is wrong with them. The task says what a label is, and how many rules are."""
    kinds = {**ROLE_KINDS, "label": LABEL_KINDS[task]}
    columns: list[Column] = []
    faults: list[Fault] = []
    for entry in entries:
        column, found = _column(entry, kinds)
        columns.append(column)
        faults += [Fault(("columns", column.name, *key), f"column {said}") for key, said in found]
    return tuple(columns), faults + [Fault(("columns",), said) for said in _roles(columns, task)]


def name_fault(name: Any) -> str:
    """Why a name cannot be that of a column, a problem or an experiment; "" where it can."""
    if not isinstance(name, str) or not IDENTIFIER.match(name):
        return f"{shown(name)} is not a name: use lower-case letters, digits and _, at most 63"
    return f"{name!r} is a word of SQL: choose another name, such as {name}_" if name in RESERVED else ""


def _column(entry: Mapping[str, Any], kinds: Mapping[str, tuple[str, ...]]) -> tuple[Column, list[Fault]]:
    name = entry["name"]
    meta = {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})}
    role, data_type = meta.get("role", "feature"), str(entry.get("data_type") or "").strip().lower()
    column = Column(str(name), data_type, role, str(entry.get("description") or "").strip(), kind_of(data_type))
    if said := name_fault(name):
        return column, [Fault(("name",), said)]
    if role not in ROLES:
        near = did_you_mean(role, ROLES)
        return column, [Fault(("role",), f"{name}: role {shown(role)} is unknown{near}; roles are {', '.join(ROLES)}")]
    faults = []
    if name in TAKEN and role != TAKEN[name]:
        only = f" but that of role {TAKEN[name]}" if TAKEN[name] else ""
        faults.append(Fault(("name",), f"{name}: a prediction has a column of that name itself, so no column{only} may have it"))
    if not data_type:
        faults.append(Fault(("name",), f"{name} has no data_type; the contract needs one"))
    elif column.kind not in kinds[role]:
        allowed = " or ".join(kinds[role])
        said = f"{name} is {data_type}, but its role {role} needs a {allowed}; cast it in SQL, or give it another meta.role"
        faults.append(Fault(("data_type",), said))
    if "reason" in meta:
        said, wrong = validated(REASON, meta["reason"], f"{name}.reason", ("reason",))
        faults += wrong or ([Fault(("reason",), f"{name}.reason.{misfit}")] if (misfit := said.misfit(role, column.kind)) else [])
        column = replace(column, reason=said)
    if "drift" in meta:
        if not isinstance(meta["drift"], bool) or role not in ("feature", "candidate"):
            said = "must be true or false, and belongs to a feature"
            faults.append(Fault(("drift",), f"{name}: drift is {shown(meta['drift'])}; it {said}"))
        column = replace(column, drift=meta["drift"])
    return column, faults


def kind_of(data_type: str) -> str:
    """number, boolean, category, time or other."""
    if data_type.startswith("interval") or "[" in data_type:
        return "other"
    return next((kind for kind, starts in PREFIXES.items() if data_type.startswith(starts)), "other")


def _roles(columns: list[Column], task: str) -> list[str]:
    said = []
    # Of several classes each has a rule: which columns that are is held against the classes.
    for role in (role for role in ONCE if not (role == "rule" and task == "multiclass")):
        names = [column.name for column in columns if column.role == role]
        if role in REQUIRED_ROLES and not names:
            said.append(f"no column has meta.role {role}; mark exactly one")
        if len(names) > 1:
            said.append(f"columns {', '.join(names)} all have meta.role {role}; mark exactly one")
    if not any(column.role == "feature" for column in columns):
        said.append("no feature is left; a feature is a column without meta.role")
    return said
