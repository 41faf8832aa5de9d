"""A new source: from the files that somebody has to the declaration, the staging model, their docs and tests."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from checks.known_at import COLUMN, KnownAt
from checks.landing import MAX_REJECTED_SHARE
from flows.runtime import settings
from flows.steps.data.feeds.archive import ARCHIVE
from flows.studies.scaffolding import naming, rendering
from flows.studies.scaffolding.bad_lines import RefusedDelivery, refused
from flows.studies.scaffolding.corrections import Again, again
from flows.studies.scaffolding.known_later import known_later
from flows.studies.scaffolding.looking import ENDINGS, Look, Seen, look
from flows.studies.scaffolding.rendering import in_english, rendered, write
from flows.studies.scaffolding.replacing import move_away
from flows.studies.scaffolding.words import sentence
from ml.errors import AsofError

# What becomes of rows that come again.
CORRECTIONS = {
    "latest": "at each instant a fact counts once, in the latest version known before",
    "first": "a fact counts as it was first known, its corrections never",
    "facts": "each row is a fact of its own",
}
# What becomes of lines that repeat an earlier one in every column.
DUPLICATES = {"drop": "the staging model keeps one of each", "keep": "each lands and counts"}
Ask = Callable[[str, str], str]


@dataclass(frozen=True)
class Wanted:
    """What a person says of a source; what is left out is inferred, or asked."""

    name: str
    path: Path
    null: tuple[str, ...] | None = None
    key: tuple[str, ...] | None = None
    known_at: str | None = None
    known_sql: str | None = None
    known_of: str | None = None
    known_by: tuple[str, ...] = ()
    known_always: bool = False
    event_at: str | None = None
    feed: str = ARCHIVE
    formats: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    delimiter: str | None = None
    corrections: str | None = None
    duplicates: str | None = None
    pii: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Made:
    """What was written, and what it was inferred from. `fact` are the columns that tell facts apart where rows
    come again, and `corrections` what becomes of them; `by` is the column by which rows were known earlier and later. With
    `dropped` only one of identical lines leaves staging. `later` are instants after known_at, and in how many rows; a delivery
    would be `refused` by the default share of bad lines."""

    source: str
    table: str
    files: list[str]
    landed: list[Path]
    look: Look
    key: tuple[str, ...]
    known_at: Any
    event_at: str | None
    fact: tuple[str, ...] = ()
    again: Again | None = None
    corrections: str = ""
    by: str | None = None
    replaced: Path | None = None
    dropped: bool = False
    later: Mapping[str, int] = field(default_factory=dict)
    refused: RefusedDelivery | None = None

    @property
    def share(self) -> float:
        """Of a file so large a share may be bad."""
        return self.refused.share if self.refused else MAX_REJECTED_SHARE


def make(wanted: Wanted, ask: Ask | None = None) -> Made:
    """Look at the files, write the source, and put them where the next landing finds them.

    `ask(question, default)` answers what the files do not say, where a person is there. AsofError where only a person can say it.
    """
    source, table = _named(wanted)
    seen = look(wanted.path, wanted.null, wanted.formats, wanted.zone, wanted.delimiter, wanted.types)
    words = {seen.column(name).name: said for name, said in wanted.words.items()}
    seen.columns = [replace(one, words=words.get(one.name, "")) for one in seen.columns]
    known_at, event_at = _when(wanted, seen, ask)
    pii = _personal(wanted, seen, known_at, event_at)
    by = _by(known_at, seen)
    repeated = again(seen, by, tuple(seen.column(name).name for name in wanted.key or ())) if by else None
    dropped = _dropped(wanted, seen, ask)
    of_keys = replace(seen, keys=seen.keys_without) if dropped else seen
    key, fact, how = _corrected(wanted, of_keys, repeated, by, ask)
    if dropped and fact:  # of a fact, or a version of it, one row counts anyway
        key, dropped = (), False
    if how == "latest" and not wanted.event_at:
        event_at = None  # of a correction it says when it was made, and not when the fact happened
    feed = wanted.feed if known_at is not None and wanted.feed != "none" else None
    path = f"{source}/{table}"
    bad = refused(seen, known_at, feed == ARCHIVE)
    version_by = by if how == "latest" else None
    files = _files(source, table, seen, key, fact, version_by, known_at, event_at, feed, path, pii, dropped, bad)
    folder = settings.landing_folder() / (ARCHIVE if feed == ARCHIVE else "") / path
    replaced = None
    if wanted.again:
        replaced = move_away(f"{source}.{table}", files, seen.files)
    else:
        _refuse_again(files, folder)
    written = write(files)
    landed = _put(seen, folder)
    later = known_later(seen, known_at, event_at)
    return Made(
        source, table, written, landed, seen, key, known_at, event_at, fact, repeated, how, by, replaced, dropped, later, bad
    )


def _named(wanted: Wanted) -> tuple[str, str]:
    source, _, table = wanted.name.partition(".")
    table = table or naming.column(wanted.path.name.split(".")[0])
    for one in (source, table):
        if naming.column(one) != one or "__" in one:
            raise AsofError(f"{one!r} is no name: say shop.visits, in lower-case letters, digits and single _")
    return source, table


def _personal(wanted: Wanted, seen: Look, known_at: Any, event_at: str | None) -> set[str]:
    """The columns that --pii names; AsofError for one that says when something was."""
    found = {seen.column(name).name for name in wanted.pii}
    if times := found & {event_at, known_at if isinstance(known_at, str) else None}:
        raise AsofError(f"--pii {min(times)}: it says when, and what says when leaves staging as it is; leave it out")
    return found


def _dropped(wanted: Wanted, seen: Look, ask: Ask | None) -> bool:
    """Whether staging keeps only one of lines that are identical."""
    how = wanted.duplicates
    if not seen.identical:
        if how:
            raise AsofError(f"--duplicates {how}: no line of {wanted.path} repeats another in every column; leave it out")
        return False
    if not how and ask and wanted.corrections not in ("latest", "first"):  # of these one row counts anyway
        told = f"{seen.identical:,} lines repeat an earlier one in every column: what becomes of them"
        how = ask(f"{told} ({', '.join(DUPLICATES)})?", "drop" if seen.keys_without else "keep")
        if how not in DUPLICATES:
            raise AsofError(f"{told}? Say --duplicates {' or --duplicates '.join(DUPLICATES)}")
    return how == "drop"


def _key(wanted: Wanted, seen: Look, ask: Ask | None) -> tuple[str, ...]:
    if wanted.key is not None:
        key = tuple(seen.column(name).name for name in wanted.key)
        if not key or any(set(one) <= set(key) for one in seen.keys):
            return key
        if any(set(one) <= set(key) for one in seen.keys_without):
            raise AsofError(
                f"{', '.join(key)} is no key of {wanted.path} as it is: {seen.identical:,} lines repeat an earlier one in every "
                "column, and without them it is one. Say --duplicates drop, and the staging model keeps one of each; "
                "or --key '' for none"
            )
        raise AsofError(
            f"{', '.join(key)} is no key of {wanted.path}: it is null somewhere, or the same in two rows; "
            + (f"say {_told(seen.keys)}" if seen.keys else "no few columns are one: say --key '' for none")
        )
    found = seen.keys[0] if seen.keys else ()
    if ask and len(seen.keys) > 1:
        said = ask(f"Which columns tell the rows of {wanted.path.name} apart ({_told(seen.keys)})?", ",".join(found))
        return _key(replace(wanted, key=tuple(one.strip() for one in said.split(",") if one.strip())), seen, None)
    return found


def _by(known_at: Any, seen: Look) -> str | None:
    """The column by which rows were known earlier and later; None where the files have none."""
    if isinstance(known_at, str):
        return known_at
    times = _times_in(known_at["sql"], seen) if known_at and "sql" in known_at else []
    return times[0] if len(times) == 1 else None


def _corrected(
    wanted: Wanted, seen: Look, repeated: Again | None, by: str | None, ask: Ask | None
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The key of the rows, that of the facts where later rows correct earlier ones, and which of CORRECTIONS it is, if any.

    AsofError where nobody says it.
    """
    said = tuple(seen.column(name).name for name in wanted.key or ())
    if repeated and repeated.corrects:
        how, told = wanted.corrections, f"{repeated.told(seen.rows)}: do later rows correct earlier ones?"
        if not how and ask:
            how = ask(f"{told} ({', '.join(CORRECTIONS)})", "latest")
        if how not in CORRECTIONS:
            choices = "; ".join(f"--corrections {one}, and {means}" for one, means in CORRECTIONS.items())
            raise AsofError(f"{told} Say {choices}")
        key = repeated.key or next((one for one in seen.keys if set(one) <= {*repeated.columns, by}), ())
        return key, repeated.columns if how != "facts" else (), how
    if not wanted.corrections:
        return _key(wanted, seen, ask), (), ""
    fact = tuple(name for name in said if name != by)
    if not by or not fact:
        raise AsofError(
            f"--corrections {wanted.corrections}: nothing in {wanted.path} comes again with a later instant; leave it out, or "
            "say with --key which columns tell the facts apart, and with --known-at when a row was known"
        )
    apart = any(set(one) <= {*fact, by} for one in seen.keys)
    return (*fact, by) if apart else (), fact if wanted.corrections != "facts" else (), wanted.corrections


