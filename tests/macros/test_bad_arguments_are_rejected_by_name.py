"""A bad argument is an error at compile time that names the macro, the model and the argument."""

from pathlib import Path

import pytest

from tests.macros.compiling import copied, invoke

AGGREGATE = "aggregate_before('spine', 'facts', 'k', {windows}, {measures}{more})"
IMPORTS = """with spine as (select * from {{{{ ref('typed_spine') }}}}), facts as (
    select * from {{{{ ref('typed_facts') }}}}
) select * from ({{{{ {call} }}}})"""


def aggregate(windows: str = "{'3h': '3 hours'}", measures: str = "{'n': 'count'}", more: str = "") -> str:
    return AGGREGATE.format(windows=windows, measures=measures, more=more)


REJECTED = {
    # a window that is not an interval
    aggregate(windows="{'3h': '3 fortnights'}"): ("windows.3h", "not an interval"),
    aggregate(windows="{'m': '1 month'}"): ("windows.m", "not an interval"),
    aggregate(windows="{'z': '0 days'}"): ("windows.z", "not an interval"),
    aggregate(windows="['3 hours']"): ("windows", "is not a dict"),
    aggregate(windows="{'3-h': '3 hours'}"): ("windows", "cannot end a column name"),
    "label_within('spine', 'facts', 'k', 'soon', 'now()')": ("horizon", "not an interval"),
    "label_within('spine', 'facts', 'k', '1 day', 'now()', delay='-1 day')": ("delay", "not an interval"),
    "cohort_on_schedule('facts', 'k', 'weekly', 'a', 'b')": ("every", "not an interval"),
    "trailing_daily('facts', 'k', {'3h': '3 hours'}, {'n': 'count'}, 'now()')": (
        "windows.3h",
        "not a whole number of days",
    ),
    "last_before('spine', 'facts', 'k', 'x', within='a while')": ("within", "not an interval"),
    "label_over('spine', 'facts', 'k', 'soon', 'sum(x)', 'now()')": ("horizon", "not an interval"),
    "label_over('spine', 'facts', 'k', '1 day', none, 'now()')": ("measure", "is missing"),
    "label_over('spine', 'facts', 'k', '1 day', 'sum(x)', none)": ("now", "is missing"),
    "aggregate_last_before('spine', 'facts', 'k', {'last3': '3 days'}, {'n': 'count'})": ("last.last3", "not a number of facts"),
    "aggregate_last_before('spine', 'facts', 'k', {'last-3': 3}, {'n': 'count'})": ("last", "cannot end a column name"),
    "aggregate_last_before('spine', 'facts', 'k', 3, {'n': 'count'})": ("last", "is not a dict"),
    "aggregate_ahead('spine', 'facts', 'k', {'1d': '1 day'}, {'age': 'time_since'})": ("measures.age", "looks back"),
    # measures
    aggregate(measures="{'n': 'median'}"): ("measures.n", "not one of"),
    aggregate(measures="{'n': 'mean'}"): ("measures.n", "missing the expression"),
    aggregate(measures="{'n': ['mean', 'x', 'float']}"): ("measures.n", "is summed as float"),
    aggregate(measures="{'n': ['min', 'x', 'y']}"): ("measures.n", "too many parts"),
    aggregate(measures="{}"): ("measures", "is not a dict"),
    # names
    aggregate(windows="{'a_b': '1 day', 'b': '1 day'}", measures="{'n': 'count', 'n_a': 'count'}"): (
        "measures",
        "twice",
    ),
    "last_before('spine', 'facts', ['k', 'k'], 'x')": ("on", "twice"),
    "last_before('spine', 'facts', 'k', 'k')": ("take", "already has"),
    "last_before('spine', 'facts', 'k', 'x', last_known_at='x')": ("take", "already has"),
    "last_before('spine', 'facts', 'k; drop table x', 'x')": ("on", "not a column name"),
    "last_before('spine', 'facts', 'k', 'x', every='week')": ("every", "not 'day' or 'hour'"),
    # a fact without known_at
    "last_before('spine', 'facts', 'k', 'x', known_at=none)": ("known_at", "is missing"),
    "aggregate_before('spine', 'facts', 'k', {'1d': '1 day'}, {'n': 'count'}, known_at='')": (
        "known_at",
        "is missing",
    ),
    "corrected_before('spine', 'facts', 'k', fact=none)": ("fact", "is missing"),
    "corrected_before('spine', 'facts', 'k', fact=[])": ("fact", "is empty"),
    "as_corrected('spine', 'facts', 'k', fact=['case_id', 'case_id'])": ("fact", "twice"),
    "as_corrected('spine', 'facts', 'k', fact='case_id', within='a while')": ("within", "not an interval"),
    "version_before('spine', 'facts', 'k', 'x', known_at=none)": ("known_at", "is missing"),
    "label_within('spine', 'facts', 'k', '1 day', none)": ("now", "is missing"),
    "cohort_on_schedule('facts', 'k', '1 day', none, 'b')": ("start", "is missing"),
    "cohort_on_schedule('facts', 'k', '1 day', 'a', 'b', at_least=0)": ("at_least", "not a positive number"),
    "trailing_daily('facts', 'k', {'1d': '1 day'}, {'n': 'count'}, none)": ("until", "is missing"),
    "trailing_daily('facts', 'k', {'1d': '1 day'}, {'n': 'median'}, 'now()')": ("measures.n", "not one of"),
    "trailing_daily('facts', 'k', {'1d': '1 day'}, {'n': ['distinct', 's']}, 'now()')": ("measures", "cannot merge"),
    "trailing_daily('facts', 'k', {'1d': '1 day'}, {'n': 'count'}, 'now()', built='b')": ("since", "is missing"),
    "trailing_daily('facts', 'k', {'1d': '1 day'}, {'n': 'count'}, 'now()', since='s', built='b', quiet=false)": (
        "built",
        "of no use",
    ),
}
UNKNOWN = {
    # columns and types, looked up in the relations that import CTEs stand for
    "last_before('spine', 'facts', 'k', 'temp')": ("take", "names temp, which facts"),
    "last_before('spine', 'facts', 'k', 'x', order_by='loaded_at')": ("order_by", "names loaded_at"),
    "last_before('spine', 'facts', 'airport', 'x')": ("on", "names airport, which spine"),
    "last_before('spine', 'facts', 'number_k', 'x')": ("on", "names number_k, which facts"),
    "last_before('spine', 'facts', 'k', 'x', as_of='at')": ("as_of", "names at, which spine"),
    "last_before('spine', 'facts', 'k', 'x', known_at='loaded_at')": ("known_at", "names loaded_at"),
    aggregate(measures="{'n': ['mean', 'temp']}"): ("measures.n", "names temp"),
    "version_before('spine', 'facts', 'k', 'x', event_at='at')": ("event_at", "names at"),
    "corrected_before('spine', 'facts', 'k', fact='order_id')": ("fact", "names order_id, which facts"),
    "as_corrected('spine', 'facts', 'k', fact='case_id', order_by='line')": ("order_by", "names line, which facts"),
    "valid_before('spine', 'facts', 'k', 'x')": ("valid_from", "names valid_from"),
    "label_within('spine', 'facts', 'k', '1 day', 'now()', event_at='at')": ("event_at", "names at"),
    "trailing_daily('facts', 'household', {'1d': '1 day'}, {'n': 'count'}, 'now()')": ("on", "names household"),
    "cohort_on_schedule('facts', 'household', '1 day', 'a', 'b')": ("on", "names household"),
    "last_before(ref('typed_spine'), ref('typed_facts'), 'k', 'temp')": ("take", "names temp"),
    "last_before('spine', 'facts', 'case_id', 'x', known_at='s')": ("known_at", "different types"),
}


