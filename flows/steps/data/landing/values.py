"""The SQL that reads one value: text in its written form, or a value of a Parquet column; all else is null, with a reason.

A value passes three projections: as it was sent (`"c raw"`), cast (`"c cast"`), and cast again under the condition that it
is written exactly so (`"c"`). Casts alone accept far too much: `1.5` and `0x1F` are integers to DuckDB, `-05` is no offset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from checks.landing_column import LandingColumn
from checks.written import INTEGERS, pattern
from flows.runtime.sql_text import quoted

CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]{fraction})?"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
OFFSET = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
# Up to six digits DuckDB reads; what is finer than a microsecond is rounded up, so that nothing is known before it was.
COARSE = f"{DAY}[T ]{CLOCK.format(fraction='([.][0-9]{1,6})?')}"
FINE = f"{DAY}[T ]{CLOCK.format(fraction='([.][0-9]{1,9})?')}"
FINER = "[.][0-9]{6}[0-9]*[1-9]"
# Years of four digits; neither infinity nor a year before Christ is one.
YEARS = "timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'"
EXPECTED = {
    "smallint": "a whole number such as 42, from -32768 to 32767",
    "integer": "a whole number such as 42, from -2147483648 to 2147483647",
    "bigint": "a whole number such as 42, of at most 64 bits",
    "double": "a finite number such as -1.5 or 2e6",
    "date": "a day such as 2026-01-31",
    "timestamp": "an instant such as 2026-01-31T18:30:00Z or 2026-01-31 18:30:00+01:00",
}
WORDS = {"smallint": "a smallint", "integer": "an integer", "bigint": "a bigint", "double": "a double", "boolean": "a boolean",
         "date": "a date", "timestamp": "a timestamp", "varchar": "text"}  # fmt: skip


def pointer(key: str) -> str:
    """The JSON pointer of a key."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


@dataclass(frozen=True)
class Value:
    """SQL for one column: `cast` of the raw value, and `exact`, which is null where the raw value is not what was declared."""

    cast: str
    exact: str
    expected: str


def value(column: LandingColumn, arrow: pa.DataType) -> Value:
    """How a column is read whose values came as `arrow`: text, or a type that `landing_parquet` lets through."""
    raw, cast = f'"{column.name} raw"', f'"{column.name} cast"'
    if pa.types.is_string(arrow):
        return TEXT[column.data_type](column, raw, cast)
    if column.data_type == "double" and pa.types.is_integer(arrow):
        exact = f"case when cast({cast} as hugeint) = {raw} then {cast} end"
        return Value(f"cast({raw} as double)", exact, EXPECTED["double"])
    read = f"try_cast({raw} as {column.data_type})"
    exact = f"case when isfinite({cast}) then {cast} end" if column.data_type in ("double", "date") else cast
    if pa.types.is_timestamp(arrow) and arrow.tz:
        read, exact = f"timezone('UTC', {raw})", f"case when isfinite({cast}) then {cast} end"
    elif column.data_type == "timestamp":
        exact = _local(column, f"case when isfinite({cast}) then {cast} end")
    return Value(read, exact, EXPECTED.get(column.data_type, f"a {column.data_type}"))


def _integer(column: LandingColumn, raw: str, cast: str) -> Value:
    kind, mark = column.data_type, column.written.thousands
    if mark is None:
        return Value(f"try_cast({raw} as {kind})", f"case when cast({cast} as varchar) = {raw} then {cast} end", EXPECTED[kind])
    digits = f"-?([1-9][0-9]{{0,2}}([{mark}][0-9]{{3}})+|[1-9][0-9]*)|0"
    return Value(
        f"try_cast(replace({raw}, {quoted(mark)}, '') as {kind})",
        f"case when regexp_full_match({raw}, {quoted(digits)}) then {cast} end",
        f"{EXPECTED[kind]}, thousands marked with {mark!r}",
    )


def _double(column: LandingColumn, raw: str, cast: str) -> Value:
    point, mark = column.written.decimal, column.written.thousands
    whole = "(0|[1-9][0-9]*" + (f"|[1-9][0-9]{{0,2}}([{mark}][0-9]{{3}})+" if mark else "") + ")"
    form = f"-?({whole}([{point}][0-9]*)?|[{point}][0-9]+)([eE][+-]?[0-9]+)?"
    text = f"replace({raw}, {quoted(mark)}, '')" if mark else raw
    text = f"replace({text}, ',', '.')" if point == "," else text
    # A number so small that it became 0 is not what was sent.
    exact = (
        f"case when isfinite({cast}) and regexp_full_match({raw}, {quoted(form)}) "
        f"and ({cast} <> 0 or not regexp_matches({raw}, '^[^eE]*[1-9]')) then {cast} end"
    )
    declared = f", decimal mark {point!r}" if point == "," else ""
    declared += f", thousands marked with {mark!r}" if mark else ""
    return Value(f"try_cast({text} as double)", exact, EXPECTED["double"] + declared)


def _boolean(column: LandingColumn, raw: str, cast: str) -> Value:
    yes, no = column.written.true_values, column.written.false_values
    listed = [", ".join(map(quoted, texts)) for texts in (yes, no)]
    read = f"case when {raw} in ({listed[0]}) then true when {raw} in ({listed[1]}) then false end"
    return Value(read, cast, " or ".join([*yes, *no]))


def _date(column: LandingColumn, raw: str, cast: str) -> Value:
    form = column.written.format
    if form:
        read, exact = f"cast(try_strptime({raw}, {quoted(form)}) as date)", _matches(raw, pattern(form), cast)
        return Value(read, exact, f"a day written as {form}")
    exact = f"case when cast({cast} as varchar) = {raw} and isfinite({cast}) then {cast} end"
    return Value(f"try_cast({raw} as date)", exact, EXPECTED["date"])


