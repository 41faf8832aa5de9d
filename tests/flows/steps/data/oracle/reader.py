"""What a file should come to: rows by line, and what is quarantined, by line and column."""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.landing import LandingSource
from tests.flows.steps.data.oracle import values
from tests.flows.steps.data.oracle.records import Refused, records, swallowed


@dataclass
class Outcome:
    """Either `refused`, or rows (line → values) and quarantined places with the text of their line."""

    refused: str | None = None
    rows: dict[int, tuple] = field(default_factory=dict)
    bad: set[tuple[int, str | None]] = field(default_factory=set)
    raw: dict[int, str] = field(default_factory=dict)


def read_csv(source: LandingSource, data: bytes) -> Outcome:
    """The outcome of a CSV (unpacked)."""
    try:
        return _read_csv(source, data)
    except Refused as refused:
        return Outcome(refused=str(refused))


def _read_csv(source: LandingSource, data: bytes) -> Outcome:
    header, *rest = records(data, source.delimiter.encode())
    renames = {column: name for name, column in source.rename}
    places = {renames.get(one.name, one.name): one for one in source.columns}
    columns = [places[name.decode()] for name, _ in header.fields]
    most = 4 * source.limits.field_characters * max(len(columns), 2)
    if not rest or any(one.size > most for one in [header, *rest]):
        raise Refused("no rows, or a record without end")
    outcome = Outcome()
    for record in rest:
        try:
            texts = [(value.decode(), quoted) for value, quoted in record.fields]
        except UnicodeDecodeError:
            outcome.bad.add((record.line, None))
            outcome.raw[record.line] = record.raw.decode("utf-8", "backslashreplace")
            continue
        if len(texts) != len(columns):
            if b"\n" in record.raw:
                raise Refused("a ragged record of several lines")
            outcome.bad.add((record.line, None))
        else:
            _trusted(source, columns, texts)
            null = source.null or ("",)
            loose = [source.quoted_null or one.data_type != "varchar" for one in columns]
            cells = [
                None if text in null and (any_way or not quoted) else text
                for (text, quoted), any_way in zip(texts, loose, strict=True)
            ]
            settle(source, outcome, record.line, {one.name: cell for one, cell in zip(columns, cells, strict=True)})
        if record.line not in outcome.rows:
            outcome.raw[record.line] = record.raw.decode()
    return outcome


def _trusted(source: LandingSource, columns: list, texts: list[tuple[str, bool]]) -> None:
    kinds = [one.data_type for one in columns]
    for at, ((text, quoted), one) in enumerate(zip(texts, columns, strict=True)):
        null = quoted and source.quoted_null and text in (source.null or ("",))
        if len(text) > source.limits.field_characters and not null:
            raise Refused("a field without end")
        if "\n" in text and one.data_type != "varchar":
            raise Refused("a line break in a column that is no text")
        if "\n" in text and swallowed(text, at, kinds, source.delimiter, source.null):
            raise Refused("a record within a field")


def settle(source: LandingSource, outcome: Outcome, line: int, cells: dict[str, str | None]) -> None:
    """Put a record of texts among the rows, or among what is quarantined."""
    row, bad = [], set()
    for one in source.columns:
        text = cells[one.name]
        try:
            if text is None and one.required:
                raise values.Bad("null")
            row.append(None if text is None else values.read(one, text))
        except values.Bad:
            bad.add((line, one.name))
    if bad:
        outcome.bad |= bad
    else:
        outcome.rows[line] = tuple(row)