def _told(keys: Sequence[Sequence[str]]) -> str:
    return " or ".join("+".join(one) for one in keys[:4])


def _when(wanted: Wanted, seen: Look, ask: Ask | None) -> tuple[Any, str | None]:
    """When a row is known, as a declaration says it, and the column of the event; AsofError where nobody says it."""
    if wanted.known_always:
        return None, None
    if wanted.known_of:
        by = [seen.column(name).name for name in wanted.known_by]
        if not by:
            raise AsofError(f"--known-at-of {wanted.known_of} needs --by with the columns that are its key")
        return {"of": wanted.known_of, "by": by}, _event(wanted, seen)
    if wanted.known_sql:
        return _expression(wanted.known_sql, seen), _event(wanted, seen) or next(iter(_times_in(wanted.known_sql, seen)), None)
    name = wanted.known_at or seen.known_by_name
    if not name and ask and seen.says_when:
        said = f"Nothing says when a row of {wanted.path.name} was known. By which column"
        name = ask(f"{said} ({', '.join(seen.says_when)}; `always` for a list)?", seen.says_when[-1])
        if name == "always":
            return None, None
    if not name:
        there = f"such as --known-at {seen.says_when[-1]}" if seen.says_when else "though no column is a day or an instant"
        raise AsofError(
            f"nothing says when a row of {wanted.path} was known, and that is for you to say: --known-at COLUMN, {there}; "
            '--known-at-expr "closed_at + interval 6 hours"; --known-at-of shop.orders --by order_id, if it is known with a row '
            "of another source; --known-always for a list that always was as it is"
        )
    one = seen.column(name)
    if one.nulls or one.form.data_type not in ("date", "timestamp"):
        why = "it is null in some rows" if one.nulls else f"it is a {one.form.data_type}"
        raise AsofError(f"{one.name} cannot say when a row was known: {why}")
    if one.form.data_type == "date":  # what is of a day is known when the day is over
        return _expression(f"{one.name} + interval 1 day", seen), _event(wanted, seen) or one.name
    return one.name, _event(wanted, seen)


