"""Changing a declaration's text in place: one value, one line or one column at a time, comments untouched."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ml.errors import AsofError
from ml.models.recipe import Recipe
from ml.problem.problem import Problem

# The fields of a recipe that are keys of `training`.
TRAINING = ("rounds", "early_stopping_rounds", "window_days", "calibration", "sampling", "members")
CANDIDATE = "role: candidate, "


def rewritten(text: str, problem: Problem, before: Recipe, after: Recipe, path: str) -> str:
    """The declaration's text with what differs between two recipes changed; AsofError where that needs a person."""
    for name in sorted(set(after.features) - set(before.features)):
        text = _column(text, problem, name, path, _taken_in)
    for name in sorted(set(before.features) - set(after.features)):
        text = _column(text, problem, name, path, _left_out)
    for key in TRAINING:
        if getattr(before, key) != getattr(after, key):
            text = _key(text, "training", key, getattr(after, key), path)
    for key in sorted({*before.params, *after.params}):
        if before.params.get(key) != after.params.get(key):
            text = _key(text, "params", key, after.params.get(key), path)
    return text


def _column(text: str, problem: Problem, name: str, path: str, change: Callable[[str], str | None]) -> str:
    """The text with the entry of one column changed, whether it stands on one line or on several."""
    entries = list(re.finditer(rf"^( *)- (?:\{{name: {name}, .*\n|name: {name}\n(?:\1  .*\n)*)", text, flags=re.M))
    changed = change(entries[0][0]) if len(entries) == 1 else None
    if changed is None:
        data_type = next(column.data_type for column in problem.columns if column.name == name)
        raise _refused(f"column {name} ({data_type})", path)
    return text[: entries[0].start()] + changed + text[entries[0].end() :]


def _taken_in(entry: str) -> str | None:
    """The entry of a candidate as that of a feature; None where it is written otherwise."""
    for written in (f"config: {{meta: {{{CANDIDATE[:-2]}}}}}, ", CANDIDATE):
        if entry.count(written) == 1:
            return entry.replace(written, "")
    alone = re.compile(rf"^ *config: \{{meta: \{{{CANDIDATE[:-2]}\}}\}}\n", flags=re.M)
    return alone.sub("", entry) if len(alone.findall(entry)) == 1 else None


def _left_out(entry: str) -> str | None:
    """The entry of a feature as that of a candidate; None where it is written otherwise."""
    if entry.count("config: {meta: {") == 1:
        return entry.replace("config: {meta: {", f"config: {{meta: {{{CANDIDATE}")
    if "config:" in entry:
        return None
    alone = f"config: {{meta: {{{CANDIDATE[:-2]}}}}}"
    if re.match(r" *- \{", entry):
        return re.sub(r"(data_type: [^,{}]*(?:\([^)]*\))?, )", rf"\g<1>{alone}, ", entry, count=1)
    return re.sub(r"^( *)(data_type: .*\n)", rf"\1\2\1{alone}\n", entry, count=1, flags=re.M)


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


def _refused(what: str, path: str) -> AsofError:
    return AsofError(f"{path}: {what} does not stand on one line as expected; the file was left as it is, change it by hand")
