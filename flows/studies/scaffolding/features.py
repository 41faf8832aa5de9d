"""Which features are tried: per table of facts and key, over windows, over the last facts, and over all there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flows.runtime.sql_text import quoted
from flows.studies.scaffolding.facts import Column, Table
from flows.studies.scaffolding.naming import snake
from flows.studies.scaffolding.words import sentence

# What only grows over all there is.
GROWS = ("count", "time_since_first")
LAST = {"last3": 3, "last10": 10, "ever": None}
TAKEN_AS = {"ever": "so far"}


@dataclass(frozen=True)
class Feature:
    """A feature: its name, in words, the unit in which people read it, and whether its drift says anything by itself."""

    name: str
    says: str
    unit: str | None = None
    drift: bool = True


@dataclass
class Call:
    """One call of a macro: its measures (name → what the macro takes), its tags, and the features that come of them."""

    tags: dict[str, object]
    measures: dict[str, object] = field(default_factory=dict)
    features: dict[str, list[Feature]] = field(default_factory=dict)

    def add(self, name: str, how: object, says: str, unit: str | None = None, tags: Iterable[str] | None = None) -> None:
        """Add a measure; of some tags only, where `tags` says so."""
        self.measures[name] = how
        self.features[name] = [
            Feature(f"{name}_{tag}", says + _when(self.tags[tag], how), unit, self.tags[tag] is not None or how not in GROWS)
            for tag in (tags or self.tags)
        ]

    def kept(self, names: set[str]) -> Call:
        """The same call with only the features of some names, and what they need."""
        features = {name: [one for one in some if one.name in names] for name, some in self.features.items()}
        features = {name: some for name, some in features.items() if some}
        used = {one.name.removeprefix(f"{name}_") for name, some in features.items() for one in some}
        tags = {tag: what for tag, what in self.tags.items() if tag in used}
        return Call(tags, {name: self.measures[name] for name in features}, features)


@dataclass
class Model:
    """One model of features: facts of a table by a key (`by`: the entity, a group, or None for the whole field)."""

    name: str
    table: Table
    by: str | None
    windows: Call
    last: Call
    newest: dict[str, Feature] = field(default_factory=dict)
    owner: Table | None = None

    @property
    def features(self) -> list[Feature]:
        """All its features, in their order."""
        counted = [one for call in (self.windows, self.last) for some in call.features.values() for one in some]
        return [*counted, *self.newest.values()]

    def kept(self, names: set[str]) -> Model:
        """The same with only the features of some names."""
        newest = {column: one for column, one in self.newest.items() if one.name in names}
        return Model(self.name, self.table, self.by, self.windows.kept(names), self.last.kept(names), newest, self.owner)


def _when(what: object, how: object) -> str:
    """Over which facts a feature goes; nothing of the time since the first or last of all, which says it."""
    if isinstance(what, str):
        number, unit = what.split(" ")
        return f", last {unit.rstrip('s')}" if number == "1" else f", last {what}"
    if what is None:
        return "" if how in ("time_since", "time_since_first") else ", so far"
    return f", last {what} of them"


def windows(horizon: str) -> dict[str, str]:
    """Three windows: the horizon, about a month of it and about a quarter; a day and a week where it is short."""
    number, unit = horizon.split(" ")
    n, unit = int(number), unit.rstrip("s")
    if unit == "week":
        n, unit = n * 7, "day"
    spans = [(n, unit), (1, "day"), (7, "day")] if unit == "hour" and n < 24 else [(n, unit), (4 * n, unit), (13 * n, unit)]
    if unit == "day" and n < 7:
        spans = [(n, "day"), (7, "day"), (28, "day")]
    return {f"{k}{one[0]}": f"{k} {one}{'s' if k > 1 else ''}" for k, one in spans}


def slug(text: str) -> str:
    """A category as part of a name."""
    return snake(text)[:20].strip("_") or "other"


def by_entity(problem: str, table: Table, entity: str, spans: dict[str, str]) -> Model:
    """All that an entity's own facts may say."""
    short, facts, whose = table.short, table.said, f"of this {table.called(entity)}"
    recent, last = Call(dict(spans)), Call(dict(LAST))
    recent.add(short, "count", f"{sentence(facts)} {whose}", "count")
    last.add(short, "count", f"{sentence(facts)} {whose}", "count", ["ever"])
    last.add(f"{short}_since", "time_since", f"Time since the last of the {facts} {whose}", "seconds", ["ever"])
    last.add(f"{short}_span", "time_since_first", f"Time since the first of the {facts} {whose}", "seconds")
    newest: dict[str, Feature] = {}
    for one in table.columns:
        said = one.said
        if one.kind == "number":
            recent.add(f"{short}_{one.name}_sum", ["sum", one.name], f"Sum of {said} of the {facts} {whose}")
            for how, word in (("mean", "Mean"), ("min", "Smallest"), ("max", "Largest")):
                recent.add(f"{short}_{one.name}_{how}", [how, one.name], f"{word} {said} of the {facts} {whose}")
                last.add(f"{short}_{one.name}_{how}", [how, one.name], f"{word} {said} of the {facts} {whose}")
            last.add(
                f"{short}_{one.name}_stddev",
                ["stddev", one.name],
                f"Spread of {said} of the {facts} {whose}",
                None,
                ["last10", "ever"],
            )
        for name, condition, words in _shares(one):
            recent.add(f"{short}_{name}", ["share", condition], f"Share of {words} among the {facts} {whose}", "share")
            last.add(f"{short}_{name}", ["share", condition], f"Share of {words} among the {facts} {whose}", "share")
        if one.kind in ("category", "name"):
            recent.add(
                f"{short}_{one.name}_kinds",
                ["distinct", one.name],
                f"Different values of {said} among the {facts} {whose}",
                "count",
            )
            last.add(
                f"{short}_{one.name}_kinds",
                ["distinct", one.name],
                f"Different values of {said} among the {facts} {whose}",
                "count",
                ["last10", "ever"],
            )
        if one.kind in ("number", "boolean", "category"):
            newest[one.name] = Feature(f"{short}_newest_{one.name}", f"{sentence(said)} of the last of the {facts} {whose}")
    return Model(f"{problem}__{short}_by_{entity}", table, entity, recent, last, newest)


