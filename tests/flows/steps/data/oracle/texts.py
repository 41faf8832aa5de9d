"""Texts as people and programs write them, right and wrong, for every type and declared form."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from checks.landing_column import LandingColumn

ODD = {
    "integer": ["+5", "007", "-0", "0", "1.5", "1.0", "0x1F", "1_000", "1e3", " 5", "5 ", "", "-", "32767", "32768", "-32769",
                "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "1,000", "1.000", "12.34", "1.000.000",
                "1,00", "٣", "NaN", "x", "1'000", "0,001", "1 000", "true"],
    "double": ["1.5", "-1.5", "+1.5", ".5", "5.", ".", "-.5", "1e5", "1E-5", "1e+5", "1e", "e5", "1e400",
             "-1e400", "1e-400", "NaN", "nan",
               "inf", "-Infinity", "infinity", "0x1p3", "1_000.5", "1,5", "1.234,5", "1,234.5", "1.234.567,89",
               "12.34,5", "007.5", "0", "-0",
               "00", "0.0", "0e5", "0e-500", "4.9e-324", "1.7976931348623157e308", "1.8e308",
               "9007199254740993", "1.5f", "1.5 ", " 1.5", "",
               "0.1", "123456789012345678901234567890", "1'234.5", "1e5.5", "1.2.3", "--1"],
    "boolean": ["true", "false", "True", "FALSE", "t", "f", "1", "0", "yes", "no", "Y", "N", "", " true", "on"],
    "date": ["2026-01-05", "2026-02-29", "2024-02-29", "2026-13-01", "2026-1-5", "31-12-25", "0001-01-01",
             "9999-12-31", "1899-12-31",
             "1900-01-01", "2199-12-31", "2200-01-01", "infinity", "-infinity", "epoch", "today",
             "2026-01-05T00:00:00", "2026-01-05 ",
             "05/01/2026", "5/1/2026", "31/02/2026", "05/01/26", "05 Jan 2026", "5 January 2026", "20260105",
             "12026-01-05", "", "２026-01-05",
             "2026/01/05", "2026-01-00", "Jan 5, 2026", "05.01.2026", "2026-01-05 (BC)"],
    "timestamp": ["2026-01-05 10:00:00-05", "2026-01-05T10:00:00+02:00",
             "2026-01-05 10:00:00 America/New_York", "2026-01-05 2:38 PM",
                  "2026-01-05 14:38 PM", "2026-01-05", "2026-01-05T10:00Z", "2026-01-05T10Z", "2026-01-05T10:00:00.123456789Z",
                  "2026-01-05T10:00:00.1234560001", "2026-01-05 10:00:00.1234567",
                  "2026-01-05 10:00:00.999999999", "2026-01-05 23:59:59.9999999-05:30",
                  "2026-01-05 10:00:00.5", "2026-01-05 10:00:00,5", "2026-01-05 24:00:00",
                  "2026-01-05 23:59:60", "2026-01-05t10:00:00z",
                  "2026-01-05 10:00:00+14:00", "2026-01-05 10:00:00+15:00", "2026-01-05 10:00:00 +02:00",
                  "2026-01-05 10:00:00-0530", "",
                  "2026-01-05 10:00:00UTC", "infinity", "-infinity", "epoch", "now", "31-12-25 10:00",
                  "0001-01-01 00:00:00", "9999-12-31 00:00:00",
                  "1900-01-01 00:00:00+01:00", "2199-12-31T23:59:59.9999999Z", "2026-03-29 02:30:00",
                  "2026-10-25 02:30:00", "2026-10-25T02:30:00.5",
                  "2026-03-08 02:15:00", "2026-11-01 01:15:00", "05/01/2026 10:00", "05/01/2026 02:38 PM",
                  "05/01/2026 10:00 +0200",
                  "2026-02-30 10:00:00", "2026-01-05  10:00:00", "2026-01-05 10:00:00\n", "1767607200",
                  "2026-01-05T10:00:00+02:00:00",
                  "2026-10-25 02:59:59.9999999", "2026-03-29 01:59:59.9999999", "2011-12-30 10:00:00"],
    "varchar": ["north", "", " ", "NA", '"', '""', "a\nb", "a\r\nb", "x,y", "x;y", "naïve", "日本語",
             "\U0001f600", "'", "NULL", "a,b,c\nd,e,f", "\t",
                "x" * 60, "1\n2,3", "y\n5,true,1.5", "\u2028", "\x0b", "\x85", "é"],
}  # fmt: skip


def text(column: LandingColumn, random: Random) -> str:
    """A text for a column: mostly a right one, else one of many that look like it."""
    kind = "integer" if column.data_type in ("smallint", "bigint") else column.data_type
    return random.choice(ODD[kind]) if random.random() < 0.07 else RIGHT[kind](column, random)


def _integer(column: LandingColumn, random: Random) -> str:
    value = random.choice([random.randint(-9, 99), random.randint(-(10**4), 10**4), random.randint(-(10**9), 10**9)])
    mark = column.written.thousands
    return f"{value:,}".replace(",", mark) if mark and random.random() < 0.5 else str(value)


def _double(column: LandingColumn, random: Random) -> str:
    value = random.choice(
        [random.uniform(-100, 100), random.gauss(0, 1e12), random.expovariate(1e-3), round(random.uniform(0, 9999), 2)]
    )
    mark, point = column.written.thousands, column.written.decimal
    plain = f"{value:,.2f}" if mark and random.random() < 0.5 else repr(value)
    return plain.translate({ord(","): mark or "", ord("."): point})


def _boolean(column: LandingColumn, random: Random) -> str:
    return random.choice([*column.written.true_values, *column.written.false_values])


def _instant(random: Random) -> datetime:
    return datetime(1960, 1, 1) + timedelta(microseconds=random.randrange(75 * 365 * 86_400 * 10**6))


def _formatted(at: datetime, form: str, random: Random) -> str:
    return at.strftime(form.replace("%z", random.choice(["+0200", "-05:30", "+00:00"])))


def _date(column: LandingColumn, random: Random) -> str:
    at = _instant(random)
    return _formatted(at, column.written.format, random) if column.written.format else f"{at:%Y-%m-%d}"


def _timestamp(column: LandingColumn, random: Random) -> str:
    at = _instant(random)
    if column.written.format:
        return _formatted(at, column.written.format, random)
    # often the night in which clocks change
    at = (
        at
        if random.random() < 0.7
        else random.choice([datetime(2026, 3, 29), datetime(2026, 10, 25)]) + timedelta(minutes=random.randrange(300))
    )
    seconds = random.choice(["%H:%M", "%H:%M:%S", "%H:%M:%S.%f"])
    return at.strftime(f"%Y-%m-%d{random.choice('T ')}{seconds}") + random.choice(["", "", "Z", "+02:00", "-05:30", "+14"])


def _varchar(column: LandingColumn, random: Random) -> str:
    if column.values:
        return random.choice([*column.values, "west"])
    return "".join(random.choices("abc xyzäß,;\"'", k=random.randrange(12)))


RIGHT = {"integer": _integer, "double": _double, "boolean": _boolean, "date": _date, "timestamp": _timestamp, "varchar": _varchar}