def _timestamp(column: LandingColumn, raw: str, cast: str) -> Value:
    form = column.written.format
    where = f", or without an offset, in {column.written.timezone}" if column.written.timezone else ""
    if form and "%z" in form:
        read = f"timezone('UTC', try_strptime({raw}, {quoted(form)}))"
        return Value(read, _matches(raw, pattern(form), cast), f"an instant written as {form}")
    if form:
        there = f" in {column.written.timezone}" if column.written.timezone else ""
        exact = _local(column, _matches(raw, pattern(form), cast))
        return Value(f"try_strptime({raw}, {quoted(form)})", exact, f"an instant written as {form}{there}")
    rounded = f"(case when regexp_matches({raw}, '{FINER}') then to_microseconds(1) else to_microseconds(0) end)"
    marked = f"case when regexp_full_match({raw}, '{FINE}{OFFSET}') then timezone('UTC', try_cast({raw} as timestamptz)) end"
    if not column.written.timezone:
        # First the form that DuckDB writes itself: it is the commonest, and needs no regular expression.
        exact = (
            f"case when {cast} between {YEARS} and cast({cast} as varchar) = {raw} then {cast} "
            f"when regexp_full_match({raw}, '{COARSE}Z?') then {cast} "
            f"when regexp_full_match({raw}, '{FINE}') then {cast} + {rounded} else {marked} + {rounded} end"
        )
    else:
        exact = (
            f"case when regexp_full_match({raw}, '{FINE}') then {_local(column, cast)} + {rounded} else {marked} + {rounded} end"
        )
    return Value(f"try_cast({raw} as timestamp)", exact, EXPECTED["timestamp"] + where)


def _matches(raw: str, form: str, cast: str) -> str:
    return f"case when regexp_full_match({raw}, {quoted(form)}) then {cast} end"


def _local(column: LandingColumn, naive: str) -> str:
    """UTC of an instant on the clocks of the declared zone.

    When clocks go back, an hour comes twice: it is read as the second, so that nothing is known before it was. An hour that
    is left out does not come back as it was sent: null.
    """
    zone = column.written.timezone and quoted(column.written.timezone)
    if not zone:
        return naive
    there = f"timezone({zone}, {naive})"
    return f"case when timezone({zone}, {there}) = ({naive}) then timezone('UTC', {there}) end"


def _text(column: LandingColumn, raw: str, cast: str) -> Value:
    return Value(raw, f"case when not contains({raw}, chr(0)) then {cast} end", "text without NUL characters")


TEXT: dict[str, Callable[[LandingColumn, str, str], Value]] = {
    **dict.fromkeys(INTEGERS, _integer), "double": _double, "boolean": _boolean, "date": _date, "timestamp": _timestamp,
    "varchar": _text,
}  # fmt: skip


def why(column: LandingColumn, arrow: pa.DataType, expected: str) -> str:
    """SQL for the reason why a row's value of a column is refused; null where it is well."""
    raw, exact = f'"{column.name} raw"', f'"{column.name}"'
    shown = "'the value'" if column.pii else f"'''' || replace(left(cast({raw} as varchar), 100), chr(0), '\\0') || ''''"
    reasons = [f"when {raw} is null then {_missing(column)}"]
    if skipped := _skipped(column, arrow):
        told = f" is no time in {column.written.timezone}: clocks were put forward over it; write it with its offset"
        reasons.append(f"when {exact} is null and {skipped} then {shown} || {quoted(told)}")
    if column.data_type != "varchar" or not pa.types.is_string(arrow):
        word = WORDS[column.data_type]
        reasons.append(f"when {exact} is null then {shown} || {quoted(f' is not {word}; expected {expected}')}")
    else:
        reasons.append(f"when {exact} is null then {shown} || {quoted(f' holds a NUL character; expected {expected}')}")
    low, high = column.bounds
    for bound, sign, says in ((low, "<", "is less than"), (high, ">", "is more than")):
        if bound is not None:
            says = says if isinstance(bound, float) else {"<": "is before", ">": "is after"}[sign]
            reasons.append(f"when {exact} {sign} {_literal(bound)} then {shown} || {quoted(f' {says} {_told(bound)}')}")
    if column.values:
        listed = ", ".join(_literal(one) for one in column.values)
        told = ", ".join(map(str, column.values))
        reasons.append(f"when {exact} not in ({listed}) then {shown} || {quoted(f' is none of {told}')}")
    return f"case {' '.join(reasons)} end"


def _skipped(column: LandingColumn, arrow: pa.DataType) -> str | None:
    """SQL: whether a value is a time that the clocks of the declared zone left out; None where a column cannot hold one."""
    zone, form, text = column.written.timezone, column.written.format, pa.types.is_string(arrow)
    if column.data_type != "timestamp" or not zone or (text and form and "%z" in form) or getattr(arrow, "tz", None):
        return None
    raw, cast = f'"{column.name} raw"', f'"{column.name} cast"'
    shape = f"regexp_full_match({raw}, {quoted(pattern(form) if form else FINE)})" if text else "true"
    return f"{shape} and timezone({quoted(zone)}, timezone({quoted(zone)}, {cast})) <> {cast}"


def _missing(column: LandingColumn) -> str:
    return "'is null; expected a value'" if column.required else "null"


def _literal(bound: object) -> str:
    if isinstance(bound, bool):
        return str(bound).lower()
    if isinstance(bound, float):
        return repr(bound) + ("" if "e" in repr(bound) else "e0")
    return str(bound) if isinstance(bound, int) else quoted(str(bound))


def _told(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
