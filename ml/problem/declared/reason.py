"""How a feature is said when it is a reason. The SQL of `macros/reasons` reads the same keys and makes the sentences."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from ml.problem.declared.section import Text, fault, section

# Unit: the kinds of column that may have it. A unit says what the number is; how it is written is decided in SQL.
UNITS = {
    "share": ("number",),  # 0.494 is 49 %
    "count": ("number",),  # of things; `(s)` in the text is their plural
    "number": ("number",),  # any other, whose unit stands in the text
    "money": ("number",),  # an amount of `currency`
    "seconds": ("number",),  # durations: 200 minutes are 3 hours 20 minutes
    "minutes": ("number",),
    "hours": ("number",),
    "days": ("number",),
    "date": ("number", "category"),  # days since 1970-01-01, or the text of a date
    "time_of_day": ("number",),  # minutes since midnight
    "weekday": ("number",),  # Monday 1 to Sunday 7
    "category": ("number", "boolean", "category"),  # as it is: names, codes
    "boolean": ("number", "boolean"),  # yes or no
}
Unit = Literal[
    "share", "count", "number", "money", "seconds", "minutes", "hours", "days", "date", "time_of_day", "weekday", "category",
    "boolean",
]  # fmt: skip
ROLES = ("feature", "candidate")
PLACE = "{value}"


def _on_one_line(text: str) -> str:
    if not text.isprintable():
        raise fault("must be a text on one line")
    if strange := re.search(r"[{}]", text.replace(PLACE, "")):
        raise fault("holds {} outside of {{value}}, the only place for something; correct it", strange[0])
    return text


Words = Annotated[Text, AfterValidator(_on_one_line)]


@section
class Reason:
    """What `meta.reason` of a column says; what is None is made from its description and type.

    `text` holds `{value}`; `negative` is the text for numbers below 0, whose size is then said, and for false; `missing` is
    the text where there is no value; `unit` is one of `UNITS`; `currency`, such as USD, belongs to money.
    """

    text: Words | None = None
    unit: Unit | None = None
    negative: Words | None = None
    missing: Words | None = None
    currency: Words | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Reason:
        if self.missing and PLACE in self.missing:
            raise fault(".missing holds {{value}}, but there is none; remove it")
        if self.currency and self.unit != "money":
            raise fault(".currency belongs to the unit money; declare unit: money, or remove it")
        return self

    def misfit(self, role: str, kind: str) -> str:
        """What the reason of a column of this role and kind cannot say, behind the name of the key; empty where it can."""
        units = [unit for unit, kinds in UNITS.items() if kind in kinds]
        if role not in ROLES:
            return f"text is of no use: a column with the role {role} is never a reason; remove reason"
        if self.unit and self.unit not in units:
            return f"unit is {self.unit!r}; it must be one of {', '.join(units)}"
        says_no = "boolean" in (self.unit, kind) and self.negative
        if self.text and PLACE not in self.text and not says_no:
            return f"text does not say the value; put {PLACE} where it belongs"
        return ""
