"""What given files hold: columns, types, written forms, null texts, keys, and what could say when a row was known."""

from __future__ import annotations

import csv
import difflib
import itertools
import re
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import duckdb

from checks.landing import DELIMITERS
from checks.landing_column import TYPES
from checks.written import NUMBERS
from flows.runtime.sql_text import quoted
from flows.steps.data.landing.values import OFFSET, pointer
from flows.studies.scaffolding import naming, sound
from flows.studies.scaffolding.forms import BIG, NULLS, Form, forms_of
from flows.studies.scaffolding.words import plain
from ml.errors import AsofError
from ml.problem.declared.columns import IDENTIFIER, RESERVED

ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".csv.gz": "csv.gz",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
PARQUET = (("INT", "bigint"), ("UTINYINT", "bigint"), ("DECIMAL", "double"), ("FLOAT", "double"), ("DOUBLE", "double"),
           ("BOOLEAN", "boolean"), ("DATE", "date"), ("TIMESTAMP", "timestamp"))  # fmt: skip
# A key of more columns is a row, not a key.
KEY_COLUMNS = 3
# Names by which people say when something was written down, as against when it happened.
KNOWN = re.compile(
    r"(known|reported|recorded|received|ingested|loaded|inserted|published|logged|entered|registered|created)_?(at|on|time|ts)?\Z"
)


@dataclass(frozen=True)
class Seen:
    """A column of the files: its header, its name, its form, how many nulls and distinct values; `most` and `least` as text.

    `wrong` values are not of its form, such as `example`: landing will quarantine their lines. People call it `words`. A text
    holds `nothings` that may mean nothing, each so many times. Instants that are `local` have no offset, and no zone was said.
    """

    header: str
    name: str
    form: Form
    nulls: int
    distinct: int
    least: str
    most: str
    choices: tuple[Form, ...] = ()
    wrong: int = 0
    example: str = ""
    words: str = ""
    nothings: tuple[tuple[str, int], ...] = ()
    local: bool = False

    @property
    def said(self) -> str:
        """What people call it."""
        return self.called or plain(self.name)

    @property
    def called(self) -> str:
        """What somebody said that it is, or the heading of the file where its name cannot carry it; else empty."""
        return self.words or ("" if self.header.isascii() else " ".join(self.header.split()).rstrip("."))


@dataclass
class Look:
    """What the files hold. `null` are the texts that mean nothing; `identical` lines repeat an earlier one in every column, and
    `keys_without` are keys of the others. `odd` lines of a CSV, such as the one `odd_at`, are no rows."""

    files: list[Path]
    format: str
    delimiter: str
    rows: int
    columns: list[Seen]
    null: list[str] = field(default_factory=list)
    keys: list[tuple[str, ...]] = field(default_factory=list)
    identical: int = 0
    keys_without: list[tuple[str, ...]] = field(default_factory=list)
    odd: int = 0
    odd_at: str = ""

    def column(self, name: str) -> Seen:
        """A column by its name or header; AsofError lists those that there are."""
        found = next((one for one in self.columns if name in (one.name, one.header)), None)
        if not found:
            raise AsofError(f"{self.files[0]} has no column {name}; it has {', '.join(one.name for one in self.columns)}")
        return found

    @property
    def says_when(self) -> list[str]:
        """Columns without nulls that are days or instants."""
        return [one.name for one in self.columns if one.form.data_type in ("date", "timestamp") and not one.nulls]

    @property
    def known_by_name(self) -> str | None:
        """The one instant whose name says that it is when the row was written down."""
        found = [one for one in self.says_when if KNOWN.match(one) and self.column(one).form.data_type == "timestamp"]
        return found[0] if len(found) == 1 else None


def files_of(path: Path) -> tuple[list[Path], str]:
    """The files that a path stands for, and their format; AsofError where it stands for none, or for several kinds."""
    if not path.exists():
        raise AsofError(f"{path} is not there; say --from with a file or a folder")
    files = [path] if path.is_file() else sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    if not files:
        raise AsofError(f"{path} holds no file")
    kinds = {ENDINGS.get("".join(one.suffixes[-2:]), ENDINGS.get(one.suffix)) for one in files}
    if None in kinds or len(kinds) > 1:
        raise AsofError(
            f"{path} holds files of several kinds, or of none that lands; name a file or a folder of {', '.join(ENDINGS)}"
        )
    return files, kinds.pop()


