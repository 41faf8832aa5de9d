"""Features and their values as people read them: the text and the unit that a column declares, for pages and pictures.

`macros/reasons` makes the same sentences in SQL, for marts; tests hold both to one list of cases.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ml.problem.declared.columns import Column
from ml.problem.declared.reason import PLACE, Reason
from ml.problem.problem import Problem

SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What is no amount but a point in time.
POINTS = {"time_of_day": "time", "date": "day"}
YES, NO = ("true", "1"), ("false", "0")
# Behind these a noun is in the singular.
ONE = ("1", "minus 1", "at most 1", "at least 1")
ALMOST = "over 99 %"
# Days since 1970-01-01 that are dates with a year of four digits.
DATES = (-354_285, 999_999)
NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
# DuckDB takes a text for a number also with these around it, with single `_` between digits, and `+-1`.
BLANKS = " \t\n\v\f\r"
# What the macro `quarter` writes.
QUARTER = re.compile(rf"(?:(?P<above>{NUMBER}) < … )?≤ (?P<most>{NUMBER})|> (?P<over>{NUMBER})")
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True)
class Words:
    """How a column is said: what it is, its kind, and the keys of a `Reason`, made where they are not declared."""

    about: str
    kind: str
    text: str
    unit: str
    negative: str | None
    missing: str
    currency: str | None

    @property
    def name(self) -> str:
        """The column without a value: `… % of all visits by members`, `departs at …`."""
        gap = {"share": "… %", "money": f"{self.currency or ''} …".strip()}.get(self.unit, "…")
        gap = f"… {self.unit}" if self.unit in SECONDS else gap
        # A name with its value behind it needs no gap, but for the unit.
        text = self.text.removesuffix(f": {PLACE}")
        if text != self.text:
            # A duration says its own unit with each value: 20 minutes, 3 days.
            return text if gap == "…" or self.unit in SECONDS else f"{text} ({gap.replace('…', '').strip()})"
        texts = [text] if self.negative is None else [text, self.negative]
        return _joined([one.replace("(s)", "s").replace(PLACE, gap) for one in texts])

    def say(self, value: object) -> str:
        """A value in the text of the column, `49 % of all visits by members`; None and NaN are missing."""
        text, number = _read(value)
        if text is None:
            return self.missing
        unit, shown = self._unit(text, number), self.amount(value)
        below = (number is not None and number < 0) or (unit == "boolean" and text in NO)
        return _filled(self.negative if below and self.negative else self.text, shown)

    def amount(self, value: object) -> str:
        """The value alone with its unit: `49 %`, `3 hours 20 minutes`, `USD 1,240`; "" where it is missing."""
        text, number = _read(value)
        if text is None:
            return ""
        unit = self._unit(text, number)
        if unit == "boolean":
            return "yes" if text in YES else "no"
        if unit == "date":
            return _date(text, number)
        if unit == "category" or number is None:
            return _line(text)
        if unit == "weekday":
            return WEEKDAYS[int(number) - 1]
        if unit == "time_of_day":
            return f"{int(number // 60):02}:{int(number % 60):02}"
        minus = "minus " if number < 0 and self.negative is None else ""
        return f"{minus}{f'{self.currency} ' if self.currency else ''}{_size(unit, abs(number))}"

    def cell(self, cell: str) -> str:
        """A cell of the model `mon_error_cells` in the text of the column: `over 49 % of all visits by members`."""
        if cell == "missing":
            return self.missing
        found = QUARTER.fullmatch(cell) if self.kind == "number" else None
        if not found:
            return self.say(cell)
        above, most, over = (None if end is None else float(end) for end in found.group("above", "most", "over"))
        return self.between(over if above is None else above, most)

    def between(self, above: float | None, most: float | None) -> str:
        """The values above `above` that are `most` at the most, in the text of the column; None where there is no such end."""
        possible = {"boolean": (0, 1), "weekday": range(1, 8)}.get(self.unit, ())
        held = [one for one in possible if (above is None or one > above) and (most is None or one <= most)]
        if held and self.unit == "boolean":
            return _joined([self.say(bool(one)) for one in reversed(held)])
        if held:
            return _filled(self.text, " to ".join(dict.fromkeys(self.amount(one) for one in (held[0], held[-1]))))
        if self.negative is None or self.unit in POINTS or (above is not None and above >= 0):
            return _filled(self.text, self._span(above, most))
        # Of values below 0 the size is said, which grows the other way.
        farthest = None if above is None else self.amount(-above)
        if most is not None and most <= 0:
            nearest = self.amount(-most)
            return _filled(self.negative, f"at least {nearest}" if farthest is None else _to(nearest, farthest))
        below = f"over {self.amount(0)}" if farthest is None else f"less than {farthest}"
        beyond = f"over {self.amount(0)}" if most is None else f"at most {self.amount(most)}"
        return _joined([_filled(self.negative, below), _filled(self.text, beyond)])

    def _span(self, above: float | None, most: float | None) -> str:
        """A range of values alone."""
        if above is not None and most is not None:
            return _to(self.amount(above), self.amount(most))
        when = POINTS.get(self.unit)
        if most is not None:
            shown = self.amount(most)
            return f"{shown} or earlier" if when else "less than 100 %" if shown == ALMOST else f"at most {shown}"
        shown = self.amount(above)
        return f"a {when} after {shown}" if when else shown if shown == ALMOST else f"over {shown}"

    def _unit(self, text: str, number: float | None) -> str:
        """The unit that the value really has: what does not fit its unit is a plain number, or a text."""
        if self.unit == "boolean" and text in YES + NO:
            return "boolean"
        if self.unit == "date" and (_iso(text) or (number is not None and DATES[0] <= number <= DATES[1])):
            return "date"
        if number is None or self.unit in ("boolean", "date", "category"):
            return "category"
        misfit = (self.unit == "time_of_day" and not 0 <= number < 1440) or (self.unit == "weekday" and number not in range(1, 8))
        return "number" if misfit or abs(number) >= 1e15 else self.unit


def of(problem: Problem, name: str) -> Words:
    """How a column of a problem is said; one that is declared no more, by its name."""
    column = next((one for one in problem.columns if one.name == name), None)
    return words(column or Column(name, "", "feature", "", "number"))


def words(column: Column) -> Words:
    """How a column is said, by its `reason`, and by description and type for what that leaves out."""
    about, said = _about(column), column.reason or Reason()
    unit = {"category": "category", "boolean": "boolean"}.get(column.kind, "number")
    text, missing = said.text or f"{about}: {PLACE}", said.missing or f"unknown: {about}"
    return Words(about, column.kind, text, said.unit or unit, said.negative, missing, said.currency)


def _about(column: Column) -> str:
    """What a column is, from the first sentence of its description as a part of another sentence; without one, its name."""
    sentence = " ".join(column.description.split()).split(". ")[0].rstrip(".").replace(PLACE, "value").replace("(s)", "s")
    if not sentence:
        return column.name.replace("_", " ")
    # An abbreviation keeps its capitals.
    return sentence if sentence[1:2].isupper() else sentence[0].lower() + sentence[1:]


def _read(value: object) -> tuple[str | None, float | None]:
    """A value as text, None where it is missing, and as a number, None where it is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None, None
    if isinstance(value, bool):
        return str(value).lower(), None
    if isinstance(value, str):
        plain = re.sub(r"(?<=[0-9])_(?=[0-9])|^\+(?=-)", "", value.strip(BLANKS))
        number = float(plain) if re.fullmatch(NUMBER, plain) else None
        return value, number if number is not None and math.isfinite(number) else None
    number = float(value)  # type: ignore[arg-type]
    return f"{number:.15g}", number if math.isfinite(number) else None


