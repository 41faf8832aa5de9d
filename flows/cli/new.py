"""The way in: new source, new problem."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from flows.cli.verb import Instant, Verb
from flows.runtime import console
from flows.runtime.one_line import in_one_line
from ml.errors import AsofError

Texts = tuple[str, ...]
FIRST = ("by_verdict", "best_of_rule_and_model")


@click.group()
def new() -> None:
    """Writes what a new source or a new problem needs: SQL and YAML that are yours from then on.

    \b
      python -m flows new source shop.visits --from visits.csv --known-at reported_at
    """


@new.command("source", cls=Verb)
@click.argument("name", metavar="SOURCE.TABLE")
@click.option(
    "--from", "path", type=click.Path(path_type=Path), required=True, help="A file or folder: CSV, Parquet, JSON lines."
)
@click.option(
    "--null", multiple=True, metavar="TEXT", help="A text that means nothing, such as NA, beside those that are inferred."
)
@click.option("--key", metavar="COLUMNS", help="Columns that tell rows apart, with commas between them; inferred by default.")
@click.option("--known-at", metavar="COLUMN", help="The column that says when a row was known.")
@click.option("--known-at-expr", "known_sql", metavar="SQL", help='Or an expression: "closed_at + interval 6 hours".')
@click.option(
    "--known-at-of", "known_of", metavar="SOURCE.TABLE", help="Or the source with whose row it was known, by its key: see --by."
)
@click.option("--by", metavar="COLUMNS", help="The columns that are the key of that source.")
@click.option("--known-always", is_flag=True, help="Or nothing: a list that always was as it is.")
@click.option("--event-at", metavar="COLUMN", help="The column that says when it happened, if it is another one.")
@click.option("--feed", type=click.Choice(["archive", "none"]), default="archive", show_default=True,
              help="archive: history that is delivered as the clock moves. none: files that land as they come.")  # fmt: skip
@click.option(
    "--format", "formats", multiple=True, metavar="COLUMN=FORMAT", help="How a day or instant is written: day=%d/%m/%Y."
)
@click.option("--type", "types", multiple=True, metavar="COLUMN=TYPE", help="A type instead of the inferred one: zip=varchar.")
@click.option("--words", multiple=True, metavar="COLUMN=WORDS", help="What people call a column: mach_no='machine'.")
@click.option("--timezone", "zone", metavar="ZONE", help="The zone of instants without an offset; UTC by default.")
@click.option("--corrections", type=click.Choice(["latest", "first", "facts"]),
              help="Of rows that come again counts, at each instant, the latest, the first, or each.")  # fmt: skip
@click.option("--duplicates", type=click.Choice(["drop", "keep"]),
              help="Of lines that repeat an earlier one in every column staging keeps one, or each counts.")  # fmt: skip
@click.option("--delimiter", help="Between the fields of a CSV; inferred by default.")
@click.option("--pii", multiple=True, metavar="COLUMN", help="A column that is personal: it leaves staging as a salted hash.")
@click.option("--again", is_flag=True, help="Say a source anew, before anything of it has landed; what was there is kept.")
def _source(
    name: str,
    path: Path,
    null: Texts,
    key: str | None,
    by: str | None,
    formats: Texts,
    types: Texts,
    words: Texts,
    pii: Texts,
    **said,
) -> None:
    """Look at files, and write the source, its staging model, docs and tests; put the files where the next landing finds them."""
    with in_one_line():
        from flows.runtime import settings
        from flows.studies.scaffolding import source as sources

        settings.load()
        settings.check()
        wanted = sources.Wanted(
            name, path, null=null or None, key=_listed(key), known_by=_listed(by) or (), formats=_pairs("--format", formats),
            types=_pairs("--type", types), words=_pairs("--words", words), pii=pii, **said,
        )  # fmt: skip
        made = sources.make(wanted, _ask if sys.stdin.isatty() and sys.stdout.isatty() else None)
        _tell(made)


@new.command("problem", cls=Verb)
@click.argument("name")
@click.option("--entity", required=True, metavar="COLUMN", help="Whom to predict: a column of the facts, such as shop.")
@click.option("--every", required=True, metavar="INTERVAL", help="How often to ask: '1 day'.")
@click.option("--horizon", required=True, metavar="INTERVAL", help="How far ahead: '7 days'.")
@click.option(
    "--label", required=True, metavar="SQL", help="What to predict, an aggregate over the facts ahead: 'sum(spent) > 80'."
)
@click.option(
    "--from", "models", multiple=True, required=True, metavar="MODEL", help="Models of facts, that of the label first; lists."
)
@click.option("--cohort", metavar="MODEL", help="Ask about everybody of this --from, also those without a fact, such as a list; "
              "by default about whoever has one of the first.")  # fmt: skip
@click.option("--active-within", metavar="INTERVAL", help="Ask only about those with a fact so recently: '90 days'.")
@click.option(
    "--at-least", type=click.IntRange(1), default=1, show_default=True, help="Ask only about those with so many facts so far."
)
@click.option(
    "--start", type=Instant(), help="The first instant that asks, a day or UTC; a horizon after the first fact by default."
)
@click.option("--task", type=click.Choice(["binary", "regression", "multiclass"]), default="binary", show_default=True,
              help="Is it so, how much, or which?")  # fmt: skip
@click.option(
    "--otherwise",
    metavar="SQL",
    help="The label where nothing happens, or null; by default what --label says of no facts.",
)
@click.option("--event-at", metavar="COLUMN", help="When a fact happened; event_at if there is one, else known_at.")
@click.option("--delay", metavar="INTERVAL", help="How long a label waits after its horizon for what is late or corrected: "
              "'10 days'; by default as long as it took until nearly all that happened was known.")  # fmt: skip
@click.option("--first-champion", type=click.Choice(FIRST), default=FIRST[0], show_default=True,
              help="Served while no model has won for certain: the rule, or what did better on the holdout.")  # fmt: skip
@click.option("--title", metavar="TEXT", help="The question in words: 'Which machines will stand still tomorrow?'.")
@click.option("--owner", default="nobody-yet", show_default=True, help="Who answers for it.")
@click.option(
    "--seconds", type=click.IntRange(1), default=30, show_default=True, help="Time box of pruning, after what is tried was built."
)
def _problem(name: str, **said: Any) -> None:
    """Write cohort, features, labels, rule, declaration, mart, exposures, contract and tests of a problem, and build them once.

    Features are tried on the first 70 % of the past; what does not help is left out, and left_out.md says why.

    \b
      python -m flows new problem big_sale --entity shop --every '1 day' --horizon '7 days' \\
        --label "sum(spent) > 80" --from stg_shop__visits --from stg_shop__shops
    """
    with in_one_line():
        from flows.runtime import settings
        from flows.studies.scaffolding import problem as problems
        from flows.studies.scaffolding.plan import Wanted

        settings.load()
        settings.check()
        with console.working(f"new problem {name}"):
            made = problems.make(Wanted(name, **said))
        console.done(
            f"tried {made.tried} features on {made.pruned.rows:,} rows, kept {len(made.pruned.kept)}: {made.pruned.judged}"
        )
        for sentence in made.decided:
            console.done(sentence)
        if made.costs:
            console.warn(made.costs)
        console.done(f"wrote {len(made.files)} files: {wrote(made.files)}")
        console.done(f"next: {_next(name, made)}")


def wrote(files: list[str]) -> str:
    """Where files of a new problem lie: folders of its own, and single files elsewhere, so that they are found again."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(str(Path(file).parent), []).append(file)
    return ", ".join(f"{folder}/" if len(held) > 1 else held[0] for folder, held in sorted(folders.items(), reverse=True))


