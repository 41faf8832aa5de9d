"""The laws of the SQL rooms. Each returns one line per violation, and nothing when the law holds."""

from __future__ import annotations

import re

from tests.architecture.house import LAYERS, House, Model

# design: at most 80 lines, 120 at the most: beyond, a model does more than one thing.
MODEL_LINES = 120
# design: 40 lines; beyond 60 a macro hides a model.
MACRO_LINES = 60

# The sources of the engine: the clock, the ledger's own, what people say.
OWN = ("asof.", "feedback.")

# `known_at <`, `known_at <=`, `> known_at`, `known_at between`: an upper bound on what was known, so the law of time. A lower
# bound (`known_at >=`) only narrows what is read.
_COMPARES = (
    re.compile(r"\w*known_at\b[\"')]*\s*<=?(?!>)"),
    re.compile(r"(?<!<)>=?\s*(?:\w+\.)?\w*known_at\b"),
    re.compile(r"known_at\s+(?:not\s+)?between\b"),
)

# Words that DuckDB or Spark alone knows, or that mean another thing there. `asof.` is the package, `in range(` is Jinja's.
_ENGINE = re.compile(
    r"\b(?:asof(?![.'\w])|exclude|epoch\w*|isodow|dayofweek|unnest|explode|generate_series|struct_pack|named_struct|string_agg"
    r"|strftime|strptime|date_format|date_?diff|ignore nulls|(?:quantile|approx|list|array|collect|json|regexp|to|unix|arg)_\w+"
    r"|(?:except|sequence|struct|hash|error|log|try)\s*\(|count\(distinct [^)]*\)\s+over)|(?<!in )\brange\(|:=|::",
    re.IGNORECASE,
)


def layers_refer_to_earlier_ones(house: House) -> list[str]:
    """staging → intermediate → features → problems → ledger → monitoring → marts, and never back."""
    found = [f"{m.name} lies in the unknown layer {m.layer}" for m in house.models.values() if m.layer not in LAYERS]
    return found + [
        f"{model.name} ({model.layer}) refers to {parent} ({house.models[parent].layer})"
        for model in house.models.values()
        for parent in model.models
        if model.layer in LAYERS and LAYERS.index(house.models[parent].layer) > LAYERS.index(model.layer)
    ]


def problems_are_strangers(house: House) -> list[str]:
    """A model of one problem refers to no model of another."""
    return [
        f"{model.name} ({problem}) refers to {parent} ({house.models[parent].folder})"
        for problem in house.problems
        for model in house.problem(problem)
        for parent in model.models
        if house.models[parent].layer == "problems" and house.models[parent].folder != problem
    ]


def features_never_read_predictions(house: House) -> list[str]:
    """What a model is scored or trained on does not stand on predictions, at any distance: that would feed back."""
    readers = [m for m in house.models.values() if m.layer == "features" or m.name.endswith(("__features", "__training_set"))]
    return [
        f"{model.name} stands on {parent}"
        for model in readers
        for parent in sorted(house.upstream(model.name))
        if parent.endswith("__predictions")
    ]


def only_staging_reads_sources(house: House) -> list[str]:
    """`source()` stands in staging and nowhere else."""
    return [f"{m.name} ({m.layer}) reads {s}" for m in house.models.values() if m.layer != "staging" for s in m.sources]


def predictions_name_their_scoring_set(house: House) -> list[str]:
    """Each problem's predictions depend on its scoring set, so that the lineage runs through the step that Python does."""
    return [
        f"{problem}__predictions does not depend on {problem}__scoring_set"
        for problem in house.problems
        if f"{problem}__scoring_set" not in getattr(house.models.get(f"{problem}__predictions"), "models", [])
    ]


def every_source_reaches_the_marts(house: House) -> list[str]:
    """Lineage is unbroken: every source that lands facts of a problem stands below some mart; the engine has its own."""
    reached = set().union(*(house.upstream(m.name) for m in house.models.values() if m.layer == "marts"))
    return [f"{s} reaches no mart" for s in sorted(house.sources - reached) if not s.startswith(OWN)]


def every_model_reaches_a_reader(house: House) -> list[str]:
    """No model is built for nobody: each stands below a mart or a monitor, is a ledger, or is what Python reads."""
    readers = [m.name for m in house.models.values() if m.layer in ("marts", "monitoring", "ledger")]
    readers += [m.name for m in house.models.values() if m.name.endswith(("__training_set", "__scoring_set"))]
    read = set(readers).union(*(house.upstream(name) for name in readers))
    return [f"{name} is read by nobody" for name in sorted(set(house.models) - read)]


