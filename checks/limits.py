"""How large a landed file may be: declared with the source, so that one file cannot take the machine."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ml.problem.keys import Keys


@dataclass(frozen=True)
class Limits:
    """Sizes beyond which a file is refused.

    A field that is longer than 131,072 characters is nearly always a quote that was never closed; Python's own csv stops there.
    """

    file_bytes: int = 10_000_000_000
    unpacked_bytes: int = 10_000_000_000
    field_characters: int = 131_072
    columns: int = 1_000


def limits(keys: Keys) -> Limits:
    """The `limits` of a source; what it does not name keeps its default."""
    found = Limits(**{one.name: keys.whole(one.name, one.default, low=1) for one in fields(Limits)})
    keys.finish()
    return found
