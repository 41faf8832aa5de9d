"""In which of the written forms of a source the values of a column are: what is inferred is what landing will read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from checks.landing_column import LandingColumn
from checks.written import INTEGERS, Written
from flows.runtime.sql_text import quoted
from flows.steps.data.landing.values import value
from ml.errors import AsofError

# Texts that often mean nothing; one of them is null where every other value of its column is no text.
NULLS = ("", "NA", "N/A", "n/a", "NULL", "null", "None", "none", "NaN", "nan", "\\N", "-", "?", "NaT", "<NA>", "#N/A")
TRUTHS = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("t", "f"), ("T", "F"), ("Y", "N"), ("y", "n"), ("yes", "no"),
          ("Yes", "No"), ("YES", "NO"), ("J", "N"), ("j", "n"), ("ja", "nein"), ("Ja", "Nein"), ("JA", "NEIN"))  # fmt: skip
# Digits are numbers, unless a person says that they are truths.
BITS = ("1", "0")
WORDS = ", ".join(quoted(word) for both in (*TRUTHS, BITS) for word in both)
DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%m-%d-%Y", "%-m/%-d/%Y", "%-d.%-m.%Y", "%d %b %Y",
        "%d-%b-%Y", "%-d %B %Y", "%d/%m/%y", "%m/%d/%y")  # fmt: skip
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%-I:%M %p", "%I:%M:%S %p", "%-H:%M")
# What a value of any of these is made of.
DATED = (
    r"(?i)([\s0-9/.:-]|jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(tember)?|oct(ober)?|nov(ember)?|"
    r"dec(ember)?|[ap]m)*"
)
# Whole numbers beyond this are likelier to grow out of an integer than to stay.
BIG = 100_000_000
# A column is of a form that all its values have, or, where it has many, all but one in a hundred: those are wrong values, which
# landing quarantines (`max_rejected_share`), and no reason to take the rest for text.
MANY, ASIDE = 300, 0.01
# Of a sample of so many texts so many; twice what is expected, so that chance excludes no form.
SAMPLED, SAMPLED_ASIDE = 500, 10


@dataclass(frozen=True)
class Form:
    """A type and how its values are written: `meta` is what a declaration says of it, beside the type."""

    data_type: str
    meta: tuple[tuple[str, Any], ...] = ()

    def read(self, name: str, raw_of: str = "texts") -> str:
        """SQL after `from`: each text of the column `raw` of a table as `raw`, and as `it` what landing would read, or null."""
        written = Written(**{key: tuple(one) if isinstance(one, list) else one for key, one in self.meta})
        form = value(LandingColumn(name, self.data_type, False, None, None, (), written), pa.string())
        raw, cast = f'"{name} raw"', f'"{name} cast"'
        return (
            f"(select {raw} as raw, {form.exact} as it from (select *, {form.cast} as {cast} from "
            f"(select raw as {raw} from {raw_of})))"
        )


TEXT = Form("varchar")


def candidates(given: str | None, zone: str | None, kind: str | None = None) -> Iterator[Form]:
    """The forms in the order in which they are tried, the narrowest first; `given` and `kind` are the format and the type that a
    person says."""
    if kind == "varchar":
        yield TEXT
    for one in (*_candidates(given, zone), *([_truths(*BITS)] if kind == "boolean" else [])):
        if kind is None or one.data_type == ("bigint" if kind in INTEGERS else kind):
            yield replace(one, data_type=kind or one.data_type)


def _truths(yes: str, no: str) -> Form:
    return Form("boolean", (("true_values", [yes]), ("false_values", [no])))


def _candidates(given: str | None, zone: str | None) -> Iterator[Form]:
    where = (("timezone", zone),) if zone else ()
    if given:
        clock = any(part in given for part in ("%H", "%-H", "%I", "%-I"))
        there = where if clock and "%z" not in given else ()
        yield Form("timestamp" if clock else "date", (("format", given), *there))
        return
    yield Form("bigint")
    yield Form("double")
    yield Form("boolean")
    for yes, no in TRUTHS[1:]:
        yield _truths(yes, no)
    yield Form("date")
    yield Form("timestamp", where)
    for day in DAYS:
        yield Form("date", (("format", day),))
        for clock in CLOCKS:
            yield Form("timestamp", (("format", f"{day} {clock}"), *where))
    yield Form("bigint", (("thousands", ","),))
    yield Form("double", (("decimal", ","),))
    yield Form("double", (("thousands", ","),))
    yield Form("double", (("decimal", ","), ("thousands", ".")))


def forms_of(
    con: duckdb.DuckDBPyConnection, column: str, name: str, nulls: tuple[str, ...] | None, given: str | None, zone: str | None,
    kind: str | None = None,
) -> tuple[list[Form], set[str]]:  # fmt: skip
    """The forms that the texts of `column` in the table `seen` have, TEXT where there is none, and which null texts stand there.

    `nulls` are texts that a person says mean nothing: they are null in every column, and those of NULLS where the rest is of a
    narrower form than text. AsofError where a person says a type that the texts are not of.
    """
    listed = ", ".join(quoted(one) for one in {*NULLS, *(nulls or ())})
    con.execute(
        f"create or replace temp table texts as select {column} as raw, count(*) as times from seen "
        f"where {column} is not null and {column} not in ({listed}) group by raw"
    )
    there = {row[0] for row in con.execute(f"select distinct {column} from seen where {column} in ({listed})").fetchall()}
    rows, texts = con.execute("select coalesce(sum(times), 0), count(*) from texts").fetchall()[0]
    if not texts:
        return [Form(kind) if kind else TEXT], there
    con.execute(f"create or replace temp table few as from texts using sample reservoir({SAMPLED} rows) repeatable (7)")
    aside = SAMPLED_ASIDE if rows >= MANY else 0
    # What is known of all formats at once is not asked of each.
    no_format = con.execute(f"select count(*) from few where not regexp_full_match(raw, '{DATED}')").fetchall()[0][0] > aside
    words = {row[0] for row in con.execute(f"select raw from texts where raw in ({WORDS})").fetchall()}

    def unread(form: Form, raw_of: str) -> int:
        return con.execute(f"select count(*) from {form.read(name, raw_of)} where it is null").fetchall()[0][0]

    found: list[Form] = []
    near: list[tuple[int, Form]] = []
    for form in candidates(given, zone, kind):
        if found and form.data_type not in ("date", "timestamp"):
            break
        formatted = any(key == "format" for key, _ in form.meta)
        if (formatted and no_format and not given) or (kind is None and not _both(words, form)):
            continue
        if (left := unread(form, "few")) > aside:
            continue
        if left := (left if texts <= SAMPLED else unread(form, "texts")):
            near.append((left, form))
            continue
        found.append(form)
        if not formatted:
            break
    if not found and near:
        fewest = min(left for left, _ in near)
        found = [form for left, form in near if left == fewest and _nearly(con, form, name)][:1]
    if kind and not found:
        raw = con.execute("select any_value(raw) from texts").fetchall()[0][0]
        raise AsofError(
            f"column {name} is not written as a {kind}, such as {raw!r}: leave --type {name} out, or say its --format"
        )
    return (found or [TEXT]), (there if found and found[0] != TEXT else there & {"", *(nulls or ())})


def _both(there: set[str], form: Form) -> bool:
    """Whether both truths of a form are there, where it has words for them: a column of N alone may be of countries."""
    return all(word in there for key, some in form.meta if key in ("true_values", "false_values") for word in some)


def _nearly(con: duckdb.DuckDBPyConnection, form: Form, name: str) -> bool:
    """Whether so few values are of another form that landing would set them aside: one in a hundred, of many."""
    unread = f"raw in (select raw from {form.read(name)} where it is null)"
    rows, aside = con.execute(f"select sum(times), coalesce(sum(times) filter (where {unread}), 0) from texts").fetchall()[0]
    return rows >= MANY and aside <= ASIDE * rows
