"""What is wrong with a declaration, in words: pydantic's errors as sentences that name the key and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from ml.errors import AsofError
from ml.problem.keys import did_you_mean, shown

# What was expected, by the kind of pydantic's error.
EXPECTED = {
    "string_type": "must be text, not {0}", "string_too_short": "must be text, not {0}",
    "float_type": "must be a number, not {0}", "finite_number": "must be a finite number, not {0}",
    "int_type": "must be a whole number, not {0}",
    "bool_type": "must be true or false, not {0}", "tuple_type": "must be a list, not {0}",
    "dataclass_type": "must hold keys and values, not {0}", "typed_dict_type": "must hold keys and values, not {0}",
    "string_pattern_mismatch": "is {0}, but must be of lower-case letters, digits and _: a column is named by it",
    "too_short": "holds too few, {actual_length} and not {min_length}",
    "too_long": "holds too many, {actual_length} and not {max_length} at most",
    "dict_type": "must hold keys and values, not {0}", "invalid_key": "is no key; keys are text",
    "greater_than": "is {0}, but must be more than {gt}", "greater_than_equal": "is {0}, but must be at least {ge}",
    "less_than": "is {0}, but must be less than {lt}", "less_than_equal": "is {0}, but must be at most {le}",
}  # fmt: skip

# A key that a sentence can hold as it is.
WORD = re.compile(r"[\w -]{1,80}\Z")


class Fault(NamedTuple):
    """One of them: the way to the key, and the sentence."""

    key: tuple[str | int, ...]
    said: str


class DeclarationError(AsofError):
    """A declaration that does not hold, with all that is wrong with it. `lines` says on which line of the file a fault lies."""

    def __init__(self, path: str, faults: Sequence[Fault], lines: Mapping[int, int] | None = None) -> None:
        self.path, self.faults = path, tuple(faults)
        told = [f"{path}{f':{lines[at]}' if lines and at in lines else ''}: {one.said}" for at, one in enumerate(faults)]
        super().__init__("; ".join(told))


def validated(kind: TypeAdapter, declared: Any, place: str, key: tuple[str | int, ...] = ()) -> tuple[Any, list[Fault]]:
    """The value, and no fault; or None, and every fault. `place` is how sentences call it, `key` where it stands."""
    try:
        return kind.validate_python(declared, by_alias=True, by_name=False), []
    except ValidationError as errors:
        found = errors.errors(include_url=False, include_context=True)
    return None, [Fault((*key, *one["loc"]), _said(one, kind, place)) for one in found]


def _said(error: Mapping[str, Any], kind: TypeAdapter, place: str) -> str:
    loc, value, context = error["loc"], error["input"], error.get("ctx") or {}
    name = place + "".join(
        f".{part}" if WORD.match(str(part)) and not isinstance(part, int) else f"[{shown(part)}]" for part in loc
    )
    if error["type"] == "declared":
        what = context["what"]
        return name + (what if what.startswith(".") else f" {what}")
    if error["type"] == "missing":
        near = set(value) - set(_known(kind, loc[:-1])) if isinstance(value, Mapping) else ()
        return f"{name} is missing{did_you_mean(str(loc[-1]), map(str, near))}; declare it"
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{name} is unknown{did_you_mean(str(loc[-1]), _known(kind, loc[:-1]))}; remove it or correct its spelling"
    if error["type"] == "literal_error":
        allowed = [part.strip("'") for part in context["expected"].replace(" or ", ", ").split(", ")]
        return f"{name} is {shown(value)}{did_you_mean(value, allowed)}; it must be one of {', '.join(allowed)}"
    # What is too long for a float, or no whole one, has names of its own.
    expected = EXPECTED.get(error["type"]) or EXPECTED["int_type" if error["type"].startswith("int_") else "float_type"]
    return f"{name} {expected.format(shown(value), **context)}"


def _known(kind: TypeAdapter, loc: Sequence[str | int]) -> list[str]:
    """The keys of the section at `loc`."""
    schema = _schema(kind)
    here: Any = schema
    for part in loc:
        here = _resolved(here, schema)
        here = here.get("items", {}) if isinstance(part, int) else here.get("properties", {}).get(part, {})
    return list(_resolved(here, schema).get("properties", {}))


def _resolved(here: Any, schema: Any) -> Any:
    while "$ref" in here:
        here = schema["$defs"][here["$ref"].rsplit("/", 1)[-1]]
    return here


@cache
def _schema(kind: TypeAdapter) -> Any:
    return kind.json_schema()
