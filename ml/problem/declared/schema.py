"""The JSON schema of a file that declares a problem, for editors: what may stand where is said by the classes of this room."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ml.problem.declared.columns import REASON, ROLES
from ml.problem.declared.spec import TASKS


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a dbt properties file: strict in `config.meta`: `problem`, `role`, `reason` and `drift`."""
    reason, parts = _untitled(REASON.json_schema(by_alias=True)), {}
    column = {"role": {"enum": list(ROLES)}, "reason": reason, "drift": {"type": "boolean"}}
    for task, kind in TASKS.items():
        declared = _untitled(TypeAdapter(kind).json_schema(by_alias=True))
        parts |= {**declared.pop("$defs"), task: declared}
    # Which keys there are the task says.
    parts["problem"] = {
        "type": "object",
        "required": ["task"],
        "properties": {"task": {"enum": list(TASKS)}},
        "allOf": [_if(task) for task in TASKS],
    }
    problem = {"properties": {"problem": {"$ref": "#/$defs/problem"}}}
    found = _within("models", _list(_within("config", _within("meta", problem))))
    model = found["properties"]["models"]["items"]["properties"]
    model["columns"] = _list(_within("config", _within("meta", {"properties": column})))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "$defs": parts}


def _if(task: str) -> dict[str, Any]:
    asked = {"properties": {"task": {"const": task}}, "required": ["task"]}
    return {"if": asked, "then": {"$ref": f"#/$defs/{task}"}}


def _within(key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {key: value}}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _untitled(part: Any) -> Any:
    """Without the titles that pydantic makes of names: an editor would show them in the place of the description."""
    if isinstance(part, list):
        return [_untitled(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {key: _untitled(value) for key, value in part.items() if key != "title" or not isinstance(value, str)}