def _shares(one: Column) -> list[tuple[str, str, str]]:
    """Of a column that is no number: name of the measure, condition, and words."""
    if one.kind == "boolean":
        return [(f"{one.name}_share", one.name, one.said)]
    if one.kind != "category":
        return []
    levels = one.levels[:1] if len(one.levels) == 2 else one.levels
    names: list[str] = []
    for level in levels:
        name = slug(level)
        names.append(f"{name}_{len(names) + 1}" if name in names else name)
    told = zip(names, levels, strict=True)
    return [(f"{one.name}_{name}", f"{one.name} = {quoted(level)}", f"{one.said} {level}") for name, level in told]


def by_group(problem: str, table: Table, group: str | None, spans: dict[str, str], owner: Table | None = None) -> Model:
    """What the facts of all that belong to the same group say, or of the whole field where `group` is None."""
    short, facts = table.short, table.said
    prefix = f"{group}_{short}" if group else f"all_{short}"
    whose = f"of its {(owner or table).called(group)}" if group else "of all"
    recent = Call(dict(spans))
    recent.add(prefix, "count", f"{sentence(facts)} {whose}", "count")
    for one in table.columns:
        if one.kind == "number":
            said = one.said
            recent.add(f"{prefix}_{one.name}_mean", ["mean", one.name], f"Mean {said} of the {facts} {whose}")
        for name, condition, words in _shares(one):
            recent.add(f"{prefix}_{name}", ["share", condition], f"Share of {words} among the {facts} {whose}", "share")
    return Model(
        f"{problem}__{short}_by_{group}" if group else f"{problem}__{short}_of_all",
        table,
        group,
        recent,
        Call(dict(LAST)),
        {},
        owner,
    )


def attributes(table: Table, entity: str) -> dict[str, Feature]:
    """What a list says of an entity, by column."""
    return {
        one.name: Feature(f"{table.short}_{one.name}", f"{sentence(one.said)} of the {table.called(entity)}")
        for one in table.of("number", "boolean", "category")
    }
