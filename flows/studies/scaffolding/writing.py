"""The files of a new problem, from its plan."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flows.runtime.problem_names import NAMED, renamed
from flows.studies.scaffolding.days import Days, days
from flows.studies.scaffolding.features import Feature, Model
from flows.studies.scaffolding.plan import WEEKDAY, Plan, duration
from flows.studies.scaffolding.pruning import Pruned
from flows.studies.scaffolding.rendering import PROJECT, rendered, write
from flows.studies.scaffolding.words import plain, sentence
from ml.errors import AsofError

# Columns that the mart has of its own.
OWN = ("as_of", "score", "low_80", "high_80", "low_95", "high_95", "score_in_words", "rule_score", "flagged", "reasons",
       "reasons_raw", "expected_value_of_acting", "model_version", "scored_at", "outcome_known_at", "corrected_to", "comments",
       "last_comment", "predicted")  # fmt: skip
LABEL_TYPES = {"binary": "boolean", "regression": "double", "multiclass": "varchar"}
SCORES = {"binary": "Calibrated probability.", "regression": "The predicted number.",
          "multiclass": "Probability of the predicted class."}  # fmt: skip
# Ten instants, as a verdict needs, are long where questions come by the week: then so many entities are what is independent.
WEEK, ENTITIES = timedelta(days=7), 100
# A fit that has begun ends a little later than the time box.
LATE = 1.1
# Until the labels are looked at nobody knows which classes there are.
AT_FIRST = ("one", "other")
BOILERPLATE = {
    "training_set": "whose outcome is known: features, label, and when that was known",
    "scoring_set": "of the cohort: what a model may see of it when it is scored",
    "predictions": "that was scored, and model version. A ledger",
    "outcomes": "that was scored, in the form that monitors read, with its outcome once that is known",
}


def draft(plan: Plan) -> list[str]:
    """The models with every feature, so that they can be tried; no mart yet."""
    classes = _classes(plan, None)
    none_yet = {"says": "none yet", "lines": _said_by(classes, *([["0.5"]] * len(_rules(classes))))}
    return write({**_models(plan, none_yet), f"{_folder(plan)}/_{plan.wanted.name}.yml": _declaration(plan, [], None)})


def final(plan: Plan, pruned: Pruned) -> list[str]:
    """Everything: models, declaration, mart, exposures, contract, what was left out and why; and the problem is named."""
    name = plan.wanted.name
    says = {one.name: one for one in plan.tried}
    rule = _rule(pruned, says, plan)
    mart, values = f"models/marts/{name}", _mart(plan, pruned)
    left_out = [(f"{one.model}.{column}", why) for one in [*plan.tables, *plan.lists] for column, why in one.left_out]
    files = {
        **_models(plan, rule),
        f"{_folder(plan)}/_{name}.yml": _declaration(plan, plan.features, pruned),
        f"{_folder(plan)}/left_out.md": rendered(
            "left_out.md", problem=name, kept=len(pruned.kept), tried=len(plan.tried), took=f"{sentence(took(plan, pruned))}.",
            judged=pruned.judged, left_out=left_out + pruned.left_out, sizes=pruned.sizes, loss=pruned.loss,
        ),
        f"{mart}/{name}_predictions.sql": rendered("mart.sql", **values),
        f"{mart}/{name}_by_day.sql": rendered("by_day.sql", **values),
        f"{mart}/_{name}__mart.yml": rendered("mart.yml", **values),
        f"checks/contracts/{name}_predictions.yml": rendered("contract.yml", **values),
    }  # fmt: skip
    written = write(files)
    _name_it(name)
    return [*written, "dbt_project.yml"]


def took(plan: Plan, pruned: Pruned) -> str:
    """In a sentence: how long pruning took of its time box, and what it took to have something to prune."""
    box, before = plan.wanted.seconds, plan.seconds - pruned.took
    longer = ", longer because the first trees go on until they have seen every feature" if pruned.took > LATE * box else ""
    return (
        f"pruning took {pruned.took:.0f} seconds of a time box of {box:.0f}{longer}; landing the past and building what "
        f"was tried took {before:.0f} before it, which no box bounds"
    )


def costs(rate: float) -> dict[str, int]:
    """Costs until somebody says what an error costs: both kinds weigh the same over all rows."""
    return {"false_positive": 1, "false_negative": min(20, max(1, round((1 - rate) / max(rate, 0.01))))}


def parts_of(plan: Plan) -> Days:
    """How many days of its history judge it, and how many stop and calibrate its training."""
    wanted = plan.wanted
    every, horizon = duration(wanted.every), duration(wanted.horizon)
    return days(plan.until - plan.start, every, horizon, plan.wait, _by_entity(plan), plan.usual)


def remove(plan: Plan) -> None:
    """Take away what this attempt wrote."""
    name = plan.wanted.name
    shutil.rmtree(PROJECT / _folder(plan), ignore_errors=True)
    shutil.rmtree(PROJECT / "models" / "marts" / name, ignore_errors=True)
    (PROJECT / "checks" / "contracts" / f"{name}_predictions.yml").unlink(missing_ok=True)


def _by_entity(plan: Plan) -> bool:
    return duration(plan.wanted.every) >= WEEK and plan.asked.entities >= ENTITIES


def _folder(plan: Plan) -> str:
    return f"models/problems/{plan.wanted.name}"


def _name_it(name: str) -> None:
    """Add the problem to `vars: problems`."""
    path = PROJECT / "dbt_project.yml"
    text = path.read_text()
    if not NAMED.search(text):
        raise AsofError(f"dbt_project.yml: vars: problems is no list in one line; add {name} to it by hand")
    path.write_text(renamed(text, lambda names: [*names, name]))


def _models(plan: Plan, rule: dict[str, Any]) -> dict[str, str]:
    wanted, facts = plan.wanted, plan.tables[0]
    folder, name = _folder(plan), wanted.name
    doubles = [one.name for one in facts.of("number") if re.search(rf"\b{one.name}\b", wanted.label)]
    values = {
        "problem": name, "entity": wanted.entity, "every": wanted.every, "horizon": wanted.horizon,
        "active_within": wanted.active_within, "at_least": wanted.at_least, "sample": plan.sample,
        "model": facts.model, "short": facts.short, "start": plan.start, "measure": wanted.label, "exact": doubles, "label": name,
        "event_at": plan.event_at, "otherwise": plan.otherwise,
        "delay": f"{facts.delay_hours} hours" if facts.delay_hours else None,
        "delay_why": facts.delay_why, "label_type": LABEL_TYPES[wanted.task],
        "models": [one.name.removeprefix(f"{name}__") for one in plan.models], "rule": rule,
        "weekday": WEEKDAY if plan.weekday else None,
        "asked": plan.asked, "order": ", ".join(dict.fromkeys(("known_at", plan.asked.version))), "apart": facts.apart,
        "wait": " + ".join(f"interval '{one}'" for one in (wanted.horizon, f"{facts.delay_hours} hours") if one != "0 hours"),
        "lists": [{"short": one.short, "model": one.model, "features": plan.attributes[one.short]} for one in plan.lists
                  if plan.attributes[one.short]],
    }  # fmt: skip
    files = {
        f"{folder}/{name}__cohort.sql": rendered("cohort.sql", **values),
        f"{folder}/{name}__labels.sql": rendered("labels.sql", **values),
        f"{folder}/{name}__features.sql": rendered("features.sql", **values),
    }
    for one in plan.models:
        files[f"{folder}/{one.name}.sql"] = _facts_by(plan, one)
    names = f"'{name}', entity='{wanted.entity}', label='{name}'"
    for macro, says in BOILERPLATE.items():
        given = names if macro in ("training_set", "outcomes") else f"'{name}'"
        files[f"{folder}/{name}__{macro}.sql"] = (
            f"-- One row per {wanted.entity} and instant {says}.\n{{{{ {macro}({given}) }}}}\n"
        )
    return files


def _facts_by(plan: Plan, one: Model) -> str:
    entity = plan.wanted.entity
    spine, facts, on, own = _asked(one, entity)
    sections = []
    for title, table, call in (
        ("in windows of time", "in_windows", one.windows),
        ("of the last so many", "last_so_many", one.last),
    ):
        lines = [", ".join(f"{table}.{each.name}" for each in some) for some in call.features.values()]
        sections += [(title, lines)] if lines else []
    if one.newest:
        sections.append(("of the last one", [f"newest.{each.name}" for each in one.newest.values()]))
    whose = {None: "of the whole field", entity: f"of the {entity}"}.get(one.by, f"of the {one.by} of the {entity}")
    return rendered(
        "facts_by.sql", problem=plan.wanted.name, entity=entity, by=one.by, short=one.table.short, model=one.table.model,
        owner=one.owner, spine=spine, facts=facts, on=on, own=own, sample=plan.sample, apart=one.table.apart,
        ordered=f", order_by={[*one.table.order]}" if one.table.order else "",
        longest=max(one.windows.tags.values(), key=duration, default=None), windows=one.windows, last=one.last, newest=one.newest,
        sections=sections, whose=whose,
    )  # fmt: skip


def _asked(one: Model, entity: str) -> tuple[str, str, list[str], dict[str, Any]]:
    """Who asks in windows of time, which facts, and by which keys; and the same of what is asked of an entity's own facts.

    Where later rows correct earlier ones, each state of a key is asked for, with the facts as they were corrected then.
    """
    short, grouped = one.table.short, one.by is not None and one.by != entity
    if not one.table.fact:
        spine, facts = ("asked", "grouped" if one.owner else short) if grouped else ("cohort", short)
        return spine, facts, [one.by] if one.by else [], {"spine": "cohort", "facts": short, "on": [entity]}
    first = entity if one.by else "all"
    own = {"spine": f"{first}_states", "facts": f"{first}_{short}_then", "on": [*([entity] if one.by else []), "pit_state"]}
    if not grouped:
        return own["spine"], own["facts"], own["on"], own
    return f"{one.by}_states", f"{one.by}_{short}_then", [one.by, "pit_state"], own


def _rule(pruned: Pruned, says: dict[str, Feature], plan: Plan) -> dict[str, Any]:
    """The rule as SQL: what the label was worth in each step of one number, measured on the first part of the past."""
    rule = pruned.rule
    if rule is None:
        lines = _said_by(pruned.classes, *([f"{one:.4f}"] for one in pruned.shares or (pruned.rate,)))
        return {"says": "what it was worth on average", "lines": lines}
    column = _where(rule.feature, plan)

    def case(at: int) -> list[str]:
        lines = ["case", f"    when {column} is null then {rule.missing[at]:.4g}"]
        for edge, value in zip(reversed(rule.edges), reversed(rule.values[1:]), strict=True):
            lines.append(f"    when {column} >= {edge:g} then {value[at]:.4g}")
        return [*lines, f"    else {rule.values[0][at]:.4g}", "end"]

    what = says[rule.feature].says
    lines = _said_by(pruned.classes, *map(case, range(len(rule.missing))))
    return {"says": f"how it came out so far, by {what[0].lower()}{what[1:]}", "lines": lines}


def _said_by(classes: Sequence[str], *expressions: list[str]) -> list[str]:
    """The columns of the rule: one, or of several classes one each."""
    found: list[str] = []
    for name, (first, *rest) in zip(_rules(classes), expressions, strict=True):
        *lines, last = [f"cast({first}", *rest]
        found += [*lines, f"{last} as double) as {name},"]
    return [*found[:-1], found[-1].removesuffix(",")]


def _rules(classes: Sequence[str]) -> list[str]:
    return [f"rule_{one}" for one in classes] or ["rule_score"]


def _where(feature: str, plan: Plan) -> str:
    for one in plan.models:
        if feature in [each.name for each in one.features]:
            return f"{one.name.removeprefix(f'{plan.wanted.name}__')}.{feature}"
    for short, some in plan.attributes.items():
        for column, each in some.items():
            if each.name == feature:
                return f"{short}.{column}"
    assert feature == WEEKDAY and plan.weekday, feature
    return "{{ iso_weekday('cohort.as_of') }}"


def _declaration(plan: Plan, kept: list[Feature], pruned: Pruned | None) -> str:
    wanted, name = plan.wanted, plan.wanted.name
    binary, classes = wanted.task == "binary", _classes(plan, pruned)
    rate = pruned.rate if pruned else 0.5
    margin = {"binary": 0.02, "regression": _two_digits(0.02 * (pruned.spread if pruned else 1)), "multiclass": 0.02}[wanted.task]
    entity_type = str(plan.tables[0].entity_type).lower()
    by_entity, parts = _by_entity(plan), parts_of(plan)
    columns = [
        _column(wanted.entity, entity_type, _whom(plan), role="entity"),
        _column("as_of", "timestamp", "The instant that asks, UTC.", role="as_of"),
        *(_column(one.name, plan.types[one.name], one.says, unit=one.unit, drift=one.drift) for one in kept),
        *(_column(one, "double", "What the rule says.", role="rule") for one in _rules(classes)),
        _column(name, LABEL_TYPES[wanted.task], f"{wanted.label}, within {wanted.horizon}.", role="label"),
        _column("label_known_at", "timestamp", _known(plan), role="label_known_at"),
    ]
    return rendered(
        "problem.yml", problem=name, one_row=_one_row(plan), title=_title(plan), owner=wanted.owner, task=wanted.task,
        metric=plan.metric, why=plan.why, never_negative=plan.never_negative, margin=margin, classes=classes,
        cadence="weekly" if duration(wanted.every) < WEEK else "monthly",
        costs=costs(rate) if binary else None,
        slices=[], first_champion=wanted.first_champion,
        cluster=wanted.entity if by_entity else None, holdout_days=parts.holdout,
        validation_days=parts.validation, columns=columns,
        models=[one.name.removeprefix(f"{name}__") for one in plan.models], entity=wanted.entity, entity_type=entity_type,
        whom=_whom(plan), score_says=SCORES[wanted.task], model=plan.tables[0].model,
        sample="x" if entity_type == "varchar" else 1,
    )  # fmt: skip


def _known(plan: Plan) -> str:
    first = plan.tables[0]
    waits = f", and {first.delay_hours} hours later: {first.delay_why}" if first.delay_hours else ""
    return f"When the horizon is over{waits}."


def _column(
    name: str, data_type: str, says: str, role: str | None = None, unit: str | None = None, drift: bool = True
) -> dict[str, Any]:
    meta = {"role": role} if role else {"reason": {"unit": unit}} if unit else {}
    meta |= {} if drift else {"drift": False}
    sentence = says if says.endswith(".") else f"{says}."
    return {"name": name, "data_type": data_type, "description": sentence, **({"config": {"meta": meta}} if meta else {})}


def _classes(plan: Plan, pruned: Pruned | None) -> Sequence[str]:
    if plan.wanted.task != "multiclass":
        return ()
    return pruned.classes if pruned else AT_FIRST


def _whom(plan: Plan) -> str:
    return f"The {plan.tables[0].called(plan.wanted.entity)}."


def _one_row(plan: Plan) -> str:
    return f"One row per {plan.tables[0].called(plan.wanted.entity)} and instant, every {plan.wanted.every}"


def _title(plan: Plan) -> str:
    wanted = plan.wanted
    what = {"binary": "is", "regression": "what is", "multiclass": "which is"}[wanted.task]
    return wanted.title or f"{sentence(plain(wanted.name))}: {what} {wanted.label} within {wanted.horizon}?"


def _mart(plan: Plan, pruned: Pruned) -> dict[str, Any]:
    wanted, binary, classes = plan.wanted, plan.wanted.task == "binary", _classes(plan, pruned)
    taken, lists = {wanted.entity, wanted.name, *OWN, *(f"score_{one}" for one in classes)}, []
    for one in plan.lists:
        own = [each.name for each in one.columns if each.name not in taken]
        taken |= {*own}
        lists.append({"short": one.short, "model": one.model, "columns": own})
    said = {each.name: each.said for one in plan.lists for each in one.columns}
    attributes = [_column(name, plan.types[name], sentence(said[name])) for one in lists for name in one["columns"]]
    return {
        "problem": wanted.name, "entity": wanted.entity, "lists": lists, "attributes": attributes, "binary": binary,
        "task": wanted.task, "classes": classes, "score_says": SCORES[wanted.task],
        "entity_type": str(plan.tables[0].entity_type).lower(), "label": wanted.name, "label_type": LABEL_TYPES[wanted.task],
        "owner": wanted.owner,
        "one_row": _one_row(plan), "title": _title(plan), "whom": _whom(plan),
    }  # fmt: skip


def _two_digits(number: float) -> float:
    return float(f"{number:.2g}") or 0.01