def _event(wanted: Wanted, seen: Look) -> str | None:
    return seen.column(wanted.event_at).name if wanted.event_at else None


def _times_in(sql: str, seen: Look) -> list[str]:
    return [one for one in seen.says_when if re.search(rf"\b{one}\b", sql)]


def _expression(sql: str, seen: Look) -> dict[str, str]:
    row = ", ".join(f'cast(null as {one.form.data_type}) as "{one.name}"' for one in seen.columns)
    with duckdb.connect() as con:
        try:
            con.execute(f"select {KnownAt(sql=sql).expression} from (select {row}) as said")
        except duckdb.Error as error:
            other = [one for one in seen.columns if one.header != one.name and re.search(rf"\b{re.escape(one.header)}\b", sql)]
            named = "".join(f"; the column {one.header} is called {one.name} here" for one in other)
            raise AsofError(f"--known-at-expr {sql!r}: {str(error).splitlines()[0]}{named}") from error
    return {"sql": sql}


def _files(
    source: str, table: str, seen: Look, key: tuple[str, ...], fact: tuple[str, ...], by: str | None, known_at: Any,
    event_at: str | None, feed: str | None, path: str, pii: set[str], dropped: bool,
    bad: RefusedDelivery | None,
) -> dict[str, str]:  # fmt: skip
    # what orders the versions of a fact, by its name in the staging model
    version = by and ("known_at" if by == known_at else "event_at" if by == event_at else by)
    one_row = _one_row(seen, key)
    one_fact = f"{_one_row(seen, fact)}, {'and version of it' if version else 'as it was first known'}" if fact else one_row
    needed = {*key, *fact, *([known_at] if isinstance(known_at, str) else known_at.get("by", []) if known_at else [])}
    renamed = {one.header: one.name for one in seen.columns if one.header != one.name}
    landing: dict[str, Any] = {"path": path, "format": seen.format}
    if seen.null and seen.null != [""]:
        landing["null"] = seen.null
    if seen.delimiter != ",":
        landing["delimiter"] = seen.delimiter
    if renamed:
        landing["rename"] = renamed
    landing |= {"key": [] if dropped else list(key), "known_at": known_at}  # each of identical lines lands
    said_of = {}
    if bad:
        landing["max_rejected_share"] = bad.share
        said_of["max_rejected_share"] = f"{_delivered(bad)}; of a file with more bad lines nothing lands"
    folder = f"models/staging/{source}"
    values = {
        "source": source, "table": table, "feed": feed, "one_row": _one_row(seen, ()) if dropped else one_row, "landing": landing,
        "said_of": said_of,
        "rows_apart": (*fact, version) if version else fact or key,
        "versions": {"of": [*fact], "by": version} if version else None, "by": by, "ties": not key,
        "different": [one.name for one in seen.columns] if dropped else [],
        "one_fact": one_fact, "fact": fact, "known": known_at if isinstance(known_at, str) else COLUMN,
        "columns": [_declared(one, one.name in needed, one.name in pii) for one in seen.columns],
        "staged": _staged(seen, fact or key, bool(version), known_at, event_at, pii),
        "ids": [_selected(one, pii) for one in seen.columns if _is_id(one, fact or key)] or ["_line as line"],
        "others": [
            _selected(one, pii) for one in seen.columns if not _is_id(one, fact or key) and one.name not in (known_at, event_at)
        ],
        "times": _times(seen, known_at, event_at),
    }  # fmt: skip
    return {
        f"{folder}/_{source}__{table}.yml": rendered("source.yml", **values),
        f"{folder}/stg_{source}__{table}.sql": rendered("staging.sql", **values),
    }