def _next(name: str, made: Any) -> str:
    """What brings a new problem to life: a replay from the beginning, or, where the clock stands already, its first model."""
    by_hand = f"python -m flows build; then train, judge and promote, each with --problem {name}"
    if made.stands:
        return f"{by_hand}; the clock stands at {made.stands:%Y-%m-%d %H:%M}, and no replay goes back"
    if not made.last:
        return f"python -m flows land; {by_hand}"
    return f"python -m flows replay --history {made.until:%Y-%m-%d} --until {made.last:%Y-%m-%d}"


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(one.strip() for one in text.split(",") if one.strip())


def _pairs(option: str, texts: Texts) -> dict[str, str]:
    """COLUMN=VALUE by column; AsofError where a text is none."""
    for one in texts:
        if not one.partition("=")[2]:
            raise AsofError(f"{option} is {one!r}: say COLUMN=VALUE")
    return dict(one.split("=", 1) for one in texts)


def _ask(question: str, default: str) -> str:
    return click.prompt(question, default=default)


def _of_a_key(made) -> str:
    """In a sentence: what becomes of a row whose key lands again; empty where there is no key, or some come again already."""
    from flows.studies.scaffolding.source import CORRECTIONS

    if made.again and made.again.corrects:
        return ""
    if made.corrections:
        fact = "+".join(made.fact or [name for name in made.key if name != made.by])
        return f"where {fact} comes again with a later {made.by}, {CORRECTIONS[made.corrections]}"
    if not made.key:
        return ""
    if made.dropped:
        return f"a row whose {'+'.join(made.key)} lands again with other values is staged too, and the test of the key fails"
    mend = f"; if it corrects the earlier one, say --key {','.join(made.key)} --corrections latest"
    return f"a row whose {'+'.join(made.key)} lands again is quarantined{mend if made.by and made.by not in made.key else ''}"