def every_report_has_its_exposure(house: House) -> list[str]:
    """The documentation of dbt links the report of each problem."""
    return [
        f"models/marts/_exposures.yml: exposures: none has the url ../published/reports/{problem}.html; add one for the report "
        f"of {problem}, docs/how-to/write-a-problem.md shows it"
        for problem in house.problems
        if not any(url.endswith(f"/reports/{problem}.html") for url in house.exposures.values())
    ]


def every_model_names_its_row(house: House) -> list[str]:
    """The first line of a model says what one row is."""
    first = {m.name: (m.sql.splitlines() or [""])[0] for m in house.models.values()}
    return [f"{name} begins with {line!r}" for name, line in first.items() if not re.match(r"-- One row per \w.*[.]$", line)]


def models_and_macros_are_short(house: House) -> list[str]:
    """At most 120 lines a model and 60 a macro."""
    found = [(m.name, len(m.sql.splitlines()), MODEL_LINES) for m in house.models.values()]
    found += [(m.name, len(m.sql.splitlines()), MACRO_LINES) for m in house.macros.values()]
    return [f"{name} has {lines} lines, more than {most}" for name, lines, most in found if lines > most]


def everything_is_documented(house: House) -> list[str]:
    """Every model, every column that YAML lists, every public macro and each of its arguments has a description."""
    found = [f"{m.name} has no description" for m in house.models.values() if not m.description.strip()]
    found += [f"{m.name} lists no column" for m in house.models.values() if m.layer != "problems" and not m.columns]
    found += [
        f"{m.name}.{name} has no description"
        for m in house.models.values()
        for name, column in m.columns.items()
        if not (column.get("description") or "").strip()
    ]
    for macro in (m for m in house.macros.values() if m.is_public):
        found += [] if macro.description.strip() else [f"macro {macro.name} has no description"]
        if macro.arguments != macro.documented:
            found.append(f"macro {macro.name} takes {macro.arguments} and documents {macro.documented}")
    return found


def features_of(model: Model) -> set[str]:
    """The columns of a training set that carry no role."""
    meta = {name: (column.get("config") or {}).get("meta") or column.get("meta") or {} for name, column in model.columns.items()}
    return {name for name, said in meta.items() if not said.get("role")}


def features_are_listed_once(house: House) -> list[str]:
    """The contract of the training set is the only list of features."""
    found = []
    for problem in house.problems:
        training_set = house.models.get(f"{problem}__training_set")
        if training_set is None or not (features := features_of(training_set)):
            found.append(f"{problem}__training_set lists no feature")
            continue
        for model in house.problem(problem):
            again = sorted(features & set(model.columns)) if model is not training_set else []
            found += [f"{model.name} lists {', '.join(again)} again"] if again else []
    return found


def macros_compare_times(house: House) -> list[str]:
    """What was known before an instant is decided by `known_before` and its kin, never by a comparison in a model."""
    return [
        f"{model.name}: {line.strip()}"
        for model in house.models.values()
        for line in re.sub(r"--.*|{#.*?#}", "", model.sql).splitlines()
        if any(pattern.search(line) for pattern in _COMPARES)
    ]


def engine_words_stand_in_dispatched_macros(house: House) -> list[str]:
    """What engines spell differently stands in `default__…` and `spark__…`; the rest of the package is the same SQL on all."""
    text = {
        macro.name: re.sub(r"{#.*?#}", "", macro.sql, flags=re.S)
        for macro in house.macros.values()
        if macro.path.startswith("macros/point_in_time/") and not macro.name.startswith(("default__", "spark__"))
    }
    return [f"{name}: {word}" for name, sql in text.items() for word in _ENGINE.findall(sql)]


LAWS = [
    layers_refer_to_earlier_ones, problems_are_strangers, features_never_read_predictions, only_staging_reads_sources,
    predictions_name_their_scoring_set, every_source_reaches_the_marts, every_model_reaches_a_reader,
    every_report_has_its_exposure, every_model_names_its_row, models_and_macros_are_short, everything_is_documented,
    features_are_listed_once, macros_compare_times, engine_words_stand_in_dispatched_macros,
]  # fmt: skip