def _delivered(bad: RefusedDelivery) -> str:
    """How many lines of a delivery are bad, for a comment."""
    return f"{bad.bad} of the {bad.rows} rows {f'of {bad.day}' if bad.day else 'of the first files'} are bad"


def _selected(one: Seen, pii: set[str]) -> str:
    return f"{{{{ hashed('{one.name}') }}}} as {one.name}" if one.name in pii else one.name


def _one_row(seen: Look, key: tuple[str, ...]) -> str:
    whom = in_english(seen.column(name).said for name in key) if key else "line of the files"
    return f"One row per {'key ' if len(key) > 1 else ''}{whom}"


def _is_id(one: Seen, key: tuple[str, ...]) -> bool:
    return one.name in key or bool(re.search(r"(^|_)id$", one.name))


def _described(one: Seen, personal: bool = False) -> str:
    what = sentence(one.said)
    if personal:
        return f"{what}."
    span = f", {one.least[:30]} to {one.most[:30]} in the first files" if one.form.data_type not in ("varchar", "boolean") else ""
    return f"{what}{span}."


def _worded(one: Seen) -> dict[str, Any]:
    return {"config": {"meta": {"words": one.called}}} if one.called else {}


def _declared(one: Seen, needed: bool, personal: bool) -> dict[str, Any]:
    # Of a personal column no value stands in a file that is committed: neither what is accepted nor the least and the most.
    said = {name: value for name, value in dict(one.form.meta).items() if name != "accepted" or not personal}
    said |= {"pii": True} if personal else {}
    meta = {"config": {"meta": said}} if said else {}
    constraints = {"constraints": [{"type": "not_null"}]} if needed else {}
    return {"name": one.name, "data_type": one.form.data_type, "description": _described(one, personal), **meta, **constraints}


