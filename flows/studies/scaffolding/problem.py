"""A new problem: from a sentence to models that build, with features that were tried on the first part of the past."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from flows.runtime import settings
from flows.runtime.sql_text import quoted
from flows.store import clock
from flows.studies.scaffolding import facts, features, label, telling, writing
from flows.studies.scaffolding.days import usual
from flows.studies.scaffolding.facts import Table
from flows.studies.scaffolding.plan import Plan, Wanted, duration
from flows.studies.scaffolding.pruning import Pruned, prune
from flows.studies.scaffolding.rendering import PROJECT
from flows.studies.scaffolding.scratch import Scratch, scratch
from ml.errors import AsofError
from ml.problem.declared.columns import IDENTIFIER, RESERVED
from ml.problem.declared.section import CLASS, MOST_CLASSES
from ml.problem.split import instants

Tell = Callable[[str], None]
# Facts × features that are tried; beyond it, those of some entities are. Fewer entities than this say little.
TRIED, FEWEST = 60_000_000, 300


@dataclass(frozen=True)
class Made:
    """What was written, how features were pruned, the times that a replay needs, and where the clock of the warehouse stands.

    `decided` are sentences: what the labels are, and what was chosen without being asked for; `costs` is one about errors.
    """

    files: list[str]
    tried: int
    pruned: Pruned
    until: datetime
    last: datetime | None
    stands: datetime | None
    decided: list[str]
    costs: str | None


def make(wanted: Wanted, tell: Tell = lambda line: None) -> Made:
    """Write a problem that builds; on any error nothing of it is left. `tell` hears what is being done."""
    _check(wanted)
    began = time.monotonic()
    with scratch() as place:
        tell("looking at the facts")
        span = place.build([f"+{model}" for model in wanted.models], wanted.share, _sources(wanted))
        place.keep_parsed()
        tables, owners = _look(place, wanted)
        until = datetime.fromisoformat(span["until"])
        plan = _plan(wanted, tables, owners)
        plan.until = until
        plan.start = wanted.start or _start(tables[0], wanted, until)
        if wanted.start and wanted.start + duration(wanted.horizon) >= until:
            raise AsofError(
                f"--start is {wanted.start}, and its horizon ends after {until}, up to which is looked: say an earlier one"
            )
        plan.otherwise = _over_nothing(place, tables[0], wanted)
        plan.sample = _sample(plan)
        settings_before = (PROJECT / "dbt_project.yml").read_text()
        try:
            if plan.otherwise is None and wanted.otherwise is None:
                _refuse_rows_of_nothing(place, plan)
            tell(f"trying {len(plan.tried)} features")
            writing.draft(plan)
            place.build([f"+{wanted.name}__features", f"+{wanted.name}__labels"], wanted.share)
            plan.types = _types(place, plan)
            pruned = _pruned(place, plan)
            plan.keep(pruned)
            plan.seconds = time.monotonic() - began
            tell(f"building with the {len(pruned.kept)} that help")
            writing.remove(plan)
            plan.sample = None
            written = writing.final(plan, pruned)
            place.build(_all(wanted), wanted.share, anew=True)
            decided = [writing.took(plan, pruned)] if pruned.took > writing.LATE * wanted.seconds else []
            decided += [*telling.labels(place, plan), telling.cohort(place, plan), *telling.chosen(plan)]
            decided += telling.corrected(place, plan)
            decided += [one for table in tables for one in telling.versions(table, _built_of([table.model]))]
        except BaseException:
            writing.remove(plan)
            (PROJECT / "dbt_project.yml").write_text(settings_before)
            raise
    stands = clock.now() if settings.warehouse_file().exists() else None
    last = datetime.fromisoformat(span["last"]) if span["last"] else None
    return Made(written, len(plan.tried), pruned, until, last, stands, decided, telling.costs(plan, pruned))


def _sources(wanted: Wanted) -> list[str]:
    """The sources that the models of facts are built of, through whatever models stand between."""
    read = re.compile(r"source\(\s*'(\w+)'\s*,\s*'(\w+)'\s*\)")
    texts = _built_of(wanted.models).values()
    return list(dict.fromkeys(f"{source}.{table}" for text in texts for source, table in read.findall(text)))


def _built_of(models: Iterable[str]) -> dict[str, str]:
    """The SQL of some models and of all that they are built of, by name."""
    built = re.compile(r"ref\(\s*'(\w+)'\s*\)")
    files = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
    found, waiting = {}, [*models]
    while waiting:
        model = waiting.pop(0)
        if model not in found and model in files:
            found[model] = files[model].read_text()
            waiting += built.findall(found[model])
    return found


def _all(wanted: Wanted) -> list[str]:
    return [
        f"+{wanted.name}__scoring_set",
        f"+{wanted.name}__training_set",
        f"+{wanted.name}__outcomes",
        f"+{wanted.name}_by_day",
    ]


def _check(wanted: Wanted) -> None:
    for what, name in (("the problem", wanted.name), ("--entity", wanted.entity)):
        if not IDENTIFIER.match(name) or name in RESERVED or "__" in name:
            raise AsofError(f"{what} is {name!r}: take lower-case letters, digits and single _, and no word of SQL")
    spans = (("--every", wanted.every), ("--horizon", wanted.horizon), ("--active-within", wanted.active_within),
             ("--delay", wanted.delay))  # fmt: skip
    for option, text in spans:
        if text and not re.fullmatch(r"[1-9][0-9]* (hour|day|week)s?", text):
            raise AsofError(f"{option} is {text!r}: say '6 hours', '1 day' or '4 weeks'")
    if (PROJECT / "models" / "problems" / wanted.name).exists():
        raise AsofError(f"models/problems/{wanted.name} is there already; remove it, or take another name")
    for model in wanted.models:
        if not list((PROJECT / "models").rglob(f"{model}.sql")):
            raise AsofError(f"there is no model {model}; python -m flows new source writes one")
    if wanted.cohort and wanted.cohort not in wanted.models:
        raise AsofError(f"--cohort is {wanted.cohort!r}: name it with --from, too")
    label.aggregates(wanted.label)
    if wanted.otherwise is not None:
        label.constant("--otherwise", wanted.otherwise)


def _look(place: Scratch, wanted: Wanted) -> tuple[list[Table], list[Table]]:
    """The tables of facts, that of the label first, and the lists."""
    with place.reading() as con:
        first, *others = wanted.models
        found = [
            facts.table(con, first, wanted.entity, wanted.event_at),
            *(facts.table(con, one, wanted.entity) for one in others),
        ]
        if wanted.delay:
            found[0].delay_hours, found[0].delay_why = duration(wanted.delay) // timedelta(hours=1), "as --delay said"
        for one in found:
            if one.timed and one.entity_type:
                one.groups = facts.groups(con, one, wanted.entity)
    for one in found:
        if one.entity_type is None:
            raise AsofError(
                f"{one.model} has no column {wanted.entity}, which --entity names; name one that has, or a model that joins it"
            )
    timed, lists = [one for one in found if one.timed], [one for one in found if not one.timed]
    if not timed or timed[0].model != wanted.models[0]:
        raise AsofError(f"{wanted.models[0]} has no known_at: the first --from must be the facts of the label")
    return timed, lists


def _plan(wanted: Wanted, tables: list[Table], lists: list[Table]) -> Plan:
    spans, models = features.windows(wanted.horizon), []
    for one in tables:
        models.append(features.by_entity(wanted.name, one, wanted.entity, spans))
        for owner in lists:
            for column in owner.of("category"):
                models.append(features.by_group(wanted.name, one, column.name, spans, owner))
        models += [features.by_group(wanted.name, one, name, spans) for name in one.groups]
        models.append(features.by_group(wanted.name, one, None, spans))
    plan = Plan(wanted, tables, lists, models)
    if not plan.asked.timed and (wanted.active_within or wanted.at_least > 1):
        raise AsofError(
            f"--active-within and --at-least ask for facts, and {plan.asked.model}, the --cohort, is a list: leave them out"
        )
    return plan


def _start(table: Table, wanted: Wanted, until: datetime) -> datetime:
    """The first instant that is asked about: a horizon after the first fact, on a full day or hour."""
    first = table.span[0] + min(duration(wanted.horizon), (until - table.span[0]) / 5)
    whole = first.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if duration(wanted.every) >= timedelta(days=1):
        whole = whole.replace(hour=0) + timedelta(days=1)
    if duration(wanted.every) % timedelta(days=7) == timedelta(0):  # weeks begin on Mondays
        whole += timedelta(days=-whole.weekday() % 7)
    return whole


def _over_nothing(place: Scratch, table: Table, wanted: Wanted) -> str | None:
    """The label where nothing happened, as SQL: --otherwise, or what the aggregate says of no facts.

    Where that is null, false for yes or no, and None for the others.
    """
    with place.reading() as con:
        try:
            asked = f"select {wanted.label} as label from {table.relation} as {table.short} where false"
            kind = con.execute(f"describe {asked}").fetchall()[0][1]
            value = con.execute(asked).fetchall()[0][0]
        except duckdb.Error as error:
            raise AsofError(f"--label {wanted.label!r}: {str(error).splitlines()[0]}") from error
    label.fits(wanted.label, kind, wanted.task)
    if wanted.otherwise is not None:
        return None if wanted.otherwise.strip().lower() == "null" else wanted.otherwise
    if value is None:
        return "false" if wanted.task == "binary" else None
    return quoted(value) if isinstance(value, str) else str(value).lower()


def _refuse_rows_of_nothing(place: Scratch, plan: Plan) -> None:
    """AsofError where rows would vanish because nothing happens within their horizon, and nobody said that they may."""
    wanted = plan.wanted
    writing.draft(plan)
    place.build([f"+{wanted.name}__labels"], wanted.share)
    writing.remove(plan)
    labelled, asked, _ = telling.counted(place, plan)
    if labelled < asked:
        value = "0" if wanted.task == "regression" else "\"'nothing'\""
        raise AsofError(
            f"--label {wanted.label!r} is null where nothing happens within {wanted.horizon}: "
            f"{asked - labelled:,} of {asked:,} rows would have no label and vanish. "
            f"Say what it is there (such as --otherwise {value}), or --otherwise null if such rows shall have none"
        )


def _sample(plan: Plan) -> int | None:
    """Thousandths of the entities that are tried, where facts × features are more than a scratch goes through in a minute."""
    wanted, entities = plan.wanted, plan.asked.entities
    asked = entities * ((plan.until - plan.start) // duration(wanted.every) + 1)
    values = sum(len(one.features) * (one.table.rows + asked) for one in plan.models if one.by == wanted.entity)
    share = max(TRIED / max(values, 1), min(1, FEWEST / max(entities, 1)))
    return None if share > 0.9 else max(1, round(1000 * share))


def _pruned(place: Scratch, plan: Plan) -> Pruned:
    name, entity = plan.wanted.name, plan.wanted.entity
    with place.reading() as con:
        table = con.sql(
            f'select f.*, l.{name} as "the label" from problems.{name}__features as f '
            f"inner join problems.{name}__labels as l using ({entity}, as_of) order by f.as_of, f.{entity}"
        ).to_arrow_table()
    found = table["the label"].drop_null().unique().to_pylist()
    if not len(table):
        raise AsofError(f"no label of {name} is known in the first {plan.wanted.share:.0%} of the past: take a shorter --horizon")
    if len(found) < 2:
        raise AsofError(f"the label of {name} is always {found[0]}; look at --label {plan.wanted.label!r}")
    if plan.wanted.task == "multiclass":
        _check_classes(found)
    if plan.wanted.task == "regression":
        values, first = table["the label"].drop_null().cast(pa.float64()).to_numpy(), plan.tables[0]
        plan.metric, plan.why = label.metric(plan.wanted.label, values)
        with place.reading() as con:
            plan.never_negative = label.never_negative(con, plan.wanted.label, first.relation, values)
    there = table.filter(table["the label"].is_valid())
    values = there["the label"].to_numpy()
    plan.usual = usual(instants(there["as_of"]), values, plan.metric, (plan.sample or 1000) / 1000)
    names, aim = [one.name for one in plan.features], plan.metric if plan.wanted.task == "regression" else plan.wanted.task
    return prune(table, names, "the label", "as_of", aim, plan.wanted.seconds, settings.threads())


def _check_classes(found: list[str]) -> None:
    if wrong := next((one for one in found if not re.search(CLASS, one)), None):
        raise AsofError(
            f"the label is {wrong!r} in some rows, and a class is part of the name of a column: "
            "let --label say lower-case letters, digits and _"
        )
    if len(found) > MOST_CLASSES:
        raise AsofError(f"the label has {len(found)} classes, more than {MOST_CLASSES}; let --label put the rare ones together")


def _types(place: Scratch, plan: Plan) -> dict[str, str]:
    """The types of the columns of features, labels and list tables, as they were built."""
    name = plan.wanted.name
    with place.reading() as con:
        found: dict[str, str] = {}
        for relation in (
            *(one.relation for one in plan.lists),
            f"problems.{name}__labels",
            f"problems.{name}__features",
        ):
            found |= {column: kind.lower() for column, kind, *_ in con.execute(f"describe {relation}").fetchall()}
    return found