def look(
    path: Path, nulls: Sequence[str] | None = None, given: Mapping[str, str] = MappingProxyType({}), zone: str | None = None,
    delimiter: str | None = None, types: Mapping[str, str] = MappingProxyType({}),
) -> Look:  # fmt: skip
    """Look at all rows of a file, or of a folder of files of one kind.

    `given` are formats and `types` are types by column, as a person says them; `zone` is that of instants without an offset.
    AsofError where dates can be read in two ways, and by file and line where a file cannot be read.
    """
    if wrong := next((one for one in types.values() if one not in TYPES), None):
        raise AsofError(f"--type is {wrong!r}; a column is one of {', '.join(TYPES)}")
    if zone:
        check_zone(zone)
    files, kind = files_of(path)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        mark = read_files(con, files, kind, delimiter)
        try:
            found = _looked(con, files, kind, mark, nulls, given, zone, types)
        except duckdb.Error as error:
            raise sound.unread(files[0], error) from error
    for one in found.columns:
        _one_way(one)
    return found


def _looked(con, files: list[Path], kind: str, mark: str, nulls, given, zone: str | None, types) -> Look:
    described = con.execute("describe seen").fetchall()
    rows = con.execute("select count(*) from seen").fetchall()[0][0]
    odd, odd_at = _odd(con, files)
    if not rows:
        lines = f", and {odd:,} lines that have not as many fields as it, such as {odd_at}" if odd else ""
        raise AsofError(f"{files[0]} holds no row: line 1 is the header{lines}")
    names = _names([header for header, *_ in described])
    for option, name in [*(("--format", one) for one in given), *(("--type", one) for one in types)]:
        if name not in names and name not in [header for header, *_ in described]:
            raise AsofError(f"{option} names {name}, but {files[0]} has {', '.join(names)}")
    found, null = [], set()
    for (header, sql_type, *_), name in zip(described, names, strict=True):
        said = types.get(header, types.get(name))
        one, there = _seen(con, header, name, sql_type, nulls, given.get(header, given.get(name)), zone, said)
        found.append(one)
        null |= there
    # A null text of one column is one in all of them.
    null |= set(nulls or ())
    found = [_counted(con, one, null, {one.header, one.name} & {*types}) for one in found]
    found = [replace(one, nothings=_nothings(con, one, null), local=not zone and _local(con, one)) for one in found]
    keys = _keys(con, found, rows)
    different = rows if keys else con.execute("select count(*) from (select distinct * from seen)").fetchall()[0][0]
    without = _keys(con, found, different) if different < rows else []
    return Look(files, kind, mark, rows, found, sorted(null), keys, rows - different, without, odd, odd_at)


def read_files(con: duckdb.DuckDBPyConnection, files: list[Path], kind: str, delimiter: str | None) -> str:
    """Make the table `seen` of all rows, text as it stands; returns the delimiter. AsofError names file and line."""
    mark = ","
    for file in files if kind != "parquet" else ():
        sound.check(file)
    if kind in ("csv", "csv.gz"):
        mark = delimiter or _delimiter(files[0])
        names = sound.check_headers(files, mark)
    try:
        if kind == "parquet":
            con.execute(f"create table seen as from read_parquet({_listed(files)})")
            sound.check_names(files[0], [name for name, *_ in con.execute("describe seen").fetchall()])
        elif kind == "jsonl":
            _read_objects(con, files)
        else:
            columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
            # No text is null yet: which of them are is what is to be found out.
            con.execute(
                f"create table seen as from read_csv({_listed(files)}, columns = {{{columns}}}, header = true, "
                f"auto_detect = false, store_rejects = true, delim = {quoted(mark)}, quote = '\"', escape = '\"', "
                "nullstr = '\x01')"
            )
    except duckdb.Error as error:
        for file in files if kind == "jsonl" else ():
            sound.check_objects(file)
        raise sound.unread(next((one for one in files if str(one) in str(error)), files[0]), error) from error
    return mark


def _listed(files: list[Path]) -> str:
    return "[" + ", ".join(quoted(str(one)) for one in files) + "]"


