"""The laws of the SQL rooms hold, and each of them refuses a house in which it is broken: that of a small problem."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.architecture import laws
from tests.architecture.house import House, Macro, Model
from tests.synthetic import PROBLEM

P = PROBLEM


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
def test_the_law_holds(house: House, law: Callable[[House], list[str]]) -> None:
    assert house.models and house.macros and house.sources
    assert law(house) == []


def _refers(child: str, parent: str) -> Callable[[House], None]:
    return lambda house: house.models[child].models.append(parent)


def _stranger(house: House) -> None:
    house.models["churn__cohort"] = Model("churn__cohort", "problems", "churn", "-- One row per customer.", "x", {})
    house.models["churn__cohort"].models.append(f"{P}__cohort")


def _sql(name: str, edit: Callable[[str], str]) -> Callable[[House], None]:
    def change(house: House) -> None:
        house.models[name].sql = edit(house.models[name].sql)

    return change


def _cut(house: House) -> None:
    house.models[f"{P}__predictions"].models.clear()


def _orphan(house: House) -> None:
    house.models["int_orphan"] = Model("int_orphan", "intermediate", "", "-- One row per orphan.", "x", {})


def _reads_a_source(house: House) -> None:
    house.models["mon_scored"].sources.append("shop.visits")


def _a_feature_of_outcomes(house: House) -> None:
    house.models["ftr_shop__outcomes"] = Model("ftr_shop__outcomes", "features", "", "-- One row per shop.", "x", {})
    house.models["ftr_shop__outcomes"].models.append(f"{P}__outcomes")


def _second_list(house: House) -> None:
    house.models[f"{P}__features"].columns["last_spent"] = {"description": "again"}


def _undescribed_column(house: House) -> None:
    house.models["mon_scored"].columns["score"]["description"] = " "


def _undocumented_argument(house: House) -> None:
    house.macros["known_before"].documented.pop()


def _long_macro(house: House) -> None:
    house.macros["long"] = Macro("_long", "macros/long.sql", "\n" * 61, "", [])


def _engine_word(house: House) -> None:
    house.macros["last_midnight_before"].sql += "epoch_us(known_at)"


def _unlanded(house: House) -> None:
    house.sources.add("shop.crews")


BROKEN = [
    ("a monitor in an intermediate model", laws.layers_refer_to_earlier_ones, _refers("int_feedback__by_row", "mon_quality")),
    ("a ledger in a problem", laws.layers_refer_to_earlier_ones, _refers(f"{P}__features", "ledger_promotions")),
    ("a mart in a monitor", laws.layers_refer_to_earlier_ones, _refers("mon_scored", "model_quality")),
    ("two problems", laws.problems_are_strangers, _stranger),
    ("predictions as features", laws.features_never_read_predictions, _refers(f"{P}__features", f"{P}__predictions")),
    ("outcomes of predictions", laws.features_never_read_predictions, _a_feature_of_outcomes),
    ("a source in a monitor", laws.only_staging_reads_sources, _reads_a_source),
    ("predictions from nowhere", laws.predictions_name_their_scoring_set, _cut),
    ("a source for nobody", laws.every_source_reaches_the_marts, _unlanded),
    ("a model for nobody", laws.every_model_reaches_a_reader, _orphan),
    ("a report without a link", laws.every_report_has_its_exposure, lambda house: house.exposures.clear()),
    ("a model without its row", laws.every_model_names_its_row, _sql("alerts", lambda sql: "\n" + sql)),
    ("a long model", laws.models_and_macros_are_short, _sql("alerts", lambda sql: sql + "\n" * 151)),
    ("a long macro", laws.models_and_macros_are_short, _long_macro),
    ("a column without words", laws.everything_is_documented, _undescribed_column),
    ("an argument without words", laws.everything_is_documented, _undocumented_argument),
    ("a word of one engine", laws.engine_words_stand_in_dispatched_macros, _engine_word),
    ("a second list of features", laws.features_are_listed_once, _second_list),
]  # fmt: skip


@pytest.mark.parametrize(("law", "breaks"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_house_is_refused(shop: House, law: Callable[[House], list[str]], breaks: Callable[[House], None]) -> None:
    broken = deepcopy(shop)
    breaks(broken)
    assert law(broken) != []


@pytest.mark.parametrize(
    "line",
    [
        "where facts.known_at < cohort.as_of", "where known_at <= as_of", "and (label_known_at) < now",
        "on as_of > facts.known_at", "on c.as_of >= known_at", "where known_at between a and as_of",
        'where "known_at" <as_of', "where known_at<as_of",
    ],
)  # fmt: skip
def test_a_comparison_that_decides_what_was_known_is_refused(shop: House, line: str) -> None:
    broken = deepcopy(shop)
    _sql(f"{P}__features", lambda sql: f"{sql}\n{line}")(broken)
    assert laws.macros_compare_times(broken) == [f"{P}__features: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "where known_at >= as_of - interval 28 days", "where known_at <> as_of", "-- known_at < as_of",
        "where {{ known_before('known_at', 'as_of') }}",
    ],
)  # fmt: skip
def test_a_lower_bound_and_the_macro_itself_are_no_comparison(shop: House, line: str) -> None:
    fine = deepcopy(shop)
    _sql(f"{P}__features", lambda sql: f"{sql}\n{line}")(fine)
    assert laws.macros_compare_times(fine) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("select t.* exclude (a)", "exclude"), ("asof left join facts", "asof"), ("epoch(at)", "epoch"), ("unnest(xs)", "unnest"),
        ("extract(isodow from at)", "isodow"), ("struct_pack(a := 1)", "struct_pack"), ("quantile_cont(x, 0.5)", "quantile_cont"),
        ("at::date", "::"), ("explode(sequence(a, b))", "explode"), ("count(distinct x) over w", "count(distinct x) over"),
    ],
)  # fmt: skip
def test_words_that_engines_do_not_share_are_found(shop: House, line: str, word: str) -> None:
    broken = deepcopy(shop)
    broken.macros["last_midnight_before"].sql += line
    assert f"last_midnight_before: {word}" in laws.engine_words_stand_in_dispatched_macros(broken)


@pytest.mark.parametrize(
    "line", ["{# epoch #}", "{{ asof.known_before('a', 'b') }}", "count(distinct x)", "date_trunc('day', at)"]
)
def test_words_that_engines_share_are_none_of_one(shop: House, line: str) -> None:
    fine = deepcopy(shop)
    fine.macros["last_midnight_before"].sql += line
    assert laws.engine_words_stand_in_dispatched_macros(fine) == []


def test_every_law_has_been_seen_to_fail() -> None:
    shown = {law for _, law, _ in BROKEN} | {laws.macros_compare_times}
    assert shown == set(laws.LAWS)
