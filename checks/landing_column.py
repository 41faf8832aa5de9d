"""One declared column of a landed file: its type, its written form, and which values are accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from checks.written import NUMBERS, Written, did_declare, written
from ml.errors import AsofError
from ml.problem.declared.columns import IDENTIFIER
from ml.problem.keys import Keys

TYPES = ("varchar", "boolean", "smallint", "integer", "bigint", "double", "date", "timestamp")
# A year outside of these is a slip (0031, 9999) far more often than a fact; `accepted: {min, max}` moves the ends.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
INSTANTS = {"date": (EARLIEST, LATEST), "timestamp": (datetime(1900, 1, 1), datetime(2199, 12, 31, 23, 59, 59, 999999))}
Bound = float | date | datetime | None


@dataclass(frozen=True)
class LandingColumn:
    """A declared column. `minimum` and `maximum` are numbers, dates or instants in UTC, as the type is; `values` are texts.

    `pii`: it says something of a person, and no message quotes it.
    """

    name: str
    data_type: str
    required: bool
    minimum: Bound
    maximum: Bound
    values: tuple[Any, ...]
    written: Written = field(default_factory=Written)
    pii: bool = False

    @property
    def bounds(self) -> tuple[Bound, Bound]:
        """The smallest and the largest accepted value: for a date or timestamp there is always one of each."""
        low, high = INSTANTS.get(self.data_type, (None, None))
        return (low if self.minimum is None else self.minimum, high if self.maximum is None else self.maximum)


def identifier(word: str, file: str, kind: str, name: str) -> None:
    """Refuse what is no plain name in SQL."""
    # A leading underscore is the project's: _batch_id, _line and _landed_at stand beside the declared columns.
    if not IDENTIFIER.fullmatch(word) or word.startswith("_"):
        more = "; `rename` in the source's landing gives a column of the file such a name" if kind == "column" else ""
        raise AsofError(
            f"{file}: {kind} {name!r} is not a name: use lower-case letters, digits and _, starting with a letter{more}"
        )


def column(entry: Mapping[str, Any], defaults: Mapping[str, Any], file: str, name: str) -> LandingColumn:
    """The column that a manifest's entry declares; `defaults` are written forms of the source. AsofError names the key."""
    place = f"{name}.{entry['name']}"
    identifier(entry["name"], file, "column", place)
    data_type = str(entry.get("data_type") or "").lower()
    if data_type not in TYPES:
        raise AsofError(f"{file}: {place}: data_type {data_type!r} is not one of {', '.join(TYPES)}")
    meta = {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})}
    did_declare(meta, file, place)
    accepted = Keys(meta.get("accepted", {}), file, f"{place}: accepted")
    low, high = _bound(accepted, "min", data_type), _bound(accepted, "max", data_type)
    if low is not None and high is not None and low > high:
        raise accepted.error("min", f"is {low}, more than max, which is {high}")
    found = LandingColumn(
        name=entry["name"],
        data_type=data_type,
        required=_required(entry, file, place),
        minimum=low,
        maximum=high,
        values=_values(accepted, data_type),
        written=written(meta, defaults, data_type, file, place),
        pii=is_pii(meta, file, place),
    )
    accepted.finish()
    return found


def is_pii(meta: Mapping[str, Any], file: str, place: str) -> bool:
    """Whether `meta.pii` marks a column as personal; AsofError where it is neither true nor false."""
    said = meta.get("pii", False)
    if not isinstance(said, bool):
        raise AsofError(f"{file}: {place}.pii is {said!r}; it must be true or false")
    return said


def _required(entry: Mapping[str, Any], file: str, place: str) -> bool:
    constraints = entry.get("constraints") or []
    if not isinstance(constraints, list) or not all(isinstance(one, Mapping) for one in constraints):
        raise AsofError(f"{file}: {place}: constraints must be a list such as [{{type: not_null}}], not {constraints!r}")
    return any(constraint.get("type") == "not_null" for constraint in constraints)


def _bound(accepted: Keys, key: str, data_type: str) -> Bound:
    value = accepted.raw(key, None)
    if value is None:
        return None
    if data_type in NUMBERS:
        return accepted.number(key, None)
    if data_type not in INSTANTS:
        raise accepted.error(key, f"is declared, but min and max are for numbers, dates and timestamps, not for {data_type}")
    # YAML reads a date as a date where it is not quoted; the manifest holds it as text.
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise accepted.error(key, f"is {value!r}; it must be a day or an instant in UTC such as 2026-01-31T00:00") from error
    if found.tzinfo is not None or (data_type == "date" and found.time() != datetime.min.time()):
        raise accepted.error(key, f"is {value!r}; it must be {'a day' if data_type == 'date' else 'in UTC, without a zone'}")
    return found.date() if data_type == "date" else found


def _values(accepted: Keys, data_type: str) -> tuple[Any, ...]:
    values = accepted.raw("values", [])
    values = tuple(values) if isinstance(values, list) else (values,)
    wanted = {"varchar": str, "boolean": bool, "double": (int, float)}.get(data_type, int)
    for value in values:
        if data_type in INSTANTS:
            raise accepted.error("values", f"are not for {data_type}; use min and max")
        if not isinstance(value, wanted) or (data_type in NUMBERS and isinstance(value, bool)):
            raise accepted.error("values", f"holds {value!r}, which is no {data_type}")
    return values
