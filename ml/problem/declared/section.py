"""What sections of a declaration are made of. Nothing is cast: a number that is written as text, or a switch as 1, is refused."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, Strict, StringConstraints
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from ml.problem.keys import shown

T = TypeVar("T")
# A section: frozen, and every key that it does not have is an error.
section = dataclass(frozen=True, config=ConfigDict(extra="forbid", populate_by_name=True))
# One that others extend: keys without a default may then stand after those that have one.
extensible = dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", populate_by_name=True))

Text = Annotated[str, Strict(), StringConstraints(strip_whitespace=True, min_length=1)]
# Of a class: it becomes part of the name of a column. And how many there may be.
CLASS, MOST_CLASSES = r"^[a-z_][a-z0-9_]{0,50}$", 50
Name = Annotated[str, Strict(), StringConstraints(pattern=CLASS)]
Prose = Annotated[str, Strict(), StringConstraints(strip_whitespace=True)]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
# Beyond a billion of anything that is declared here somebody has slipped on the keyboard.
MOST = 1e9
AtLeast0 = Annotated[Number, Field(ge=0, le=MOST)]
Positive = Annotated[Number, Field(gt=0, le=MOST)]
Share = Annotated[Number, Field(ge=0, le=1)]
Whole = Annotated[int, Strict(), Field(ge=0, le=int(MOST))]
Count = Annotated[int, Strict(), Field(ge=1, le=int(MOST))]
# A century: what is older than that is no training data, and instants end somewhere.
Days = Annotated[int, Strict(), Field(ge=1, le=36_525)]


def fault(what: str, *values: Any) -> PydanticCustomError:
    """An error of a validator, in words that follow the name of the key."""
    return PydanticCustomError("declared", "{what}", {"what": what.format(*map(shown, values))})


def _no_twice(values: tuple[T, ...]) -> tuple[T, ...]:
    for at, value in enumerate(values):
        if isinstance(value, Hashable) and value in values[:at]:
            raise fault("names {} twice; keep one", value)
    return values


NoTwice = AfterValidator(_no_twice)
Texts = Annotated[tuple[Text, ...], NoTwice]