def _times(seen: Look, known_at: Any, event_at: str | None) -> list[str]:
    lines = []
    if event_at:
        cast = seen.column(event_at).form.data_type == "date"
        lines.append(f"cast({event_at} as timestamp) as event_at" if cast else f"{event_at} as event_at")
    if known_at is not None:
        lines.append("known_at" if known_at == "known_at" else f"{known_at if isinstance(known_at, str) else COLUMN} as known_at")
    return lines


def _staged(
    seen: Look, key: tuple[str, ...], versions: bool, known_at: Any, event_at: str | None, pii: set[str]
) -> list[dict[str, Any]]:
    found = []
    ordered = [one for one in seen.columns if _is_id(one, key)]
    if not ordered:
        found.append({"name": "line", "description": "Line of its file."})
    for one in [*ordered, *(one for one in seen.columns if one not in ordered and one.name not in (known_at, event_at))]:
        tests = ["unique", "not_null"] if key == (one.name,) and not versions else ["not_null"] if one.name in key else []
        found.append(
            {
                "name": one.name,
                "description": f"Salted hash of: {one.said}." if one.name in pii else _described(one),
                **_worded(one),
                **({"data_tests": tests} if tests else {}),
            }
        )
    if event_at:
        found.append({"name": "event_at", "description": f"When it happened: {seen.column(event_at).said}, UTC."})
    if known_at is not None:
        how = known_at if isinstance(known_at, str) else known_at.get("sql") or f"that of its row in {known_at['of']}"
        found.append(
            {"name": "known_at", "description": f"When it could first be known: {how}, UTC.", "data_tests": ["not_null"]}
        )
    return [
        *found, {"name": "landed_at", "description": "When the program landed it."},
        {"name": "landing_number", "description": "Number of the batch that landed it."},
    ]  # fmt: skip


def _refuse_again(files: Mapping[str, str], folder: Path) -> None:
    """AsofError where a file would be written over: it names all that an earlier call wrote, and how it goes."""
    there = [name for name in files if (rendering.PROJECT / name).exists()]
    if there:
        own = folder.relative_to(rendering.PROJECT) if folder.is_relative_to(rendering.PROJECT) else folder
        copies = [str(own)] if folder.is_dir() else []
        raise AsofError(
            f"{', '.join(there)} is there already; take another name, say --again, which keeps what was there, or remove all "
            f"that was written for it: rm -r {' '.join([*there, *copies])}"
        )


def _put(seen: Look, folder: Path) -> list[Path]:
    """Copy the files to where landing or the archive looks, under the ending of their format."""
    folder.mkdir(parents=True, exist_ok=True)
    put = []
    for file in seen.files:
        ending = next(one for one in sorted(ENDINGS, key=len, reverse=True) if file.name.endswith(one))
        target = folder / f"{file.name.removesuffix(ending)}.{seen.format}"
        if file.resolve() != target.resolve():
            shutil.copyfile(file, target)
        put.append(target)
    return put