def _size(unit: str, size: float) -> str:
    """A size of at least 0 in its unit."""
    if unit == "share":
        if 0.995 <= size < 1:
            return ALMOST
        return f"{_number(_round(100 * size) if size >= 0.01 else 100 * size)} %"
    if unit == "money":
        many = _round(size) if size >= 99.995 else _round(size * 100) / 100
        return _number(many) if many == _round(many) else f"{many:.2f}"
    if unit in SECONDS:
        return _duration(size * SECONDS[unit], unit)
    return _number(_round(size) if unit == "count" and size >= 0.5 else size)


def _duration(seconds: float, unit: str) -> str:
    """A duration in its one or two greatest units."""
    minutes, hours = _round(seconds / 60), _round(seconds / 3600)
    if seconds == 0:
        parts = [(0, unit.removesuffix("s"))]
    elif seconds < 59.5:
        parts = [(seconds if seconds < 0.95 else _round(seconds), "second")]
    elif minutes < 24 * 60:
        parts = [(minutes // 60, "hour"), (minutes % 60, "minute")] if minutes >= 60 else [(minutes, "minute")]
    elif hours < 10 * 24:
        parts = [(hours // 24, "day"), (hours % 24, "hour")]
    else:
        parts = [(_round(seconds / 86400), "day")]
    told = [parts[0], *(one for one in parts[1:] if one[0])]
    return " ".join(f"{_number(many)} {noun}{'' if many == 1 else 's'}" for many, noun in told)


def _number(size: float) -> str:
    """A number of at least 0: whole from ten on, with commas between thousands, else two digits that say something."""
    if size >= 1e15:
        return f"{size:.2g}"
    if size >= 9.95 or size == _round(size):
        return f"{size:,.0f}"
    return f"{size:.1f}".replace(".0", "") if size >= 0.995 else f"{size:.2g}"


def _round(size: float) -> float:
    """The nearest whole number; a half goes up, as in SQL."""
    whole = math.floor(size)
    return float(whole + (size - whole >= 0.5))


def _iso(text: str) -> date | None:
    found = ISO.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _date(text: str, number: float | None) -> str:
    at = _iso(text) or date(1970, 1, 1) + timedelta(days=math.floor(number or 0))
    return f"{at.day} {at:%B} {at.year}"


def _line(text: str) -> str:
    """A text on one line of at most 60 characters."""
    shown = "".join(" " if unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs") else one for one in text)
    line = re.sub(" +", " ", shown).strip(" ")
    return f"{line[:59]}…" if len(line) > 60 else line or "empty"


def _filled(text: str, shown: str) -> str:
    # The plural is decided before the value, which may hold anything, is put in.
    return text.replace("(s)", "" if shown in ONE else "s").replace(PLACE, shown)


def _to(low: str, high: str) -> str:
    """`5 to 20 minutes`: what both ends share is said once."""
    if low == high:
        return f"about {low}"
    a, b = low.split(" "), high.split(" ")
    if "minus" in a + b:
        return f"{low} to {high}"
    if len(a) == len(b) == 2 and a[1] == b[1]:
        return f"{a[0]} to {high}"
    return f"{low} to {b[1]}" if len(a) == len(b) == 2 and a[0] == b[0] else f"{low} to {high}"


def _joined(texts: Sequence[str]) -> str:
    """Texts with `or` between them; the words that all begin and end with are said once."""
    if len(texts) < 2:
        return "".join(texts)
    parts = [text.split(" ") for text in texts]
    most = min(map(len, parts)) - 1
    start = next((at for at in range(most) if len({part[at] for part in parts}) > 1), most)
    end = next((at for at in range(most - start) if len({part[-1 - at] for part in parts}) > 1), most - start)
    middles = (" ".join(part[start : len(part) - end]) for part in parts)
    return " ".join([*parts[0][:start], " or ".join(middles), *parts[0][len(parts[0]) - end :]])
