"""Reading a declaration key by key, so that no key is missed and none is misspelt."""

import math
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ml.errors import AsofError

LARGEST = sys.float_info.max


def shown(value: Any) -> str:
    """A declared value as people can read it, however long it is."""
    try:
        text = repr(value)
    except ValueError:  # Python prints no number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text):,} characters)"


def did_you_mean(word: Any, known: Iterable[str]) -> str:
    """ " (did you mean …?)" with the nearest known word, or nothing."""
    close = get_close_matches(word[:80], list(known), n=1) if isinstance(word, str) else []
    return f" (did you mean {close[0]}?)" if close else ""


_REQUIRED = object()


class Keys:
    """A mapping that is read key by key; what was never asked for is an error, with the nearest known key."""

    def __init__(self, declared: Any, path: str, place: str) -> None:
        self.declared, self.path, self.place, self.asked = declared, path, place, set()
        if not isinstance(declared, Mapping):
            raise AsofError(f"{path}: {place} must hold keys and values, not {shown(declared)}")

    def error(self, key: str, what: str) -> AsofError:
        return AsofError(f"{self.path}: {self.place}.{key} {what}")

    def raw(self, key: str, default: Any = _REQUIRED) -> Any:
        self.asked.add(key)
        if key in self.declared:
            return self.declared[key]
        if default is _REQUIRED:
            raise self.error(key, f"is missing{did_you_mean(key, set(self.declared) - self.asked)}; declare it")
        return default

    def inner(self, key: str, default: Any = _REQUIRED) -> "Keys":
        return Keys(self.raw(key, default), self.path, f"{self.place}.{key}")

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        value = self.raw(key, default)
        if not isinstance(value, str) or (default is _REQUIRED and not value.strip()):
            raise self.error(key, f"must be text, not {shown(value)}")
        return value.strip()

    def choice(self, key: str, allowed: Iterable[str], default: Any = _REQUIRED) -> str:
        value, allowed = self.raw(key, default), list(allowed)
        if value not in allowed:
            raise self.error(
                key,
                f"is {shown(value)}{did_you_mean(value, allowed)}; it must be one of {', '.join(allowed)}",
            )
        return value

    def choices(self, key: str, allowed: Iterable[str], what: str = "no column to slice by") -> tuple[str, ...]:
        values, allowed = self.raw(key, []), list(allowed)
        if not isinstance(values, list | tuple):
            raise self.error(key, f"must be a list, not {values!r}")
        for value in values:
            if value not in allowed:
                raise self.error(key, f"names {shown(value)}, which is {what}{did_you_mean(value, allowed)}")
        return tuple(values)

    def number(
        self,
        key: str,
        default: Any = _REQUIRED,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        strict: bool = False,
    ) -> Any:
        value = self.raw(key, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            raise self.error(key, f"must be a number, not {shown(value)}")
        if not low <= value <= high or (strict and value in (low, high)):
            raise self.error(key, f"is {value}, but must lie {'strictly ' if strict else ''}between {low} and {high}")
        return float(value)

    def whole(self, key: str, default: Any = _REQUIRED, *, low: int) -> Any:
        value = self.number(key, default, low=low)
        if value is not None and value != int(value):
            raise self.error(key, f"must be a whole number, not {value}")
        return None if value is None else int(value)

    def known(self, allowed: Iterable[str]) -> list[str]:
        """The declared keys, all of which must be `allowed`."""
        self.asked.update(allowed)
        self.finish()
        return sorted(self.declared)

    def finish(self) -> None:
        """Refuse every declared key that nothing asked for."""
        for key in self.declared:
            if key not in self.asked:
                raise self.error(
                    str(key),
                    f"is unknown{did_you_mean(str(key), self.asked)}; remove it or correct its spelling",
                )