def _of_rows(made) -> Iterator[str]:
    """What a person should know of rows that come again."""
    from flows.studies.scaffolding.source import CORRECTIONS

    seen, again = made.look, made.again
    if again and again.corrects and made.corrections:
        yield f"{again.told(seen.rows)}: {CORRECTIONS[made.corrections]}"
    elif again and not made.key and not made.corrections:
        yield (
            f"{'+'.join(again.columns)} comes again in {again.rows:,} of {seen.rows:,} rows with other values, "
            f"in {again.later:,} of them with a later {again.by}: each row is a fact of its own"
        )
    if seen.odd:
        odd = f"{seen.odd:,} lines have not as many fields as the header, such as {seen.odd_at}"
        yield (
            f"{odd}: landing will quarantine them; a file of which more than {made.share:.0%} are bad, and more than one, "
            "is refused"
        )
    if seen.identical:
        yield f"{seen.identical:,} lines repeat an earlier one in every column: {_of_identical(made)}"
    if bad := made.refused:
        from checks.landing import MAX_REJECTED_SHARE  # with all of landing, for those who need it

        what = f"the rows of {bad.day}, which the archive delivers together," if bad.day else "all rows"
        yield (
            f"{bad.bad:,} of {bad.rows:,} of {what} are bad: by the default of {MAX_REJECTED_SHARE:g} landing would refuse that "
            f"file, so max_rejected_share {bad.share:g} is declared; lower it if such files shall wait for a person"
        )


def _of_identical(made) -> str:
    """What becomes of lines that repeat an earlier one in every column, and what else could."""
    from flows.studies.scaffolding.source import DUPLICATES

    if made.fact:
        return "each lands, and the staging model has one row of them, as of any fact"
    if made.dropped:
        return f"each lands, and {DUPLICATES['drop']}"
    key = f", and {'+'.join(made.look.keys_without[0])} would be the key" if made.look.keys_without else ""
    return f"{DUPLICATES['keep']}; with --duplicates drop {DUPLICATES['drop']}{key}"


def _of_columns(made) -> Iterator[str]:
    """What a person should know of words that may mean nothing, and of values that will not land."""
    seen = made.look
    for one in seen.columns:
        if one.nothings:
            words = ", ".join(f"{text!r} {times:,} times" for text, times in one.nothings)
            yield f"{one.name} holds {words}, as text; --null {shlex.quote(one.nothings[0][0])} would say that it means nothing"
        if one.wrong:
            kind = f"no {one.form.data_type}, such as {one.example!r}"
            yield f"{one.wrong:,} of {seen.rows:,} values of {one.name} are {kind}: landing will quarantine their lines"
        if later := made.later.get(one.name):
            yield (
                f"{one.name} is later than known_at in {later:,} of {seen.rows:,} rows: what it says was not known then, and new "
                f"problem leaves it out. What was known only by then belongs into a second source of the same file, with "
                f"--known-at {one.name}"
            )


def _tell(made) -> None:
    seen = made.look
    types = ", ".join(f"{one.name} {one.form.data_type}" for one in seen.columns)
    console.done(f"{seen.rows:,} rows of {seen.format}: {types}")
    known = made.known_at or "always"
    if not isinstance(known, str):
        known = known.get("sql") or f"that of its row in {known['of']}"
    console.done(f"key {'+'.join(made.key) or 'none'}; known at {known}; null {' '.join(map(repr, seen.null)) or 'none'}")
    if told := _of_a_key(made):
        console.done(told)
    if local := [one.name for one in seen.columns if one.local]:
        console.done(f"zone: UTC is assumed for {', '.join(local)}; --timezone Europe/Berlin would say otherwise")
    for told in (*_of_rows(made), *_of_columns(made)):
        console.warn(told)
    console.done(f"wrote {', '.join(made.files)}")
    if made.replaced:
        console.done(f"what was there and is another now is kept in {os.path.relpath(made.replaced)}")
    console.done(f"copied {len(made.landed)} files to {os.path.relpath(made.landed[0].parent)}")
    console.done(f"next: python -m flows new problem NAME --from stg_{made.source}__{made.table}; or python -m flows land")
