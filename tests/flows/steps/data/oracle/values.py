"""What one text means as a value of a declared type, or `Bad`; written apart from the SQL that lands it."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

RANGES = {"smallint": 15, "integer": 31, "bigint": 63}
EPOCH = datetime(1970, 1, 1)


class Bad(Exception):
    """A text that is no value of the type."""


def read(column, text: str):
    """The value of `text`; Bad when it is none, or one that the declaration does not accept."""
    value = READ[column.data_type](column.written, text, column.data_type)
    low, high = column.bounds
    if (low is not None and value < low) or (high is not None and value > high):
        raise Bad(f"{value} is out of bounds")
    if column.values and value not in column.values:
        raise Bad(f"{value} is not accepted")
    return value


def _integer(form, text: str, kind: str) -> int:
    if form.thousands and form.thousands in text:
        groups = text.removeprefix("-").split(form.thousands)
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            raise Bad(text)
        text = text.replace(form.thousands, "")
    digits = text.removeprefix("-")
    if not digits or any(character not in "0123456789" for character in digits):
        raise Bad(text)
    if digits[0] == "0" and text != "0":
        raise Bad(text)
    value = int(text)
    if not -(2 ** RANGES[kind]) <= value < 2 ** RANGES[kind]:
        raise Bad(text)
    return value


def _double(form, text: str, kind: str) -> float:
    mantissa, mark, exponent = text.replace("E", "e").partition("e")
    if mark and not re.fullmatch(r"[+-]?[0-9]+", exponent):
        raise Bad(text)
    whole, _, fraction = mantissa.removeprefix("-").partition(form.decimal)
    if form.thousands and form.thousands in whole:
        groups = whole.split(form.thousands)
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            raise Bad(text)
        whole = "".join(groups)
        if whole.startswith("0"):
            raise Bad(text)
    for part in (whole, fraction):
        if any(character not in "0123456789" for character in part):
            raise Bad(text)
    if not whole + fraction or (len(whole) > 1 and whole[0] == "0"):
        raise Bad(text)
    value = float(("-" if text.startswith("-") else "") + (whole or "0") + "." + (fraction or "0") + "e" + (exponent or "0"))
    if math.isinf(value) or (value == 0 and any(character in "123456789" for character in whole + fraction)):
        raise Bad(text)
    return value


def _boolean(form, text: str, kind: str) -> bool:
    if text in form.true_values:
        return True
    if text in form.false_values:
        return False
    raise Bad(text)


def _day(text: str) -> date:
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not (text[:4] + text[5:7] + text[8:]).isascii():
        raise Bad(text)
    if not (text[:4].isdigit() and text[5:7].isdigit() and text[8:].isdigit()):
        raise Bad(text)
    try:
        return date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError as error:
        raise Bad(text) from error


def _date(form, text: str, kind: str) -> date:
    return _formatted(form, text).date() if form.format else _day(text)


# A format is read twice: by Python's strptime, which is lenient, and by writing the result again.
def _formatted(form, text: str) -> datetime:
    loose = form.format
    for directive in "mdHI":
        loose = loose.replace(f"%-{directive}", f"%{directive}")
    try:
        found = datetime.strptime(text, loose)
    except ValueError as error:
        raise Bad(text) from error
    again = found.strftime(form.format.replace("%Y", f"{found.year:04d}").replace("%z", "@"))
    if "%z" in form.format:
        offsets = re.findall(r"[+-][0-9]{2}:?[0-9]{2}", text)
        if again not in [text.replace(offset, "@") for offset in offsets] or abs(found.utcoffset()) >= timedelta(hours=15):
            raise Bad(text)
    elif again != text:
        raise Bad(text)
    return found


def _timestamp(form, text: str, kind: str) -> datetime:
    if form.format:
        found = _formatted(form, text)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else local(form.timezone, found)
    parts = re.fullmatch(r"(.{10})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(.*)", text, re.S)
    if not parts or not text.isascii():
        raise Bad(text)
    day, hour, minute, second, fraction, offset = parts.groups()
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise Bad(text)
    nanoseconds = int((fraction or "0").ljust(9, "0"))
    microseconds = -(-nanoseconds // 1000)
    begin = datetime.combine(_day(day), datetime.min.time())
    found = begin + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    more = timedelta(microseconds=microseconds)
    if not offset:
        # the zone is asked for the microsecond that is written out, then comes what was rounded
        floor = timedelta(microseconds=nanoseconds // 1000)
        return local(form.timezone, found + floor) + (more - floor)
    if offset == "Z":
        return found + more
    zone = re.fullmatch(r"([+-])([0-9]{2})(?::?([0-9]{2}))?", offset)
    if not zone or int(zone[2]) > 14 or int(zone[3] or 0) > 59:
        raise Bad(text)
    shift = timezone((1 if zone[1] == "+" else -1) * timedelta(hours=int(zone[2]), minutes=int(zone[3] or 0)))
    try:
        return (found + more).replace(tzinfo=shift).astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise Bad(text) from error


def local(zone: str | None, naive: datetime) -> datetime:
    """UTC of a wall clock's time: the second of two, Bad where there is none."""
    if zone is None:
        return naive
    try:
        at = naive.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
        if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != naive:
            raise Bad(f"{naive} does not exist in {zone}")
    except OverflowError as error:
        raise Bad(str(naive)) from error
    return at.replace(tzinfo=None)


def _text(form, text: str, kind: str) -> str:
    if "\0" in text:
        raise Bad("NUL")
    return text


READ = {"smallint": _integer, "integer": _integer, "bigint": _integer, "double": _double, "boolean": _boolean, "date": _date,
        "timestamp": _timestamp, "varchar": _text}  # fmt: skip
