"""How values are written where a file holds text: the canonical forms, and the other forms that a source may declare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ml.errors import AsofError
from ml.problem.keys import Keys

INTEGERS = ("smallint", "integer", "bigint")
NUMBERS = (*INTEGERS, "double")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# What a directive of a declared `format` matches, exactly; `strptime` alone is lenient (blanks, missing digits).
DIRECTIVES = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "(?:0[1-9]|1[0-2])", "%-m": "(?:[1-9]|1[0-2])",
    "%b": f"(?:{'|'.join(month[:3] for month in MONTHS)})", "%B": f"(?:{'|'.join(MONTHS)})",
    "%d": "(?:0[1-9]|[12][0-9]|3[01])", "%-d": "(?:[1-9]|[12][0-9]|3[01])",
    "%H": "(?:[01][0-9]|2[0-3])", "%-H": "(?:1?[0-9]|2[0-3])", "%I": "(?:0[1-9]|1[0-2])", "%-I": "(?:[1-9]|1[0-2])",
    "%M": "[0-5][0-9]", "%S": "[0-5][0-9]", "%f": "[0-9]{6}", "%p": "(?:AM|PM)",
    "%z": "[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]", "%%": "%",
}  # fmt: skip
DATE = ({"%Y", "%y"}, {"%m", "%-m", "%b", "%B"}, {"%d", "%-d"})
TIME = {"%H", "%-H", "%I", "%-I", "%M", "%S", "%f", "%p", "%z"}
# The keys of a column's `config.meta` that say how it is written, and the types that each is for.
DECLARED = {
    "format": ("date", "timestamp"), "timezone": ("timestamp",), "decimal": ("double",), "thousands": NUMBERS,
    "true_values": ("boolean",), "false_values": ("boolean",),
}  # fmt: skip
MARKS = {"decimal": (".", ","), "thousands": (".", ",", "'", " ")}


@dataclass(frozen=True)
class Written:
    """The written form of one column's values. The defaults are the canonical form of every type."""

    format: str | None = None
    timezone: str | None = None
    decimal: str = "."
    thousands: str | None = None
    true_values: tuple[str, ...] = ("true",)
    false_values: tuple[str, ...] = ("false",)


def written(meta: Mapping[str, Any], defaults: Mapping[str, Any], data_type: str, file: str, place: str) -> Written:
    """The form that a column's `meta` declares; `defaults` are the source's. AsofError names file and key."""
    own = Keys({key: meta[key] for key in DECLARED if key in meta}, file, place)
    for key in own.declared:
        if data_type not in DECLARED[key]:
            raise own.error(key, f"is for {' and '.join(DECLARED[key])}, not for {data_type}")
    merged = {**{key: value for key, value in defaults.items() if data_type in DECLARED[key]}, **own.declared}
    keys = Keys(merged, file, place)
    form = Written(
        format=_format(keys, data_type) if "format" in merged else None,
        timezone=zone(keys) if "timezone" in merged else None,
        decimal=keys.choice("decimal", MARKS["decimal"], "."),
        thousands=keys.choice("thousands", MARKS["thousands"], None) if "thousands" in merged else None,
        true_values=_texts(keys, "true_values", ("true",)),
        false_values=_texts(keys, "false_values", ("false",)),
    )
    if form.thousands == form.decimal and data_type == "double":
        raise keys.error("thousands", f"and decimal are both {form.decimal!r}; declare which is which")
    if both := set(form.true_values) & set(form.false_values):
        raise keys.error("true_values", f"and false_values share {', '.join(sorted(both))}")
    return form


def zone(keys: Keys) -> str:
    """The IANA zone that `timezone` names."""
    name = keys.text("timezone")
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise keys.error("timezone", f"is {name!r}, which is no IANA time zone, such as Europe/Berlin") from error
    return name


def _texts(keys: Keys, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    values = keys.raw(key, default)
    values = values if isinstance(values, list | tuple) else [values]
    for value in values:
        if not isinstance(value, str):
            raise keys.error(key, f"holds {value!r}, which YAML does not read as text; put it in quotes")
    if not values:
        raise keys.error(key, "is empty; leave it out, or list at least one text")
    return tuple(values)


def parts(text: str) -> list[str]:
    """A format, cut into directives and the characters between them."""
    return re.findall(r"%-?.|[^%]|%$", text)


def _format(keys: Keys, data_type: str) -> str:
    text = keys.text("format")
    found = [part for part in parts(text) if part.startswith("%") and part != "%%"]
    if unknown := [part for part in found if part not in DIRECTIVES]:
        raise keys.error("format", f"has {unknown[0]}, which is none of {' '.join(DIRECTIVES)}")
    days = [sum(part in group for part in found) for group in DATE]
    clock = [part for part in found if part in TIME]
    hours = sum(part in ("%H", "%-H", "%I", "%-I") for part in clock)
    halves = any(part in ("%I", "%-I") for part in clock)
    if days != [1, 1, 1] or len(set(found)) != len(found):
        raise keys.error("format", f"is {text!r}; it needs year, month and day, each once, such as %d/%m/%Y")
    if data_type == "date" and clock:
        raise keys.error("format", f"has {clock[0]}, but the column is a date")
    if hours > 1 or halves != ("%p" in clock) or (clock and not hours):
        raise keys.error("format", f"is {text!r}; a time needs one hour, %H, or %I with %p")
    if re.search(r"%-[dmHI]%-?[YymdHIMSf]", text):
        raise keys.error("format", f"is {text!r}; a part of one or two digits needs a mark after it")
    return text


def pattern(text: str) -> str:
    """The regular expression that a declared format stands for."""
    return "".join(DIRECTIVES[part] if part in DIRECTIVES else re.escape(part) for part in parts(text))


def did_declare(meta: Mapping[str, Any], file: str, place: str) -> None:
    """Refuse a key of a column's `meta` that looks like a misspelt one; other keys are people's own."""
    from ml.problem.keys import did_you_mean

    known = (*DECLARED, "accepted", "pii")
    for key in meta:
        if key not in known and (near := did_you_mean(str(key), known)):
            raise AsofError(f"{file}: {place}.{key} is unknown{near}; remove it or correct its spelling")
