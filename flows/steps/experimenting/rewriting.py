"""Changing a declaration's text in place: one value, one line or one column at a time, comments untouched."""

from __future__ import annotations

import json
import re
from typing import Any

from ml.errors import AsofError
from ml.problem import Problem
from ml.recipe import Recipe

# The fields of a recipe that are keys of `training`.
TRAINING = ("rounds", "early_stopping_rounds", "window_days", "calibration", "sampling", "members")
CANDIDATE = "config: {meta: {role: candidate}}, "


def rewritten(text: str, problem: Problem, before: Recipe, after: Recipe, path: str) -> str:
    """The declaration's text with what differs between two recipes changed; AsofError where that needs a person."""
    for name in sorted(set(after.features) - set(before.features)):
        text = _column(text, name, CANDIDATE, "", path)
    for name in sorted(set(before.features) - set(after.features)):
        data_type = next(column.data_type for column in problem.columns if column.name == name)
        kept = rf"(\{{name: {name}, data_type: [^,{{}}]*(?:\([^)]*\))?, )(?!config:)"
        text = _once(text, kept, rf"\g<1>{CANDIDATE}", f"column {name} ({data_type})", path)
    for key in TRAINING:
        if getattr(before, key) != getattr(after, key):
            text = _key(text, "training", key, getattr(after, key), path)
    for key in sorted({*before.params, *after.params}):
        if before.params.get(key) != after.params.get(key):
            text = _key(text, "params", key, after.params.get(key), path)
    return text


def _column(text: str, name: str, taken: str, put: str, path: str) -> str:
    line = rf"(\{{name: {name}, [^\n]*?){re.escape(taken)}"
    return _once(text, line, rf"\g<1>{put}", f"column {name}", path)


def _key(text: str, block: str, key: str, value: Any, path: str) -> str:
    """`key` of a block set to `value`: its line changed, removed where the value is None, or added as the first."""
    opened = re.search(rf"^( *){block}:[ ]*\n", text, flags=re.M)
    if opened is None:
        raise _refused(f"the block {block}", path)
    deeper = rf"{opened[1]} +"
    inside = re.compile(rf"(?:(?:{deeper}[^\n]*)?\n)*").match(text, opened.end())
    body = inside[0]
    indent = re.match(r" *", body)[0]
    line = re.compile(rf"^({indent}{key}: *)([^\n#]*?)( *#[^\n]*)?\n", flags=re.M)
    said = json.dumps(value) if isinstance(value, bool) else str(value)
    if line.search(body):
        changed = line.sub("" if value is None else lambda at: f"{at[1]}{said}{at[3] or ''}\n", body, count=1)
    elif value is None:
        return text
    else:
        changed = f"{indent}{key}: {said}\n{body}"
    return text[: opened.end()] + changed + text[inside.end() :]


def _once(text: str, pattern: str, put: str, what: str, path: str) -> str:
    changed, times = re.subn(pattern, put, text)
    if times != 1:
        raise _refused(what, path)
    return changed


def _refused(what: str, path: str) -> AsofError:
    return AsofError(f"{path}: {what} does not stand on one line as expected; the file was left as it is, change it by hand")