TYPES = "last_before('spine', 'facts', 'k', 'x')"
FILTERED = "last_before('spine', 'facts', 'k', 'colour')"


def told(work: Path, calls: list[str], target: str = "duckdb") -> dict[str, str | None]:
    """Call → what dbt says about the model that holds it, on one line; None if it compiles."""
    project = copied(work)
    for i, call in enumerate(calls):
        (project / "models" / f"bad_{i}.sql").write_text(IMPORTS.format(call=call))
    (project / "models" / "bad_types.sql").write_text(IMPORTS.format(call=TYPES).replace("typed_facts", "typed_facts_by_number"))
    filtered = IMPORTS.format(call=FILTERED).replace("ref('typed_facts') }}", "ref('typed_facts') }}\n    where x > 0")
    (project / "models" / "bad_filtered.sql").write_text(filtered)
    # `compile` would stop at the first error; `run` compiles every model and says what is wrong with each
    result = invoke(["run", "--select", "inputs", "bad_*", "--target", target], work, project)
    said = {r.node.name: None if str(r.status) == "success" else " ".join(str(r.message).split()) for r in result.result}
    return {call: said[f"bad_{i}"] for i, call in enumerate(calls)} | {TYPES: said["bad_types"], FILTERED: said["bad_filtered"]}


@pytest.fixture(scope="module")
def errors(dbt_work: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    return told(tmp_path_factory.mktemp("bad"), [*REJECTED, *UNKNOWN])


@pytest.mark.parametrize("call", [*REJECTED, *UNKNOWN])
def test_the_error_names_the_macro_the_model_and_the_argument(call: str, errors: dict[str, str | None]) -> None:
    argument, problem = (REJECTED | UNKNOWN)[call]
    model = f"bad_{[*REJECTED, *UNKNOWN].index(call)}"
    assert errors[call], "the call was accepted"
    assert f"{call.split('(')[0]} in {model}: {argument} " in errors[call]
    assert problem in errors[call]


def test_keys_of_different_types_are_rejected(errors: dict[str, str | None]) -> None:
    expected = "last_before in bad_types: on compares k (varchar, in spine) with k (integer, in facts): different types"
    assert expected in errors[TYPES]


def test_an_import_that_filters_is_looked_up_too(errors: dict[str, str | None]) -> None:
    expected = "last_before in bad_filtered: take names colour, which facts (facts) does not have; it has case_id, k, event_at"
    assert expected in errors[FILTERED]
