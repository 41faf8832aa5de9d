"""Templates become files of the project, which people own from then on: nothing that is there is ever written over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import jinja2

from flows.runtime.settings import PROJECT
from ml.errors import AsofError

TEMPLATES = Path(__file__).parent / "templates"
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*( [A-Za-z0-9_./()]+)*\.?")
# What YAML would not read as text.
SAID_OTHERWISE = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def scalar(value: object) -> str:
    """A value as YAML writes it within a line: text in quotes where it needs them."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if PLAIN.fullmatch(value) and value.lower() not in SAID_OTHERWISE else json.dumps(value, ensure_ascii=False)


def flow(value: object) -> str:
    """A mapping or a list as YAML writes it within a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def literal(value: object) -> str:
    """A value as the Jinja of dbt writes it: texts in single quotes, where they hold none."""
    if isinstance(value, str):
        return f'"{value}"' if "'" in value else f"'{value}'"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}': {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    return "none" if value is None else str(value)


# dbt's own marks stay as they are: the templates' own are [[ … ]] and [% … %].
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=False, undefined=jinja2.StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, keep_trailing_newline=True, variable_start_string="[[", variable_end_string="]]",
    block_start_string="[%", block_end_string="%]", comment_start_string="[#", comment_end_string="#]",
)  # fmt: skip
_ENVIRONMENT.filters.update(yaml=flow, text=scalar, py=literal)


def rendered(template: str, **values: object) -> str:
    """A template of this room with its values."""
    text = _ENVIRONMENT.get_template(f"{template}.j2").render(**values)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def write(files: dict[str, str]) -> list[str]:
    """Write files below the project, all or none; AsofError names those that are there already."""
    if there := [name for name in files if (PROJECT / name).exists()]:
        raise AsofError(f"{', '.join(there)} is there already; remove it, or take another name")
    for name, text in files.items():
        path = PROJECT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [*files]


def in_english(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = [*names]
    return f"{', '.join(most)} and {last}" if most else last
