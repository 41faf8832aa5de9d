"""What people call a thing: names of columns and tables in words, as somebody declared them or as they are written."""

from __future__ import annotations

import re
from typing import Any

import yaml

from flows.studies.scaffolding.rendering import PROJECT

# Ends of names that say how a thing is told apart, not what it is.
TOLD_APART = re.compile(r"_(id|no|nr|key|code|number)$")


def plain(name: str) -> str:
    """`bill_length` is `bill length`."""
    return name.replace("_", " ")


def of_a_thing(name: str) -> str:
    """A name that tells things apart, as what it tells apart: `household_id` is `household`."""
    return plain(TOLD_APART.sub("", name))


def sentence(text: str) -> str:
    """With a capital at the beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def declared(model: str) -> dict[str, str]:
    """The words of the columns of a model that say them, in `config.meta.words` of its YAML."""
    meta = {column["name"]: meta_of(column) for column in entry(model).get("columns") or []}
    return {name: said["words"] for name, said in meta.items() if isinstance(said.get("words"), str)}


def entry(model: str) -> dict[str, Any]:
    """What the YAML of the project says of a model; empty where it says nothing."""
    for path in sorted((PROJECT / "models").rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if model not in text:
            continue
        for one in (yaml.safe_load(text) or {}).get("models") or []:
            if one["name"] == model:
                return one
    return {}


def key(model: str) -> tuple[str, ...]:
    """The columns that tell the rows of a model apart, as the tests in its YAML say; none where they do not."""
    said = entry(model)
    for one in said.get("data_tests") or []:
        if isinstance(one, dict) and "one_row_per" in one:
            return tuple(one["one_row_per"]["arguments"]["columns"])
    return tuple(one["name"] for one in said.get("columns") or [] if "unique" in (one.get("data_tests") or []))[:1]


def meta_of(said: dict[str, Any]) -> dict[str, Any]:
    """`config.meta` of a model or column as its YAML says it."""
    return (said.get("config") or {}).get("meta") or {}