def _read_objects(con: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    objects = f"read_ndjson_objects({_listed(files)})"
    if con.execute(f"select exists (from {objects} where json_type(json) <> 'OBJECT')").fetchall()[0][0]:
        for file in files:
            sound.check_objects(file)
    # A key stands where the first object that has it has it: the columns come as people know them from the file.
    keys = [key for (key,) in con.execute(
        f"with objects as (select row_number() over () as n, json_keys(json) as keys from {objects}) "
        "select key from (select n, unnest(keys) as key, generate_subscripts(keys, 1) as place from objects) "
        "group by key order by min((n, place))"
    ).fetchall()]  # fmt: skip
    if not keys:
        raise AsofError(f"{files[0]}, line 1: its object has no key, and so has no other")
    sound.check_names(files[0], keys)
    taken = ", ".join(f'json_extract_string(json, {quoted(pointer(key))}) as "{key}"' for key in keys)
    con.execute(f"create table seen as select {taken} from {objects}")


def _odd(con: duckdb.DuckDBPyConnection, files: list[Path]) -> tuple[int, str]:
    """How many lines of CSV are no rows, and where one of them is: `line 5`, and of several files `line 5 of may.csv`."""
    if not con.execute("select exists (from duckdb_tables() where table_name = 'reject_errors')").fetchall()[0][0]:
        return 0, ""
    lines, (path, line) = con.execute(
        "select count(distinct (file_id, line)), coalesce(min((file_path, line)), ('', 0)) "
        "from reject_errors inner join reject_scans using (scan_id, file_id)"
    ).fetchall()[0]
    return lines, f"line {line}" + (f" of {Path(path).name}" if len(files) > 1 else "")


def _delimiter(file: Path) -> str:
    """The mark that cuts the first lines into as many fields each, and into most."""
    lines = sound.first(file).splitlines(keepends=True)
    try:
        widths = {mark: [len(row) for row in csv.reader(lines[:-1] or lines, delimiter=mark)] for mark in DELIMITERS}
    except csv.Error as error:
        raise AsofError(
            f"{file}: its first {len(lines)} lines are not CSV: {error}; look for a quote that is not closed"
        ) from error
    # One field in each line is what any mark makes of lines in which it does not stand.
    even = [mark for mark, found in widths.items() if found and len({*found}) == 1 and found[0] > 1]
    return max(even or DELIMITERS, key=lambda mark: widths[mark][0] if widths[mark] else 0)


def _names(headers: list[str]) -> list[str]:
    names: list[str] = []
    for header in headers:
        name = header if IDENTIFIER.match(header) and not header.startswith("_") else naming.column(header)
        name = f"its_{name}" if name in RESERVED else name
        while name in names:
            name = f"{name}_{len(names)}"
        names.append(name)
    return names


def _seen(
    con, header: str, name: str, sql_type: str, nulls, given: str | None, zone: str | None, said: str | None
) -> tuple[Seen, set[str]]:
    if sql_type != "VARCHAR":
        kind = next((mine for theirs, mine in PARQUET if theirs in sql_type), None)
        if kind is None:
            raise AsofError(f"column {header} is {sql_type}, which lands as no column; write it as text or as plain columns")
        if said and said != kind and not (kind == "bigint" and said in NUMBERS):
            raise AsofError(f"column {header} is {sql_type} in the file, which lands as no {said}: leave --type {name} out")
        kind = said or kind
        zoned = (("timezone", zone),) if kind == "timestamp" and zone and "TIME ZONE" not in sql_type else ()
        return Seen(header, name, Form(kind, zoned), 0, 0, "", ""), set()
    forms, there = forms_of(con, f'"{header}"', name, None if nulls is None else tuple(nulls), given, zone, said)
    return Seen(header, name, forms[0], 0, 0, "", "", tuple(forms)), there


def _counted(con: duckdb.DuckDBPyConnection, one: Seen, null: set[str], said: Collection[str]) -> Seen:
    listed = ", ".join(quoted(text) for text in null) or "''"
    header, form = f'"{one.header}"', one.form
    if form.data_type == "varchar" or not one.choices:  # what is text, or was typed in its file
        it = f"(select {header} as raw, case when cast({header} as varchar) not in ({listed}) then {header} end as it from seen)"
        wrong = "false"
    else:
        con.execute(
            f"create or replace temp view raws as select case when {header} not in ({listed}) then {header} end as raw from seen"
        )
        it, wrong = form.read(one.name, "raws"), "raw is not null and it is null"
    nulls, distinct, least, most, bad, example = con.execute(
        f"select count(*) filter (where it is null and not ({wrong})), approx_count_distinct(it), min(it)::varchar, "
        f"max(it)::varchar, count(*) filter (where {wrong}), any_value(raw::varchar) filter (where {wrong}) from {it}"
    ).fetchall()[0]
    if (
        not said
        and form.data_type == "bigint"
        and not form.meta
        and least is not None
        and max(abs(int(least)), abs(int(most))) < BIG
    ):
        form = replace(form, data_type="integer") if not re.search(r"(^|_)(id|no|nr|key|number|code)$", one.name) else form
    return replace(
        one, form=form, nulls=nulls, distinct=distinct, least=least or "", most=most or "", wrong=bad, example=example or ""
    )


def _nothings(con: duckdb.DuckDBPyConnection, one: Seen, null: set[str]) -> tuple[tuple[str, int], ...]:
    """Words in a column of text that mean nothing elsewhere, but are no null text of these files, and how often each is there."""
    words = [text for text in NULLS if text not in null]
    if one.form.data_type != "varchar" or not one.choices or not words:
        return ()
    listed = ", ".join(map(quoted, words))
    return tuple(con.execute(
        f'select "{one.header}", count(*) from seen where "{one.header}" in ({listed}) group by all order by 2 desc, 1'
    ).fetchall())  # fmt: skip


def _local(con: duckdb.DuckDBPyConnection, one: Seen) -> bool:
    """Whether a column holds an instant that does not say its offset."""
    if one.form.data_type != "timestamp" or any("%z" in str(said) for _, said in one.form.meta):
        return False
    (kind,) = con.execute(f'select typeof("{one.header}") from seen limit 1').fetchall()[0]
    if kind != "VARCHAR":
        return "TIME ZONE" not in kind
    marked = f"regexp_full_match(\"{one.header}\", '.*({OFFSET})')"
    return con.execute(f"select bool_or(\"{one.header}\" like '%:%' and not {marked}) from seen").fetchall()[0][0] is True


def check_zone(zone: str) -> None:
    """AsofError where there is no such zone: it names those that are nearest."""
    known = zoneinfo.available_timezones()
    if zone in known:
        return
    last = {one.lower(): one for one in sorted(known)}
    last |= {one.rsplit("/", 1)[-1].lower(): one for one in sorted(known) if "/" in one and not one.startswith("posix")}
    near = [last[one] for one in difflib.get_close_matches(zone.lower(), last, 3)]
    raise AsofError(f"--timezone is {zone!r}, which is no time zone; {'near it are' if near else 'say one such as'} "
                    f"{', '.join(dict.fromkeys(near)) or 'Europe/Berlin'}")  # fmt: skip


def likely_key(one: Seen) -> bool:
    """Whether a column may be part of a key."""
    return not one.nulls and one.form.data_type not in ("double", "boolean") and one.distinct > 1


def _keys(con: duckdb.DuckDBPyConnection, columns: list[Seen], rows: int) -> list[tuple[str, ...]]:
    """Sets of columns that tell all rows apart, the likeliest first: what is called an id, what stands first, and few of them."""
    may = [one for one in columns if likely_key(one)]
    may.sort(key=lambda one: (not re.search(r"(^|_)(id|no|nr|key|number|code)$", one.name), one.form.data_type == "timestamp"))
    for size in range(1, KEY_COLUMNS + 1):
        found = []
        for some in itertools.combinations(may[:8], size):
            if size == 1 and some[0].form.data_type in ("date", "timestamp"):
                continue
            likely = 1.0
            for one in some:
                likely *= one.distinct
            if likely < rows * 0.9:
                continue
            listed = ", ".join(f'"{one.header}"' for one in some)
            if con.execute(f"select count(*) from (select distinct {listed} from seen)").fetchall()[0][0] == rows:
                found.append(tuple(one.name for one in some))
        if found:
            return found
    return []


def _one_way(one: Seen) -> None:
    """AsofError where days of a column can be read as different days."""
    formats = [dict(form.meta)["format"] for form in one.choices if "format" in dict(form.meta)]
    orders = {re.sub(r"[^dmYyBb]", "", text.split(" ")[0].replace("-", "")) for text in formats}
    if len(orders) > 1:
        told = " or ".join(formats[:3])
        raise AsofError(
            f"column {one.header} reads as {told} alike, and the days differ: say which, with --format {one.name}='{formats[0]}'"
        )
