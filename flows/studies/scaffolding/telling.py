"""What people are told of a new problem: how many rows have a label, who is asked about, and what was chosen for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from flows.studies.scaffolding import words, writing
from flows.studies.scaffolding.days import Days
from flows.studies.scaffolding.facts import Table
from flows.studies.scaffolding.late_corrections import late_corrections
from flows.studies.scaffolding.plan import Plan, duration
from flows.studies.scaffolding.pruning import Pruned
from flows.studies.scaffolding.scratch import Scratch
from ml.models import conformal
from ml.statistics.slices import MIN_CLUSTERS, MIN_OF_CLASS


def labels(place: Scratch, plan: Plan) -> list[str]:
    """In sentences: how many rows have a label, what it is on average, and what it is where nothing happens."""
    wanted = plan.wanted
    labelled, asked, mean = counted(place, plan)
    usual = {"binary": f", true in {mean or 0:.1%} of them", "regression": f", on average {mean or 0:.4g}", "multiclass": ""}
    why = "nothing happens, or " if plan.otherwise is None else ""
    others = f"; the others have none: {why}what happens has no value" if labelled < asked else ""
    said = [f"{labelled:,} of {asked:,} rows whose horizon is over have a label{usual[wanted.task]}{others}"]
    if plan.otherwise is not None and wanted.otherwise is None:
        said.append(
            f"where nothing happens within {wanted.horizon} the label is {plan.otherwise}; --otherwise says another value"
        )
    return said


def cohort(place: Scratch, plan: Plan) -> str:
    """In a sentence: who is asked about, and who of other tables never is, since the cohort's table never had them."""
    first, entity = plan.asked, plan.wanted.entity
    said = f"asked about is each {first.called(entity)} from its first of {first.model} on, {first.entities:,} so far"
    if not first.timed:
        said = f"asked about is each {first.called(entity)} of {first.model} at every instant, {first.entities:,} of them"
    with place.reading() as con:
        for one in (one for one in (*plan.tables, *plan.lists) if one is not first):
            there = f"select {entity} from {first.relation} where {entity} is not null"
            never = f"select count(distinct {entity}) from {one.relation} where {entity} not in ({there})"
            (count,) = con.execute(never).fetchall()[0]
            said += f"; {count:,} of {one.entities:,} in {one.model} had none and are not asked about" if count else ""
    return said


def chosen(plan: Plan) -> list[str]:
    """In sentences: what was chosen without being asked for."""
    said = [f"judged by {plan.metric}: {plan.why}"] if plan.why else []
    said += [f"label_range is {{at_least: 0}}: {plan.never_negative}"] if plan.never_negative else []
    if hours := plan.tables[0].delay_hours:
        said.append(f"a label is known {hours} hours after its horizon of {plan.wanted.horizon}: {plan.tables[0].delay_why}")
    return said + parts(plan)


def corrected(place: Scratch, plan: Plan) -> list[str]:
    """In a sentence: how many labels change by corrections that come after they are known, and which delay waits for them."""
    wanted, first = plan.wanted, plan.tables[0]
    with place.reading() as con:
        found = late_corrections(
            con, first, f"problems.{wanted.name}__cohort", wanted.entity, plan.event_at, wanted.label, plan.otherwise,
            duration(wanted.horizon), plan.until,
        )  # fmt: skip
    if not found:
        return []
    true = f", and {found.missed:,} of the {found.true:,} that are true in the end are false by then" if found.true else ""
    helps = "no delay that could be tried waits for nearly all of them"
    if found.days:
        helps = f"these come up to {found.days} days after the horizon, and --delay '{found.days} days' waits for them"
    return [
        f"{found.changed:,} of {found.labels:,} labels ({found.changed / found.labels:.1%}) would change by corrections that "
        f"come after the label is known{true}: a label does not change when it is known; {helps}"
    ]


def parts(plan: Plan) -> list[str]:
    """In sentences: where the history is too short to train, to judge or to calibrate as it should be."""
    found, history = writing.parts_of(plan), (plan.until - plan.start).days
    if found.needed > history:
        begin = plan.start + timedelta(days=found.needed)
        return [f"{history} days of questions are too few: no model can be trained before {begin:%Y-%m-%d}"]
    said = []
    if plan.usual and not found.may_promote:
        what = "rows" if plan.usual.number else "rows of the rarer outcome"
        days = f" on {found.asked} days" if found.asked is not None else ""
        least = f"{MIN_OF_CLASS}{f' on {MIN_CLUSTERS} days' if days else ''}"
        said.append(
            f"{history} days of questions allow holdout_days {found.holdout}, which hold about {found.rarer:.0f} {what}{days}, "
            f"and no challenger is promoted on fewer than {least}: verdicts stay INCONCLUSIVE. {_helps(plan, found)}"
        )
    elif found.holdout < found.wanted:
        said.append(
            f"{history} days of questions allow holdout_days {found.holdout}, and a verdict wants {found.wanted}, six "
            "horizons and more: raise it when more is known; until then verdicts may stay INCONCLUSIVE"
        )
    if plan.usual and plan.usual.number and found.groups < conformal.NEEDED:
        said.append(
            f"validation_days {found.validation} hold about {found.groups:.0f} rows that share no outcome, and an interval of "
            f"{max(conformal.LEVELS)} % is read from {conformal.NEEDED}: intervals hold only roughly what they claim; "
            f"validation_days {found.wanted_validation} would have as many, when more is known"
        )
    return said


def _helps(plan: Plan, found: Days) -> str:
    """In a sentence: what brings rows enough for a verdict."""
    entity = plan.wanted.entity
    helps = [f"declare holdout_days {found.wanted} when there are {found.history} days"] if plan.usual.rarer else []
    helps += [f"ask about more than {plan.asked.entities:,} of {entity}", "or about what happens more often"]
    if found.asked is not None and found.asked < MIN_CLUSTERS <= plan.asked.entities:
        helps.append(f"or declare cluster: {entity}, if what a day brings to all of them matters little")
    return f"What helps: {', '.join(helps)}"


def versions(table: Table, built_of: Iterable[str]) -> list[str]:
    """In a sentence: that facts come of a model whose rows correct each other, and nobody says whether theirs do."""
    corrected = [one for one in built_of if one != table.model and words.meta_of(words.entry(one)).get("versions")]
    if table.fact or not corrected:
        return []
    return [
        f"{table.model} is built of {corrected[0]}, whose later rows correct earlier ones: each of its own rows counts as a "
        "fact, unless config.meta.versions of its YAML says what tells its facts apart"
    ]


def costs(plan: Plan, pruned: Pruned) -> str | None:
    """In a sentence: that its costs are nobody's; None where a problem has none."""
    if plan.wanted.task != "binary":
        return None
    name, missed = plan.wanted.name, writing.costs(pruned.rate)["false_negative"]
    much = "as much as" if missed == 1 else f"{missed} times"
    return (
        f"nobody has said what an error costs: a missed one counts {much} a false alarm, which decides who is flagged "
        f"and what acting is worth; set costs in models/problems/{name}/_{name}.yml"
    )


def counted(place: Scratch, plan: Plan) -> tuple[int, int, float | None]:
    """Rows with a label, rows of the cohort whose label could be known, and what the label is on average; no mean of classes."""
    name = plan.wanted.name
    mean = "null" if plan.wanted.task == "multiclass" else f"avg(cast({name} as double))"
    over = f"(select count(*) from problems.{name}__cohort where as_of < ?)"
    with place.reading() as con:
        return con.execute(f"select count(*), {over}, {mean} from problems.{name}__labels", [plan.until - plan.wait]).fetchall()[
            0
        ]
